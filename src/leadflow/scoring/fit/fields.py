"""Turning one column into a few named levels, each with the condition that selects it."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Sequence
from decimal import Decimal
from itertools import compress

from attrs import frozen

from leadflow.scoring.fit.bins import Number, edges_of, literal
from leadflow.scoring.fit.examples import Value, kind_of
from leadflow.scoring.fit.settings import FitSettings

_LONGEST_LABEL = 40
_MOST_CHARACTERS = 9_000  # a condition that lists more than this would be refused
_TELLING = 2.58  # a gap between two rates this many standard errors wide comes by chance once in a hundred


@frozen(kw_only=True)
class Field:
    """One usable field and its levels, numbered from 1; number 0 stands for "no level", which weighs nothing.

    Text: `values` holds the spellings of each named level. Number: `edges` cut it into len(edges) + 1 levels.
    Yes/no: level 1 is no, level 2 is yes. `other` and `missing` are the numbers of those levels, 0 if there
    is none.
    """

    name: str
    kind: str
    labels: tuple[str, ...]
    values: tuple[tuple[str, ...], ...] = ()
    edges: tuple[Number, ...] = ()
    other: int = 0
    missing: int = 0

    @property
    def size(self) -> int:
        """How many levels there are."""
        return len(self.labels)

    def levels(self, column: Sequence[Value]) -> bytes:
        """The level of every value, one byte each; what was never seen has level `other`."""
        spellings = {text.casefold(): level for level, texts in enumerate(self.values, 1) for text in texts}
        table = {value: self._level(value, spellings) for value in set(column)}
        return bytes(map(table.__getitem__, column))

    def level(self, value: Value) -> int:
        """The level of one value."""
        return self.levels((value,))[0]

    def when(self, levels: Sequence[int]) -> str:
        """The condition that holds for exactly these levels.

        Ranges must be neighbours; other and missing come alone.

        >>> field = prepared("lead.origin", ["fair"] * 20 + ["web"] * 20, bytes(40), FitSettings())
        >>> field.when([1]), field.when([1, 2])
        ('lead.origin == "fair"', 'lead.origin in ["fair", "web"]')
        """
        if self.missing in levels:
            return f"{self.name} is None"
        if self.kind == "yes_no":
            return f"{self.name} is not None" if len(levels) > 1 else f"{self.name} == {levels[0] == 2}"
        if self.kind == "number":
            return self._range(min(levels) - 1, max(levels))
        if self.other in levels:
            named = [text for spellings in self.values for text in spellings]
            return f"{self.name} is not None and {self.name} not in {_list(named)}"
        texts = [text for level in levels for text in self.values[level - 1]]
        return f"{self.name} == {_quoted(texts[0])}" if len(texts) == 1 else f"{self.name} in {_list(texts)}"

    def label(self, levels: Sequence[int]) -> str:
        """A short name for these levels."""
        if self.kind == "number" and self.missing not in levels and len(levels) > 1:
            return _range_label(self.edges, min(levels) - 1, max(levels))
        names = [self.labels[level - 1] for level in levels]
        return ", ".join(names) if len(names) <= 3 else f"{', '.join(names[:2])} and {len(names) - 2} more"

    def merged(self, points: Sequence[int]) -> list[tuple[int, ...]]:
        """Levels that may share a rule, with equal `points[level]`; those with 0 points are left out."""
        groups: dict[tuple[int, int], list[int]] = {}
        for level in range(1, self.size + 1):
            if not points[level]:
                continue
            alone = level in (self.other, self.missing)
            run = level if alone else 0
            if self.kind == "number" and not alone:  # only neighbouring ranges can share a condition
                run = level
                while run > 1 and points[run - 1] == points[level]:
                    run -= 1
            groups.setdefault((points[level], run), []).append(level)
        return sorted(tuple(levels) for levels in groups.values())

    def _range(self, low: int, high: int) -> str:
        """The condition for the ranges between edges number `low` and `high`, counted from 1."""
        parts = []
        if low > 0:
            parts.append(f"{self.name} >= {literal(self.edges[low - 1])}")
        if high <= len(self.edges):
            parts.append(f"{self.name} < {literal(self.edges[high - 1])}")
        return " and ".join(parts) or f"{self.name} is not None"

    def _level(self, value: Value, spellings: dict[str, int]) -> int:
        if value is None or (isinstance(value, str) and not value.strip()):
            return self.missing
        if self.kind == "text":
            return spellings.get(value.casefold(), self.other) if isinstance(value, str) else 0
        if self.kind == "yes_no":
            return 1 + value if isinstance(value, bool) else 0
        if isinstance(value, bool) or not isinstance(value, (int, float, Decimal)):
            return 0
        return 1 + bisect_right(self.edges, value)


def prepared(name: str, column: Sequence[Value], won: bytes, settings: FitSettings) -> Field | None:
    """The levels of a text, number or yes/no column, learnt from training leads.

    None if there is nothing to tell apart. "Not known" is a level only where it changes the won rate.
    """
    support = settings.support_of(len(column))
    kind = kind_of(column)
    values: tuple[tuple[str, ...], ...] = ()
    edges: tuple[Number, ...] = ()
    has_other = False
    if kind == "text":
        values, has_other = _frequent(column, support, settings.max_levels)
        labels = [_short(spellings[0]) for spellings in values] + ["other"] * has_other
    elif kind == "number":
        numbers = (value for value in column if isinstance(value, (int, float, Decimal)))
        edges = edges_of(numbers, settings.max_bins, support)
        labels = [_range_label(edges, place, place + 1) for place in range(len(edges) + 1)]
    else:
        is_both = kind == "yes_no" and min(column.count(False), column.count(True)) >= support
        labels = ["no", "yes"] if is_both else []
    has_missing = bool(labels) and _is_missing_telling(column, won, support)
    if len(labels) + has_missing < 2:
        return None
    return Field(
        name=name,
        kind=kind,
        labels=(*labels, *["missing"] * has_missing),
        values=values,
        edges=edges,
        other=len(labels) if has_other else 0,
        missing=len(labels) + 1 if has_missing else 0,
    )


def _frequent(column: Iterable[Value], support: int, max_levels: int) -> tuple[tuple[tuple[str, ...], ...], bool]:
    """The most frequent texts, each with its spellings, and whether the rest is big enough to be a level."""
    counts = Counter(value for value in column if isinstance(value, str))
    spellings: dict[str, list[str]] = {}
    for text in sorted(counts, key=lambda text: (-counts[text], text)):
        spellings.setdefault(text.casefold(), []).append(text)
    groups = [(sum(counts[text] for text in texts), tuple(texts)) for texts in spellings.values()]
    groups.sort(key=lambda group: (-group[0], group[1]))
    named, room = [], _MOST_CHARACTERS
    for count, texts in groups[:max_levels]:
        room -= len(_list(texts))
        if count >= support and room >= 0:
            named.append((count, texts))
    rest = counts.total() - sum(count for count, _ in named)
    return tuple(texts for _, texts in named), rest >= support


def _is_missing_telling(column: Sequence[Value], won: bytes, support: int) -> bool:
    gaps = column.count(None)
    known = len(column) - gaps
    if gaps < support or not known:
        return False
    won_gaps = sum(compress(won, (value is None for value in column)))
    rate = sum(won) / len(won)
    difference = won_gaps / gaps - (sum(won) - won_gaps) / known
    return difference**2 > _TELLING**2 * rate * (1 - rate) * (1 / gaps + 1 / known)


def _range_label(edges: Sequence[Number], low: int, high: int) -> str:
    if low == 0:
        return f"below {literal(edges[high - 1])}" if high <= len(edges) else "any number"
    return (
        f"{literal(edges[low - 1])} and more"
        if high > len(edges)
        else (f"{literal(edges[low - 1])} to below {literal(edges[high - 1])}")
    )


def _short(text: str) -> str:
    plain = "".join(sign if sign.isprintable() else " " for sign in text)
    return plain if len(plain) <= _LONGEST_LABEL else plain[: _LONGEST_LABEL - 1] + "…"


def _quoted(text: str) -> str:
    """The text as a literal of the condition language, which knows few escapes."""
    return '"' + "".join(map(_escaped, text)) + '"'


def _escaped(sign: str) -> str:
    if sign in ('"', "\\"):
        return "\\" + sign
    if sign.isprintable():
        return sign
    code = ord(sign)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def _list(texts: Sequence[str]) -> str:
    return f"[{', '.join(map(_quoted, texts))}]"
