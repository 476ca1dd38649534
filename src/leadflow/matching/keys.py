"""Keys of records: which values of a record others are compared with, normalised by named and versioned functions."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from typing import Any

from attrs import frozen

from leadflow.errors import InvalidValueError
from leadflow.matching.rules import MatchingRules, Strategy
from leadflow.model.values import NOTHING
from leadflow.normalise import Normaliser, normaliser

_BY_FIELD = {
    "contact": {"email": "email", "phone": "phone-digits", "first_name": "name", "last_name": "name"},
    "account": {"domain": "domain", "name": "company", "phone": "phone-digits"},
    "lead": {"contact": "exact", "account": "exact"},
}
_CONTEXT = ("event", "page", "form", "campaign", "product")
"""An event comes first: the same form registers for many, and whoever registers again gets no second lead."""


@frozen
class KeySpec:
    """One key of a strategy, ready to use: `prefix` stands before the normalised values in a match key's id.

    A key of a lead that has an owner (its contact or account) starts with that record's id, so that a plan knows
    without looking that a contact made a moment ago has no leads.
    """

    target: str
    fields: tuple[str, ...]
    prefix: str
    normalise: tuple[Callable[[str], str | None], ...]
    single: Callable[[str], str | None]

    def id_of(self, values: Mapping[str, Any]) -> str | None:
        """The match key's id for a record's values, or None when a field is blank or not usable."""
        if len(self.fields) == 1 and self.target != "lead":
            value = values.get(self.fields[0])
            if value is None:
                return None
            return self.single(value if type(value) is str else str(value))
        parts = []
        parent = ""
        for name, normalise in zip(self.fields, self.normalise, strict=True):
            value = values.get(name)
            if value is None:
                return None
            if self.target == "lead" and name in ("contact", "account"):
                parent = f"{value}|"
                continue
            normalised = normalise(value if isinstance(value, str) else str(value))
            if normalised is None:
                return None
            parts.append(normalised)
        return f"{parent}{self.prefix}" + "\x1f".join(parts)


@frozen
class Keyring:
    """The keys of all strategies: by strategy to look a record up, by target to file it."""

    strategies: Mapping[str, Strategy]
    by_strategy: Mapping[str, tuple[KeySpec, ...]]
    by_target: Mapping[str, tuple[KeySpec, ...]]
    fields: Mapping[str, tuple[str, ...]]
    """The names that the keys of a target read."""

    def ids(self, target: str, values: Mapping[str, Any]) -> dict[str, None]:
        """Every match key id that a record of this target files under, in a stable order."""
        found: dict[str, None] = {}
        for spec in self.by_target.get(target, ()):
            id_ = spec.id_of(values)
            if id_ is not None:
                found[id_] = None
        return found

    @property
    def prefixes(self) -> tuple[str, ...]:
        """What a store must have been keyed with; opening with others asks for a rekey."""
        return tuple(sorted(spec.prefix for specs in self.by_target.values() for spec in specs))


def keyring(rules: MatchingRules, more: Mapping[str, Normaliser] = NOTHING) -> Keyring:
    """Compile the keys of all strategies; `more` are a host's own normalisers.

    Errors: InvalidValueError, AdapterUnavailableError (a missing extra).
    """
    by_strategy: dict[str, tuple[KeySpec, ...]] = {}
    by_target: dict[str, dict[str, KeySpec]] = {}
    for name, strategy in rules.strategies.items():
        specs = tuple(key_spec(strategy.target, key, more) for key in strategy.keys)
        by_strategy[name] = specs
        by_target.setdefault(strategy.target, {}).update((spec.prefix, spec) for spec in specs)
    return Keyring(
        dict(rules.strategies),
        by_strategy,
        {target: tuple(specs.values()) for target, specs in by_target.items()},
        {
            target: tuple(dict.fromkeys(name for spec in specs.values() for name in spec.fields))
            for target, specs in by_target.items()
        },
    )


def key_spec(target: str, key: tuple[str, ...], more: Mapping[str, Normaliser] = NOTHING) -> KeySpec:
    """Compile one key.

    >>> key_spec("contact", ("email",)).id_of({"email": " Ana@Example.SI "})
    'contact|email@email.1|ana@example.si'
    """
    fields, normalisers = [], []
    for part in key:
        field, _, name = part.partition(":")
        fields.append(field)
        found = more.get(name) or normaliser(name or _BY_FIELD[target].get(field, "text"))
        # A strategy that needs an extra is refused without it, never degraded to another key.
        found.require()
        normalisers.append(found)
    names = "+".join(f"{f}@{n.name}.{n.version}" for f, n in zip(fields, normalisers, strict=True))
    if "|" in names:
        raise InvalidValueError(f"keys: {key!r} has a character that a key cannot have")
    prefix = f"{target}|{names}|"
    return KeySpec(
        target, tuple(fields), prefix, tuple(_cached("", n) for n in normalisers), _cached(prefix, normalisers[0])
    )


def _cached(prefix: str, normaliser: Normaliser) -> Callable[[str], str | None]:
    """A normalised value behind a prefix. The same few people come again and again: most of ingest's work is a repeat."""

    def prefixed(text: str) -> str | None:
        found = normaliser.function(text)
        return None if found is None else prefix + found

    return lru_cache(maxsize=8192)(prefixed)


def row_values(row: Any, names: Iterable[str]) -> dict[str, Any]:
    """What a stored contact or account is keyed by: some of its fields and custom attributes."""
    custom = row.custom
    return {name: custom[name] if name in custom else getattr(row, name, None) for name in names}


def lead_values(lead: Any) -> dict[str, Any]:
    """The values a stored lead is keyed by: its fields, context, custom attributes, and whose it is."""
    values = {name: getattr(lead, name) for name in type(lead).__slots__}
    values.update(lead.custom)
    values.update(lead.context)
    values.update(holder_values(lead.contact_id, lead.account_id))
    values["context"] = context_of(values)
    return values


def holder_values(contact_id: str | None, account_id: str | None) -> dict[str, str | None]:
    """Whose a lead is, as its keys read it: a lead of an account alone is found where one of a contact would be.

    >>> holder_values("c_1", "a_1"), holder_values(None, "a_1")
    ({'contact': 'c_1', 'account': None}, {'contact': 'a_1', 'account': 'a_1'})
    """
    return {"contact": contact_id or account_id, "account": account_id if contact_id is None else None}


def context_of(values: Mapping[str, Any]) -> str:
    """The first thing that a lead's marketing context names; "-" when it names nothing.

    >>> context_of({"page": "pricing", "form": "demo"}), context_of({"page": "fair", "event": "fair-2026"}), context_of({})
    ('page=pricing', 'event=fair-2026', '-')
    """
    for name in _CONTEXT:
        if values.get(name) is not None:
            return f"{name}={values[name]}"
    return "-"
