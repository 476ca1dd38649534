"""A small world that conditions are asked in, strategies for its rules and its happenings, and an oracle.

The oracle walks the tree in Kleene's three values and counts raw interactions, knowing neither signals nor lowering.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import strategies as st

from leadflow.expr import Field, Schema, Signal, SignalTable, Term, Type, check, state_of, sum_state_of
from leadflow.expr import nodes as n
from leadflow.expr.signals import micro_units
from leadflow.expr.typed import type_of
from leadflow.model.time import DAY_US, NEVER_US, SECOND_US

T0 = 20_000 * DAY_US
"""Where the clock of these tests stands, give or take some days."""
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
WINDOWS = [3 * DAY_US, DAY_US, 2 * SECOND_US, 10 * DAY_US]
WORDS = ["de", "DE", "Sales", "sales chief", "", "ß", "SS"]
CODES = ["DE", "PL", "de"]
KINDS = ["email.clicked", "email.opened", "form.submitted", "order"]
ASKED_KINDS = [*KINDS, "email.*", "*", "never.seen"]

SCHEMA = Schema(
    {
        "contact": {
            field.name: field
            for field in [
                Field("country", Type.CODE),
                Field("title", Type.TEXT),
                Field("first_name", Type.TEXT),
                Field("age", Type.NUMBER),
                Field("is_customer", Type.BOOLEAN),
                Field("created_at", Type.INSTANT, "created_us"),
                Field("birthday", Type.DATE, custom=True),
                Field("tags", Type.TEXT_SET, custom=True),
                Field("codes", Type.CODE_SET, custom=True),
                Field("idle", Type.DURATION, "idle_us"),
            ]
        },
        "account": {"employees": Field("employees", Type.NUMBER), "region": Field("region", Type.CODE)},
    },
    {
        "score": Term("score", (Type.CODE,), Type.NUMBER, choices=("fit", "heat")),
        "stage": Term("stage", (), Type.CODE),
        "is_ready": Term("is_ready", (), Type.BOOLEAN),
        "since": Term("since", (), Type.INSTANT),
    },
)


def maybe(strategy: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.none() | strategy


# -- what is the case -------------------------------------------------------------------------------------

moments = st.integers(-12 * DAY_US, DAY_US).map(lambda back: T0 + back) | st.sampled_from(
    [T0 - window for window in WINDOWS] + [T0, T0 - 7 * DAY_US, T0 - DAY_US - 1]
)
numbers = st.integers(-3, 5) | st.sampled_from([Decimal("1.5"), Decimal("2.0"), Decimal("-0.25")])
days = st.integers(-12, 2).map(lambda off: date.fromordinal(date(1970, 1, 1).toordinal() + T0 // DAY_US + off))
properties = st.fixed_dictionaries(
    {},
    optional={
        "campaign": st.sampled_from(["spring", "Spring", "autumn", 1, True]),
        "amount": st.sampled_from([1, "2.5", Decimal("-1.25"), "n/a", 0.5]),
    },
)
events = st.lists(st.tuples(st.sampled_from(KINDS), properties, moments), max_size=8)
contacts = st.builds(
    SimpleNamespace,
    country=maybe(st.sampled_from(CODES)),
    title=maybe(st.sampled_from(WORDS)),
    first_name=maybe(st.sampled_from(WORDS)),
    age=maybe(numbers),
    is_customer=maybe(st.booleans()),
    created_us=maybe(moments),
    idle_us=maybe(st.sampled_from(WINDOWS)),
    custom=st.fixed_dictionaries(
        {},
        optional={
            "birthday": maybe(days),
            "tags": maybe(st.lists(st.sampled_from(WORDS), max_size=2).map(tuple)),
            "codes": maybe(st.frozensets(st.sampled_from(CODES), max_size=2)),
        },
    ),
)
accounts = st.builds(SimpleNamespace, employees=maybe(numbers), region=maybe(st.sampled_from(CODES)))
term_values = {
    ("score", "fit"): numbers,
    ("score", "heat"): numbers,
    ("stage",): st.sampled_from(CODES),
    ("is_ready",): st.booleans(),
    ("since",): moments,
}
term_courses = st.fixed_dictionaries(
    {key: st.tuples(maybe(values), moments, maybe(values)) for key, values in term_values.items()}
)


class World:
    """Records, interactions, and terms that change their value at one moment each."""

    def __init__(self, contact: Any, account: Any, events: list[Any], courses: dict[Any, Any]) -> None:
        self.contact, self.account, self.events, self.courses = contact, account, events, courses

    def __repr__(self) -> str:
        return f"World({self.contact}, {self.account}, {self.events}, {self.courses})"

    def view(self, now_us: int, table: SignalTable) -> Any:
        return SimpleNamespace(
            contact=self.contact,
            account=self.account,
            lead=None,
            opportunity=None,
            signals=states(self.events, table),
            term=lambda name, args: self.term(name, args, now_us),
        )

    def term(self, name: str, args: tuple[Any, ...], now_us: int) -> tuple[Any, int]:
        before, at_us, after = self.courses[(name, *args)]
        return (before, at_us) if now_us < at_us else (after, NEVER_US)


def probes(world: World, now_us: int, until_us: int) -> list[int]:
    """The instants in [now, until) at which something of this world could change, and their neighbours."""
    starts = [at for _, _, at in world.events] + [at for _, at, _ in world.courses.values()]
    if world.contact is not None and world.contact.created_us is not None:
        starts.append(world.contact.created_us)
    ages = [0, *WINDOWS, *(day * DAY_US for day in range(14))]
    midnights = [(now_us // DAY_US + day) * DAY_US for day in range(14)]
    edges = [start + age for start in starts for age in ages] + midnights + [now_us, until_us]
    near = {edge + off for edge in edges for off in (-1, 0, 1)}
    return sorted(at for at in near if now_us <= at < until_us)


worlds = st.builds(World, maybe(contacts), maybe(accounts), events, term_courses)


def states(events: list[Any], table: SignalTable) -> dict[int, tuple[Any, ...]]:
    found = {}
    for index, signal in enumerate(table.signals):
        seen = [(at, properties) for kind, properties, at in events if signal.accepts(kind, properties)]
        if not seen:
            continue
        if signal.property is None:
            found[index] = state_of([at for at, _ in seen], table.keep[index])
        else:
            pairs = [(at, micro_units(properties.get(signal.property))) for at, properties in seen]
            found[index] = sum_state_of(pairs, table.keep[index])
    return found


# -- what is asked ----------------------------------------------------------------------------------------


def field(name: str, record: str = "contact") -> n.FieldRef:
    return n.FieldRef(record, name)


wheres = st.sampled_from(
    [(), (), (("campaign", n.Literal("SPRING")),), (("campaign", n.Literal(1)),), (("campaign", n.Literal(True)),)]
)


def occurrences(function: str, **changed: Any) -> st.SearchStrategy[n.Occurrence]:
    parts = {
        "function": st.just(function),
        "kind": st.sampled_from(ASKED_KINDS),
        "property": st.none(),
        "within_us": maybe(st.sampled_from(WINDOWS)),
        "where": wheres,
    }
    return st.builds(n.Occurrence, **{**parts, **changed})


limited = {"within_us": st.sampled_from(WINDOWS), "limit": st.integers(1, 3)}
counts = occurrences("count")
limited_counts = occurrences("count", **limited)
sums = occurrences("sum", property=st.just("amount")) | occurrences("sum", property=st.just("amount"), **limited)
ages = occurrences("days_since", within_us=st.none())
scores = st.sampled_from(["fit", "heat"]).map(lambda name: n.TermRef("score", (n.Literal(name),)))
number_literals = (st.integers(-2, 9) | st.sampled_from([Decimal("2.5"), Decimal("0.25")])).map(n.Literal)
number_reads = st.sampled_from([field("age"), field("employees", "account")]) | scores | counts | sums | ages
number_nodes = st.recursive(
    number_reads | limited_counts | number_literals,
    lambda inner: st.builds(n.Arithmetic, st.sampled_from("+-*"), inner, inner),
    max_leaves=3,
)
text_nodes = st.sampled_from([field("title"), field("first_name")]) | st.sampled_from(WORDS).map(n.Literal)
code_nodes = st.sampled_from([field("country"), field("region", "account"), n.TermRef("stage")])
boolean_nodes = st.sampled_from([field("is_customer"), n.TermRef("is_ready"), n.Literal(True), n.Literal(False)])
instants = st.just(field("created_at")) | st.just(n.TermRef("since")) | moments.map(n.InstantLiteral)
agos = st.sampled_from(WINDOWS).map(n.Ago)
date_literals = days.map(n.DateLiteral)
equality = st.sampled_from(["==", "!="])
orderings = st.sampled_from(["==", "!=", "<", "<=", ">", ">="])
strict_orderings = st.sampled_from(["<", "<=", ">", ">="])
memberships = st.sampled_from(["in", "not in"])


def either_way(op: st.SearchStrategy[str], one: Any, other: Any) -> st.SearchStrategy[n.Compare]:
    return st.builds(n.Compare, op, one, other) | st.builds(n.Compare, op, other, one)


def lists(*strategies: Any) -> st.SearchStrategy[n.ListLiteral]:
    return st.lists(st.one_of(*strategies), max_size=3).map(lambda items: n.ListLiteral(tuple(items)))


def _is_reachable(node: n.Compare) -> bool:
    return "at most" not in str(check(node, SCHEMA))


texts = st.sampled_from([*WORDS, *CODES]).map(n.Literal)
_leaves = st.one_of(
    either_way(orderings, number_reads, number_literals),
    either_way(orderings, limited_counts, st.integers(-1, 1).map(n.Literal)),
    st.builds(n.Compare, orderings, number_nodes, number_nodes).filter(_is_reachable),
    either_way(equality, code_nodes, code_nodes | text_nodes | texts),
    either_way(equality, text_nodes, text_nodes),
    either_way(equality, boolean_nodes, boolean_nodes | occurrences("any")),
    either_way(orderings, instants, agos | instants),
    either_way(strict_orderings, instants, date_literals | st.just(n.Today())),
    either_way(orderings, st.just(field("birthday")) | date_literals, st.just(n.Today()) | date_literals),
    either_way(orderings, st.just(field("idle")), st.sampled_from(WINDOWS).map(n.DurationLiteral)),
    st.builds(n.Compare, memberships, code_nodes | text_nodes, lists(texts)),
    st.builds(n.Compare, memberships, number_reads, lists(number_literals)),
    st.builds(n.Compare, memberships, st.just(field("created_at")), lists(moments.map(n.InstantLiteral))),
    st.builds(
        n.Compare,
        memberships,
        text_nodes | texts | code_nodes,
        st.sampled_from([field("tags"), field("codes"), field("title")]),
    ),
    st.builds(
        n.TextTest,
        st.sampled_from(["contains", "starts_with", "ends_with"]),
        text_nodes | code_nodes,
        text_nodes | texts,
    ),
    (text_nodes | code_nodes | number_reads | instants)
    .filter(lambda node: isinstance(node, (n.FieldRef, n.TermRef)))
    .map(n.IsNone),
    ages.map(n.IsNone),
    boolean_nodes,
    occurrences("any"),
)


@st.composite
def _leaf(draw: st.DrawFn) -> Any:
    """Composite, because Hypothesis writes out the names of strategies, and this one's would fill pages."""
    return draw(_leaves)


leaves = _leaf()
parts = st.lists(st.deferred(lambda: conditions), min_size=2, max_size=3).map(tuple)
groups = st.deferred(lambda: st.builds(n.And, parts) | st.builds(n.Or, parts))
conditions = st.deferred(lambda: leaves | leaves | leaves | groups | st.builds(n.Not, leaves | groups))
"""Deferred, because Hypothesis writes out the name of every other strategy, and this one would not end."""
roots = st.deferred(lambda: leaves | groups | st.builds(n.Not, groups) | conditions)


# -- the oracle -------------------------------------------------------------------------------------------


class Oracle:
    def __init__(self, world: World, now_us: int) -> None:
        self.world, self.now_us = world, now_us

    def holds(self, node: Any) -> bool:
        return self.truth(node) is True

    def truth(self, node: Any) -> bool | None:
        match node:
            case n.Not():
                inner = self.truth(node.part)
                return None if inner is None else not inner
            case n.And():
                found = [self.truth(part) for part in node.parts]
                return False if False in found else None if None in found else True
            case n.Or():
                return self.truth(n.Not(n.And(tuple(n.Not(part) for part in node.parts))))
            case n.IsNone():
                return self.value(node.operand) is None
            case n.Compare():
                return self.compare(node)
            case n.TextTest():
                subject, needle = self.alike(node.subject, node.needle)
                if subject is None or needle is None:
                    return None
                return {
                    "contains": needle in subject,
                    "starts_with": subject[: len(needle)] == needle,
                    "ends_with": subject[len(subject) - len(needle) :] == needle and len(needle) <= len(subject),
                }[node.function]
            case _:
                return self.value(node)

    def compare(self, node: n.Compare) -> bool | None:
        if node.op in ("in", "not in"):
            found = self.member(node.left, node.right)
            return None if found is None else found is (node.op == "in")
        exact = isinstance(node.left, n.Literal) or isinstance(node.right, n.Literal)
        left, right = self.alike(node.left, node.right, exact)
        if left is None or right is None:
            return None
        if isinstance(left, date) is not isinstance(right, date):
            left, right = (self.start(side) if isinstance(side, date) else side for side in (left, right))
        return {
            "==": left == right,
            "!=": left != right,
            "<": not isinstance(left, str) and left < right,
            "<=": not isinstance(left, str) and left <= right,
            ">": not isinstance(left, str) and left > right,
            ">=": not isinstance(left, str) and left >= right,
        }[node.op]

    def start(self, day: date) -> int:
        return (datetime(day.year, day.month, day.day, tzinfo=UTC) - EPOCH) // timedelta(microseconds=1)

    def member(self, left: Any, right: Any) -> bool | None:
        if isinstance(right, n.ListLiteral):
            found = [self.compare(n.Compare("==", left, item)) for item in right.items]
            if isinstance(left, n.Occurrence):  # a list is no number to count up to
                found = [self.value(left) == self.value(item) for item in right.items]
            return None if self.value(left) is None else True in found
        kind = type_of(right, SCHEMA)
        needle, holder = self.value(left), self.value(right)
        if needle is None or holder is None:
            return None
        if kind is Type.TEXT_SET:
            return needle.casefold() in [each.casefold() for each in holder]
        return needle in holder if kind is Type.CODE_SET else needle.casefold() in holder.casefold()

    def alike(self, left: Any, right: Any, exact: bool = False) -> tuple[Any, Any]:
        kinds = [type_of(side, SCHEMA) for side in (left, right) if not isinstance(side, n.Literal)]
        values = self.value(left, exact), self.value(right, exact)
        if kinds and Type.TEXT not in kinds:
            return values
        first, second = (value.casefold() if isinstance(value, str) else value for value in values)
        return first, second

    def value(self, node: Any, exact: bool = False) -> Any:
        match node:
            case n.Literal() | n.DateLiteral():
                return node.value
            case n.InstantLiteral():
                return node.at_us
            case n.DurationLiteral():
                return node.length_us
            case n.Ago():
                return self.now_us - node.length_us
            case n.Today():
                return (EPOCH + timedelta(microseconds=self.now_us)).date()
            case n.FieldRef():
                holder = getattr(self.world, node.record)
                entry = SCHEMA.records[node.record][node.name]
                if holder is None:
                    return None
                return holder.custom.get(node.name) if entry.custom else getattr(holder, entry.accessor)
            case n.TermRef():
                return self.world.term(node.name, tuple(arg.value for arg in node.args), self.now_us)[0]
            case n.Occurrence():
                return self.occurrence(node, exact)
            case n.Arithmetic():
                left, right = self.value(node.left), self.value(node.right)
                if left is None or right is None:
                    return None
                return left + right if node.op == "+" else left - right if node.op == "-" else left * right
        raise TypeError(node)

    def occurrence(self, node: n.Occurrence, exact: bool) -> Any:
        signal = Signal(node.kind, tuple((name, value.value) for name, value in node.where))
        found = sorted(
            (
                (at, micro_units(props.get("amount")))
                for kind, props, at in self.world.events
                if signal.accepts(kind, props)
            ),
            reverse=True,
        )
        if node.within_us is not None:
            found = [(at, amount) for at, amount in found if self.now_us - at < node.within_us]
            found = found[: node.limit or (10**9 if exact else 100)]
        match node.function:
            case "count":
                return len(found)
            case "any":
                return bool(found)
            case "sum":
                return Decimal(sum(amount for _, amount in found)) / 1_000_000
            case _:
                return max(0, (self.now_us - found[0][0]) // DAY_US) if found else None


@pytest.fixture(scope="session")
def lab() -> Any:
    """Everything above, for the tests of this folder."""
    return SimpleNamespace(
        schema=SCHEMA,
        T0=T0,
        WINDOWS=WINDOWS,
        KINDS=KINDS,
        World=World,
        Oracle=Oracle,
        states=states,
        probes=probes,
        events=events,
        moments=moments,
        properties=properties,
        worlds=worlds,
        conditions=roots,
        leaves=leaves,
    )
