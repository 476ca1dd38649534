"""The source of a rule set's two functions; `expr.compile`'s sibling, under the same rules.

Rules that records alone decide cost no test each: their bits are looked up eight at a time in tables of points, and are
their places in the mask of fired rules. A rule on a window compares the clock with one edge, which is also its `until`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
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


def static_function(bits: Mapping[int, c.Core]) -> Static:
    """`static(view, now) -> (bits, until)`."""
    to = Function(Namespace())
    to.emit("b = 0")
    to.emit("u = NEVER")
    for index, core in sorted(bits.items()):
        decided = decide(core, to)
        to.emit(f"if {decided.truth}: b |= {1 << index}")
        _until(decided, to)
    to.emit("return b, u")
    function: Static = to.namespace.run(to.source("static(view, now)", "view.signals"))["static"]
    return function


def total_function(parts: Sequence[Part], groups: Mapping[str, Bounds], bounds: Bounds) -> tuple[Total, frozenset[int]]:
    """`total(signals, bits, now) -> (points, fired, until)`, and the numbers of the signals it looks up.

    Without `groups` the points of all rules are simply added.
    """
    to = Function(Namespace())
    sums: dict[str | None, str] = {None: "p", **{name: f"g{number}" for number, name in enumerate(groups)}}
    static = [part for part in parts if part.is_static]
    to.emit(f"m = bits & {sum(part.mask for part in static)}")
    to.emit("u = NEVER")
    for group, name in sums.items():
        members = [part for part in static if (part.rule.group if groups else None) == group]
        to.emit(f"{name} = {_looked_up(members, to.namespace)}")
    for part in parts:
        if not part.is_static:
            _write_part(part, sums[part.rule.group if groups else None], to)
    for group, limits in groups.items():
        _clamp(sums[group], limits, to)
        to.emit(f"p += {sums[group]}")
    _clamp("p", bounds, to)
    to.emit("return p, m, u")
    function: Total = to.namespace.run(to.source("total(signals, bits, now)", "signals"))["total"]
    return function, to.signals


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


def _write_part(part: Part, total: str, to: Function) -> None:
    if part.gate == c.FALSE:
        return
    if part.gate == c.TRUE:
        _give(part, total, to)
        return
    decided = decide(part.gate, to)
    to.open(f"if {decided.truth}:")
    _give(part, total, to)
    if decided.edge and decided.is_before:
        to.emit(f"if {decided.edge} < u: u = {decided.edge}")
    to.close()
    if decided.edge and not decided.is_before:
        to.emit(f"elif {decided.edge} < u: u = {decided.edge}")
    elif not decided.edge:
        _until(decided, to)


def _until(decided: Decided, to: Function) -> None:
    if decided.edge:
        to.emit(f"if now < {decided.edge} < u: u = {decided.edge}")
    elif decided.until:
        name = to.local()
        to.emit(f"{name} = {decided.until}")
        to.emit(f"if {name} < u: u = {name}")


def _give(part: Part, total: str, to: Function) -> None:
    """Add the points of a rule whose condition holds."""
    if part.each is None:
        to.emit(f"{total} += {part.points}; m |= {part.mask}")
        return
    given = _each_points(part.each, to)
    to.open(f"if {given}:")
    to.emit(f"{total} += {given}; m |= {part.mask}")
    to.close()


def _each_points(each: Each, to: Function) -> str:
    """Write what the occurrences give; returns the local that holds it."""
    state, given, edge = to.state(each.signal), to.local(), to.local()
    if each.table is not None:
        function, table = to.namespace.bind(decayed), to.namespace.bind(each.table)
        to.emit(f"{given}, {edge} = {function}({state}, now, {table}, {each.limit})")
    elif each.within_us is not None:
        to.emit(f"{given}, {edge} = counted({state}, now, {each.within_us}, {each.limit})")
    else:
        to.emit(f"{given} = {state}[0]")
        if each.limit is not None:
            to.emit(f"if {given} > {each.limit}: {given} = {each.limit}")
    if each.table is not None or each.within_us is not None:
        to.emit(f"if {edge} < u: u = {edge}")
    if each.table is None:
        to.emit(f"{given} *= {each.points}")
    if each.cap is not None:
        bound, sign = (each.cap, ">") if each.points > 0 else (-each.cap, "<")
        to.emit(f"if {given} {sign} {bound}: {given} = {bound}")
    return given


def _clamp(name: str, limits: Bounds, to: Function) -> None:
    least, most = limits
    if most is not None:
        to.emit(f"if {name} > {most}: {name} = {most}")
    if least is not None:
        to.emit(f"if {name} < {least}: {name} = {least}")
