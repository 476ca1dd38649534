"""From the lowered form to Python functions: the only place (with `points.code`) that writes source.

The source is made of our own nodes; see `function` for how constants get into it. A function reads fields and
signals once, at its top. A part whose value changes with the clock gets statements that compute its truth and
its `until`; everything else is one expression that stops at the first part that decides it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from attrs import frozen

from leadflow.expr import core as c
from leadflow.expr.function import Function, Namespace
from leadflow.model.time import DAY_US

_CALC_NAMES = {"+": "add", "-": "subtract", "*": "multiply"}


@frozen
class _Value:
    """Code of a value and what must be known (not None) before it may be computed.

    `is_stored` values are plain locals, which equal no constant when they are None.
    """

    code: str
    needs: tuple[str, ...] = ()
    untils: tuple[str, ...] = ()
    is_stored: bool = False


@frozen
class Decided:
    """Code of a truth, and of until when it stays; `until` None: the clock has no part in it.

    `edge` is the local with the one moment at which the truth flips, where there is just one; `is_before`:
    it holds before that.
    """

    truth: str
    until: str | None = None
    edge: str | None = None
    is_before: bool = False


# -- conditions as one expression -------------------------------------------------------------------------


def expression(core: c.Core, to: Function) -> str:
    """A condition as one expression, brackets included."""
    match core:
        case c.Always():
            return str(core.value)
        case c.Every():
            return f"({' and '.join(expression(part, to) for part in core.parts)})"
        case c.Some():
            return f"({' or '.join(expression(part, to) for part in core.parts)})"
        case c.Bit():
            return f"bits & {1 << core.index}"
        case c.AtLeast(within_us=None):
            return f"{to.state(core.signal)}[0] {'<' if core.negated else '>='} {core.n}"
        case c.AtLeast():
            s, edge = to.state(core.signal), f"now - {core.within_us}"
            if core.negated:
                return f"(len({s}) <= {core.n} or {s}[{core.n}] <= {edge})"
            return f"(len({s}) > {core.n} and {s}[{core.n}] > {edge})"
        case c.Quiet():
            s = to.state(core.signal)
            return f"(len({s}) > 1 and {s}[1] <= now - {core.within_us})"
        case c.Reached():
            value = _value(core.operand, to, is_timed=False)
            return _guarded(value.needs, f"now {'<' if core.negated else '>='} {_moment(core, value.code)}")
        case c.Check():
            return _check(core, _value(core.left, to, False), _value(core.right, to, False))


def _guarded(needs: tuple[str, ...], test: str) -> str:
    return f"({' and '.join([*(f'{need} is not None' for need in dict.fromkeys(needs)), test])})"


def _moment(core: c.Reached, value: str) -> str:
    match core.form:
        case "instant":
            return f"{value} + {core.shift_us}"
        case "date":
            return f"midnight_us({value}) + {core.shift_us}"
        case "midnight_at_or_after":
            return f"-(-{value} // {DAY_US}) * {DAY_US}"
        case _:
            return f"({value} // {DAY_US} + 1) * {DAY_US}"


def _check(core: c.Check, left: _Value, right: _Value) -> str:
    a, b = left.code, right.code
    both = (*left.needs, *right.needs)
    match core.op:
        case "none":
            return f"({left.needs[0]} is {'not ' if core.negated else ''}None)"
        case "true" | "false":
            return f"({left.needs[0] if left.needs else a} is {core.op.capitalize()})"
        case "==" | "in" if isinstance(core.right, c.Const) and left.is_stored:
            return f"({a} {core.op} {b})"
        case "==" | "!=" | "<" | "<=" | ">" | ">=" | "in" | "not in":
            return _guarded(both, f"{a} {core.op} {b}")
        case "member" | "folded_member":
            among = f"map(fold, {b})" if core.op == "folded_member" else b
            return _guarded(both, f"{a} {'not ' if core.negated else ''}in {among}")
        case "contains":
            return _guarded(both, f"{b} {'not ' if core.negated else ''}in {a}")
        case _:
            method = "startswith" if core.op == "starts_with" else "endswith"
            return _guarded(both, f"{'not ' if core.negated else ''}{a}.{method}({b})")


def _value(operand: c.Operand, to: Function, is_timed: bool) -> _Value:
    """Code of a value. Timed values are asked for in a statement before; otherwise in place, where a test
    needs them."""
    match operand:
        case c.Const():
            return _Value(to.namespace.bind(operand.value))
        case c.Read():
            if operand in to.known:
                return _Value(to.known[operand])
            name = to.read(operand)
            return _Value(name, (name,), is_stored=True)
        case c.Ask():
            found = _fetched(to.ask(operand), to, is_timed, may_be_none=True)
            folded = f"{found.code}.casefold()" if operand.fold else found.code
            return _Value(folded, found.needs, found.untils)
        case c.Apply():
            return _applied(operand, to, is_timed)
        case c.Days():
            return _fetched(f"days_since({to.state(operand.signal)}, now)", to, is_timed, may_be_none=True)
        case c.Count() | c.Sum():
            return _amount(operand, to, is_timed)
        case c.Calc():
            left, right = _value(operand.left, to, is_timed), _value(operand.right, to, is_timed)
            code = f"{_CALC_NAMES[operand.op]}({left.code}, {right.code})"
            return _Value(code, (*left.needs, *right.needs), (*left.untils, *right.untils))


def _applied(operand: c.Apply, to: Function, is_timed: bool) -> _Value:
    """A call, made only where all its arguments are known."""
    args = [_value(arg, to, is_timed) for arg in operand.args]
    code = f"{to.namespace.bind(operand.function)}({', '.join(arg.code for arg in args)})"
    needs = dict.fromkeys(need for arg in args for need in arg.needs)
    if needs:
        code = f"({code} if {' and '.join(f'{need} is not None' for need in needs)} else None)"
    name = to.local()
    shown = f"{name}.casefold()" if operand.fold else name
    if not is_timed:
        return _Value(shown, (f"({name} := {code})",))
    to.emit(f"{name} = {code}")
    return _Value(shown, (name,), tuple(until for arg in args for until in arg.untils))


def _fetched(pair: str, to: Function, is_timed: bool, may_be_none: bool) -> _Value:
    name = to.local()
    if is_timed:
        until = to.local()
        to.emit(f"{name}, {until} = {pair}")
        return _Value(name, (name,) if may_be_none else (), (until,))
    if may_be_none:
        return _Value(name, (f"({name} := {pair}[0])",))
    return _Value(f"{pair}[0]")


def _amount(operand: c.Count | c.Sum, to: Function, is_timed: bool) -> _Value:
    state = to.state(operand.signal, isinstance(operand, c.Sum))
    if operand.within_us is None:
        found = _Value(f"{state}[{1 if isinstance(operand, c.Sum) else 0}]")
    else:
        function = "summed" if isinstance(operand, c.Sum) else "counted"
        found = _fetched(f"{function}({state}, now, {operand.within_us}, {operand.limit})", to, is_timed, False)
    if isinstance(operand, c.Sum) and not operand.in_micro:
        return _Value(f"decimal_sum({found.code})", found.needs, found.untils)
    return found


# -- conditions with their until --------------------------------------------------------------------------


def decide(core: c.Core, to: Function) -> Decided:
    """Write what a condition needs to know both its truth and until when it stays.

    A conjunction that is false stays so until the last of its false parts may change; one that is true,
    until the first of its parts may. Parts without the clock come first, because one of them that is false
    decides for ever.
    """
    if not is_timed(core):
        return Decided(expression(core, to))
    match core:
        case c.Every() | c.Some():
            return _decide_group(core, to)
        case c.Check():
            left, right = _value(core.left, to, True), _value(core.right, to, True)
            truth = to.local()
            to.emit(f"{truth} = {_check(core, left, right)}")
            return Decided(truth, _earliest((*left.untils, *right.untils)))
        case _:
            return _decide_edge(core, to)


def _earliest(untils: tuple[str, ...]) -> str:
    return untils[0] if len(untils) == 1 else f"min({', '.join(untils)})"


def _decide_edge(core: c.Core, to: Function) -> Decided:
    """A leaf that flips once, when the clock reaches its edge."""
    edge = to.local()
    untils: tuple[str, ...] = ()
    is_before = False
    match core:
        case c.AtLeast():
            s = to.state(core.signal)
            to.emit(f"{edge} = {s}[{core.n}] + {core.within_us} if len({s}) > {core.n} else PAST")
            is_before = not core.negated
        case c.Quiet():
            s = to.state(core.signal)
            to.emit(f"{edge} = {s}[1] + {core.within_us} if len({s}) > 1 else NEVER")
        case c.Reached():
            value = _value(core.operand, to, True)
            known = " and ".join(f"{need} is not None" for need in dict.fromkeys(value.needs))
            without = f" if {known} else {'PAST' if core.negated else 'NEVER'}" if known else ""
            to.emit(f"{edge} = {_moment(core, value.code)}{without}")
            untils, is_before = value.untils, core.negated
        case _:
            raise TypeError(type(core).__name__)
    until = _earliest((f"({edge} if now < {edge} else NEVER)", *untils))
    return Decided(f"now {'<' if is_before else '>='} {edge}", until, None if untils else edge, is_before)


def _decide_group(core: c.Every | c.Some, to: Function) -> Decided:
    is_every = isinstance(core, c.Every)
    plain = [expression(part, to) for part in core.parts if not is_timed(part)]
    timed = [part for part in core.parts if is_timed(part)]
    truth, until = to.local(), to.local()
    if plain:
        joined = (" and " if is_every else " or ").join(plain)
        to.emit(f"{truth} = {joined}")
        to.emit(f"{until} = NEVER")
        to.open(f"if {'' if is_every else 'not '}({truth}):")
    decided = []
    for part in timed:
        found = decide(part, to)
        name, name_until = to.local(), to.local()
        to.emit(f"{name} = {found.truth}")
        to.emit(f"{name_until} = {found.until}")
        decided.append((name, name_until))
    _join(decided, truth, until, is_every, to)
    if plain:
        to.close()
    return Decided(truth, until)


def _join(decided: list[tuple[str, str]], truth: str, until: str, is_every: bool, to: Function) -> None:
    if len(decided) == 1:
        to.emit(f"{truth} = {decided[0][0]}; {until} = {decided[0][1]}")
        return
    names = [name for name, _ in decided]
    untils = [name_until for _, name_until in decided]
    # Where one part decides (a false one for "and", a true one for "or"), the latest of those that do.
    decisive = [f"{u} if {'not ' if is_every else ''}{name} else PAST" for name, u in decided]
    to.emit(f"{truth} = {(' and ' if is_every else ' or ').join(names)}")
    to.open(f"if {'' if is_every else 'not '}{truth}:")
    to.emit(f"{until} = {_earliest(tuple(untils))}")
    to.close()
    to.open("else:")
    to.emit(f"{until} = max({', '.join(decisive)})")
    to.close()


def is_timed(core: c.Core) -> bool:
    """Whether the clock has a part in the value, or a term, which may know of one."""
    match core:
        case c.Every() | c.Some():
            return any(is_timed(part) for part in core.parts)
        case c.AtLeast():
            return core.within_us is not None
        case c.Check():
            return _is_timed_value(core.left) or _is_timed_value(core.right)
        case _:
            return isinstance(core, (c.Quiet, c.Reached))


def _is_timed_value(operand: c.Operand) -> bool:
    match operand:
        case c.Count() | c.Sum():
            return operand.within_us is not None
        case c.Calc():
            return _is_timed_value(operand.left) or _is_timed_value(operand.right)
        case c.Apply():
            return any(_is_timed_value(arg) for arg in operand.args)
        case _:
            return isinstance(operand, (c.Ask, c.Days))


def functions(core: c.Core) -> tuple[Callable[[Any, int], bool], Callable[[Any, int], tuple[bool, int]]]:
    """`value(view, now)` and `test(view, now)` of a condition."""
    namespace = Namespace()
    value = Function(namespace)
    value.emit(f"return {expression(core, value)}")
    test = Function(namespace)
    decided = decide(core, test)
    test.emit(f"return {decided.truth}, {decided.until or 'NEVER'}")
    names = namespace.run(value.source("value(view, now)") + test.source("test(view, now)"))
    return names["value"], names["test"]
