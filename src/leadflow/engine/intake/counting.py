"""Taking many records in: in chunks, and counted."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any


def count(
    counts: dict[str, int],
    problems: list[tuple[int, str, str, str]],
    position: int,
    key: str,
    status: str,
    why: str,
) -> None:
    """Count what became of one record; keep what went wrong with it."""
    counts[status] = counts.get(status, 0) + 1
    if status not in ("accepted", "repeated"):
        problems.append((position, key, status, why))


def chunked(records: Iterable[Any], size: int) -> Iterator[list[Any]]:
    """Lists of at most so many. Where the iterable fails, what it gave before comes first.

    >>> taken = chunked((1 // number for number in (1, 1, 0)), 10)
    >>> next(taken)
    [1, 1]
    """
    iterator = iter(records)
    while True:
        chunk: list[Any] = []
        try:
            chunk.extend(islice(iterator, size))
        except Exception:
            if chunk:
                yield chunk
            raise
        if not chunk:
            return
        yield chunk
