"""Physical lines out of text chunks of any size, in flat memory."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from io import StringIO

_BLOCK_CHARS = 65_536


def physical_lines(chunks: Iterable[str], max_chars: int) -> Iterator[str]:
    """Lines with their ends (LF, CRLF or CR; nothing else ends a line).

    Units: `max_chars` is the longest line kept whole. Of a longer one the first `max_chars` + 1 characters
    come, so that its length tells; the rest is dropped up to its end.

    >>> list(physical_lines(["a\\r", "\\nb\\u2028c\\rd"], 100))
    ['a\\r\\n', 'b\\u2028c\\r', 'd']
    """
    pending = ""
    is_dropping = False
    for block in blocks(chunks):
        lines = StringIO(pending + block, newline="").readlines()
        # A CR at the end may be half of a CRLF, so only an LF closes the last line for sure.
        pending = "" if lines[-1].endswith("\n") else lines.pop()
        if is_dropping and lines:
            lines = lines[1:]
            is_dropping = False
        yield from lines
        if is_dropping:
            pending = "\r" if pending.endswith("\r") else ""
        elif len(pending) > max_chars and not pending.endswith("\r"):
            yield pending[: max_chars + 1]
            pending, is_dropping = "", True
    if pending and not is_dropping:
        yield pending


def blocks(chunks: Iterable[str]) -> Iterator[str]:
    """The same text in pieces of a workable size, none of them empty.

    >>> list(blocks(["a", "", "b"]))
    ['ab']
    """
    gathered: list[str] = []
    size = 0
    for chunk in chunks:
        if chunk:
            gathered.append(chunk)
            size += len(chunk)
        if size >= _BLOCK_CHARS:
            yield "".join(gathered)
            gathered.clear()
            size = 0
    if gathered:
        yield "".join(gathered)
