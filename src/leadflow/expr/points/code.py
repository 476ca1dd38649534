"""The source of a rule set's two functions; `expr.compile`'s sibling, under the same rules.

What many rules ask of one thing is asked once: the values that rules want of a field are keys of one table, records
decide into bits that are looked up eight at a time, and all rules on one signal stand behind one test of whether it ever
occurred. There, rules on the same count or the same window are steps of one ladder, so that one or two comparisons
decide them all and name the moment of the next change.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from leadflow.expr import lower as c
from leadflow.expr.compile import Decided, Function, Namespace, decide
from leadflow.expr.points.decay import decayed
from leadflow.expr.points.parts import Each, Part
from leadflow.expr.points.rules import Bounds
from leadflow.expr.signals import State

Static = Callable[[Any, int], tuple[int, int]]
Total = Callable[[Mapping[int, State], int, int], tuple[int, int, int]]
_CHUNK = 8


# -- what records say -------------------------------------------------------------------------------------


def static_function(bits: Mapping[int, c.Core]) -> Static:
    """`static(view, now) -> (bits, until)`."""
    to = Function(Namespace())
    to.emit("b = 0")
    to.emit("u = NEVER")
    wanted, of_one_field, rest = _by_field(bits)
    for read, values in wanted.items():
        to.emit(f"b |= {to.namespace.bind(values.get)}({to.read(read)}, 0)")
    for read, cores in of_one_field.items():
        name = to.read(read)
        to.open(f"if {name} is not None:")
        to.known.add(name)
        _write_bits(cores, to)
        to.known.remove(name)
        to.close()
    _write_bits(rest, to)
    to.emit("return b, u")
    function: Static = to.namespace.run(to.source("static(view, now)", "view.signals"))["static"]
    return function


def _write_bits(bits: Mapping[int, c.Core], to: Function) -> None:
    for index, core in bits.items():
        decided = decide(core, to)
        to.emit(f"if {decided.truth}: b |= {1 << index}")
        _until(decided, to)


def _by_field(
    bits: Mapping[int, c.Core],
) -> tuple[dict[c.Read, dict[Any, int]], dict[c.Read, dict[int, c.Core]], dict[int, c.Core]]:
    """Conditions that want certain values of one field, those that need one field otherwise, and all others."""
    wanted: dict[c.Read, dict[Any, int]] = {}
    of_one_field: dict[c.Read, dict[int, c.Core]] = {}
    rest: dict[int, c.Core] = {}
    for index, core in sorted(bits.items()):
        reads = _needed(core)
        if len(reads) != 1 or None in reads:
            rest[index] = core
        elif isinstance(core, c.Check) and core.op in ("==", "in") and isinstance(core.right, c.Const):
            values = core.right.value if core.op == "in" else (core.right.value,)
            masks = wanted.setdefault(next(iter(reads)), {})
            for value in values:
                masks[value] = masks.get(value, 0) | 1 << index
        else:
            of_one_field.setdefault(next(iter(reads)), {})[index] = core
    return wanted, of_one_field, rest


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


def total_function(parts: Sequence[Part], groups: Mapping[str, Bounds], bounds: Bounds) -> Total:
    """`total(signals, bits, now) -> (points, fired, until)`. Without `groups` all points are simply added."""
    sums: dict[str | None, str] = {None: "p", **{name: f"g{number}" for number, name in enumerate(groups)}}
    to = _Total({part.index: sums[part.rule.group if groups else None] for part in parts})
    static = [part for part in parts if part.is_static]
    always = [part for part in parts if part.gate == c.TRUE and part.each is None]
    to.emit(f"m = bits & {_mask(static)}" + (f" | {_mask(always)}" if always else ""))
    to.emit("u = NEVER")
    for name in sums.values():
        own = [part for part in static if to.sums[part.index] == name]
        given = sum(part.points for part in always if to.sums[part.index] == name)
        to.emit(f"{name} = {_looked_up(own, to.namespace)} + {given}")
    by_signal: dict[int, list[Part]] = {}
    for part in parts:
        signal = part.only_signal
        if signal is not None:
            by_signal.setdefault(signal, []).append(part)
        elif part not in static and part not in always and part.gate != c.FALSE:
            to.write_part(part)
    for signal, members in by_signal.items():
        to.write_signal(signal, members)
    for group, limits in groups.items():
        to.clamp(sums[group], limits)
        to.emit(f"p += {sums[group]}")
    to.clamp("p", bounds)
    to.emit("return p, m, u")
    function: Total = to.namespace.run(to.source("total(signals, bits, now)", "signals"))["total"]
    return function


def _mask(parts: Iterable[Part]) -> int:
    return sum(part.mask for part in parts)


def _looked_up(members: Sequence[Part], namespace: Namespace) -> str:
    """Code that adds up the points of rules whose bits are known."""
    chunks: dict[int, dict[int, int]] = {}
    for part in members:
        chunks.setdefault(part.index // _CHUNK, {})[1 << part.index % _CHUNK] = part.points
    terms = []
    for chunk, points in chunks.items():
        table = tuple(sum(given for mask, given in points.items() if bits & mask) for bits in range(1 << _CHUNK))
        shifted = f"bits >> {chunk * _CHUNK}" if chunk else "bits"
        terms.append(f"{namespace.bind(table)}[{shifted} & {(1 << _CHUNK) - 1}]")
    return " + ".join(terms) or "0"


def _until(decided: Decided, to: Function) -> None:
    if decided.edge:
        to.emit(f"if now < {decided.edge} < u: u = {decided.edge}")
    elif decided.until:
        name = to.local()
        to.emit(f"{name} = {decided.until}")
        to.emit(f"if {name} < u: u = {name}")


class _Total(Function):
    """The function that adds up points; `sums` names the local in which each rule's points go."""

    def __init__(self, sums: Mapping[int, str]) -> None:
        super().__init__(Namespace())
        self.sums = sums

    def give(self, parts: Sequence[Part]) -> None:
        """Add what some rules give once, if any."""
        points: dict[str, int] = {}
        for part in parts:
            points[self.sums[part.index]] = points.get(self.sums[part.index], 0) + part.points
        if parts:
            added = [f"{name} += {given}" for name, given in points.items()]
            self.emit("; ".join([*added, f"m |= {_mask(parts)}"]))

    def write_part(self, part: Part) -> None:
        """A rule by itself."""
        if part.gate == c.TRUE:
            self.write_each(part)
            return
        decided = decide(part.gate, self)
        self.open(f"if {decided.truth}:")
        if part.each is None:
            self.give([part])
        else:
            self.write_each(part)
        self.close()
        _until(decided, self)

    def write_signal(self, signal: int, parts: Sequence[Part]) -> None:
        """All rules that give nothing unless this signal occurred."""
        state = self.local()
        self.open(f"if {signal} in signals:")
        self.emit(f"{state} = signals[{signal}]")
        self.bound[signal] = state
        ever: dict[int, list[Part]] = {}
        windows: dict[int, dict[int, list[Part]]] = {}
        for part in parts:
            match part.gate:
                case c.AtLeast(within_us=None) as leaf:
                    ever.setdefault(leaf.n, []).append(part)
                case c.AtLeast(within_us=int(within_us)) as leaf:
                    windows.setdefault(leaf.n, {}).setdefault(within_us, []).append(part)
                case c.Quiet() as leaf:
                    windows.setdefault(1, {}).setdefault(leaf.within_us, []).append(part)
                case _:
                    self.write_each(part)
        if ever:
            self.write_count_ladder(f"{state}[0]", ever)
        for number, ladder in windows.items():
            self.open(f"if len({state}) > {number}:")
            self.write_window_ladder(f"{state}[{number}]", ladder)
            self.close()
        del self.bound[signal]
        self.close()

    def write_count_ladder(self, count: str, steps: Mapping[int, list[Part]]) -> None:
        """Rules on "at least n, ever", the highest step first: who reaches it has reached all below."""
        name = self.local()
        self.emit(f"{name} = {count}")
        word = "if"
        for step in sorted(steps, reverse=True):
            self.open(f"{word} {name} >= {step}:")
            self.give([part for below in steps if below <= step for part in steps[below]])
            self.close()
            word = "elif"

    def write_window_ladder(self, at: str, steps: Mapping[int, list[Part]]) -> None:
        """Rules on the age of one occurrence: inside a window, or (Quiet) beyond it."""
        moment, age, edge = self.local(), self.local(), self.local()
        self.emit(f"{moment} = {at}; {age} = now - {moment}")
        windows = sorted(steps)
        for number, within_us in enumerate(windows):
            inside = [part for wider in windows[number:] for part in steps[wider] if not part.is_quiet]
            beyond = [part for narrower in windows[:number] for part in steps[narrower] if part.is_quiet]
            self.open(f"{'elif' if number else 'if'} {age} < {within_us}:")
            self.give([*inside, *beyond])
            self.emit(f"{edge} = {moment} + {within_us}")
            self.emit(f"if {edge} < u: u = {edge}")
            self.close()
        outlived = [part for each in steps.values() for part in each if part.is_quiet]
        if outlived:
            self.open("else:")
            self.give(outlived)
            self.close()

    def write_each(self, part: Part) -> None:
        """What every occurrence gives."""
        if part.each is None:
            return
        given = self._each_points(part.each)
        self.emit(f"if {given}: {self.sums[part.index]} += {given}; m |= {part.mask}")

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
        if each.table is None:
            self.emit(f"{given} *= {each.points}")
        if each.cap is not None:
            bound, sign = (each.cap, ">") if each.points > 0 else (-each.cap, "<")
            self.emit(f"if {given} {sign} {bound}: {given} = {bound}")
        return given

    def clamp(self, name: str, limits: Bounds) -> None:
        """Keep a sum inside its bounds."""
        least, most = limits
        if most is not None:
            self.emit(f"if {name} > {most}: {name} = {most}")
        if least is not None:
            self.emit(f"if {name} < {least}: {name} = {least}")
