"""What a sound condition says in vain: parts that can never be true, parts that always are, and repetitions.

Only what can be shown from the condition itself is reported, so a finding is never a guess. "Always" means:
for every known value, because a part about something unknown is never true.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from math import ceil, floor, inf
from typing import Any

from attrs import field, frozen

from leadflow.expr import nodes as n
from leadflow.expr.core import midnight_us
from leadflow.expr.lower import FLIPPED, NEGATED, folds_case
from leadflow.expr.text import to_text
from leadflow.expr.typed import choices_of, type_of
from leadflow.expr.types import SETS, Schema, Type, listed
from leadflow.model.time import DAY_US


@frozen
class Finding:
    """Something said in vain. `code` is never_true, always_true or duplicate.

    >>> str(Finding("never_true", "a == 1 and a == 2 can never be true", (0, 17)))
    'a == 1 and a == 2 can never be true (characters 0-17)'
    """

    code: str
    message: str
    span: n.Span = (0, 0)

    def __str__(self) -> str:
        return f"{self.message} (characters {self.span[0]}-{self.span[1]})"


def lint(node: n.Node, schema: Schema) -> list[Finding]:
    """What a checked condition says in vain, in the order of the text.

    >>> from leadflow.expr import parse, Field
    >>> schema = Schema({"account": {"size": Field("size", Type.NUMBER)}})
    >>> [finding.code for finding in lint(parse("account.size > 50 and account.size < 10"), schema)]
    ['never_true']
    """
    linter = _Linter(schema)
    linter.visit(node, negated=False, known=[])
    return sorted(linter.findings, key=lambda finding: finding.span)


@frozen
class _Claim:
    """What must hold for a leaf to be true: a value's place in its order, or among some constants.

    `scale` keeps moments of the clock apart from fixed ones. ops: < <= > >=, in, not in, none, some.
    """

    about: n.Node
    op: str
    value: Any = None
    scale: str = field(default="")


class _Linter:
    def __init__(self, schema: Schema) -> None:
        self.schema = schema
        self.findings: list[Finding] = []

    def report(self, code: str, node: n.Node, negated: bool) -> None:
        said = {"never_true": "can never be true", "always_true": "is always true", "duplicate": "is said twice"}
        text = to_text(n.Not(node) if negated else node)
        self.findings.append(Finding(code, f"{text if len(text) <= 80 else text[:77] + '...'} {said[code]}", node.span))

    def visit(self, node: n.Node, negated: bool, known: Sequence[_Claim]) -> None:
        """Report on a part that stands beside others, which have made some claims already."""
        match node:
            case n.Not():
                self.visit(node.part, not negated, known)
            case n.And() | n.Or():
                self.group(node, negated, known)
            case n.Literal():
                pass
            case _:
                claims = self.claims(node, negated)
                if self.clash([*known, *claims]):
                    self.report("never_true", node, negated)
                elif self.clash(self.claims(node, not negated)):
                    self.report("always_true", node, negated)

    def group(self, node: n.And | n.Or, negated: bool, known: Sequence[_Claim]) -> None:
        is_and = isinstance(node, n.And) is not negated
        seen: set[n.Node] = set()
        for part in node.parts:
            if part in seen:
                self.report("duplicate", part, negated)
            elif isinstance(part, n.Literal):
                self.report("always_true" if (part.value is True) is not negated else "never_true", part, negated)
            seen.add(part)
        before = len(self.findings)
        if not is_and:
            for part in node.parts:
                self.visit(part, negated, known)
            against = [claim for part in node.parts for claim in self.certain(part, not negated)]
            if len(self.findings) == before and self.clash(against):
                self.report("always_true", node, negated)
            return
        leaves = [part for part in node.parts if not _is_group(part)]
        own = [claim for part in leaves for claim in self.certain(part, negated)]
        for part in leaves:
            self.visit(part, negated, ())
        if len(self.findings) == before and self.clash([*known, *own]):
            self.report("never_true", node, negated)
            return
        for part in node.parts:
            if _is_group(part):
                self.visit(part, negated, [*known, *own])

    def certain(self, node: n.Node, negated: bool) -> list[_Claim]:
        """What surely holds when a part is true."""
        match node:
            case n.Not():
                return self.certain(node.part, not negated)
            case n.And() | n.Or():
                if isinstance(node, n.And) is negated:
                    return []
                return [claim for part in node.parts for claim in self.certain(part, negated)]
            case _:
                return self.claims(node, negated)

    # -- claims

    def claims(self, node: n.Node, negated: bool) -> list[_Claim]:
        match node:
            case n.IsNone():
                return [_Claim(node.operand, "some" if negated else "none")]
            case n.Occurrence():
                return [_Claim(_counted(node), "<" if negated else ">=", 1)]
            case n.FieldRef() | n.TermRef():
                return [_Claim(node, "in", frozenset({not negated}))]
            case n.Compare():
                return list(self.comparison(node, NEGATED[node.op] if negated else node.op))
            case _:
                return []

    def comparison(self, node: n.Compare, op: str) -> Iterator[_Claim]:
        left, right = node.left, node.right
        if op in ("in", "not in"):
            if isinstance(right, n.ListLiteral):
                values = [self.constant(item, left) for item in right.items]
                yield _Claim(left, op, frozenset(value for _, value in values))
            return
        if _is_constant(left):
            left, op, right = right, FLIPPED.get(op, op), left
        if not _is_constant(right) or _is_constant(left) or type_of(left, self.schema) in SETS:
            return
        if isinstance(left, n.Occurrence) and left.function == "any":
            return
        scale, value = self.constant(right, left)
        if op in ("==", "!="):
            yield _Claim(left, "in" if op == "==" else "not in", frozenset({value}), scale)
        else:
            yield _Claim(left, op, value, scale)

    def constant(self, node: n.Node, beside: n.Node) -> tuple[str, Any]:
        match node:
            case n.Literal(str() as text):
                return "", text.casefold() if folds_case((beside, node), self.schema) else text
            case n.Literal():
                return "", node.value
            case n.DateLiteral():
                of_instant = type_of(beside, self.schema) is Type.INSTANT
                return "", midnight_us(node.value) if of_instant else node.value
            case n.InstantLiteral():
                return "", node.at_us
            case n.DurationLiteral():
                return "", node.length_us
            case n.Ago():
                return "ago", -node.length_us
            case _:
                return "today", 0

    # -- contradictions

    def clash(self, claims: Iterable[_Claim]) -> bool:
        """Whether claims can never hold together."""
        by_value: dict[tuple[n.Node, str], list[_Claim]] = {}
        absent: set[n.Node] = set()
        present: set[n.Node] = set()
        for claim in claims:
            (absent if claim.op == "none" else present).add(claim.about)
            if claim.op not in ("none", "some"):
                by_value.setdefault((claim.about, claim.scale), []).append(claim)
        if absent & present:
            return True
        if any(self.is_empty(about, scale, each) for (about, scale), each in by_value.items()):
            return True
        return _windows_clash(by_value)

    def is_empty(self, about: n.Node, scale: str, claims: Sequence[_Claim]) -> bool:
        low, high = _bounds(claims, about)
        wanted = [claim.value for claim in claims if claim.op == "in"]
        refused = frozenset[Any]().union(*(claim.value for claim in claims if claim.op == "not in"))
        choices = None if scale else listed(choices_of(about, self.schema))
        if choices is not None and type_of(about, self.schema) is Type.CODE:
            wanted.append(frozenset(choices))
        elif type_of(about, self.schema) is Type.BOOLEAN:
            wanted.append(frozenset({True, False}))
        if wanted:
            left = frozenset.intersection(*wanted) - refused
            whole = _is_count(about)
            return not any(_inside(value, low, high) and not (whole and value % 1) for value in left)
        if low is None or high is None:
            return False
        is_point = low[0] == high[0]
        return low[0] > high[0] or (is_point and (low[1] or high[1] or low[0] in refused))


Bound = tuple[Any, bool] | None
"""A value and whether it is excluded itself."""


def _bounds(claims: Sequence[_Claim], about: n.Node) -> tuple[Bound, Bound]:
    low: Bound = (0, False) if _is_count(about) else None
    high: Bound = None
    for claim in claims:
        if claim.op in (">", ">="):
            bound = (claim.value, claim.op == ">")
            low = bound if low is None else max(low, bound)
        elif claim.op in ("<", "<="):
            # Of two equal upper bounds the one that excludes its value is the lower.
            bound = (claim.value, claim.op == "<")
            high = bound if high is None else min(high, bound, key=lambda each: (each[0], not each[1]))
    if _is_count(about):
        low = None if low is None else (floor(low[0]) + 1 if low[1] else ceil(low[0]), False)
        high = None if high is None else (ceil(high[0]) - 1 if high[1] else floor(high[0]), False)
    return low, high


def _inside(value: Any, low: Bound, high: Bound) -> bool:
    above = low is None or value > low[0] or (value == low[0] and not low[1])
    below = high is None or value < high[0] or (value == high[0] and not high[1])
    return above and below


def _windows_clash(by_value: dict[tuple[n.Node, str], list[_Claim]]) -> bool:
    """Whether something occurs more often in a shorter window than it may in a longer one."""
    counts = [
        (about, *_bounds(claims, about))
        for (about, _), claims in by_value.items()
        if isinstance(about, n.Occurrence) and about.function == "count"
    ]
    for short, low, _ in counts:
        for long, _, high in counts:
            same = (short.kind, short.where) == (long.kind, long.where)
            if same and low and high and _length(short) <= _length(long) and low[0] > high[0]:
                return True
    return False


def _length(node: n.Occurrence) -> float:
    return inf if node.within_us is None else node.within_us / DAY_US


def _counted(node: n.Occurrence) -> n.Occurrence:
    return n.Occurrence("count", node.kind, None, node.within_us, node.where)


def _is_count(node: n.Node) -> bool:
    return isinstance(node, n.Occurrence) and node.function in ("count", "days_since")


def _is_constant(node: n.Node) -> bool:
    return isinstance(node, (n.Literal, n.DateLiteral, n.InstantLiteral, n.DurationLiteral, n.Ago, n.Today))


def _is_group(node: n.Node) -> bool:
    return isinstance(node.part if isinstance(node, n.Not) else node, (n.And, n.Or, n.Not))
