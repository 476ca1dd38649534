"""Where to look for a row's double: rows that share a key; never all pairs.

A block above the cap is not compared as a whole: its rows are split further by the views of the other keys, and only
what is still too large is left out (and counted).
"""

from __future__ import annotations

from collections.abc import Sequence

from leadflow.matching.linkage.spec import BlockingKey, KeyPart, Row

Key = tuple[int | str, ...]
_MEMO_VALUES = 200_000


class Blocks:
    """Positions of rows by the keys they have, kept as rows are added."""

    def __init__(self, keys: Sequence[BlockingKey], cap: int) -> None:
        self.cap = cap
        self.parts: tuple[KeyPart, ...] = tuple(dict.fromkeys(part for key in keys for part in key.parts))
        names = {name: at for at, name in enumerate(dict.fromkeys(key.name for key in keys))}
        self._keys = tuple(
            (names[key.name], tuple(self.parts.index(part) for part in key.parts), key.unordered) for key in keys
        )
        self._memo: tuple[dict[str, str], ...] = tuple({} for _ in self.parts)
        self._blocks: dict[Key, list[int]] = {}
        self._views: list[tuple[str, ...]] = []

    def views(self, row: Row) -> tuple[str, ...]:
        """What the parts see of a row; "" for nothing."""
        seen = []
        for part, memo in zip(self.parts, self._memo, strict=True):
            raw = row.get(part.field)
            if not raw:
                seen.append("")
                continue
            view = memo.get(raw)
            if view is None:
                if len(memo) > _MEMO_VALUES:
                    memo.clear()
                cleaned = part.clean(raw)
                view = memo[raw] = part.view(cleaned) if cleaned else ""
            seen.append(view)
        return tuple(seen)

    def keys(self, views: Sequence[str]) -> list[Key]:
        """The keys of a row, each once."""
        found: list[Key] = []
        for name, places, unordered in self._keys:
            if len(places) == 1:
                view = views[places[0]]
                if view:
                    found.append((name, view))
                continue
            values = [views[place] for place in places]
            if "" not in values:
                if unordered:
                    values.sort()
                found.append((name, *values))
        return found

    def add(self, views: tuple[str, ...]) -> int:
        """Put the next row into its blocks; returns its position."""
        position = len(self._views)
        self._views.append(views)
        blocks, cap = self._blocks, self.cap
        for key in self.keys(views):
            block = blocks.get(key)
            if block is None:
                blocks[key] = [position]
            elif block[-1] != position:
                block.append(position)
                if len(block) > cap:
                    self._split(key, block if len(block) == cap + 1 else (position,))
        return position

    def _split(self, key: Key, positions: Sequence[int]) -> None:
        for position in positions:
            for finer in self._finer(key, self._views[position]):
                self._blocks.setdefault(finer, []).append(position)

    def _finer(self, key: Key, views: Sequence[str]) -> list[Key]:
        seen = key[1:]
        return [(-1 - at, *key, view) for at, view in enumerate(views) if view and view not in seen]

    def seen(self, position: int) -> tuple[str, ...]:
        """What the parts saw of a stored row."""
        return self._views[position]

    def near(self, views: Sequence[str]) -> set[int]:
        """Positions of the rows worth comparing with a row."""
        found: list[list[int]] = []
        blocks, cap = self._blocks, self.cap
        for key in self.keys(views):
            block = blocks.get(key)
            if block is None:
                continue
            if len(block) <= cap:
                found.append(block)
                continue
            for finer in self._finer(key, views):
                block = blocks.get(finer)
                if block is not None and len(block) <= cap:
                    found.append(block)
        return set().union(*found)

    def skipped(self) -> tuple[int, int]:
        """How many blocks are above the cap, and how many of their finer blocks still are."""
        large = [key for key, block in self._blocks.items() if len(block) > self.cap]
        finer = sum(isinstance(key[0], int) and key[0] < 0 for key in large)
        return len(large) - finer, finer
