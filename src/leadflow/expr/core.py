"""The lowered form of a condition: what is compiled. Null logic, types and signals are settled in it.

There is no `not`: every leaf knows its own negation, and both are false when a value they need is None.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

from attrs import frozen

from leadflow.model.time import DAY_US

_UNIX_DAY = date(1970, 1, 1).toordinal()

# -- values -----------------------------------------------------------------------------------------------


@frozen
class Const:
    """A constant; texts are folded already where the comparison wants it."""

    value: Any


@frozen
class Read:
    """A field of a record; `fold` for a text that is compared without regard to case."""

    record: str
    accessor: str
    custom: bool
    fold: bool


@frozen
class Ask:
    """A term, answered by the view."""

    name: str
    args: tuple[Any, ...]
    fold: bool


@frozen
class Count:
    """Occurrences of a signal, at most `limit` in a window, or ever."""

    signal: int
    within_us: int | None
    limit: int


@frozen
class Sum:
    """The sum of a signal; in millionths where it meets a constant."""

    signal: int
    within_us: int | None
    limit: int
    in_micro: bool


@frozen
class Days:
    """Whole days since the newest occurrence."""

    signal: int


@frozen
class Apply:
    """A host's pure function of values; None when one of them is None. `fold` for a text compared without regard to case."""

    function: Callable[..., Any]
    args: tuple[Operand, ...]
    fold: bool


@frozen
class Calc:
    """A calculation on numbers."""

    op: str
    left: Operand
    right: Operand


Operand = Const | Read | Ask | Count | Sum | Days | Apply | Calc


# -- conditions -------------------------------------------------------------------------------------------


@frozen
class Always:
    """Holds always or never."""

    value: bool


@frozen
class Every:
    """All parts hold."""

    parts: tuple[Core, ...]


@frozen
class Some:
    """Some part holds."""

    parts: tuple[Core, ...]


@frozen
class AtLeast:
    """The n-th newest occurrence lies in the window (`within_us` None: exists at all)."""

    signal: int
    n: int
    within_us: int | None
    negated: bool = False


@frozen
class Quiet:
    """There was an occurrence, and the newest is at least that old."""

    signal: int
    within_us: int


@frozen
class Reached:
    """The clock has reached the operand's moment plus `shift_us`; false, and so is its negation, without a
    moment.

    `form` says how the operand becomes a moment: "instant", "date" (its midnight), "midnight_at_or_after" or
    "midnight_after" an instant.
    """

    operand: Operand
    form: str
    shift_us: int
    negated: bool = False


@frozen
class Check:
    """One comparison of values; false when a value it needs is None.

    ops: == != < <= > >=, in and not in a constant set, member and folded_member (of a set field), contains,
    starts_with, ends_with, true, false (a yes/no value), none. `negated` serves those without an op of
    their own for it.
    """

    op: str
    left: Operand
    right: Operand
    negated: bool = False


@frozen
class Bit:
    """A part that has been decided before; only in score programs."""

    index: int


Core = Always | Every | Some | AtLeast | Quiet | Reached | Check | Bit
TRUE, FALSE = Always(True), Always(False)


def every(parts: list[Core]) -> Core:
    """The conjunction, flattened and without idle parts.

    >>> every([TRUE, Every((Bit(0), Bit(1)))])
    Every(parts=(Bit(index=0), Bit(index=1)))
    """
    flat = [inner for part in parts for inner in (part.parts if isinstance(part, Every) else (part,))]
    if FALSE in flat:
        return FALSE
    kept = tuple(dict.fromkeys(part for part in flat if part != TRUE))
    return kept[0] if len(kept) == 1 else Every(kept) if kept else TRUE


def some(parts: list[Core]) -> Core:
    """The disjunction, flattened and without idle parts.

    >>> some([FALSE, Bit(0)])
    Bit(index=0)
    """
    flat = [inner for part in parts for inner in (part.parts if isinstance(part, Some) else (part,))]
    if TRUE in flat:
        return TRUE
    kept = tuple(dict.fromkeys(part for part in flat if part != FALSE))
    return kept[0] if len(kept) == 1 else Some(kept) if kept else FALSE


def midnight_us(day: date) -> int:
    """The first moment of a date in UTC, in microseconds.

    >>> midnight_us(date(1970, 1, 2)) == DAY_US
    True
    """
    return (day.toordinal() - _UNIX_DAY) * DAY_US
