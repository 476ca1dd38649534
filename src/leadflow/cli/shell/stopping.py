"""Ctrl-C during long work: the running batch is finished, then the work ends in an orderly way."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterable, Iterator
from types import FrameType
from typing import Any, TypeVar

T = TypeVar("T")


class Stopped(Exception):
    """The work stopped between two batches because somebody asked."""


class Stopping:
    """While the block runs, the first Ctrl-C asks to stop; a second one stops at once (what was committed stays).

    >>> with Stopping() as stopping:
    ...     list(stopping.until_asked([1, 2])), stopping.is_asked
    ([1, 2], False)
    """

    def __init__(self) -> None:
        self.is_asked = False
        self._before: Any = None

    def __enter__(self) -> Stopping:
        # Signals come to the main thread alone; elsewhere the host decides.
        if threading.current_thread() is threading.main_thread():
            self._before = signal.signal(signal.SIGINT, self._ask)
        return self

    def __exit__(self, *error: object) -> None:
        if self._before is not None:
            signal.signal(signal.SIGINT, self._before)

    def _ask(self, number: int, frame: FrameType | None) -> None:
        if self.is_asked:
            raise KeyboardInterrupt
        self.is_asked = True

    def until_asked(self, items: Iterable[T]) -> Iterator[T]:
        """The items, until somebody asks to stop."""
        for item in items:
            if self.is_asked:
                return
            yield item

    def stop_if_asked(self) -> None:
        """For work that has no items to leave out: raises Stopped once somebody has asked."""
        if self.is_asked:
            raise Stopped
