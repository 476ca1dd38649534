"""Rows as the linkage keeps them: columns to compare and blocks to look in, in the same order."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from zlib import crc32

from leadflow.matching.blocking import Blocks
from leadflow.matching.linkage.columns import Columns
from leadflow.matching.linkage.spec import LinkageSpec, Row


class Stored:
    """Rows that others are compared with; a position is a row's place in the order of `add`."""

    def __init__(self, spec: LinkageSpec) -> None:
        self.spec = spec
        self.columns = Columns(spec)
        self.blocks = Blocks(spec.keys, spec.block_cap)
        self.texts: list[tuple[str, ...]] = []

    def add(self, row: Row, texts: tuple[str, ...] | None = None) -> int:
        """Keep a row; returns its position."""
        texts = self.columns.cleaned(row) if texts is None else texts
        self.columns.append(texts)
        self.texts.append(texts)
        return self.blocks.add(self.blocks.views(row))

    def pairs(self, positions: Sequence[int] | None = None) -> Iterator[tuple[int, list[int], list[int]]]:
        """Each candidate pair once: a position, later positions, and the pairs' patterns."""
        near, patterns, views = self.blocks.near, self.columns.patterns, self.blocks.seen
        for position in range(len(self.texts)) if positions is None else positions:
            others = [other for other in near(views(position)) if other > position]
            if others:
                yield position, others, patterns(self.texts[position], others)

    def shuffled(self, seed: int) -> list[int]:
        """The positions in an order that depends on the rows' content and the seed, not on the order of the rows."""
        ranks = [crc32("\x1f".join(texts).encode("utf-8", "replace"), seed) for texts in self.texts]
        return sorted(range(len(ranks)), key=lambda at: (ranks[at], self.texts[at]))
