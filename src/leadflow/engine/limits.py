"""A time limit for what plugins do beside the plan: vetoes and observers."""

from __future__ import annotations

from collections.abc import Callable
from contextvars import copy_context
from threading import Lock, Thread
from typing import Any

from leadflow.errors import PluginError


class Limited:
    """A function that is called on a thread of its own and waited for, but not for ever.

    A thread cannot be stopped: one that hangs goes on, and until it ends the function is not called again, so that there
    is never more than one that hangs. Errors: what the function raises; PluginError (plugin_hangs).

    >>> Limited("acme.twice", lambda number: 2 * number, 1.0)(3)
    6
    """

    def __init__(self, name: str, function: Callable[..., Any], limit_s: float) -> None:
        self._name, self._function, self._limit_s = name, function, limit_s
        self._lock = Lock()
        self._hanging: Thread | None = None

    def __call__(self, *arguments: Any) -> Any:
        """The function's answer."""
        with self._lock:
            if self._hanging is not None and self._hanging.is_alive():
                raise PluginError(f"{self._name} still hangs in an earlier call", code="plugin_hangs")
        answer: list[Any] = []
        fault: list[BaseException] = []

        def call() -> None:
            try:
                answer.append(context.run(self._function, *arguments))
            except BaseException as error:
                fault.append(error)

        context = copy_context()
        thread = Thread(target=call, name=f"leadflow {self._name}", daemon=True)
        thread.start()
        thread.join(self._limit_s)
        if answer:
            return answer[0]
        if fault:
            if isinstance(fault[0], Exception):
                raise fault[0]
            raise PluginError(f"{self._name} failed ({type(fault[0]).__name__})", code="plugin_failed") from fault[0]
        with self._lock:
            self._hanging = thread
        raise PluginError(f"{self._name} took longer than {self._limit_s:g} s", code="plugin_hangs")
