"""Where to look for a row's double: rows that share a key; never all pairs.

A block above the cap is not compared as a whole: its rows are split further by the views of the other keys, and only
what is still too large is left out (and counted).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from leadflow.matching.linkage.cleaning import Memo
from leadflow.matching.linkage.spec import BlockingKey, KeyPart, Row

_BETWEEN = "\x1f"
"""Stands between the parts of a key; cleaned texts have no control characters."""


class Blocks:
    """Positions of rows by the keys they have, kept as rows are added."""

    def __init__(self, keys: Sequence[BlockingKey], cap: int) -> None:
        self.cap = cap
        self.parts: tuple[KeyPart, ...] = tuple(dict.fromkeys(part for key in keys for part in key.parts))
        names = {name: f"{at}{_BETWEEN}" for at, name in enumerate(dict.fromkeys(key.name for key in keys))}
        plans = [(names[key.name], [self.parts.index(part) for part in key.parts], key.unordered) for key in keys]
        self._alone = tuple((name, places[0]) for name, places, _ in plans if len(places) == 1)
        self._two = tuple(
            (name, places[0], places[1], unordered) for name, places, unordered in plans if len(places) == 2
        )
        self._more = tuple(plan for plan in plans if len(plan[1]) > 2)
        self._memos = tuple((part.field, Memo(part.of)) for part in self.parts)
        # A block of one row is kept as its bare position: most are, and a list each would cost.
        self._blocks: dict[str, Any] = {}
        self._finer: dict[str, list[int]] = {}
        self._views: list[tuple[str, ...]] = []

    def views(self, row: Row) -> tuple[str, ...]:
        """What the parts see of a row; "" for nothing."""
        get = row.get
        return tuple([memo[get(field)] for field, memo in self._memos])

    def keys(self, views: Sequence[str]) -> list[str]:
        """The keys of a row, as one text each."""
        found = [name + views[place] for name, place in self._alone if views[place]]
        for name, first, second, unordered in self._two:
            a, b = views[first], views[second]
            if a and b:
                found.append(f"{name}{b}{_BETWEEN}{a}" if unordered and b < a else f"{name}{a}{_BETWEEN}{b}")
        for name, places, unordered in self._more:
            values = [views[place] for place in places]
            if "" not in values:
                found.append(name + _BETWEEN.join(sorted(values) if unordered else values))
        return found

    def add(self, views: tuple[str, ...]) -> int:
        """Put the next row into its blocks; returns its position."""
        position = len(self._views)
        self._views.append(views)
        blocks, cap = self._blocks, self.cap
        for key in self.keys(views):
            block = blocks.setdefault(key, position)
            if block.__class__ is int:
                if block != position:
                    blocks[key] = [block, position]
            elif block[-1] != position:
                block.append(position)
                if len(block) > cap:
                    self._split(key, block if len(block) == cap + 1 else (position,))
        return position

    def _split(self, key: str, positions: Iterable[int]) -> None:
        blocks = self._finer
        for position in positions:
            for finer in self._finer_keys(key, self._views[position]):
                blocks.setdefault(finer, []).append(position)

    def _finer_keys(self, key: str, views: Sequence[str]) -> list[str]:
        seen = key.split(_BETWEEN)[1:]
        return [f"{at}{_BETWEEN}{view}{_BETWEEN}{key}" for at, view in enumerate(views) if view and view not in seen]

    def seen(self, position: int) -> tuple[str, ...]:
        """What the parts saw of a stored row."""
        return self._views[position]

    def near(self, views: Sequence[str], after: int = -1) -> list[int]:
        """Positions of the rows worth comparing with a row, ascending; only those later than `after`."""
        found: list[list[int]] = []
        get, finer, cap = self._blocks.get, self._finer, self.cap
        for key in self.keys(views):
            block = get(key)
            if block is None:
                continue
            if block.__class__ is int:
                if block > after:
                    found.append([block])
            elif block[-1] > after:
                if len(block) <= cap:
                    found.append(block)
                else:
                    found += [
                        finer[each] for each in self._finer_keys(key, views) if 0 < len(finer.get(each, ())) <= cap
                    ]
        if after < 0:
            return sorted(set().union(*found))
        return sorted([other for other in set().union(*found) if other > after]) if found else []

    def above_cap(self) -> tuple[int, int]:
        """How many blocks are above the cap and so were refined, and how many of their finer blocks still are."""
        refined = sum(block.__class__ is list and len(block) > self.cap for block in self._blocks.values())
        return refined, sum(len(block) > self.cap for block in self._finer.values())
