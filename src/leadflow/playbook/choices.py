"""Keys that hold one of a few words, and the words: for messages and for the JSON Schema."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from leadflow.assignment import rules as assignment
from leadflow.assignment.views.rules import SCOPES
from leadflow.capture import rules as capture
from leadflow.crm import rules as crm
from leadflow.matching import rules as matching
from leadflow.model.values import CONSENT_LEVELS
from leadflow.playbook.playbook import TYPES, Attribute
from leadflow.process import rules as process
from leadflow.scoring import rules as scoring

CHOICES: Final[Mapping[type[Any], Mapping[str, tuple[str, ...]]]] = {
    Attribute: {"type": tuple(TYPES)},
    capture.Form: {"mode": capture.MODES},
    matching.Strategy: {
        "target": matching.TARGETS,
        "tie": matching.TIES,
        "update": matching.UPDATES,
        "blank": matching.BLANKS,
        "parent": matching.PARENTS,
        "closed": matching.CLOSED,
    },
    matching.MatchingRules: {"unknown_contact": ("create", "keep")},
    scoring.Model: {"target": scoring.TARGETS, "state": scoring.STATES, "consent": tuple(CONSENT_LEVELS)},
    crm.CrmRules: {"policy": crm.POLICIES},
    crm.CrmField: {"way": crm.WAYS, "policy": ("", *crm.POLICIES)},
    process.Action: {"do": process.ACTIONS},
    assignment.Pool: {
        "strategy": assignment.STRATEGIES,
        "period": assignment.PERIODS,
        "none_eligible": assignment.NONE_ELIGIBLE,
    },
    assignment.Sla: {"clock": ("always", "working"), "on_breach": assignment.ON_BREACH},
    assignment.ListView: {"scope": SCOPES},
    assignment.AssignmentRules: {"product_mode": ("single", "duplicate"), "lead_owner": ("first", "highest")},
}
"""By class and field."""

OPEN: Final = frozenset({(assignment.Pool, "strategy")})
"""Where a name with a dot in it is one that the host supplies."""


def allows(cls: type[Any], name: str, value: Any) -> bool:
    """Whether a field may hold this word.

    >>> allows(capture.Form, "mode", "contact"), allows(capture.Form, "mode", "contct")
    (True, False)
    """
    words = CHOICES.get(cls, {}).get(name)
    if words is None or value in words:
        return True
    return (cls, name) in OPEN and isinstance(value, str) and "." in value.strip(".")
