"""The embedded publisher: every decision becomes a line of a JSON Lines file, as a CloudEvent."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from leadflow.errors import RejectedError, TransientError
from leadflow.ports.publisher import Notice, cloud_event

try:
    from fcntl import LOCK_EX, flock
except ImportError:  # Windows: one process at a time writes

    def _hold(file: int) -> None:
        """Nothing to hold with."""
else:

    def _hold(file: int) -> None:
        flock(file, LOCK_EX)


_RETRY_S: Final = 60
_TAIL: Final = 1 << 16


class JsonlPublisher:
    """Appends to a file; a batch is there wholly or not at all, and durable when `publish` returns.

    What a crash cut off is taken away before the next line is written. It claims nothing: a batch that is handed over
    again is there again, under the same keys. `fault(name)` is called before each write, for tests.
    """

    def __init__(self, path: str | Path, *, fault: Callable[[str], None] | None = None) -> None:
        self.path = Path(path)
        self._fault = fault or (lambda name: None)

    def publish(self, notices: Sequence[Notice]) -> int:
        """Append them all. Errors: RejectedError without the right to write, else TransientError."""
        lines = [json.dumps(cloud_event(each), ensure_ascii=True, separators=(",", ":")) + "\n" for each in notices]
        if not lines:
            return 0
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            is_new = not self.path.exists()
            with self._opened() as file:
                self._append(file, "".join(lines).encode("ascii"))
            if is_new:
                _sync_folder(self.path.parent)
        except PermissionError as error:
            raise RejectedError(
                f"cannot write to {self.path}", adapter="jsonl", operation="publish", hint="check the file's rights"
            ) from error
        except OSError as error:
            raise TransientError(
                f"{self.path}: {error.strerror}", adapter="jsonl", operation="publish", retry_after=_RETRY_S
            ) from error
        return len(lines)

    def was_published(self, key: str) -> bool | None:
        """None: a file that is moved away from time to time knows only its last lines."""
        return None

    @contextmanager
    def _opened(self) -> Iterator[int]:
        file = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o644)
        try:
            _hold(file)
            yield file
        finally:
            os.close(file)

    def _append(self, file: int, content: bytes) -> None:
        end = _whole(file)
        if end < os.fstat(file).st_size:
            self._fault("mend")
            os.ftruncate(file, end)
        self._fault("append")
        try:
            view = memoryview(content)
            while view:
                view = view[os.write(file, view) :]
            self._fault("sync")
            os.fsync(file)
        except Exception:
            os.ftruncate(file, end)
            raise


def _whole(file: int) -> int:
    """Where the last whole line ends."""
    at = os.fstat(file).st_size
    while at:
        start = max(0, at - _TAIL)
        os.lseek(file, start, os.SEEK_SET)
        found = os.read(file, at - start).rfind(b"\n")
        if found >= 0:
            return start + found + 1
        at = start
    return 0


def _sync_folder(folder: Path) -> None:
    """The file's name is durable too, where a folder can be synced."""
    if os.name != "posix":
        return
    opened = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)
