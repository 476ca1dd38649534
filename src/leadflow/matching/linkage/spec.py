"""What to compare, and where to look: the frozen values that describe one linkage."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise

import attrs
from attrs import frozen

from leadflow.errors import InvalidValueError
from leadflow.matching.comparators import Comparator
from leadflow.matching.linkage.cleaning import clean_text

Cleaner = Callable[[str], str]
Row = Mapping[str, str | None]
LONGEST = 256
"""Characters of a cleaned value that are looked at; what is longer is no name, and comparing it would take for ever."""
MAX_LEVELS = 5
"""Thresholds of one comparison: with "missing" and "different" a code fits three bits."""


def _check_levels(_instance: object, _attribute: object, levels: Sequence[float]) -> None:
    ordered = all(a > b for a, b in pairwise(levels))
    if not levels or len(levels) > MAX_LEVELS or not ordered or levels[0] > 1 or levels[-1] <= 0:
        raise InvalidValueError(
            f"levels {tuple(levels)} do not descend from at most 1 to above 0",
            code="invalid_levels",
            hint=f"give 1 to {MAX_LEVELS} thresholds, e.g. (1.0, 0.92, 0.85)",
        )


@frozen
class Comparison:
    """One field, how alike its values are, and the thresholds of the levels, best first.

    A pair's level is the first threshold that the similarity reaches, else "different"; where a value is missing the
    level is "missing" and weighs nothing. `by_frequency` lets agreement on a rare value weigh more than on a common one.
    Two first guesses of the training: `usual` is how often the same records agree exactly, `shared` how often different
    but related ones (one household, one company) do; 0 means by chance only, and is never given up.
    """

    field: str
    comparator: Comparator
    levels: tuple[float, ...] = attrs.field(default=(1.0,), validator=_check_levels)
    clean: Cleaner = clean_text
    by_frequency: bool = False
    usual: float = 0.75
    shared: float = 0.75

    def text(self, raw: str) -> str:
        """What of a raw value is compared; "" for nothing."""
        return self.clean(raw[: 8 * LONGEST])[:LONGEST]

    @property
    def names(self) -> tuple[str, ...]:
        """The levels' names by code: 0 is missing.

        >>> from leadflow.matching.comparators import default_comparators
        >>> Comparison("city", default_comparators()["free_text"], (1.0, 0.9)).names
        ('missing', 'exact', 'at least 0.9', 'different')
        """
        inner = ("exact" if level == 1.0 else f"at least {level:g}" for level in self.levels)
        return ("missing", *inner, "different")


@frozen
class SwapComparison:
    """Two fields whose values may stand in each other's place (given name and surname).

    Where both differ but each is like the other one (`at_least`, the lower threshold of both fields' comparators), the
    pair counts as swapped and the two fields weigh nothing themselves.
    """

    first: str
    second: str
    at_least: float = 0.88

    @property
    def field(self) -> str:
        """How evidence names the comparison."""
        return f"{self.first}<>{self.second}"

    @property
    def names(self) -> tuple[str, ...]:
        """The levels' names by code."""
        return ("in place", "swapped")


@frozen
class KeyPart:
    """A coarse view of one field; rows that share it may be worth comparing."""

    field: str
    view: Callable[[str], str]
    clean: Cleaner = clean_text

    def of(self, raw: str) -> str:
        """The part's view of a raw value; "" for nothing."""
        cleaned = self.clean(raw[: 8 * LONGEST])[:LONGEST]
        return self.view(cleaned) if cleaned else ""


@frozen
class BlockingKey:
    """Rows that agree on all parts are compared. Keys of one name share their blocks, so that swapped fields meet;
    `unordered` disregards which part came from which field.
    """

    name: str
    parts: tuple[KeyPart, ...]
    unordered: bool = False


@frozen(kw_only=True)
class LinkageSpec:
    """A whole linkage. `same_at` and `ask_at` are probabilities: at least `same_at` is the same record, below `ask_at`
    a different one, between them somebody is asked.

    `block_cap` bounds the rows of one block; a larger block is refined by the other keys' parts.
    """

    comparisons: tuple[Comparison, ...]
    keys: tuple[BlockingKey, ...]
    swaps: tuple[SwapComparison, ...] = ()
    same_at: float = 0.8
    ask_at: float = 0.1
    block_cap: int = 100

    def __attrs_post_init__(self) -> None:
        fields = [each.field for each in self.comparisons]
        if not fields or len(set(fields)) < len(fields):
            raise InvalidValueError("each field is compared once, and at least one is", code="invalid_linkage")
        strangers = {name for each in self.swaps for name in (each.first, each.second)} - set(fields)
        if strangers:
            raise InvalidValueError(
                f"swapped fields {sorted(strangers)} are not compared", code="invalid_linkage", hint="add a comparison"
            )
        if not 0 < self.ask_at <= self.same_at < 1 or self.block_cap < 2:
            raise InvalidValueError(
                "thresholds must hold 0 < ask_at <= same_at < 1, and block_cap at least 2", code="invalid_linkage"
            )

    @property
    def versions(self) -> tuple[str, ...]:
        """Name and version of each comparator, for the digest of what decided."""
        return tuple(sorted({f"{each.comparator.name}@{each.comparator.version}" for each in self.comparisons}))
