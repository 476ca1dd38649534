"""From columns to levels and back to conditions (S003-12: demographic and firmographic fields)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from leadflow.expr import Field as SchemaField
from leadflow.expr import Schema, SignalTable, Type, compile_condition, parse
from leadflow.scoring.fit import FitSettings
from leadflow.scoring.fit.bins import edges_of, literal
from leadflow.scoring.fit.fields import Field, prepared

SETTINGS = FitSettings(min_support=3, max_levels=4)
NUMBERS = st.one_of(st.integers(-50, 5000), st.decimals(-10, 10, places=2), st.floats(-1e6, 1e6))
TEXTS = st.one_of(st.sampled_from(["DE", "de", "PL", "Žalec", 'a"b\\c', "\x00\u2028x", "ß"]), st.text(max_size=3))


@st.composite
def columns(draw: st.DrawFn) -> tuple[list[Any], bytes]:
    """A column over few values, so that levels come about, and outcomes that may follow its gaps."""
    values = draw(st.sampled_from([NUMBERS, TEXTS, st.booleans()]))
    pool = draw(st.lists(values, min_size=2, max_size=12))
    column = draw(st.lists(st.sampled_from([*pool, None]), min_size=30, max_size=60))
    column = [None if isinstance(value, str) and not value.strip() else value for value in column]
    follows_gaps = draw(st.booleans())
    return column, bytes(value is None if follows_gaps else row % 3 == 0 for row, value in enumerate(column))


def asked(when: str, kind: str, fold: bool) -> Callable[[Any], bool]:
    """What the condition language says of a value; `fold` declares a text field, which is compared without case."""
    types = {"text": Type.TEXT if fold else Type.CODE, "number": Type.NUMBER, "yes_no": Type.BOOLEAN}
    schema = Schema({"lead": {"x": SchemaField("x", types[kind])}})
    condition = compile_condition(when, schema, SignalTable())
    return lambda value: condition.value(SimpleNamespace(lead=SimpleNamespace(x=exact(value))), 0)


def exact(value: Any) -> Any:
    """What the engine hands to a condition: numbers are whole or decimal, never floats."""
    return Decimal(str(value)) if isinstance(value, float) else value


@given(columns(), st.booleans())
def test_every_value_meets_the_condition_of_its_level_and_no_other(drawn: tuple[list[Any], bytes], fold: bool) -> None:
    """The condition says exactly what the learner counted, text compared exactly or without case."""
    column, won = drawn
    field = prepared("lead.x", column, won, SETTINGS)
    assume(field is not None)
    assert field is not None
    conditions = [asked(field.when([level]), field.kind, fold) for level in range(1, field.size + 1)]
    for value, level in zip(column, field.levels(column), strict=True):
        met = [number for number, holds in enumerate(conditions, 1) if holds(value)]
        assert met == ([level] if level else [])


@given(columns(), st.lists(st.integers(-1, 1), min_size=12, max_size=12))
def test_merged_levels_share_a_condition_that_holds_for_them_alone(
    drawn: tuple[list[Any], bytes], points: list[int]
) -> None:
    column, won = drawn
    field = prepared("lead.x", column, won, SETTINGS)
    assume(field is not None)
    assert field is not None
    table = (0, *points[: field.size])
    groups = field.merged(table)
    assert sorted(level for group in groups for level in group) == [
        level for level in range(1, field.size + 1) if table[level]
    ]
    for group in groups:
        assert len({table[level] for level in group}) == 1
        holds = asked(field.when(group), field.kind, fold=False)
        for value, level in zip(column, field.levels(column), strict=True):
            assert holds(value) is (level in group)


@given(st.lists(NUMBERS, min_size=1, max_size=80), st.integers(2, 6), st.integers(1, 10))
def test_edges_rise_and_every_range_has_its_support(values: list[Any], bins: int, support: int) -> None:
    edges = edges_of(values, bins, support)
    assert list(edges) == sorted(set(edges))
    assert len(edges) < bins
    sizes = Counter(sum(value >= edge for edge in edges) for value in values)
    assert not edges or (len(sizes) == len(edges) + 1 and min(sizes.values()) >= support)


@given(st.lists(NUMBERS, min_size=1, max_size=40), st.randoms())
def test_edges_do_not_depend_on_the_order(values: list[Any], chance: Any) -> None:
    shuffled = list(values)
    chance.shuffle(shuffled)
    assert edges_of(values, 5, 2) == edges_of(shuffled, 5, 2)


def test_edges_are_numbers_a_person_would_choose() -> None:
    assert edges_of([n * n for n in range(1, 1001)], 5, 10) == (40_000, 200_000, 400_000, 600_000)
    assert [literal(edge) for edge in edges_of([n / 1000 for n in range(1000)], 5, 10)] == [
        "0.2",
        "0.4",
        "0.6",
        "0.8",
    ]


def field_of(column: list[Any], won: bytes | None = None, **choices: Any) -> Field:
    field = prepared("lead.x", column, bytes(len(column)) if won is None else won, FitSettings(**choices))
    assert field is not None
    return field


def test_rare_texts_become_other_and_spellings_are_one_level() -> None:
    field = field_of(["DE"] * 30 + ["de"] * 5 + ["PL"] * 20 + [f"rare {n}" for n in range(12)])
    assert field.labels == ("DE", "PL", "other")
    assert field.when([1]) == 'lead.x in ["DE", "de"]'
    assert field.when([3]) == 'lead.x is not None and lead.x not in ["DE", "de", "PL"]'
    assert [field.level(value) for value in ("De", "PL", "never seen", None, 5)] == [1, 2, 3, 0, 0]


def test_equally_frequent_texts_are_ordered_by_the_alphabet() -> None:
    assert field_of(["b", "a", "c"] * 20).labels == ("a", "b", "c")


def test_not_known_is_a_level_only_where_it_tells_something() -> None:
    column = ["web"] * 100 + ["fair"] * 100 + [None] * 100
    dull = bytes(n % 4 == 0 for n in range(300))
    telling = bytes(n % 4 == 0 or (n >= 200 and n % 2 == 0) for n in range(300))
    assert field_of(column, dull).missing == 0
    assert field_of(column, telling).labels == ("fair", "web", "missing")
    assert field_of(column, telling).when([3]) == "lead.x is None"


def test_numbers_get_ranges_with_readable_conditions() -> None:
    field = field_of(list(range(1000)))
    assert field.when([1]) == "lead.x < 200"
    assert field.when([2, 3]) == "lead.x >= 200 and lead.x < 600"
    assert field.when([5]) == "lead.x >= 800"
    assert field.label([2, 3]) == "200 to below 600"


def test_yes_and_no() -> None:
    field = field_of([True, False, None] * 20)
    assert (field.when([1]), field.when([2])) == ("lead.x == False", "lead.x == True")
    assert [field.level(value) for value in (False, True, None, "yes")] == [1, 2, 0, 0]


@pytest.mark.parametrize("column", [[None] * 50, ["only"] * 50, [7] * 50, [True] * 50, ["a", 1] * 25, [0, "x", 1] * 20])
def test_a_column_with_nothing_to_tell_apart_gives_no_field(column: list[Any]) -> None:
    assert prepared("lead.x", column, bytes(len(column)), FitSettings()) is None


def test_a_condition_never_grows_too_long_for_the_language() -> None:
    column = [f"{n:03}" + "x" * 400 for n in range(60)] * 12
    field = field_of(column, max_levels=200)
    assert len(field.when([field.other])) < 10_000
    parse(field.when([field.other]))
