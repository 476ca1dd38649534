"""The source of a rule set's functions; `expr.compile`'s sibling, under the same rules.

What many rules ask of one thing is asked once. The values that rules want of a field are keys of one table;
bits decided before are looked up eight at a time; all rules on one signal stand behind one test of whether
it ever occurred, and those on the same count or the same occurrence's age are steps of one ladder, where
one or two comparisons decide them all and name the moment of the next change.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from leadflow.expr import core as c
from leadflow.expr.compile import Decided, decide
from leadflow.expr.function import Function, Namespace
from leadflow.expr.points.decay import decayed
from leadflow.expr.points.parts import Each, Part, Parts
from leadflow.expr.points.rules import Bounds
from leadflow.expr.signals import State

Static = Callable[[Any, int], tuple[int, int]]
Total = Callable[[Mapping[int, State], int, int], tuple[int, int, int]]
Score = Callable[[Any, int], tuple[int, int, int]]
Sink = Callable[[int], dict[str, int]]
"""What is added to which local when the condition behind a bit holds."""
Groups = Mapping[str, Bounds]
_CHUNK = 8
_STEPS = 40
"""How many steps a ladder has at most; Python nests every elif one deeper."""


def score_functions(parts: Parts, groups: Groups, bounds: Bounds) -> tuple[Static, Total, Score]:
    """`static(view, now) -> (bits, until)`, `total(signals, bits, now) -> (points, fired, until)`, and both
    in one."""
    namespace = Namespace()
    static = _Sums(namespace, parts.parts, groups)
    static.emit("bits = 0")
    _write_static(parts.bits, lambda index: {"bits": 1 << index}, static)
    static.emit("return bits, u")

    total = _Sums(namespace, parts.parts, groups)
    total.write_known([part for part in parts.parts if part.is_static])
    _write_total(parts.parts, groups, bounds, total)

    score = _Sums(namespace, parts.parts, groups)
    if any(index >= len(parts.parts) for index in parts.bits):
        score.emit("bits = 0")
    score.write_known([])
    _write_static(parts.bits, lambda index: score.share(index) or {"bits": 1 << index}, score)
    _write_total(parts.parts, groups, bounds, score)

    names = namespace.run(
        static.source("static(view, now)")
        + total.source("total(signals, bits, now)")
        + score.source("score(view, now)")
    )
    return names["static"], names["total"], names["score"]


def single_function(part: Part) -> Total:
    """`total` of one rule, without the bounds of its group."""
    to = _Sums(Namespace(), [part], {})
    to.write_known([part] if part.is_static else [])
    _write_total([part], {}, (None, None), to)
    function: Total = to.namespace.run(to.source("total(signals, bits, now)"))["total"]
    return function


# -- what records say -------------------------------------------------------------------------------------


def _write_static(bits: Mapping[int, c.Core], sink: Sink, to: _Sums) -> None:
    """Decide conditions on records; `sink` says which local each adds what to when it holds."""
    by_field, rest = _by_field(bits)
    records: dict[str, list[c.Read]] = {}
    for read in by_field:
        records.setdefault(read.record, []).append(read)
    for record, reads in records.items():
        holder = to.local()
        to.emit(f"{holder} = view.{record}")
        to.open(f"if {holder} is not None:")
        for read in reads:
            _write_field(read, holder, by_field[read], sink, to)
        to.close()
    _write_bits(rest, sink, to)


def _write_field(read: c.Read, holder: str, bits: Mapping[int, c.Core], sink: Sink, to: _Sums) -> None:
    """Decide conditions that are false when this field is None and need nothing else."""
    field = to.local()
    wanted: dict[tuple[str, ...], dict[Any, list[int]]] = {}
    others = {}
    for index, core in bits.items():
        if isinstance(core, c.Check) and core.op in ("==", "in") and isinstance(core.right, c.Const):
            shares = sink(index)
            table = wanted.setdefault(tuple(shares), {})
            for value in core.right.value if core.op == "in" else (core.right.value,):
                before = table.get(value, [0] * len(shares))
                table[value] = [old + new for old, new in zip(before, shares.values(), strict=True)]
        else:
            others[index] = core
    to.emit(f"{field} = {to.fetched(read, holder)}")
    # None is in no table, so tables alone need no test of it.
    is_guarded = bool(others) or read.fold
    if is_guarded:
        to.open(f"if {field} is not None:")
    if read.fold:
        to.emit(f"{field} = {field}.casefold()")
    for names, table in wanted.items():
        bound = to.namespace.bind({value: tuple(amounts) for value, amounts in table.items()})
        locals_ = [to.local() for _ in names]
        added = [f"{name} += {amount}" for name, amount in zip(names, locals_, strict=True)]
        to.emit(f"if {field} in {bound}: {', '.join(locals_)}, = {bound}[{field}]; {'; '.join(added)}")
    to.known[read] = field
    _write_bits(others, sink, to)
    del to.known[read]
    if is_guarded:
        to.close()


def _write_bits(bits: Mapping[int, c.Core], sink: Sink, to: _Sums) -> None:
    for index, core in bits.items():
        decided = decide(core, to)
        added = [f"{name} += {amount}" for name, amount in sink(index).items()]
        to.emit(f"if {decided.truth}: {'; '.join(added)}")
        to.write_until(decided)


def _by_field(bits: Mapping[int, c.Core]) -> tuple[dict[c.Read, dict[int, c.Core]], dict[int, c.Core]]:
    """Conditions that need one field, by that field, and all others."""
    by_field: dict[c.Read, dict[int, c.Core]] = {}
    rest: dict[int, c.Core] = {}
    for index, core in sorted(bits.items()):
        needed = _needed(core)
        if len(needed) == 1 and None not in needed:
            by_field.setdefault(needed.pop(), {})[index] = core
        else:
            rest[index] = core
    return by_field, rest


def _needed(core: c.Core) -> set[Any]:
    """The fields without which a condition is false; None among them for anything else it may hang on."""
    match core:
        case c.Every() | c.Some():
            return set().union(*(_needed(part) for part in core.parts))
        case c.Check() if core.op != "none":
            sides = {side for side in (core.left, core.right) if not isinstance(side, c.Const)}
            return {side if isinstance(side, c.Read) else None for side in sides}
        case _:
            return {None}


# -- what interactions say --------------------------------------------------------------------------------


def _write_total(parts: Sequence[Part], groups: Groups, bounds: Bounds, to: _Sums) -> None:
    by_signal: dict[int, list[Part]] = {}
    for part in parts:
        if part.only_signal is not None:
            by_signal.setdefault(part.only_signal, []).append(part)
        elif not part.is_static and not part.is_constant:
            to.write_part(part)
    for signal, members in by_signal.items():
        to.write_signal(signal, members)
    to.write_result(groups, bounds)


def _portions(steps: Mapping[int, list[Part]]) -> Iterator[dict[int, list[Part]]]:
    entries = list(steps.items())
    for start in range(0, len(entries), _STEPS):
        yield dict(entries[start : start + _STEPS])


def _mask(parts: Iterable[Part]) -> int:
    return sum(part.mask for part in parts)


class _Sums(Function):
    """A function that adds up points, one sum for each group and one for all other rules."""

    def __init__(self, namespace: Namespace, parts: Sequence[Part], groups: Groups) -> None:
        super().__init__(namespace)
        self._parts = {part.index: part for part in parts}
        self._names: dict[str | None, str] = {None: "p", **{name: f"g{number}" for number, name in enumerate(groups)}}
        self._groups = groups
        self._has_until = False
        self.emit("u = NEVER")

    def share(self, index: int) -> dict[str, int] | None:
        """What a rule adds to which sum and to the mask; None for a bit that is no rule's own."""
        part = self._parts.get(index)
        return None if part is None else {self._name(part): part.points, "m": part.mask}

    def _name(self, part: Part) -> str:
        return self._names[part.rule.group if self._groups else None]

    def write_known(self, static: Sequence[Part]) -> None:
        """Start the sums and the mask with rules that always hold and with those whose bits are known."""
        constant = [part for part in self._parts.values() if part.gate == c.TRUE and part.each is None]
        mask = [f"bits & {_mask(static)}"] if static else []
        self.emit(f"m = {' + '.join([*mask, str(_mask(constant))])}")
        for name in self._names.values():
            given = sum(part.points for part in constant if self._name(part) == name)
            terms = self._looked_up([part for part in static if self._name(part) == name])
            self.emit(f"{name} = {' + '.join([*terms, str(given)])}")

    def _looked_up(self, static: Iterable[Part]) -> list[str]:
        chunks: dict[int, dict[int, int]] = {}
        for part in static:
            chunks.setdefault(part.index // _CHUNK, {})[1 << part.index % _CHUNK] = part.points
        terms = []
        for chunk, points in chunks.items():
            table = tuple(sum(points[bit] for bit in points if bits & bit) for bits in range(1 << _CHUNK))
            shifted = f"bits >> {chunk * _CHUNK}" if chunk else "bits"
            terms.append(f"{self.namespace.bind(table)}[{shifted} & {(1 << _CHUNK) - 1}]")
        return terms

    def give(self, parts: Sequence[Part]) -> None:
        """Add what some rules give once."""
        points: dict[str, int] = {}
        for part in parts:
            points[self._name(part)] = points.get(self._name(part), 0) + part.points
        added = [f"{name} += {amount}" for name, amount in points.items()]
        self.emit("; ".join([*added, f"m += {_mask(parts)}"]) if parts else "pass")

    def write_until(self, decided: Decided) -> None:
        """Bring the moment at which a truth may change into `u`."""
        self._has_until = self._has_until or decided.until is not None
        if decided.edge:
            self.emit(f"if now < {decided.edge} < u: u = {decided.edge}")
        elif decided.until:
            name = self.local()
            self.emit(f"{name} = {decided.until}")
            self.emit(f"if {name} < u: u = {name}")

    def write_part(self, part: Part) -> None:
        """A rule by itself."""
        decided = decide(part.gate, self)
        self.open(f"if {decided.truth}:")
        if part.each is None:
            self.give([part])
        else:
            self._write_each(part, part.each)
        self.close()
        self.write_until(decided)

    def write_signal(self, signal: int, parts: Sequence[Part]) -> None:
        """All rules that give nothing unless this signal occurred."""
        self.reads_signals = True
        self.open(f"if {signal} in signals:")
        counts: dict[int, list[Part]] = {}
        ages: dict[int, dict[int, list[Part]]] = {}
        each: list[tuple[Part, Each]] = []
        for part in parts:
            match part.gate:
                case c.AtLeast(within_us=None) as leaf:
                    counts.setdefault(leaf.n, []).append(part)
                case c.AtLeast(within_us=int(within_us)) as leaf:
                    ages.setdefault(leaf.n, {}).setdefault(within_us, []).append(part)
                case c.Quiet() as leaf:
                    ages.setdefault(1, {}).setdefault(leaf.within_us, []).append(part)
                case _ if part.each is not None:
                    each.append((part, part.each))
        state = f"signals[{signal}]"
        if each or ages:
            name = self.local()
            self.emit(f"{name} = {state}")
            state = self.bound[signal] = name
        for part, of_part in each:
            self._write_each(part, of_part)
        for some in _portions(counts):
            self._write_count_ladder(f"{state}[0]", some)
        for number, steps in ages.items():
            self.open(f"if len({state}) > {number}:")
            for some in _portions(steps):
                self._write_age_ladder(f"{state}[{number}]", some)
            self.close()
        self.bound.pop(signal, None)
        self.close()

    def _write_count_ladder(self, count: str, steps: Mapping[int, list[Part]]) -> None:
        """Rules on "at least n, ever", the highest first: who reaches it has reached all below."""
        name, word = count, "if"
        if len(steps) > 1:
            name = self.local()
            self.emit(f"{name} = {count}")
        for step in sorted(steps, reverse=True):
            self.open(f"{word} {name} >= {step}:")
            self.give([part for below in steps if below <= step for part in steps[below]])
            self.close()
            word = "elif"

    def _write_age_ladder(self, at: str, steps: Mapping[int, list[Part]]) -> None:
        """Rules on the age of one occurrence, the shortest window first: inside a window, or (Quiet) beyond
        it."""
        moment, age, edge = self.local(), self.local(), self.local()
        self.emit(f"{moment} = {at}; {age} = now - {moment}")
        word = "if"
        for within_us in sorted(steps):
            self.open(f"{word} {age} < {within_us}:")
            self.give([part for step in steps for part in steps[step] if part.is_quiet is (step < within_us)])
            self.write_edge(edge, f"{moment} + {within_us}")
            self.close()
            word = "elif"
        self._has_until = True
        self.open("else:")
        self.give([part for each in steps.values() for part in each if part.is_quiet])
        self.close()

    def write_edge(self, edge: str, code: str) -> None:
        """Bring a moment that lies ahead into `u`; the first one is there at once."""
        if self._has_until:
            self.emit(f"{edge} = {code}")
            self.emit(f"if {edge} < u: u = {edge}")
        else:
            self.emit(f"u = {code}")

    def _write_each(self, part: Part, each: Each) -> None:
        given = self._each_points(each)
        self.emit(f"if {given}: {self._name(part)} += {given}; m += {part.mask}")

    def _each_points(self, each: Each) -> str:
        state, given, edge = self.state(each.signal), self.local(), self.local()
        if each.table is not None:
            function, table = self.namespace.bind(decayed), self.namespace.bind(each.table)
            self.emit(f"{given}, {edge} = {function}({state}, now, {table}, {each.limit})")
        elif each.within_us is not None:
            self.emit(f"{given}, {edge} = counted({state}, now, {each.within_us}, {each.limit})")
        else:
            self.emit(f"{given} = {state}[0]")
            if each.limit is not None:
                self.emit(f"if {given} > {each.limit}: {given} = {each.limit}")
        if each.table is not None or each.within_us is not None:
            self.emit(f"if {edge} < u: u = {edge}")
            self._has_until = True
        if each.table is None:
            self.emit(f"{given} *= {each.points}")
        if each.cap is not None:
            bound, sign = (each.cap, ">") if each.points > 0 else (-each.cap, "<")
            self.emit(f"if {given} {sign} {bound}: {given} = {bound}")
        return given

    def write_result(self, groups: Groups, bounds: Bounds) -> None:
        """Keep the sums inside their bounds and return."""
        for group, limits in groups.items():
            self._write_clamp(self._names[group], limits)
            self.emit(f"p += {self._names[group]}")
        self._write_clamp("p", bounds)
        self.emit("return p, m, u")

    def _write_clamp(self, name: str, limits: Bounds) -> None:
        least, most = limits
        if most is not None:
            self.emit(f"if {name} > {most}: {name} = {most}")
        if least is not None:
            self.emit(f"if {name} < {least}: {name} = {least}")
