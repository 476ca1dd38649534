"""Rules made ready to be written as code: split into what records say and what interactions say."""

from __future__ import annotations

from collections.abc import Sequence

from attrs import define, field, frozen

from leadflow.expr import core as c
from leadflow.expr.lower import lower, signal_of
from leadflow.expr.points.decay import Table, decay_table
from leadflow.expr.points.rules import DEFAULT_EACH, ScoreRule
from leadflow.expr.signals import SignalTable
from leadflow.expr.types import Schema


@frozen
class Each:
    """What every occurrence of a signal gives.

    `limit` None: as many as there were, ever. It never exceeds what the cap lets count, so that `until`
    names no moment at which only a capped count changes.
    """

    signal: int
    points: int
    within_us: int | None
    table: Table | None
    limit: int | None
    cap: int | None

    @property
    def kept(self) -> int:
        """How many times the signal must keep for this."""
        needs_times = self.within_us is not None or self.table is not None
        return (self.limit or 0) if needs_times else 0

    @property
    def most(self) -> int | None:
        """The points at their furthest from 0; None where nothing bounds them."""
        if self.limit is None:
            return None
        reach = self.limit * self.points
        return reach if self.cap is None else capped(reach, self.cap)


@frozen
class Part:
    """One rule: its number, its condition over bits and signals, and its points once or for each
    occurrence."""

    index: int
    rule: ScoreRule
    gate: c.Core
    points: int
    each: Each | None

    @property
    def mask(self) -> int:
        """The rule's bit in the mask of rules that fired."""
        return 1 << self.index

    @property
    def is_static(self) -> bool:
        """Whether records alone decide the rule, so that its bit among the static ones is its mask."""
        return self.each is None and self.gate == c.Bit(self.index)

    @property
    def is_constant(self) -> bool:
        """Whether nothing has to be asked: the rule never holds, or always and gives its points once."""
        return self.gate == c.FALSE or (self.gate == c.TRUE and self.each is None)

    @property
    def is_quiet(self) -> bool:
        """Whether the rule asks how long nothing occurred."""
        return isinstance(self.gate, c.Quiet)

    @property
    def only_signal(self) -> int | None:
        """The signal without which the rule gives nothing, where it is all the rule reads."""
        match self.gate:
            case c.Always(value=True) if self.each is not None:
                return self.each.signal
            case c.AtLeast(negated=False) | c.Quiet() as leaf if self.each is None:
                return leaf.signal
            case _:
                return None


@define
class Parts:
    """All rules of a set, and the conditions behind the bits."""

    parts: list[Part] = field(factory=list)
    bits: dict[int, c.Core] = field(factory=dict)


def capped(points: int, cap: int) -> int:
    """Points no further from 0 than the cap.

    >>> capped(-7, 5), capped(3, 5)
    (-5, 3)
    """
    return max(-cap, min(cap, points))


def split_rules(rules: Sequence[ScoreRule], schema: Schema, signals: SignalTable) -> Parts:
    """Sound rules as parts; their signals are added to the table."""
    found = Parts()
    shared: dict[c.Core, int] = {}
    for index, rule in enumerate(rules):
        condition = rule.condition
        core: c.Core = c.TRUE if condition is None else lower(condition, schema, signals)
        if rule.each is None and not isinstance(core, c.Always) and not reads_signals(core):
            # A rule that records decide alone: its bit has its own number, and is its place in the mask.
            found.bits[index] = core
            gate: c.Core = c.Bit(index)
        else:
            gate = _split(core, shared, len(rules))
        points = rule.points if rule.cap is None or rule.each else capped(rule.points, rule.cap)
        found.parts.append(Part(index, rule, gate, points, _each(rule, signals)))
    found.bits.update({index: core for core, index in shared.items()})
    return found


def _each(rule: ScoreRule, signals: SignalTable) -> Each | None:
    occurrence = rule.occurrence
    if occurrence is None:
        return None
    days, within_us, limit = rule.half_life_days, occurrence.within_us, rule.limit
    table = None if days is None else decay_table(rule.points, days)
    if limit is None and (within_us is not None or table is not None):
        limit = DEFAULT_EACH
    if rule.cap is not None and table is None and rule.points:
        reached = -(-rule.cap // abs(rule.points))
        limit = reached if limit is None else min(limit, reached)
    each = Each(0, rule.points, within_us, table, limit, rule.cap)
    signal = signals.intern(signal_of(occurrence), each.kept)
    return Each(signal, rule.points, within_us, table, limit, rule.cap)


def _split(core: c.Core, shared: dict[c.Core, int], first: int) -> c.Core:
    """The condition with every largest part that reads no signal replaced by a bit."""
    if isinstance(core, c.Always):
        return core
    if not reads_signals(core):
        return c.Bit(shared.setdefault(core, first + len(shared)))
    if not isinstance(core, (c.Every, c.Some)):
        return core
    join = c.every if isinstance(core, c.Every) else c.some
    of_records = [part for part in core.parts if not reads_signals(part)]
    rest = [_split(part, shared, first) for part in core.parts if reads_signals(part)]
    return join([*([_split(join(of_records), shared, first)] if of_records else []), *rest])


def signals_in(part: Part) -> frozenset[int]:
    """The signals that a rule reads."""
    of_each = frozenset() if part.each is None else frozenset({part.each.signal})
    return _signals_of(part.gate) | of_each


def reads_signals(core: c.Core) -> bool:
    """Whether interactions have a part in the value."""
    return bool(_signals_of(core))


def _signals_of(core: c.Core | c.Operand) -> frozenset[int]:
    match core:
        case c.Every() | c.Some():
            return frozenset().union(*(_signals_of(part) for part in core.parts))
        case c.AtLeast() | c.Quiet() | c.Count() | c.Sum() | c.Days():
            return frozenset({core.signal})
        case c.Check() | c.Calc():
            return _signals_of(core.left) | _signals_of(core.right)
        case c.Apply():
            return frozenset().union(*(_signals_of(arg) for arg in core.args))
        case c.Reached():
            return _signals_of(core.operand)
        case _:
            return frozenset()
