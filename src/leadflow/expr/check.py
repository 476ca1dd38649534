"""Checking a tree against a schema: `check` finds every fault.

Nothing is guessed: a number is not compared with a text, a code is written exactly, and an unknown name
comes with a suggestion.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal

from leadflow.expr.fault import Fault, did_you_mean
from leadflow.expr.nodes import (
    And,
    Arithmetic,
    Call,
    Compare,
    DateLiteral,
    FieldRef,
    Hole,
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
from leadflow.expr.reading.calls import LONGEST_US, MAX_LIMIT
from leadflow.expr.reading.parse import read
from leadflow.expr.text import quoted, to_text
from leadflow.expr.typed import choices_of, depends_on_now, type_of, type_of_literal
from leadflow.expr.types import FUNCTIONS, ORDERED, SETS, TEXTUAL, Choices, Schema, Type, listed

_MOST_GUESSES = 20
_KIND = re.compile(r"\*|[^\s.*]+(?:\.[^\s.*]+)*(?:\.\*)?")
_PYTHON_WORDS = {
    "true": "True",
    "false": "False",
    "null": "None",
    "none": "None",
    "yes": "True",
    "no": "False",
}


def check(node: Node, schema: Schema) -> list[Fault]:
    """Every fault of a condition, in the order of the text; empty when it is sound.

    >>> from leadflow.expr import Field, parse
    >>> schema = Schema({"contact": {"country": Field("country", Type.CODE)}})
    >>> [str(fault) for fault in check(parse("contact.contry == 5"), schema)]
    ['contact has no field contry; did you mean country? (characters 0-14)']
    """
    checker = _Checker(schema)
    checker.condition(node)
    return sorted(checker.faults, key=lambda fault: fault.span)


def faults(text: str, schema: Schema) -> list[Fault]:
    """Every fault of a text: what does not parse and what does not check.

    Errors: ExpressionError where the text cannot be read at all.

    >>> [fault.message for fault in faults("stge / 2 == 1 and lead.owner", Schema({}))]
    ['there is no term stge', 'this operator is not part of the language', 'there is no record lead']
    """
    node, unread = read(text)
    return sorted([*unread, *check(node, schema)], key=lambda fault: fault.span)


class _Checker:
    """Walks one tree. A part whose type is unknown is checked no further, so one mistake is one fault."""

    def __init__(self, schema: Schema) -> None:
        self.schema = schema
        self.faults: list[Fault] = []
        self._guesses = 0

    def fault(self, at: Node, message: str, hint: str = "") -> None:
        self.faults.append(Fault(message, at.span, hint))

    def guess(self, word: str, known: Sequence[str]) -> str:
        # Guessing is slow; a text full of unknown names must not make it slower than its length.
        self._guesses += 1
        return did_you_mean(word, known) if self._guesses <= _MOST_GUESSES else ""

    def condition(self, node: Node) -> None:
        match node:
            case And() | Or():
                for part in node.parts:
                    self.condition(part)
            case Not():
                self.condition(node.part)
            case IsNone():
                self.is_none(node)
            case Compare():
                self.compare(node)
            case TextTest():
                self.text_test(node)
            case Hole():
                pass
            case ListLiteral():
                self.fault(node, "a list is not a condition", "write field in [a, b]")
            case _:
                found = self.value(node)
                if found not in (None, Type.BOOLEAN) or node == Literal(None):
                    said = found.value if found else "None"
                    self.fault(node, f"a {said} is not a condition", "compare it with something")

    def value(self, node: Node) -> Type | None:
        """Check a value and return its type; None when that is unknown (and already a fault)."""
        match node:
            case FieldRef():
                self.field(node)
            case TermRef():
                self.term(node)
            case Call():
                self.call(node)
            case Occurrence():
                self.occurrence(node)
            case Arithmetic():
                for side in (node.left, node.right):
                    found = self.value(side)
                    if found not in (None, Type.NUMBER) or side == Literal(None):
                        said = found.value if found else "None"
                        self.fault(side, f"{node.op} calculates with numbers, not with a {said}")
            case ListLiteral():
                self.fault(node, "a list stands right of in only")
            case _:
                pass
        return type_of(node, self.schema)

    def field(self, node: FieldRef) -> None:
        fields = self.schema.records.get(node.record)
        if fields is None:
            hint = self.guess(node.record, list(self.schema.records))
            self.fault(node, f"there is no record {node.record[:60]}", hint)
        elif node.name not in fields:
            self.fault(node, f"{node.record} has no field {node.name[:60]}", self.guess(node.name, list(fields)))

    def term(self, node: TermRef) -> None:
        term = self.schema.terms.get(node.name)
        if term is None:
            self.fault(node, *self.unknown_term(node))
            return
        if len(node.args) != len(term.args):
            wanted = ", ".join(kind.value for kind in term.args) or "nothing"
            self.fault(node, f"{node.name} takes {wanted}", f"write {self.example(node.name)}")
            return
        for kind, arg in zip(term.args, node.args, strict=True):
            found = type_of_literal(arg)
            if found is not kind and not (found is Type.TEXT and kind in TEXTUAL):
                self.fault(arg, f"{node.name} takes a {kind.value} here")
                return
        if node.args and isinstance(node.args[0].value, str):
            self.choice(node.args[0], node.args[0].value, term.choices, f"{node.name} has no")

    def call(self, node: Call) -> None:
        function = self.schema.functions.get(node.name)
        if function is None:
            hint = self.guess(node.name, list(self.schema.functions)) or "see leadflow plugins for those there are"
            self.fault(node, f"there is no function {node.name[:60]}", hint)
            return
        if len(node.args) != len(function.takes):
            wanted = ", ".join(kind.value for kind in function.takes) or "nothing"
            self.fault(node, f"{node.name} takes {wanted}", f"it is {function.signature}")
            return
        for kind, arg in zip(function.takes, node.args, strict=True):
            found = self.value(arg)
            if depends_on_now(arg):
                self.fault(arg, f"{node.name} cannot be asked about the clock", "compare what it gives instead")
            elif arg == Literal(None) or (found not in (None, kind) and not {found, kind} <= TEXTUAL):
                said = found.value if found else "None"
                self.fault(arg, f"{node.name} takes a {kind.value} here, not a {said}", f"it is {function.signature}")

    def unknown_term(self, node: TermRef) -> tuple[str, str]:
        name = node.name[:60]
        if not node.args and name.casefold() in _PYTHON_WORDS:
            return f"{name} is not known", f"write {_PYTHON_WORDS[name.casefold()]}"
        if name in self.schema.records:
            return (
                f"{name} is a record",
                f"ask for one of its fields, such as {name}.{_first(self.schema, name)}",
            )
        if name in FUNCTIONS:
            return f"{name} needs brackets", f"write {name}(...)"
        return f"there is no term {name}", self.guess(name, [*self.schema.terms, *FUNCTIONS, *self.schema.records])

    def example(self, name: str) -> str:
        term = self.schema.terms[name]
        if not term.args:
            return name
        first = next(iter(listed(term.choices) or ()), "...")
        return f"{name}({quoted(first)}{', ...' * (len(term.args) - 1)})"

    def choice(self, at: Node, value: str, choices: Choices, what: str) -> None:
        allowed = listed(choices)
        if allowed is None or value in allowed:
            return
        exact = next((known for known in allowed if known.casefold() == value.casefold()), None)
        hint = f"codes are exact: write {exact}" if exact else self.guess(value, allowed)
        self.fault(at, f"{what} {value[:60]!r}", hint or f"known: {', '.join(allowed[:8])}")

    def occurrence(self, node: Occurrence) -> None:
        kinds = listed(self.schema.kinds)
        if not _KIND.fullmatch(node.kind):
            hint = 'write "email.clicked" or "email.*"'
            self.fault(node, f"{node.kind[:60]!r} is not a kind of interaction", hint)
        elif kinds is not None and not _known_kind(node.kind, kinds):
            self.fault(node, f"there is no kind of interaction {node.kind[:60]!r}", self.guess(node.kind, kinds))
        if node.limit is not None and node.within_us is None:
            self.fault(node, "limit needs a window", 'add within="30d"')
        if node.within_us is not None and not 0 < node.within_us <= LONGEST_US:
            self.fault(node, "a window is longer than nothing and at most 200y")

    def is_none(self, node: IsNone) -> None:
        operand = node.operand
        maybe = isinstance(operand, (FieldRef, TermRef, Call)) or (
            isinstance(operand, Occurrence) and operand.function == "days_since"
        )
        if isinstance(operand, Hole):
            return
        self.value(operand)
        if not maybe:
            self.fault(
                node,
                f"{to_text(operand)[:60]} is never None",
                "only fields, terms, functions and days_since() are",
            )

    def text_test(self, node: TextTest) -> None:
        for side in (node.subject, node.needle):
            found = self.value(side)
            if found in SETS:
                self.fault(side, f"{node.function}() looks into a text", 'write "x" in field for a set')
            elif found not in (None, *TEXTUAL) or side == Literal(None):
                said = found.value if found else "None"
                self.fault(side, f"{node.function}() takes texts, not a {said}")

    def compare(self, node: Compare) -> None:
        left = self.value(node.left)
        if node.op in ("in", "not in"):
            self.membership(node, left)
            return
        right = self.value(node.right)
        if Literal(None) in (node.left, node.right):
            hint = "write is not None" if node.op == "!=" else "write is None"
            self.fault(node, "None equals nothing, not even None", hint)
        elif left is None or right is None:
            return
        elif left in SETS or right in SETS:
            self.fault(node, "a set is not compared", 'write "x" in field')
        else:
            self.same_type(node, left, right)

    def same_type(self, node: Compare, left: Type, right: Type) -> None:
        if depends_on_now(node.left) and depends_on_now(node.right):
            self.fault(node, "two moments of the clock are compared", "compare one with a field")
        elif left is not right and not {left, right} <= TEXTUAL and not self.date_as_instant(node, left, right):
            self.fault(node, f"a {left.value} cannot be compared with a {right.value}", _mismatch_hint({left, right}))
        elif node.op not in ("==", "!=") and left not in ORDERED:
            self.fault(node, f"a {left.value} has no order", "write ==, != or in")
        else:
            self.compared_choice(node)
            self.reachable_count(node)

    def date_as_instant(self, node: Compare, left: Type, right: Type) -> bool:
        """A constant date stands for its first moment, beside an instant; the other way round nothing
        fits."""
        if {left, right} != {Type.INSTANT, Type.DATE}:
            return False
        day, moment = (node.left, node.right) if left is Type.DATE else (node.right, node.left)
        if not isinstance(day, (DateLiteral, Today)) or depends_on_now(moment):
            return False
        if node.op in ("==", "!="):
            self.fault(node, "an instant is hardly ever exactly a date", "write date <= field and field < next date")
        return True

    def compared_choice(self, node: Compare) -> None:
        for side, other in ((node.left, node.right), (node.right, node.left)):
            if isinstance(other, Literal) and isinstance(other.value, str):
                choices = choices_of(side, self.schema)
                if choices is not None and type_of(side, self.schema) is Type.CODE:
                    self.choice(other, other.value, choices, f"{to_text(side)} is never")

    def reachable_count(self, node: Compare) -> None:
        for side, other in ((node.left, node.right), (node.right, node.left)):
            if not isinstance(side, Occurrence) or side.function != "count" or side.within_us is None:
                continue
            value = other.value if isinstance(other, Literal) else None
            if isinstance(value, (int, Decimal)) and value > (side.limit or MAX_LIMIT):
                self.fault(other, f"at most {side.limit or MAX_LIMIT} occurrences are looked at in a window")

    def membership(self, node: Compare, left: Type | None) -> None:
        if left in SETS or left is Type.BOOLEAN or depends_on_now(node.left) or node.left == Literal(None):
            self.fault(node.left, f"{to_text(node.left)[:60]} cannot stand left of in")
            return
        right = node.right
        if isinstance(right, ListLiteral):
            for item in right.items:
                self.item(node.left, item, left)
            return
        found = self.value(right)
        if found is None or left is None:
            if right == Literal(None):
                self.fault(right, "nothing is in None")
        elif found not in SETS and found is not Type.TEXT:
            self.fault(right, f"nothing is in a {found.value}", "write == to compare")
        elif left not in TEXTUAL:
            self.fault(node.left, f"a {left.value} is not in a {found.value}")

    def item(self, left_node: Node, item: Node, left: Type | None) -> None:
        found = type_of(item, self.schema)
        if found is None:
            self.fault(item, "None is in no list", "write or field is None")
        elif left is None or found is left or {found, left} <= TEXTUAL:
            if left is Type.CODE and isinstance(item, Literal) and isinstance(item.value, str):
                choices = choices_of(left_node, self.schema)
                self.choice(item, item.value, choices, f"{to_text(left_node)} is never")
        else:
            self.fault(item, f"a {left.value} is not in a list with a {found.value}")


def _mismatch_hint(types: set[Type]) -> str:
    if types == {Type.INSTANT, Type.DATE}:
        return "compare a date with date(...) or today()"
    if not types & TEXTUAL:
        return ""
    if types & {Type.INSTANT, Type.DATE}:
        return 'write ago("30d"), date("2026-01-31") or instant("2026-01-31T00:00:00Z")'
    return 'write duration("30d")' if Type.DURATION in types else ""


def _known_kind(kind: str, kinds: Sequence[str]) -> bool:
    if kind == "*":
        return True
    if kind.endswith(".*"):
        return any(known.startswith(kind[:-1]) for known in kinds)
    return kind in kinds


def _first(schema: Schema, record: str) -> str:
    return next(iter(schema.records[record]), "id")
