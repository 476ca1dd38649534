"""A playbook as plain values, its defaults left out, and the digest made from them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

import attrs

from leadflow.errors import LeadflowError
from leadflow.matching.keys import key_spec

if TYPE_CHECKING:
    from leadflow.playbook.playbook import Playbook


def plain_of(value: Any) -> Any:
    """A value as TOML and JSON can hold it: records as tables without their defaults, tuples as lists.

    >>> from leadflow.scoring.rules import Grade, Model
    >>> plain_of(Model(threshold=60, grades=(Grade(name="hot", at_least=60),)))
    {'threshold': 60, 'grades': [{'name': 'hot', 'at_least': 60}]}
    """
    if attrs.has(type(value)):
        return {
            each.name: plain_of(getattr(value, each.name))
            for each in attrs.fields(type(value))
            if not is_default(each, getattr(value, each.name))
        }
    if isinstance(value, Mapping):
        return {str(key): plain_of(item) for key, item in value.items()}
    if isinstance(value, (tuple, list)):
        return [plain_of(item) for item in value]
    return value


def is_default(attribute: attrs.Attribute[Any], value: Any) -> bool:
    """Whether a field holds what it holds when nobody says anything."""
    default: Any = attribute.default
    if default is attrs.NOTHING:
        return False
    if isinstance(default, attrs.Factory):  # type: ignore[arg-type]
        default = default.factory()
    return bool(value == default)


def digest_of(playbook: Playbook, versions: Sequence[str] | None = None) -> str:
    """Twelve hexadecimal digits that name the rules.

    The order of tables says nothing, except that processes are offered to a new lead in their order. What a rule does
    also depends on the normalisers behind the keys, so their `versions` (of this leadflow, unless given) are part of it.
    """
    if versions is None:
        versions = normaliser_versions(playbook)
    content = [plain_of(playbook), list(playbook.process.processes), list(versions)]
    text = json.dumps(content, sort_keys=True, ensure_ascii=True, default=repr)
    return blake2b(text.encode(), digest_size=6).hexdigest()


def normaliser_versions(playbook: Playbook) -> tuple[str, ...]:
    """The keys of all strategies, with name and version of the normaliser of each field.

    >>> from leadflow.playbook.playbook import Playbook
    >>> normaliser_versions(Playbook())[2]
    'contact|email@email.1|'
    """
    found = set()
    for strategy in playbook.matching.strategies.values():
        for key in strategy.keys:
            try:
                found.add(key_spec(strategy.target, key).prefix)
            except LeadflowError:
                # A normaliser that does not exist has no version; check says so.
                continue
    return tuple(sorted(found))
