"""Carrying out: plan on fresh rows, load what the plan asks for, commit; plan again when somebody else was faster."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from random import random
from time import sleep
from typing import Any

from attrs import evolve

from leadflow.engine.outcome import Result, result_of
from leadflow.engine.planning.ahead import first_keys, next_keys
from leadflow.engine.planning.plan import Plan, Planned, plan
from leadflow.engine.planning.rulebook import Rulebook
from leadflow.errors import ConflictError, StoreError
from leadflow.model.commands import Wake
from leadflow.model.decisions import InputFailed, Recorded
from leadflow.ports.store import CLAIM_LOST, Snapshot, Store
from leadflow.room import Key

_ROUNDS = 12
ATTEMPTS = 14
_LONGEST_WAIT = 0.25


class Carrier:
    """Makes commands true in one store under one set of rules; what lost a race is planned again so many times."""

    def __init__(
        self,
        store: Store,
        rulebook: Rulebook,
        tell: Callable[[Sequence[Recorded]], None] | None = None,
        attempts: int = ATTEMPTS,
    ) -> None:
        self.store = store
        self.rulebook = rulebook
        self._tell = tell
        self._attempts = attempts

    def carry_out(
        self,
        commands: Sequence[Any],
        now: Callable[[Any], int],
        wakes: Sequence[Wake] | None = None,
        claims: Mapping[Key, Any] | None = None,
    ) -> list[Plan]:
        """Plan and commit; a batch that lost a race is planned again from fresh rows, halved if it loses again.

        `claims` are tokens by the rows of wakes: those of wakes that are done end with them. Errors: ConflictError, at once
        with the code CLAIM_LOST.
        """
        if not commands:
            return []
        done: list[Plan] = []
        todo = [(list(commands), 0)]
        while todo:
            batch, attempt = todo.pop()
            planned = self.plan(batch, now, wakes)
            try:
                change = planned.change
                if claims:
                    change = evolve(change, claims=_ended(planned, claims))
                if not change.is_empty:
                    self.store.commit(change)
            except ConflictError as error:
                if attempt >= self._attempts or error.code == CLAIM_LOST:
                    raise
                if attempt:
                    # Who meets the same others again and again steps out of their way, each for another while.
                    sleep(random() * min(_LONGEST_WAIT, 0.001 * 2**attempt))  # noqa: S311 - nothing is decided by it
                middle = len(batch) // 2 if attempt and len(batch) > 1 else len(batch)
                if middle < len(batch):
                    todo.append((batch[middle:], attempt + 1))
                todo.append((batch[:middle], attempt + 1))
                continue
            done.append(planned)
            if self._tell is not None and change.decisions:
                self._tell(tuple(change.decisions))
        return done

    def plan(self, commands: Sequence[Any], now: Callable[[Any], int], wakes: Sequence[Wake] | None = None) -> Plan:
        """Plan commands on fresh rows, loading what the plan asks for."""
        rulebook = self.rulebook
        snapshot = self.store.load(first_keys((*commands, *(wakes or ())), rulebook))
        self._follow(snapshot, snapshot.rows)
        planned = plan(snapshot, commands, rulebook, now, wakes)
        for _ in range(_ROUNDS):
            if not planned.need:
                return planned
            planned.learn(self._fetch(snapshot, planned.need))
            planned.proceed()
        raise StoreError("the plan keeps asking for more rows", code="plan_rounds")

    def _fetch(self, snapshot: Snapshot, keys: Iterable[Any]) -> dict[Any, Any]:
        """Load keys and what is known to be read after them."""
        rows = self._more(snapshot, keys)
        return {**rows, **self._follow(snapshot, rows)}

    def _follow(self, snapshot: Snapshot, fetched: dict[Any, Any]) -> dict[Any, Any]:
        gathered: dict[Any, Any] = {}
        for _ in range(4):
            keys = next_keys(fetched, self.rulebook) - snapshot.rows.keys()
            if not keys:
                break
            fetched = self._more(snapshot, keys)
            gathered.update(fetched)
        return gathered

    def _more(self, snapshot: Snapshot, keys: Iterable[Any]) -> dict[Any, Any]:
        rows = self.store.load(keys).rows
        snapshot.rows.update(rows)
        return rows


def _ended(planned: Plan, claims: Mapping[Key, Any]) -> dict[Key, Any]:
    keys = ((each.command.table, each.command.id) for each in planned.planned.values() if each.status != "failed")
    return {key: claims[key] for key in keys}


def results(done: Iterable[Plan]) -> Iterator[Result]:
    for planned in done:
        for position in range(len(planned.commands)):
            each = planned.planned[position]
            key = each.command.key
            kept = planned.draft.rows.get(("input", key))
            yield result_of(each, kept, tuple(each.decisions))


def told(each: Planned) -> tuple[str, str]:
    """(status, why) of a command."""
    status, why = each.status, ""
    for recorded in each.decisions:
        if type(recorded.decision) is InputFailed:
            status = "failed"
            why = ", ".join(" ".join(reason) for reason in recorded.decision.reasons)
    if each.refusal is not None:
        why = str(each.refusal)
    return status, why
