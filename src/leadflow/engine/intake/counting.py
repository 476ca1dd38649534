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
    """Lists of at most so many."""
    iterator = iter(records)
    while chunk := list(islice(iterator, size)):
        yield chunk
