"""The calls of the language: occurrence terms, moments, groups, text tests, and the terms of rooms."""

from __future__ import annotations

import ast
from collections.abc import Callable
from datetime import date
from typing import Protocol

from leadflow.errors import InvalidValueError
from leadflow.expr.nodes import (
    Ago,
    And,
    Call,
    DateLiteral,
    DurationLiteral,
    Hole,
    InstantLiteral,
    Literal,
    Node,
    Not,
    Occurrence,
    Or,
    Span,
    TermRef,
    TextTest,
    Today,
)
from leadflow.model.time import DAY_US, parse_duration, parse_instant

MAX_LIMIT = 1_000
"""The most occurrences of one signal that a rule may look at."""
LONGEST_US = 200 * 365 * DAY_US


class Reader(Protocol):
    """What reading a call needs from the parser."""

    def span(self, node: ast.expr) -> Span:
        """Where the part stands."""

    def fault(self, node: ast.expr, message: str, hint: str = "") -> Hole:
        """Note a fault."""

    def read(self, node: ast.expr, depth: int) -> Node:
        """Read any part."""

    def operand(self, node: ast.expr, depth: int) -> Node:
        """Read a value."""


def read_call(reader: Reader, node: ast.Call, depth: int) -> Node:
    """The node for a call; anything that is no function of the language is a term of some room."""
    if not isinstance(node.func, ast.Name) and _dotted(node.func) is None:
        return reader.fault(node, "only a name can be called")
    starred = next((arg for arg in node.args if isinstance(arg, ast.Starred)), None)
    if starred is not None or any(keyword.arg is None for keyword in node.keywords):
        return reader.fault(starred or node, "* is not part of the language")
    dotted = _dotted(node.func)
    if dotted is not None or not isinstance(node.func, ast.Name):
        return _call(reader, node, dotted or "", depth)
    name = node.func.id
    first = _text_of(node.args[0]) if node.args else None
    if name in ("count", "sum", "days_since") or (name in ("any", "none") and first is not None):
        return _occurrence(reader, node, name, first)
    if name in ("all", "any", "none"):
        return _group(reader, node, name, depth)
    if name in ("contains", "starts_with", "ends_with"):
        return _text_test(reader, node, name, depth)
    moment = _MOMENTS.get(name)
    if moment is not None:
        return _moment(reader, node, name, moment, first)
    if name == "today":
        if node.args or node.keywords:
            return reader.fault(node, "today() takes nothing")
        return Today(span=reader.span(node))
    return _term(reader, node, name)


def _dotted(node: ast.expr) -> str | None:
    if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
        return f"{node.value.id}.{node.attr}"
    return None


def _call(reader: Reader, node: ast.Call, name: str, depth: int) -> Node:
    if node.keywords:
        return reader.fault(node, f"{name}() takes no named arguments")
    args = tuple(reader.operand(arg, depth + 1) for arg in node.args)
    return Call(name, args, span=reader.span(node))


def _text_of(node: ast.expr) -> str | None:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None


def _group(reader: Reader, node: ast.Call, name: str, depth: int) -> Node:
    if node.keywords or not node.args:
        return reader.fault(node, f"{name}() takes conditions", f"write {name}(a, b)")
    span = reader.span(node)
    # A group of one is that one; none() adds a level, because it is kept as not (... or ...).
    deeper = (len(node.args) > 1) + (name == "none")
    parts = tuple(reader.read(arg, depth + deeper) for arg in node.args)
    if len(parts) == 1:
        grouped = parts[0]
    else:
        grouped = And(parts, span=span) if name == "all" else Or(parts, span=span)
    return Not(grouped, span=span) if name == "none" else grouped


def _text_test(reader: Reader, node: ast.Call, name: str, depth: int) -> Node:
    if node.keywords or len(node.args) != 2:
        return reader.fault(node, f"{name}() takes a field and a text", f'write {name}(contact.title, "x")')
    subject, needle = (reader.operand(arg, depth + 1) for arg in node.args)
    return TextTest(name, subject, needle, span=reader.span(node))


def _length(text: str) -> int:
    length_us = parse_duration(text)
    if not 0 < length_us <= LONGEST_US:
        raise InvalidValueError("a duration here is longer than nothing and at most 200y")
    return length_us


def _date(text: str, span: Span) -> Node:
    try:
        return DateLiteral(date.fromisoformat(text), span=span)
    except ValueError:
        raise InvalidValueError("not a date", hint='write date("2026-01-31")') from None


_MOMENTS: dict[str, Callable[[str, Span], Node]] = {
    "ago": lambda text, span: Ago(_length(text), span=span),
    "duration": lambda text, span: DurationLiteral(_length(text), span=span),
    "instant": lambda text, span: InstantLiteral(parse_instant(text, "instant"), span=span),
    "date": _date,
}


def _moment(reader: Reader, node: ast.Call, name: str, build: Callable[[str, Span], Node], first: str | None) -> Node:
    if first is None or len(node.args) != 1 or node.keywords:
        return reader.fault(node, f"{name}() takes one text")
    try:
        return build(first, reader.span(node))
    except InvalidValueError as error:
        return reader.fault(node.args[0], error.message, error.hint)


def _term(reader: Reader, node: ast.Call, name: str) -> Node:
    if node.keywords:
        return reader.fault(node, f"{name}() takes no named arguments")
    args = [reader.read(arg, 1) for arg in node.args]
    if any(not isinstance(arg, Literal) for arg in args):
        return reader.fault(node, f"{name}() takes constants only")
    return TermRef(name, tuple(arg for arg in args if isinstance(arg, Literal)), span=reader.span(node))


def _occurrence(reader: Reader, node: ast.Call, name: str, kind: str | None) -> Node:
    wanted = 2 if name == "sum" else 1
    example = 'sum("order", "amount", within="1y")' if name == "sum" else f'{name}("email.clicked")'
    if kind is None or len(node.args) != wanted:
        return reader.fault(node, f"{name}() asks for a kind of interaction", f"write {example}")
    prop = _text_of(node.args[1]) if wanted == 2 else None
    if wanted == 2 and not prop:
        return reader.fault(node.args[1], "sum() adds up one property", f"write {example}")
    options = _Options(reader, name)
    for keyword in node.keywords:
        options.take(keyword)
    if options.failed:
        return Hole(span=reader.span(node))
    found = Occurrence(
        "any" if name == "none" else name,
        kind,
        prop,
        options.within_us,
        tuple(sorted(options.where, key=lambda pair: pair[0])),
        options.limit,
        span=reader.span(node),
    )
    return Not(found, span=found.span) if name == "none" else found


class _Options:
    """The named arguments of an occurrence term."""

    def __init__(self, reader: Reader, name: str) -> None:
        self.within_us: int | None = None
        self.limit: int | None = None
        self.where: list[tuple[str, Literal]] = []
        self.failed = False
        self._reader = reader
        self._name = name

    def take(self, keyword: ast.keyword) -> None:
        """Read one named argument."""
        if keyword.arg == "within":
            self._take_within(keyword.value)
        elif keyword.arg == "limit":
            self._take_limit(keyword.value)
        else:
            value = self._reader.read(keyword.value, 1)
            if isinstance(value, Literal) and value.value is not None:
                self.where.append((keyword.arg or "", value))
            else:
                self._fail(keyword.value, "a filter compares a property with one constant")

    def _take_within(self, node: ast.expr) -> None:
        text = _text_of(node)
        if self._name == "days_since":
            self._fail(node, "days_since() has no window", "compare its days instead")
        elif text is None:
            self._fail(node, "within takes a duration", 'write within="30d"')
        else:
            try:
                self.within_us = _length(text)
            except InvalidValueError as error:
                self._fail(node, error.message, error.hint)

    def _take_limit(self, node: ast.expr) -> None:
        value = node.value if isinstance(node, ast.Constant) else None
        if self._name not in ("count", "sum") or type(value) is not int or not 1 <= value <= MAX_LIMIT:
            self._fail(node, f"limit is a number from 1 to {MAX_LIMIT}, for count() and sum() with a window")
        else:
            self.limit = value

    def _fail(self, node: ast.expr, message: str, hint: str = "") -> None:
        self._reader.fault(node, message, hint)
        self.failed = True
