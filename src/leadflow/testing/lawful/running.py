"""A history under a playbook, told as a story that is checked at every step."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any

from leadflow.engine.flow import Flow
from leadflow.engine.outcome import Result
from leadflow.errors import LeadflowError
from leadflow.testing.clock import VirtualClock
from leadflow.testing.lawful.laws import ALL_THE_WAY, IN_THE_END, Bounds, Fault, ownerless, taken
from leadflow.testing.stories import OF_A_LEAD, Story
from leadflow.testing.strategies.moves import Move


class Unlawful(Exception):
    """A law does not hold of a story."""

    def __init__(self, fault: Fault, story: CheckedStory) -> None:
        super().__init__(fault.said)
        self.fault = fault
        self.story = story


class CheckedStory(Story):
    """A story that raises Unlawful at the first fault. `done` is what happened, and whether it was taken."""

    def __init__(self, flow: Flow, clock: VirtualClock, laws: Collection[str], bounds: Mapping[str, Bounds]) -> None:
        super().__init__(flow, clock)
        self.done: list[tuple[Move, bool]] = []
        self.moves: tuple[Move, ...] = ()
        self._laws = laws
        self._bounds = bounds

    def run(self, moves: Iterable[Move], patience: str) -> None:
        """Everything that happens, and the end. Errors: Unlawful."""
        self.moves = tuple(moves)
        for move in self.moves:
            self._move(move)
        if "owners" in self._laws and ownerless(self):
            self._move(Move(patience, ()))
        self._check(IN_THE_END)

    def _move(self, move: Move) -> None:
        after = move.after
        if not move.records and after:
            self._step(Move(after, ()))
        for record in move.records:
            if record["type"] in OF_A_LEAD and self.lead_id is None:
                continue
            self._step(Move(after, (record,)))
            after = ""

    def _step(self, move: Move) -> None:
        self.done.append((move, False))
        try:
            self.when(*move.records, after=move.after or None)
            self.done[-1] = (move, not move.records or self.results[-1].is_ok)
        except (LeadflowError, ArithmeticError, LookupError, TypeError, ValueError) as error:
            raise Unlawful(Fault("runs", f"{type(error).__name__}: {error}", ""), self) from error
        self._check(ALL_THE_WAY)

    def carry_out(self, record: Mapping[str, Any]) -> Result:
        """See Story: previewed, done, and compared."""
        previewed = self.flow.preview(record).one() if "preview" in self._laws else None
        result = super().carry_out(record)
        if previewed is not None and previewed != result:
            raise Unlawful(Fault("preview", "a preview had said otherwise", ""), self)
        if "runs" in self._laws:
            for fault in taken(self, record, result):
                raise Unlawful(fault, self)
        return result

    def _check(self, laws: Mapping[str, Callable[..., Iterable[Fault]]]) -> None:
        for name, law in laws.items():
            if name in self._laws:
                for fault in law(self, self._bounds):
                    raise Unlawful(fault, self)
