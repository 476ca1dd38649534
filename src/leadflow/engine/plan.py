"""The plan: commands and decisions, reaction by reaction, to a fixed point. Pure, and names no room."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from heapq import heapify, heappop
from typing import Any

from attrs import define, field, frozen

from leadflow.engine.draft import Draft
from leadflow.model.commands import Wake
from leadflow.model.decisions import Decision, InputFailed, Recorded, Refusal
from leadflow.model.records import Input
from leadflow.ports.store import ChangeSet, Snapshot, tables_by_name
from leadflow.room import Apply, Follow, Key, KeysOf, Missing, React, Room, Step, Table, TermOf

MAX_DEPTH = 8
MAX_STEPS = 256
"""A cascade deeper or longer than this is undone with its command."""

Reaction = tuple[int, React, Any]
"""Room order, decide function, the room's prepared rules."""


@frozen
class Rulebook:
    """All rooms with their rules prepared: what a plan needs besides rows, commands and time."""

    digest: str
    rules: Mapping[str, Any]
    tables: Mapping[str, Table]
    reacts: Mapping[type, tuple[Reaction, ...]]
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
        applies: dict[type, list[tuple[Apply, Any]]] = {}
        keys: dict[type, list[tuple[KeysOf, Any]]] = {}
        follow: dict[str, list[tuple[Follow, Any]]] = {}
        terms: dict[str, tuple[TermOf, Any]] = {}
        for order, room in enumerate(rooms):
            prepared = rules[room.name]
            for cause, decide in room.reacts.items():
                reacts.setdefault(cause, []).append((order, decide, prepared))
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
            {decision: tuple(found) for decision, found in applies.items()},
            {command: tuple(found) for command, found in keys.items()},
            {table: tuple(found) for table, found in follow.items()},
            terms,
            to_input,
            same,
        )


@define
class Planned:
    """What became of one command: `status` is accepted, repeated, failed, refused or conflict (same key, other body)."""

    command: Any
    status: str
    first: int = 0
    last: int = 0
    refusal: Refusal | None = None


@define
class Plan:
    """A change in the making, and what became of each command so far.

    While `need` is not empty, something must be loaded: `learn` it, then `proceed`. Commands before the first one that
    lacked something stand; the others are planned again on what is known then.
    """

    draft: Draft
    commands: Sequence[Any]
    rulebook: Rulebook
    now: Callable[[Any], int]
    planned: list[Planned] = field(factory=list)
    need: set[Key] = field(factory=set)

    @property
    def change(self) -> ChangeSet:
        """The change to commit."""
        return self.draft.change()

    def decisions_of(self, planned: Planned) -> tuple[Recorded, ...]:
        """The decisions that one command caused."""
        return tuple(self.draft.decisions[planned.first : planned.last])

    def learn(self, loaded: Mapping[Key, Any]) -> None:
        """Take in what was loaded."""
        self.draft.learn(loaded)

    def proceed(self) -> bool:
        """Plan on from where something was lacking; False when something is lacking again."""
        self.need = set()
        start: tuple[int, tuple[int, int], list[Any] | None] | None = None
        draft = self.draft
        for position in range(len(self.planned), len(self.commands)):
            command = self.commands[position]
            moment = self.now(command)
            if start is None:
                before = (position, draft.mark(), None if draft.due is None else list(draft.due))
            if draft.due:
                _wake(draft, self.rulebook, moment, self.need)
            self.planned.append(_planned(draft, command, self.rulebook, moment, self.need))
            if start is None and self.need:
                start = before
        if start is None:
            return True
        position, mark, due = start
        draft.undo(mark)
        draft.due = due
        del self.planned[position:]
        return False


class _Refused(Exception):
    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.code)
        self.refusal = refusal


class _Runaway(Exception):
    def __init__(self, chain: tuple[str, ...]) -> None:
        super().__init__(chain)
        self.chain = chain


def first_keys(commands: Sequence[Any], rulebook: Rulebook) -> set[Key]:
    """What the plan of these commands will surely read."""
    keys: set[Key] = set()
    by_type = rulebook.keys
    for command in commands:
        keys.add(("input", command.key))
        for keys_of, rules in by_type.get(type(command), ()):
            keys.update(keys_of(command, rules))
    return keys


def next_keys(rows: Mapping[Key, Any], rulebook: Rulebook) -> set[Key]:
    """What the plan will read once these rows are known."""
    keys: set[Key] = set()
    by_table = rulebook.follow
    for (name, _), found in rows.items():
        if found is None:
            continue
        steps = by_table.get(name.partition(".")[0])
        if steps:
            for row in found if type(found) is tuple else (found,):
                for step, rules in steps:
                    keys.update(step(row, rules))
    return keys


def plan(
    snapshot: Snapshot,
    commands: Sequence[Any],
    rulebook: Rulebook,
    now: Callable[[Any], int],
    wakes: Iterable[Wake] | None = None,
) -> Plan:
    """Plan commands in order on what was loaded.

    `now(command)` is the moment at which a command is judged. A command that a rule refuses, or that sets off a runaway
    cascade, is undone alone; the others stand. What could not be read is gathered in `need`: load it and plan again.
    With `wakes` (history), these and every timer that the plan itself sets are done in between, each when it is due.
    """
    draft = Draft(snapshot, rulebook.tables, rulebook.terms)
    if wakes is not None:
        draft.due = [(wake.due_us, wake.table, wake.id) for wake in wakes]
        heapify(draft.due)
    result = Plan(draft, commands, rulebook, now)
    result.proceed()
    return result


def _wake(draft: Draft, rulebook: Rulebook, until_us: int, need: set[Key]) -> None:
    """Do what is due before the next command."""
    heap = draft.due
    while heap and heap[0][0] <= until_us:
        due_us, table, id_ = heappop(heap)
        row = draft.rows.get((table, id_))
        if (table, id_) in draft.rows and (row is None or getattr(row, rulebook.tables[table].due or "") != due_us):
            continue
        _planned(draft, Wake(table, id_, due_us), rulebook, due_us, need)


def _planned(draft: Draft, command: Any, rulebook: Rulebook, now_us: int, need: set[Key]) -> Planned:
    draft.command = command
    mark = draft.mark()
    draft.first = mark[1]
    status, refusal = "accepted", None
    try:
        known = None if type(command) is Wake else draft.input(command.key)
        if known is not None:
            status = "repeated" if rulebook.same(known, command) else "conflict"
        else:
            _run(draft, command, rulebook, now_us)
    except Missing as missing:
        need.update(missing.keys)
        draft.undo(mark)
    except _Refused as refused:
        draft.undo(mark)
        status, refusal = "refused", refused.refusal
    except _Runaway as runaway:
        draft.undo(mark)
        status, refusal = "failed", Refusal("runaway", {"chain": " > ".join(runaway.chain)})
        _fail(draft, command, rulebook, now_us, refusal)
    return Planned(command, status, mark[1], len(draft.decisions), refusal)


def _run(draft: Draft, command: Any, rulebook: Rulebook, now_us: int) -> None:
    """One command and everything it causes."""
    reacts = rulebook.reacts
    level: list[tuple[Any, tuple[str, ...]]] = [(command, ())]
    depth = steps = 0
    while level:
        queue = [
            (order, position, decide, rules, cause, chain)
            for position, (cause, chain) in enumerate(level)
            for order, decide, rules in reacts.get(type(cause), ())
        ]
        if len(queue) > 1:
            queue.sort(key=_in_turn)
        level = []
        for _, _, decide, rules, cause, chain in queue:
            step = decide(draft, cause, rules, now_us)
            if step is None:
                continue
            if step.refusal is not None and depth == 0:
                raise _Refused(step.refusal)
            steps += 1
            if depth >= MAX_DEPTH or steps > MAX_STEPS:
                raise _Runaway((*chain, cause.type))
            causes = _take(draft, step, command, rulebook, now_us)
            if causes:
                further = (*chain, cause.type)
                level.extend((new, further) for new in causes)
        depth += 1
    if type(command) is not Wake and command.key not in draft.inputs:
        draft.add_input(rulebook.to_input(command, now_us))


def _in_turn(entry: tuple[Any, ...]) -> tuple[int, int]:
    return entry[0], entry[1]


def _take(draft: Draft, step: Step, command: Any, rulebook: Rulebook, now_us: int) -> list[Any]:
    """Make a step true in the draft; returns what may cause more."""
    for record in step.inputs:
        draft.add_input(record)
    if step.puts:
        draft.put_all(step.puts)
    if not step.decisions:
        return list(step.facts)
    causes: list[Any] = []
    for decision in step.decisions:
        _record(draft, decision, command, rulebook, now_us)
        causes.append(decision)
    causes.extend(step.facts)
    return causes


def _record(draft: Draft, decision: Decision, command: Any, rulebook: Rulebook, now_us: int) -> None:
    id_ = f"{command.key}#{len(draft.decisions) - draft.first}"
    recorded = Recorded(id_, decision, now_us, now_us, command.key, command.actor, rulebook.digest)
    draft.decisions.append(recorded)
    for apply, rules in rulebook.applies.get(type(decision), ()):
        draft.put_all(apply(draft, recorded, rules))


def _fail(draft: Draft, command: Any, rulebook: Rulebook, now_us: int, refusal: Refusal) -> None:
    """Keep a command that could not be carried out, so that nothing is lost."""
    if type(command) is Wake:
        return
    draft.add_input(rulebook.to_input(command, now_us))
    reasons = tuple((refusal.code, str(value)) for value in refusal.parameters.values())
    _record(draft, InputFailed(subject=command.key, record=command.type, reasons=reasons), command, rulebook, now_us)
