"""A ledger outside the database: what somebody was told. It is the oracle for "nothing lost"."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path


class Ledger:
    """An append-only file of lines, each on the disk before `write` returns.

    A client writes to it after each "accepted"; after a crash, everything in the ledger must be in the store. With
    `sync=False` nobody waits for the disk: that is enough where processes are killed and the machine is not.

    >>> import tempfile
    >>> ledger = Ledger(tempfile.mkdtemp() + "/told.jsonl")
    >>> ledger.write("req-1", "accepted", "l_1"); list(ledger)
    [('req-1', 'accepted', 'l_1')]
    """

    def __init__(self, path: str | Path, *, sync: bool = True) -> None:
        self.path = Path(path)
        self._sync = sync

    def write(self, *words: str | None) -> None:
        """Append one line, and wait until it is on the disk."""
        line = json.dumps(words, ensure_ascii=True).encode("ascii") + b"\n"
        file = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
        try:
            os.write(file, line)
            if self._sync:
                os.fsync(file)
        finally:
            os.close(file)

    def __iter__(self) -> Iterator[tuple[str | None, ...]]:
        """Every whole line, in order; a line cut off by a crash was never told."""
        if not self.path.exists():
            return
        with self.path.open("rb") as file:
            for line in file:
                if line.endswith(b"\n"):
                    yield tuple(json.loads(line))

    def keys(self) -> list[str]:
        """The first word of each line: the keys of what was accepted."""
        return [words[0] for words in self if words and words[0] is not None]
