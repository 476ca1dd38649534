"""One process at a time in a folder."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from leadflow.errors import TransientError

if sys.platform == "win32":
    import msvcrt

    def _lock(file: int) -> None:
        msvcrt.locking(file, msvcrt.LK_NBLCK, 1)
else:
    import fcntl

    def _lock(file: int) -> None:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


@contextmanager
def locked(folder: Path, timeout_s: float) -> Iterator[None]:
    """Hold the folder; the system lets go of it when a process dies. Errors: TransientError when somebody else holds it."""
    folder.mkdir(parents=True, exist_ok=True)
    file = os.open(folder / ".leadflow.lock", os.O_RDWR | os.O_CREAT, 0o644)
    try:
        until = time.monotonic() + timeout_s
        while True:
            try:
                _lock(file)
                break
            except OSError:
                if time.monotonic() >= until:
                    raise TransientError(
                        "somebody else is at work in the folder", adapter="file", operation="lock", retry_after=5
                    ) from None
                time.sleep(0.02)
        yield
    finally:
        os.close(file)
