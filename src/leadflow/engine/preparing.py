"""Rules made ready: a playbook, compiled by every room, with the policies that a host's plugins add."""

from __future__ import annotations

from functools import lru_cache
from hashlib import blake2b

from leadflow.engine.intake.records import same_input, to_input
from leadflow.engine.planning.rulebook import Rulebook
from leadflow.engine.rooms import ROOMS, TABLES
from leadflow.expr import Schema, parse
from leadflow.expr.nodes import Call, walk
from leadflow.playbook.checks.conditions import rules_of
from leadflow.playbook.playbook import Playbook
from leadflow.playbook.schema import check_schema, schema_of
from leadflow.room import NO_POLICIES, Policies


def schema_for(playbook: Playbook, policies: Policies = NO_POLICIES) -> Schema:
    """What conditions may ask for under a playbook."""
    return _schemas(_Rules(playbook))[0].with_functions(policies.functions)


def asking_schema(playbook: Playbook, policies: Policies = NO_POLICIES) -> Schema:
    """What somebody who asks may name: also only the models, grades, stages and states that there are."""
    return _schemas(_Rules(playbook))[1].with_functions(policies.functions)


def rulebook_of(playbook: Playbook, policies: Policies = NO_POLICIES) -> Rulebook:
    """Prepare all rooms' rules; playbooks with equal rules share them, unless they name a host's own policies.

    Errors: ExpressionError, InvalidValueError, AdapterUnavailableError.
    """
    used = _used(playbook, policies)
    if not used:
        return _prepared(_Rules(playbook))
    digest = blake2b("\n".join((playbook.digest, *used)).encode(), digest_size=6).hexdigest()
    return _prepare(playbook, policies, digest)


def _used(playbook: Playbook, policies: Policies) -> list[str]:
    """The policies that a playbook names, and all vetoes, with their versions."""
    keys = [key for strategy in playbook.matching.strategies.values() for key in strategy.keys]
    named = {part.partition(":")[2] for key in keys for part in key}
    named |= {pool.strategy for pool in playbook.assignment.pools}
    named |= {*policies.vetoes, *playbook.matching.comparators.values(), *_called(playbook, policies)}
    return sorted(f"{name}@{policies.versions.get(name, '')}" for name in named & policies.names)


def _called(playbook: Playbook, policies: Policies) -> set[str]:
    """The functions that a playbook's conditions call."""
    if not policies.functions:
        return set()
    nodes = (node for rule in rules_of(playbook) for node in walk(parse(rule.text)))
    return {node.name for node in nodes if isinstance(node, Call)}


def _prepare(playbook: Playbook, policies: Policies, digest: str) -> Rulebook:
    schema = schema_for(playbook, policies)
    prepared = {room.name: room.prepare(playbook, schema, policies) for room in ROOMS}
    return Rulebook.of(ROOMS, prepared, digest, TABLES, to_input, same_input)


class _Rules:
    """A playbook as a key: equal rules are equal."""

    def __init__(self, playbook: Playbook) -> None:
        self.playbook = playbook
        self._digest = playbook.digest

    def __hash__(self) -> int:
        return hash(self._digest)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Rules) and self._digest == other._digest


@lru_cache(maxsize=8)
def _prepared(rules: _Rules) -> Rulebook:
    return _prepare(rules.playbook, NO_POLICIES, rules._digest)


@lru_cache(maxsize=8)
def _schemas(rules: _Rules) -> tuple[Schema, Schema]:
    terms = [term for room in ROOMS for term, _ in room.terms.values()]
    return schema_of(rules.playbook.attributes, terms), check_schema(rules.playbook, terms)
