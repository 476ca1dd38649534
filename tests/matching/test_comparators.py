"""Comparators and their prefilters: laws, then published and everyday examples."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leadflow.errors import PluginConflictError
from leadflow.matching.comparators import (
    Comparator,
    damerau_levenshtein,
    default_comparators,
    edit_distance,
    jaro_winkler,
    with_comparators,
)

NAMES = sorted(default_comparators())
letters = st.text("abcdelnrst", max_size=12)
texts = st.one_of(
    letters,
    st.lists(st.sampled_from(["ana", "bob", "robert", "main", "street", "acme", "trading", "12", "x"]), max_size=4).map(
        " ".join
    ),
    st.text(max_size=10),
    st.dates().map(lambda date: date.strftime("%Y%m%d")),
    st.text("0123456789", max_size=9),
    st.builds("{}@{}".format, st.text("abc.", max_size=6), st.sampled_from(["a.si", "b.si", ""])),
)


@st.composite
def slipped(draw: st.DrawFn) -> tuple[str, str]:
    """A text and the same with up to three slips."""
    text = draw(texts)
    other = list(text)
    for _ in range(draw(st.integers(0, 3))):
        at = draw(st.integers(0, len(other)))
        other[at : at + draw(st.integers(0, 1))] = draw(st.sampled_from(["", "a", "1", " ", "zz"]))
    return text, "".join(other)


pairs = st.one_of(st.tuples(texts, texts), slipped())


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=80)
@given(pair=pairs)
def test_symmetric_within_0_and_1_and_1_for_equal_texts(name: str, pair: tuple[str, str]) -> None:
    function = default_comparators()[name].function
    a, b = pair
    assert 0 <= function(a, b) <= 1
    assert function(a, b) == function(b, a)
    assert function(a, a) == function(b, b) == 1


@pytest.mark.parametrize("name", [name for name in NAMES if default_comparators()[name].prefilter])
@settings(max_examples=150)
@given(pair=pairs, threshold=st.sampled_from([0.2, 0.3, 0.5, 0.6, 0.74, 0.75, 0.85, 0.88, 0.9, 0.92, 0.95, 1.0]))
def test_a_prefilter_never_drops_a_pair_that_reaches_the_threshold(
    name: str, pair: tuple[str, str], threshold: float
) -> None:
    comparator = default_comparators()[name]
    assert comparator.prefilter is not None
    a, b = pair
    if a and b and comparator.function(a, b) >= threshold:
        (marks, size), (others, other_size) = comparator.prefilter.profile(a), comparator.prefilter.profile(b)
        shared = (marks & others).bit_count()
        assert shared * (1 / size + 1 / other_size) >= comparator.prefilter.least(threshold)


def _slow_distance(a: str, b: str) -> int:
    table = {(-1, -1): 0}
    for i in range(-1, len(a)):
        for j in range(-1, len(b)):
            if i == j == -1:
                continue
            ways = []
            if i >= 0:
                ways.append(table[i - 1, j] + 1)
            if j >= 0:
                ways.append(table[i, j - 1] + 1)
            if i >= 0 and j >= 0:
                ways.append(table[i - 1, j - 1] + (a[i] != b[j]))
            if i > 0 and j > 0 and a[i] == b[j - 1] and a[i - 1] == b[j]:
                ways.append(table[i - 2, j - 2] + 1)
            table[i, j] = min(ways)
    return table[len(a) - 1, len(b) - 1]


@settings(max_examples=200)
@given(pair=pairs)
def test_edit_distance_is_that_of_the_plain_table(pair: tuple[str, str]) -> None:
    assert edit_distance(*pair) == _slow_distance(*pair)


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [
        ("MARTHA", "MARHTA", 0.961),
        ("DIXON", "DICKSONX", 0.813),
        ("DWAYNE", "DUANE", 0.840),
        ("JONES", "JOHNSON", 0.832),
        ("ABC", "XYZ", 0.0),
    ],
)
def test_jaro_winkler_gives_the_published_values(a: str, b: str, expected: float) -> None:
    assert jaro_winkler(a, b) == pytest.approx(expected, abs=0.001)


@pytest.mark.parametrize(
    ("name", "a", "b", "expected"),
    [
        ("damerau_levenshtein", "2650", "2605", 0.75),
        ("free_text", "ains lie avenue", "ainslie avenue", 1.0),
        ("free_text", "12 main street", "main street 12", 1.0),
        ("company_name", "acme", "acme trading", 0.9),
        ("calendar_date", "19800203", "19800302", 0.88),
        ("calendar_date", "19800203", "19820203", 0.9),
        ("calendar_date", "19800203", "1980", 0.5),
        ("given_name", "peggy", "margaret", 0.93),
        ("numeric", "90", "100", 0.9),
        ("email_address", "ana@a.si", "ana@gmail.com", 0.9),
        ("exact", "si", "de", 0.0),
        ("token_overlap", "acme group", "acme holding", 0.5),
    ],
)
def test_everyday_pairs(name: str, a: str, b: str, expected: float) -> None:
    assert default_comparators()[name].function(a, b) == pytest.approx(expected)


def test_a_caller_adds_a_comparator_and_cannot_replace_one_by_accident() -> None:
    mine = Comparator("first_letter", "7", lambda a, b: float(a[:1] == b[:1]))
    known = with_comparators(default_comparators(), [mine])
    assert known["first_letter"] is mine
    assert "first_letter" not in default_comparators()
    with pytest.raises(PluginConflictError):
        with_comparators(known, [Comparator("exact", "2", damerau_levenshtein)])
