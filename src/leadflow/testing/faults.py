"""Faults on order: a store calls its fail points by name, a plan counts them and acts at one of them."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator
from typing import Final

from attrs import define, field

from leadflow.errors import InvalidInputError

ACTIONS: Final = ("raise", "hang", "kill", "exit")


class InjectedError(Exception):
    """The fault that a plan raises unless it is told another."""


@define
class FaultPlan:
    """Acts at the `at`-th fail point that is passed; without `at` it only counts.

    `action` is "raise" (`error()`, by default an InjectedError), "hang" (sleeps `seconds`, then goes on), "kill"
    (kill -9 of this very process: nothing is flushed, no handler runs) or "exit" (`os._exit(137)`). Hand it to a store:
    `leadflow.open("sqlite:///leads.db", fault=plan)`.

    >>> plan = FaultPlan()
    >>> def run():
    ...     for name in ("begin", "append inputs", "commit"):
    ...         plan(name)
    >>> for n in plan.points(run):
    ...     try:
    ...         run()
    ...     except InjectedError as error:
    ...         print(error)
    fault 1 at begin
    fault 2 at append inputs
    fault 3 at commit
    """

    at: int | None = None
    action: str = "raise"
    seconds: float = 3600.0
    error: Callable[[], BaseException] | None = None
    names: list[str] = field(factory=list, init=False)

    def __attrs_post_init__(self) -> None:
        if self.action not in ACTIONS:
            raise InvalidInputError(f"action: {self.action!r} is not one of {', '.join(ACTIONS)}")

    def __call__(self, name: str) -> None:
        """A fail point is passed."""
        self.names.append(name)
        if len(self.names) == self.at:
            self._act(name)

    def _act(self, name: str) -> None:
        if self.action == "hang":
            time.sleep(self.seconds)
        elif self.action == "exit":
            os._exit(137)
        elif self.action == "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        else:
            raise InjectedError(f"fault {self.at} at {name}") if self.error is None else self.error()

    @property
    def passed(self) -> int:
        """How many points have been passed since the plan was armed."""
        return len(self.names)

    @property
    def has_acted(self) -> bool:
        """Whether the point was reached."""
        return self.at is not None and self.passed >= self.at

    def arm(self, at: int | None) -> None:
        """Count anew, and act at the `at`-th point from now (None: never)."""
        self.at = at
        self.names.clear()

    def points(self, run: Callable[[], object]) -> Iterator[int]:
        """Run once without a fault to count the points, then arm and give 1, 2 ... up to the last of them.

        After each turn of the loop the plan is disarmed by the next one, or at the end.
        """
        self.arm(None)
        run()
        for n in range(1, self.passed + 1):
            self.arm(n)
            yield n
        self.arm(None)
