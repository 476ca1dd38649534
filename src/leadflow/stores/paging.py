"""Lists page by page, each a statement of its own: nothing is held open on a connection that is somebody else's."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final

from attrs import evolve

from leadflow.ports.store import Scan

_PAGE: Final = 500


def pages(query: Scan, page: Callable[[Scan], Sequence[Any]]) -> Iterator[Any]:
    """All rows of a list; `page` gives those of a list that is short enough. The first is fetched at once."""
    size = _PAGE if query.limit is None else min(_PAGE, query.limit)
    return _rest(query, page, evolve(query, limit=size), page(evolve(query, limit=size)))


def _rest(query: Scan, page: Callable[[Scan], Sequence[Any]], asked: Scan, found: Sequence[Any]) -> Iterator[Any]:
    left = query.limit
    column = query.order.lstrip("-")
    while True:
        yield from found
        if left is not None:
            left -= len(found)
        if len(found) < (asked.limit or 0) or left == 0:
            return
        size = _PAGE if left is None else min(_PAGE, left)
        asked = evolve(asked, limit=size, after=(getattr(found[-1], column), found[-1].id))
        found = page(asked)
