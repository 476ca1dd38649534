"""The rulebook: all rooms with their rules prepared, as a plan asks for them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from attrs import frozen

from leadflow.model.records import Input
from leadflow.ports.store import tables_by_name
from leadflow.room import Apply, Follow, KeysOf, Quiet, React, Room, Table, TermOf

Reaction = tuple[int, React, Any]
"""Room order, decide function, the room's prepared rules."""


@frozen
class Rulebook:
    """All rooms with their rules prepared: what a plan needs besides rows, commands and time."""

    digest: str
    rules: Mapping[str, Any]
    tables: Mapping[str, Table]
    reacts: Mapping[type, tuple[Reaction, ...]]
    quiet: Mapping[type, tuple[tuple[Quiet, Any], ...]]
    applies: Mapping[type, tuple[tuple[Apply, Any], ...]]
    keys: Mapping[type, tuple[tuple[KeysOf, Any], ...]]
    follow: Mapping[str, tuple[tuple[Follow, Any], ...]]
    terms: Mapping[str, tuple[TermOf, Any]]
    to_input: Callable[[Any, int], Input]
    same: Callable[[Input, Any], bool]

    @classmethod
    def of(
        cls,
        rooms: Sequence[Room],
        rules: Mapping[str, Any],
        digest: str,
        tables: Iterable[Table],
        to_input: Callable[[Any, int], Input],
        same: Callable[[Input, Any], bool],
    ) -> Rulebook:
        """Gather what the rooms bring, in their order."""
        reacts: dict[type, list[Reaction]] = {}
        quiet: dict[type, list[tuple[Quiet, Any]]] = {}
        applies: dict[type, list[tuple[Apply, Any]]] = {}
        keys: dict[type, list[tuple[KeysOf, Any]]] = {}
        follow: dict[str, list[tuple[Follow, Any]]] = {}
        terms: dict[str, tuple[TermOf, Any]] = {}
        for order, room in enumerate(rooms):
            prepared = rules[room.name]
            for cause, decide in room.reacts.items():
                reacts.setdefault(cause, []).append((order, decide, prepared))
                if cause in room.quiet:
                    quiet.setdefault(cause, []).append((room.quiet[cause], prepared))
            for decision, apply in room.applies.items():
                applies.setdefault(decision, []).append((apply, prepared))
            for command, keys_of in room.keys.items():
                keys.setdefault(command, []).append((keys_of, prepared))
            terms.update((name, (term, prepared)) for name, (_, term) in room.terms.items())
            for table, step in room.follow.items():
                follow.setdefault(table, []).append((step, prepared))
        return cls(
            digest,
            dict(rules),
            tables_by_name(tables),
            {cause: tuple(found) for cause, found in reacts.items()},
            # A cause has a short way only when every reaction to it has.
            {cause: tuple(found) for cause, found in quiet.items() if len(found) == len(reacts[cause])},
            {decision: tuple(found) for decision, found in applies.items()},
            {command: tuple(found) for command, found in keys.items()},
            {table: tuple(found) for table, found in follow.items()},
            terms,
            to_input,
            same,
        )
