"""Comparators that a playbook names: is the field compared, and is there such a comparator."""

from __future__ import annotations

from collections.abc import Iterator

from leadflow.expr.fault import did_you_mean
from leadflow.matching.linkage.chosen import compared_fields, known_comparators
from leadflow.playbook.fault import Finding
from leadflow.playbook.playbook import Playbook
from leadflow.room import Policies


def comparator_findings(playbook: Playbook, policies: Policies) -> Iterator[Finding]:
    """Fields that are not compared, and comparators that nobody brings."""
    named = playbook.matching.comparators
    if not named:
        return
    fields, known = compared_fields(), known_comparators(policies.comparators, policies.versions)
    for place, name in named.items():
        path = ("matching", "comparators", place)
        if place not in fields:
            said, hint, code = f"{place} is not compared", did_you_mean(place, fields), "unknown_field"
        elif name not in known:
            said, code = f"there is no comparator {name}", "unknown_comparator"
            hint = did_you_mean(name, list(known)) or "install the plugin that registers it; see leadflow plugins"
        else:
            continue
        yield Finding(path=path, message=said, hint=hint, code=code)
