"""Rows as the linkage keeps them: columns to compare and blocks to look in, in the same order."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from zlib import crc32

from leadflow.matching.blocking import Blocks
from leadflow.matching.linkage.columns import Columns
from leadflow.matching.linkage.spec import LinkageSpec, Row


class Stored:
    """Rows that others are compared with; a position is a row's place in the order of `keep`."""

    def __init__(self, spec: LinkageSpec) -> None:
        self.spec = spec
        self.columns = Columns(spec)
        self.blocks = Blocks(spec.keys, spec.block_cap)
        self.texts: list[tuple[str, ...]] = []

    def read(self, row: Row) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """A row's texts to compare and the views that its keys are made of."""
        return self.columns.cleaned(row), self.blocks.views(row)

    def keep(self, texts: tuple[str, ...], views: tuple[str, ...]) -> int:
        """Keep what was read of a row; returns its position."""
        self.columns.append(texts)
        self.texts.append(texts)
        return self.blocks.add(views)

    def pairs(self) -> Iterator[tuple[int, list[int], list[int]]]:
        """Each candidate pair once: a position, later positions, and the pairs' patterns."""
        near, seen, patterns = self.blocks.near, self.blocks.seen, self.columns.patterns
        for position, texts in enumerate(self.texts):
            others = near(seen(position), position)
            if others:
                yield position, others, patterns(texts, others)

    def patterns_near(self, position: int) -> list[int]:
        """The patterns of a stored row and all its candidates."""
        others = [other for other in self.blocks.near(self.blocks.seen(position)) if other != position]
        return self.columns.patterns(self.texts[position], others)

    def ranked(self, positions: Iterable[int]) -> list[int]:
        """Positions in the order of their rows' content."""
        return sorted(positions, key=lambda at: (self.texts[at], self.blocks.seen(at)))

    def shuffled(self, seed: int) -> list[int]:
        """The positions in an order that depends on the rows' content and the seed, not on the order of the rows."""
        ranks = [crc32("\x1f".join(texts).encode("utf-8", "replace"), seed) for texts in self.texts]
        return sorted(range(len(ranks)), key=lambda at: (ranks[at], self.texts[at], self.blocks.seen(at)))
