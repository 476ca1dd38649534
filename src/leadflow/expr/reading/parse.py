"""From text to tree: `parse`.

Python's own parser reads the text (`ast.parse`; nothing is ever evaluated), and only what is listed here
becomes a node. Several faults are collected, so that a rule is mended in one go.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from leadflow.expr.fault import Fault
from leadflow.expr.nodes import (
    CONDITIONS,
    And,
    Arithmetic,
    Compare,
    DateLiteral,
    DurationLiteral,
    FieldRef,
    Hole,
    InstantLiteral,
    IsNone,
    Item,
    ListLiteral,
    Literal,
    Node,
    Not,
    Or,
    Span,
    TermRef,
)
from leadflow.expr.reading.calls import read_call
from leadflow.expr.reading.scan import MAX_DEPTH, Lines, scan, too_deep

_COMPARISONS: dict[type[ast.cmpop], str] = {
    ast.Eq: "==",
    ast.NotEq: "!=",
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
    ast.In: "in",
    ast.NotIn: "not in",
}
_ARITHMETIC: dict[type[ast.operator], str] = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*"}
_WORDS = re.compile(r"\b(AND|OR|NOT|IN|IS)\b")


def parse(text: str) -> Node:
    """The tree of a condition.

    Errors: ExpressionError for the first thing that is not part of the language.

    >>> parse('contact.country == "DE"')
    Compare(op='==', left=FieldRef(record='contact', name='country'), right=Literal(value='DE'))
    """
    node, faults = read(text)
    if faults:
        raise faults[0].error(text)
    return node


def read(text: str) -> tuple[Node, list[Fault]]:
    """The tree of a condition, with holes where something is not part of the language, and why.

    Errors: ExpressionError where the text cannot be read at all.

    >>> read("contact.age / 2 > 1")[1][0].message
    'this operator is not part of the language'
    """
    scan(text)
    reader = _Reader(text)
    return reader.read(_python_tree(text), 1), reader.faults


def _python_tree(text: str) -> ast.expr:
    # One bracket around everything lets a condition run over lines; scan() has made sure that the text
    # closes no more brackets than it opens.
    try:
        return ast.parse(f"({text}\n)", mode="eval").body
    except SyntaxError as error:
        at = Lines(text).place(error.lineno or 1, error.offset or 1)
        raise Fault("this does not read as a condition", (at, at + 1), _syntax_hint(text, error)).error(text) from None
    except (RecursionError, MemoryError):
        raise too_deep(text, (0, len(text))) from None
    except ValueError:
        raise Fault("the text holds characters that cannot be read", (0, len(text))).error(text) from None


def _syntax_hint(text: str, error: SyntaxError) -> str:
    words = _WORDS.search(text)
    if words:
        return f"write {words[0].lower()} in small letters"
    return "write == to compare" if "'=='" in (error.msg or "") else ""


class _Reader:
    """Turns one Python tree into ours; `faults` collects what has no place in it."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.faults: list[Fault] = []
        self._lines = Lines(text)
        self._readers: dict[type[ast.expr], Callable[[Any, int], Node]] = {
            ast.Constant: self._constant,
            ast.Name: self._name,
            ast.Attribute: self._attribute,
            ast.Call: lambda node, depth: read_call(self, node, depth),
            ast.Compare: self._compare,
            ast.BoolOp: self._group,
            ast.UnaryOp: self._unary,
            ast.BinOp: self._arithmetic,
            ast.List: self._list,
            ast.Tuple: self._list,
            ast.Set: self._list,
        }

    def span(self, node: ast.expr) -> Span:
        """Where a part of the Python tree stands in the text."""
        start = self._lines.offset(node.lineno, node.col_offset)
        return start, self._lines.offset(node.end_lineno or node.lineno, node.end_col_offset or node.col_offset)

    def fault(self, node: ast.expr, message: str, hint: str = "") -> Hole:
        """Note a fault; the hole goes where the node would have gone."""
        span = self.span(node)
        self.faults.append(Fault(message, span, hint))
        return Hole(span=span)

    def read(self, node: ast.expr, depth: int) -> Node:
        """The node for a part of the Python tree, at this depth of ours."""
        if depth > MAX_DEPTH:
            raise too_deep(self.text, self.span(node))
        reader = self._readers.get(type(node))
        if reader is None:
            return self.fault(node, "this is not part of the language", _instead_of(node))
        return reader(node, depth)

    def operand(self, node: ast.expr, depth: int) -> Node:
        """A value to compare or calculate with; a condition is none.

        Links of a chained comparison share operands, so a condition in here could make the tree grow
        without bound.
        """
        read = self.read(node, depth)
        if isinstance(read, CONDITIONS):
            return self.fault(node, "a condition cannot be compared or calculated with", "combine it with and, or, not")
        return read

    def _constant(self, node: ast.Constant, _depth: int) -> Node:
        span = self.span(node)
        value = node.value
        if value is None or isinstance(value, (str, bool, int)):
            return Literal(value, span=span)
        if isinstance(value, float):
            return Literal(Decimal(self.text[span[0] : span[1]].replace("_", "")), span=span)
        return self.fault(node, "this value is not part of the language")

    def _name(self, node: ast.Name, _depth: int) -> Node:
        return TermRef(node.id, span=self.span(node))

    def _attribute(self, node: ast.Attribute, _depth: int) -> Node:
        if not isinstance(node.value, ast.Name):
            return self.fault(node, "a field is written record.field", "custom fields are written the same way")
        return FieldRef(node.value.id, node.attr, span=self.span(node))

    def _compare(self, node: ast.Compare, depth: int) -> Node:
        span = self.span(node)
        below = depth + 1 if len(node.ops) == 1 else depth + 2
        sides = [self.operand(side, below) for side in (node.left, *node.comparators)]
        links = [self._link(node.comparators[i], op, sides[i], sides[i + 1], span) for i, op in enumerate(node.ops)]
        return links[0] if len(links) == 1 else And(tuple(links), span=span)

    def _link(self, at: ast.expr, op: ast.cmpop, left: Node, right: Node, span: Span) -> Node:
        if isinstance(op, (ast.Is, ast.IsNot)):
            if not (isinstance(right, Literal) and right.value is None):
                return self.fault(at, "only None stands after is", "write == to compare")
            empty = IsNone(left, span=span)
            return Not(empty, span=span) if isinstance(op, ast.IsNot) else empty
        return Compare(_COMPARISONS[type(op)], left, right, span=span)

    def _group(self, node: ast.BoolOp, depth: int) -> Node:
        parts = tuple(self.read(part, depth + 1) for part in node.values)
        return (And if isinstance(node.op, ast.And) else Or)(parts, span=self.span(node))

    def _unary(self, node: ast.UnaryOp, depth: int) -> Node:
        span = self.span(node)
        if isinstance(node.op, ast.Not):
            return Not(self.read(node.operand, depth + 1), span=span)
        if isinstance(node.op, ast.USub):
            number = self.read(node.operand, depth + 1)
            if isinstance(number, Literal) and isinstance(number.value, (int, Decimal)) and number.value is not True:
                value = number.value
                return Literal(value.copy_negate() if isinstance(value, Decimal) else -value, span=span)
            return self.fault(node, "only a number can be negative", "write 0 - x")
        return self.fault(node, "this sign is not part of the language", "leave it out")

    def _arithmetic(self, node: ast.BinOp, depth: int) -> Node:
        op = _ARITHMETIC.get(type(node.op))
        left, right = self.operand(node.left, depth + 1), self.operand(node.right, depth + 1)
        if op is None:
            self.fault(node, "this operator is not part of the language", "only + - * are")
        return Arithmetic(op or "+", left, right, span=self.span(node))

    def _list(self, node: ast.List | ast.Tuple | ast.Set, depth: int) -> Node:
        items: list[Item] = []
        for entry in node.elts:
            item = self.read(entry, depth + 1)
            if isinstance(item, (Literal, DateLiteral, InstantLiteral, DurationLiteral)):
                items.append(item)
            elif not isinstance(item, Hole):
                self.fault(entry, "a list holds constants only", "join comparisons with or")
        return ListLiteral(tuple(items), span=self.span(node))


def _instead_of(node: ast.expr) -> str:
    match node:
        case ast.IfExp():
            return "write (a and b) or (not a and c)"
        case ast.Subscript():
            return "custom fields are written record.field"
        case _:
            return ""
