"""From tree to text: the canonical writing of a condition, which parses back to the same tree."""

from __future__ import annotations

from decimal import Decimal

from leadflow.expr.nodes import (
    Ago,
    And,
    Arithmetic,
    Call,
    Compare,
    DateLiteral,
    DurationLiteral,
    FieldRef,
    InstantLiteral,
    IsNone,
    ListLiteral,
    Literal,
    Node,
    Not,
    Occurrence,
    Or,
    TermRef,
    TextTest,
    Today,
)
from leadflow.model.time import duration_text, to_datetime

_PLAIN_ESCAPES = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t"}
# How tightly a node binds; a looser node inside a tighter one needs brackets.
_OR, _AND, _NOT, _COMPARE, _SUM, _PRODUCT, _ATOM = range(7)


def to_text(node: Node) -> str:
    """The canonical text of a tree: `parse(to_text(node)) == node`.

    >>> from leadflow.expr.reading.parse import parse
    >>> to_text(parse("none(contact.country=='DE' ,lead.owner  is not None)"))
    'not (contact.country == "DE" or lead.owner is not None)'
    """
    return _write(node)[0]


def quoted(text: str) -> str:
    """A text as the language writes it.

    >>> print(quoted('say "x"'))
    "say \\"x\\""
    """
    return f'"{"".join(_escape(sign) for sign in text)}"'


def _escape(sign: str) -> str:
    plain = _PLAIN_ESCAPES.get(sign)
    if plain is not None:
        return plain
    if sign.isprintable():
        return sign
    code = ord(sign)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def _write(node: Node) -> tuple[str, int]:
    match node:
        case Or():
            return " or ".join(_within(part, _AND) for part in node.parts), _OR
        case And():
            return " and ".join(_within(part, _NOT) for part in node.parts), _AND
        case Not(IsNone() as empty):
            return f"{_within(empty.operand, _SUM)} is not None", _COMPARE
        case Not():
            return f"not {_within(node.part, _NOT)}", _NOT
        case IsNone():
            return f"{_within(node.operand, _SUM)} is None", _COMPARE
        case Compare():
            return f"{_within(node.left, _SUM)} {node.op} {_within(node.right, _SUM)}", _COMPARE
        case Arithmetic():
            level = _PRODUCT if node.op == "*" else _SUM
            # Left to right: an equal level on the right needs brackets.
            return f"{_within(node.left, level)} {node.op} {_within(node.right, level + 1)}", level
        case _:
            return _atom(node), _ATOM


def _within(node: Node, level: int) -> str:
    text, own = _write(node)
    return text if own >= level else f"({text})"


def _atom(node: Node) -> str:
    match node:
        case Literal():
            return _literal(node)
        case FieldRef():
            return f"{node.record}.{node.name}"
        case TermRef():
            return f"{node.name}({', '.join(map(_atom, node.args))})" if node.args else node.name
        case Call():
            return f"{node.name}({', '.join(map(to_text, node.args))})"
        case ListLiteral():
            return f"[{', '.join(map(_atom, node.items))}]"
        case TextTest():
            return f"{node.function}({to_text(node.subject)}, {to_text(node.needle)})"
        case Occurrence():
            return _occurrence(node)
        case DateLiteral():
            return f'date("{node.value.isoformat()}")'
        case InstantLiteral():
            return f'instant("{to_datetime(node.at_us).isoformat().replace("+00:00", "Z")}")'
        case DurationLiteral():
            return f'duration("{duration_text(node.length_us)}")'
        case Ago():
            return f'ago("{duration_text(node.length_us)}")'
        case Today():
            return "today()"
        case _:
            return "..."


def _literal(node: Literal) -> str:
    value = node.value
    if isinstance(value, str):
        return quoted(value)
    if isinstance(value, Decimal):
        return format(value, "f")
    return str(value)


def _occurrence(node: Occurrence) -> str:
    args = [quoted(node.kind)]
    if node.property is not None:
        args.append(quoted(node.property))
    if node.within_us is not None:
        args.append(f'within="{duration_text(node.within_us)}"')
    if node.limit is not None:
        args.append(f"limit={node.limit}")
    args.extend(f"{name}={_literal(value)}" for name, value in node.where)
    return f"{node.function}({', '.join(args)})"
