"""Who gave which points: contributions that add up to the total, and the bounds that points can reach."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from attrs import frozen

from leadflow.expr import core as c
from leadflow.expr.points.parts import Each, Part
from leadflow.expr.points.rules import Bounds
from leadflow.expr.signals import EMPTY, State


@frozen
class Contribution:
    """A share of a score.

    `by` is "rule" (then `name` names the rule, whose own cap is in its points already), or "group", "floor"
    or "ceiling" for what a bound took away or added. `times` are the occurrences behind it that are
    remembered, newest first; `until_us` is when the share may change by itself.
    """

    name: str
    points: int
    by: str
    times: tuple[int, ...]
    until_us: int


def evidence(part: Part, signals: Mapping[int, State], now_us: int) -> tuple[int, ...]:
    """The times of the remembered occurrences that speak for a rule, newest first.

    A sum's, a count's and an age's occurrences speak for it whatever it is compared with.
    """
    found = set(_times(part.gate, signals, now_us))
    each = part.each
    if each is not None:
        found.update(_inside(signals.get(each.signal, EMPTY), each.within_us, each.limit, now_us))
    return tuple(sorted(found, reverse=True))


def _times(core: c.Core, signals: Mapping[int, State], now_us: int) -> Iterator[int]:
    match core:
        case c.Every() | c.Some():
            for part in core.parts:
                yield from _times(part, signals, now_us)
        case c.AtLeast(negated=False):
            inside = _inside(signals.get(core.signal, EMPTY), core.within_us, core.n, now_us)
            if core.within_us is None or len(inside) == core.n:
                yield from inside
        case c.Quiet():
            yield from signals.get(core.signal, EMPTY)[1:2]
        case c.Check():
            yield from _value_times(core.left, signals, now_us)
            yield from _value_times(core.right, signals, now_us)


def _value_times(operand: c.Operand, signals: Mapping[int, State], now_us: int) -> Iterator[int]:
    match operand:
        case c.Count():
            yield from _inside(signals.get(operand.signal, EMPTY), operand.within_us, operand.limit, now_us)
        case c.Sum():
            pairs = signals.get(operand.signal, (0, 0))[2:]
            times = (0, *(at_us for at_us, _ in pairs))
            yield from _inside(times, operand.within_us, operand.limit, now_us)
        case c.Days():
            yield from signals.get(operand.signal, EMPTY)[1:2]
        case c.Apply():
            for arg in operand.args:
                yield from _value_times(arg, signals, now_us)
        case c.Calc():
            yield from _value_times(operand.left, signals, now_us)
            yield from _value_times(operand.right, signals, now_us)


def _inside(state: State, within_us: int | None, limit: int | None, now_us: int) -> list[int]:
    newest = state[1:] if limit is None else state[1 : limit + 1]
    return [at_us for at_us in newest if within_us is None or now_us - at_us < within_us]


# -- bounds -----------------------------------------------------------------------------------------------


def reachable(parts: Sequence[Part], groups: Mapping[str, Bounds], bounds: Bounds) -> Bounds:
    """The least and the most that a rule set can give; None where nothing bounds it.

    Each rule is taken by itself, so two rules that exclude each other are both counted in.
    """
    total = _sum(_part_bounds(part) for part in parts if part.rule.group is None)
    for name, limits in groups.items():
        members = [_part_bounds(part) for part in parts if part.rule.group == name]
        total = _sum([total, _clamped(_sum(members), limits)])
    return _clamped(total, bounds)


def _part_bounds(part: Part) -> Bounds:
    if part.gate == c.FALSE:
        return 0, 0
    if part.each is None:
        given = part.points
        return (given, given) if part.gate == c.TRUE else (min(0, given), max(0, given))
    return _each_bounds(part.each)


def _each_bounds(each: Each) -> Bounds:
    most = each.most
    if most is None:
        return (0, None) if each.points > 0 else (None, 0)
    return min(0, most), max(0, most)


def _sum(several: Iterator[Bounds] | Sequence[Bounds]) -> Bounds:
    least: int | None = 0
    most: int | None = 0
    for low, high in several:
        least = None if least is None or low is None else least + low
        most = None if most is None or high is None else most + high
    return least, most


def _clamped(reach: Bounds, limits: Bounds) -> Bounds:
    return _clamp(reach[0], limits, unbounded=limits[0]), _clamp(reach[1], limits, unbounded=limits[1])


def _clamp(value: int | None, limits: Bounds, unbounded: int | None) -> int | None:
    return unbounded if value is None else clamp(value, limits)


def clamp(value: int, limits: Bounds) -> int:
    """The value moved into its bounds.

    >>> clamp(12, (0, 10)), clamp(-3, (0, None)), clamp(5, (None, None))
    (10, 0, 5)
    """
    least, most = limits
    if most is not None and value > most:
        return most
    return least if least is not None and value < least else value
