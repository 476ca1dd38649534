"""Ctrl-C or SIGTERM during long work: the running batch is finished, then the work ends in an orderly way."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Iterable, Iterator
from types import FrameType
from typing import Any, TypeVar

T = TypeVar("T")
_LOOK_S = 0.1


class Stopped(Exception):
    """The work stopped between two batches because somebody asked."""


class Stopping:
    """While the block runs, the first Ctrl-C or SIGTERM asks to stop; a second one stops at once (what was committed stays).

    >>> with Stopping() as stopping:
    ...     list(stopping.until_asked([1, 2])), stopping.is_asked
    ([1, 2], False)
    """

    def __init__(self) -> None:
        self.is_asked = False
        self._before: dict[signal.Signals, Any] = {}

    def __enter__(self) -> Stopping:
        # Signals come to the main thread alone; elsewhere the host decides.
        if threading.current_thread() is threading.main_thread():
            self._before = {each: signal.signal(each, self._ask) for each in (signal.SIGINT, signal.SIGTERM)}
        return self

    def __exit__(self, *error: object) -> None:
        for each, before in self._before.items():
            signal.signal(each, before)

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

    def rounds(self, pause_s: float | None) -> Iterator[None]:
        """Once; with a pause, again and again until somebody asks to stop.

        >>> with Stopping() as stopping:
        ...     len(list(stopping.rounds(None)))
        1
        """
        yield
        while pause_s is not None and not self.is_asked:
            end = time.monotonic() + pause_s
            while not self.is_asked and (left := end - time.monotonic()) > 0:
                time.sleep(min(left, _LOOK_S))
            if not self.is_asked:
                yield

    def stop_if_asked(self) -> None:
        """For work that has no items to leave out: raises Stopped once somebody has asked."""
        if self.is_asked:
            raise Stopped
