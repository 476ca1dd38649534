"""Writing one Python function: its namespace, its statements, and what it reads.

Nothing a user wrote is ever part of a source text: names of attributes were checked by the schema to be plain
identifiers, whole numbers stand as digits, and every other constant is bound to a made-up name in the
function's namespace, which holds no builtins but those listed here.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Context, Decimal
from typing import Any

from leadflow.expr import core as c
from leadflow.expr.signals import EMPTY, EMPTY_SUM, counted, days_since, decimal_sum, summed
from leadflow.model.time import NEVER_US

# Wide enough for 50 nested calculations as people write them, and never the host's context.
_EXACT = Context(prec=60, traps=[])


def _number(value: Any) -> Any:
    return Decimal(str(value)) if isinstance(value, float) else value


def _add(left: Any, right: Any) -> Any:
    return left + right if type(left) is type(right) is int else _EXACT.add(_number(left), _number(right))


def _subtract(left: Any, right: Any) -> Any:
    return left - right if type(left) is type(right) is int else _EXACT.subtract(_number(left), _number(right))


def _multiply(left: Any, right: Any) -> Any:
    return left * right if type(left) is type(right) is int else _EXACT.multiply(_number(left), _number(right))


CALCULATIONS: dict[str, Callable[[Any, Any], Any]] = {"+": _add, "-": _subtract, "*": _multiply}
_RUNTIME: dict[str, Any] = {
    "__builtins__": {},
    "EMPTY": EMPTY,
    "EMPTY_SUM": EMPTY_SUM,
    "NEVER": NEVER_US,
    "PAST": -NEVER_US,
    "add": _add,
    "counted": counted,
    "days_since": days_since,
    "decimal_sum": decimal_sum,
    "fold": str.casefold,
    "len": len,
    "map": map,
    "max": max,
    "midnight_us": c.midnight_us,
    "min": min,
    "multiply": _multiply,
    "subtract": _subtract,
    "summed": summed,
}


class Namespace:
    """What the functions of one program may name."""

    def __init__(self) -> None:
        self._names = dict(_RUNTIME)

    def bind(self, value: Any) -> str:
        """Code that stands for a constant: digits for a whole number, else a made-up name."""
        if type(value) is int:
            return f"({value})" if value < 0 else str(value)
        if value is None or isinstance(value, bool):
            return str(value)
        name = f"K{len(self._names)}"
        self._names[name] = value
        return name

    def run(self, source: str) -> dict[str, Any]:
        """Define the functions of a source text and return them by name."""
        exec(compile(source, "<leadflow.expr>", "exec", dont_inherit=True), self._names)  # noqa: S102 - see the top
        return self._names


class Function:
    """One function being written: statements, and what they read, which `source` puts on top of them.

    It takes `now`; terms and records are asked of `view`, states are looked up in `signals`.
    """

    def __init__(self, namespace: Namespace) -> None:
        self.namespace = namespace
        self._lines: list[str] = []
        self._depth = 1
        self._made = 0
        self._records: dict[str, dict[c.Read, str]] = {}
        self._signals: dict[str, str] = {}
        self._asks = False
        self.reads_signals = False
        self.bound: dict[int, str] = {}
        """States that a block has at hand under a name of its own."""
        self.known: dict[c.Read, str] = {}
        """Fields that a block has in locals, and knows not to be None."""

    def emit(self, line: str) -> None:
        """Add a statement at the current depth."""
        self._lines.append(" " * self._depth + line)

    def open(self, line: str) -> None:
        """Add a statement that opens a block."""
        self.emit(line)
        self._depth += 1

    def close(self) -> None:
        """Leave the block."""
        self._depth -= 1

    def local(self) -> str:
        """A new local name."""
        self._made += 1
        return f"v{self._made}"

    def source(self, signature: str) -> str:
        """The whole function; the states come with the view where they are no argument."""
        top = [f"def {signature}:"]
        if self.reads_signals and "signals" not in signature:
            top.append(" signals = view.signals")
        if self._signals:
            top += [" get = signals.get", *self._signals.values()]
        if self._asks:
            top.append(" ask = view.term")
        for record, reads in self._records.items():
            top += self._read_record(record, reads)
        return "\n".join([*top, *self._lines]) + "\n"

    def _read_record(self, record: str, reads: dict[c.Read, str]) -> list[str]:
        holder = self.local()
        lines = [
            f" {holder} = view.{record}",
            f" if {holder} is None:",
            f"  {' = '.join(reads.values())} = None",
            " else:",
        ]
        for read, name in reads.items():
            lines.append(f"  {name} = {self.fetched(read, holder)}")
            if read.fold:
                lines.append(f"  if {name} is not None: {name} = {name}.casefold()")
        return lines

    def fetched(self, read: c.Read, holder: str) -> str:
        """Code that takes a field from its record, as it is there."""
        return (
            f"{holder}.custom.get({self.namespace.bind(read.accessor)})" if read.custom else f"{holder}.{read.accessor}"
        )

    def state(self, signal: int, of_sum: bool = False) -> str:
        """The local that holds a signal's state."""
        if signal in self.bound:
            return self.bound[signal]
        name = f"s{signal}"
        self.reads_signals = True
        self._signals.setdefault(name, f" {name} = get({signal}, {'EMPTY_SUM' if of_sum else 'EMPTY'})")
        return name

    def read(self, read: c.Read) -> str:
        """The local that holds a field."""
        reads = self._records.setdefault(read.record, {})
        if read not in reads:
            reads[read] = self.local()
        return reads[read]

    def ask(self, term: c.Ask) -> str:
        """Code that asks the view for a term: a value and an until."""
        self._asks = True
        args = ", ".join(self.namespace.bind(arg) for arg in term.args)
        return f"ask({self.namespace.bind(term.name)}, ({args}{',' if args else ''}))"
