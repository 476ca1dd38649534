"""The linkage of a record's kind with the comparators that a playbook chooses, some of them a host's own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

from attrs import evolve

from leadflow.errors import InvalidValueError, NotFoundError
from leadflow.matching.comparators import Comparator, default_comparators
from leadflow.matching.linkage.spec import LinkageSpec
from leadflow.matching.linkage.specs import account_spec, contact_spec

SPECS: Final[Mapping[str, Callable[[], LinkageSpec]]] = MappingProxyType(
    {"contact": contact_spec, "account": account_spec}
)


def known_comparators(
    functions: Mapping[str, Callable[[str, str], float]], versions: Mapping[str, str]
) -> Mapping[str, Comparator]:
    """The comparators of the base and a host's own, by name."""
    own = {name: Comparator(name, versions.get(name, "1"), function) for name, function in functions.items()}
    return MappingProxyType({**default_comparators(), **own})


def compared_fields() -> tuple[str, ...]:
    """Every field that is compared when duplicates are looked for.

    >>> "contact.last_name" in compared_fields(), "lead.source" in compared_fields()
    (True, False)
    """
    return tuple(f"{record}.{each.field}" for record, make in SPECS.items() for each in make().comparisons)


def chosen_specs(named: Mapping[str, str], known: Mapping[str, Comparator]) -> Mapping[str, LinkageSpec]:
    """The linkage of contacts and of accounts, where `named` ("contact.last_name": a comparator's name) says otherwise.

    The levels stay those of the field. Errors: InvalidValueError for a field that is not compared, NotFoundError for a
    comparator that nobody brings.

    >>> specs = chosen_specs({"account.city": "exact"}, default_comparators())
    >>> [each.comparator.name for each in specs["account"].comparisons if each.field == "city"]
    ['exact']
    """
    fields = compared_fields()
    for place, name in named.items():
        if place not in fields:
            raise InvalidValueError(
                f"comparators: {place!r} is not compared", hint=f"these are: {', '.join(fields)}", code="unknown_field"
            )
        if name not in known:
            raise NotFoundError(
                f"comparators: there is no comparator {name!r}",
                code="unknown_comparator",
                hint="install the plugin that registers it; see leadflow plugins",
            )
    specs = {}
    for record, make in SPECS.items():
        spec = make()
        chosen = [
            evolve(each, comparator=known[named[f"{record}.{each.field}"]])
            if f"{record}.{each.field}" in named
            else each
            for each in spec.comparisons
        ]
        specs[record] = evolve(spec, comparisons=tuple(chosen))
    return MappingProxyType(specs)
