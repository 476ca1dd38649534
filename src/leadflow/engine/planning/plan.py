"""The plan: commands and decisions, reaction by reaction, to a fixed point. Pure, and names no room."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from heapq import heapify, heappop
from typing import Any

from attrs import define, field

from leadflow.engine.planning.draft import Draft
from leadflow.engine.planning.rulebook import Reaction, Rulebook
from leadflow.errors import PluginError
from leadflow.model.commands import Wake
from leadflow.model.decisions import Decision, InputFailed, Recorded, Refusal
from leadflow.model.making import replaced
from leadflow.model.records import TOLD, Input
from leadflow.ports.store import ChangeSet, Snapshot
from leadflow.room import Hush, Key, Missing, Step

MAX_DEPTH = 8
MAX_STEPS = 256
"""A cascade deeper or longer than this is undone with its command."""


@define
class Planned:
    """What became of one command: `status` is accepted, repeated, failed, refused or conflict (same key, other body)."""

    command: Any
    status: str
    decisions: Sequence[Recorded]
    refusal: Refusal | None = None

    @property
    def is_kept(self) -> bool:
        """Whether it is kept as an input under its key."""
        return self.status in ("accepted", "failed")


@define
class Plan:
    """A change in the making, and what became of each command so far, by position.

    While `need` is not empty, something must be loaded: `learn` it, then `proceed`. The first time through, commands that
    lack something are put off and the others stand; a put-off command is planned after them only if it neither reads what
    they wrote nor writes what they read. If it does, everything is planned again in order: what is decided never depends on
    what happened to be loaded.
    """

    draft: Draft
    commands: Sequence[Any]
    rulebook: Rulebook
    now: Callable[[Any], int]
    in_order: bool = False
    planned: dict[int, Planned] = field(factory=dict)
    need: set[Key] = field(factory=set)
    _touched: dict[Key, int] = field(factory=dict)
    _written: dict[Key, int] = field(factory=dict)
    _is_shuffled: bool = False

    @property
    def change(self) -> ChangeSet:
        """The change to commit."""
        change = self.draft.change()
        if not self._is_shuffled:
            return change
        inputs = {record.id: record for record in change.inputs}
        first: list[Input] = []
        decisions: list[Recorded] = []
        # Receipt order is the order of the commands that were taken, whatever order they were planned in.
        for position in range(len(self.commands)):
            each = self.planned[position]
            if each.is_kept and each.command.key in inputs:
                first.append(inputs.pop(each.command.key))
            if each.decisions:
                decisions += each.decisions
        return replaced(change, inputs=(*first, *inputs.values()), decisions=decisions)

    def outcomes(self) -> Iterator[Planned]:
        """What became of each command, in their order."""
        return map(self.planned.__getitem__, range(len(self.commands)))

    def learn(self, loaded: Mapping[Key, Any]) -> None:
        """Take in what was loaded."""
        self.draft.learn(loaded)

    def proceed(self) -> bool:
        """Plan what has not been planned; False when something is lacking."""
        self.need = set()
        todo = [position for position in range(len(self.commands)) if position not in self.planned]
        if self.in_order:
            return self._in_order(todo)
        if not self.planned:
            return self._first_time(todo)
        return self._put_off(todo)

    def _first_time(self, todo: list[int]) -> bool:
        """Every command that lacks nothing stands, unless it meets one that does."""
        held: set[Key] = set()
        draft, commands, quiet = self.draft, self.commands, self.rulebook.quiet
        hush = Hush()
        for position in todo:
            is_quiet = type(commands[position]) in quiet and self._is_quiet(position, hush)
            if is_quiet and (not held or held.isdisjoint(hush.reads)):
                self._hushed(position, hush)
                continue
            mark = draft.mark()
            done = self._one(position)
            if done is None:
                held |= draft.touched
            elif held and not held.isdisjoint(draft.touched):
                draft.undo(mark)
                held |= draft.touched
            else:
                self.planned[position] = done
                self._touched.update(dict.fromkeys(draft.touched, position))
                self._written.update(dict.fromkeys(draft.written(mark), position))
        return not self.need

    def _is_quiet(self, position: int, hush: Hush) -> bool:
        """Whether a command can go the short way: every reaction to it, and to what it causes, has a quiet form that does."""
        command = self.commands[position]
        rows, forms_of, reacts = self.draft.rows, self.rulebook.quiet, self.rulebook.reacts
        key = ("input", command.key)
        now_us = self.now(command)
        if rows.get(key, key) is not None or command.at_us > now_us:
            return False
        hush.reads, hush.inputs, hush.puts = [key], [], []
        causes = hush.causes = [command]
        for cause in causes:
            forms = forms_of.get(type(cause))
            if forms is None:
                if type(cause) in reacts:
                    return False
                continue
            try:
                for quiet, rules in forms:
                    if not quiet(rows, cause, rules, now_us, hush):
                        return False
            except PluginError:
                return False
        return True

    def _hushed(self, position: int, hush: Hush) -> None:
        """What a quiet command comes to stands."""
        for key in hush.reads:
            self._touched[key] = position
        for key in self.draft.put_quietly(hush.inputs, hush.puts):
            self._written[key] = position
        self.planned[position] = Planned(self.commands[position], "accepted", ())

    def _put_off(self, todo: list[int]) -> bool:
        """The others, in order among themselves, as long as they do not meet a later command that stands."""
        self._is_shuffled = True
        start = None
        for position in todo:
            mark = self.draft.mark()
            done = self._one(position)
            if self.need and start is None:
                start = mark
            if start is not None or done is None:
                continue
            written = self.draft.written(mark)
            if self._meets(self.draft.touched, self._written, position) or self._meets(
                written, self._touched, position
            ):
                return self._again()
            self.planned[position] = done
        if start is not None:
            self.draft.undo(start)
        return not self.need

    @staticmethod
    def _meets(keys: set[Key], others: Mapping[Key, int], position: int) -> bool:
        return any(others.get(key, -1) > position for key in keys)

    def _again(self) -> bool:
        """Everything anew, in order."""
        self.draft.forget()
        self.planned = {}
        self._touched, self._written = {}, {}
        self.need = set()
        self.in_order = True
        self._is_shuffled = False
        return self._in_order(list(range(len(self.commands))))

    def _in_order(self, todo: list[int]) -> bool:
        """Commands before the first that lacks something stand; the others only tell what they lack."""
        draft = self.draft
        start: tuple[tuple[int, int], list[Any] | None] | None = None
        for position in todo:
            before = (draft.mark(), None if draft.due is None else list(draft.due))
            if draft.due:
                _wake(draft, self.rulebook, self.now(self.commands[position]), self.need)
            done = self._one(position)
            if self.need and start is None:
                start = before
            if start is None and done is not None:
                self.planned[position] = done
        if start is None:
            return True
        mark, due = start
        draft.undo(mark)
        draft.due = due
        return False

    def _one(self, position: int) -> Planned | None:
        command = self.commands[position]
        return _planned(self.draft, command, self.rulebook, self.now(command), self.need)


class _Refused(Exception):
    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.code)
        self.refusal = refusal


class _Runaway(Exception):
    def __init__(self, chain: tuple[str, ...]) -> None:
        super().__init__(chain)
        self.chain = chain


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
    result = Plan(draft, commands, rulebook, now, in_order=wakes is not None)
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
        version = 0 if row is None else row.version
        _planned(draft, Wake(table, id_, due_us, version), rulebook, due_us, need)


def _planned(draft: Draft, command: Any, rulebook: Rulebook, now_us: int, need: set[Key]) -> Planned | None:
    """One command, undone alone when it fails; None when it lacks something."""
    draft.command = command
    draft.touched = set()
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
        return None
    except _Refused as refused:
        draft.undo(mark)
        status, refusal = "refused", refused.refusal
    except PluginError as error:
        # Nothing is lost by somebody else's fault: the command waits in the failed queue.
        draft.undo(mark)
        status, refusal = "failed", Refusal(error.code, {"plugin": error.message})
        _fail(draft, command, rulebook, now_us, refusal)
    except _Runaway as runaway:
        draft.undo(mark)
        status, refusal = "failed", Refusal("runaway", {"chain": " > ".join(runaway.chain)})
        _fail(draft, command, rulebook, now_us, refusal)
    return Planned(command, status, draft.decisions[mark[1] :], refusal)


def _run(draft: Draft, command: Any, rulebook: Rulebook, now_us: int) -> None:
    """One command and everything it causes, level by level; within a level by room, then in order of emission."""
    reacts = rulebook.reacts
    level: list[Any] = [command]
    causes: list[str] = []
    depth = steps = 0
    while level:
        if len(level) == 1:
            queue = [(reaction, level[0]) for reaction in reacts.get(type(level[0]), ())]
        else:
            queue = [(reaction, cause) for cause in level for reaction in reacts.get(type(cause), ())]
            queue.sort(key=_in_turn)
        level = []
        for (_, decide, rules), cause in queue:
            step = decide(draft, cause, rules, now_us)
            if step is None:
                continue
            if step.refusal is not None and depth == 0:
                raise _Refused(step.refusal)
            steps += 1
            causes.append(cause.type)
            if depth >= MAX_DEPTH or steps > MAX_STEPS:
                raise _Runaway(tuple(causes[-MAX_DEPTH:]))
            _take(draft, step, command, rulebook, now_us, level)
        depth += 1
    if type(command) is not Wake and (draft.rows["input", command.key] is None or command.at_us > now_us):
        _keep(draft, command, rulebook, now_us)


def _keep(draft: Draft, command: Any, rulebook: Rulebook, now_us: int) -> None:
    """A command is an input too, unless a room has kept it already; a moment that is still to come is told apart."""
    kept = draft.rows["input", command.key] or rulebook.to_input(command, now_us)
    if command.at_us > now_us:
        kept = replaced(kept, data={**kept.data, TOLD: command.at_us})
    draft.add_input(kept)


def _in_turn(entry: tuple[Reaction, Any]) -> int:
    return entry[0][0]


def _take(draft: Draft, step: Step, command: Any, rulebook: Rulebook, now_us: int, causes: list[Any]) -> None:
    """Make a step true in the draft; what may cause more is added to the causes."""
    for record in step.inputs:
        draft.add_input(record)
    if step.puts:
        draft.put_all(step.puts)
    reacts = rulebook.reacts
    for decision in step.decisions:
        _record(draft, decision, command, rulebook, now_us)
        if type(decision) in reacts:
            causes.append(decision)
    causes.extend(fact for fact in step.facts if type(fact) in reacts)


def _record(draft: Draft, decision: Decision, command: Any, rulebook: Rulebook, now_us: int) -> None:
    place, decision = _net(draft, decision) if decision.nets else (len(draft.decisions), decision)
    id_ = f"{command.key}#{place - draft.first}"
    recorded = Recorded(id_, decision, now_us, now_us, command.key, command.actor, rulebook.digest)
    draft.decisions[place : place + 1] = (recorded,)
    for apply, rules in rulebook.applies.get(type(decision), ()):
        draft.put_all(apply(draft, recorded, rules))


def _net(draft: Draft, decision: Decision) -> tuple[int, Decision]:
    """Where a decision is written: over one of the same command that it takes further, else at the end."""
    for place in range(draft.first, len(draft.decisions)):
        net = decision.net_of(draft.decisions[place].decision)
        if net is not None:
            return place, net
    return len(draft.decisions), decision


def _fail(draft: Draft, command: Any, rulebook: Rulebook, now_us: int, refusal: Refusal) -> None:
    """Keep a command that could not be carried out, so that nothing is lost."""
    if type(command) is Wake:
        return
    _keep(draft, command, rulebook, now_us)
    reasons = tuple((refusal.code, str(value)) for value in refusal.parameters.values())
    _record(draft, InputFailed(subject=command.key, record=command.type, reasons=reasons), command, rulebook, now_us)
