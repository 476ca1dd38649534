"""Territories: most specific first, then order; validity; and nothing of the place in the answer."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadflow.assignment.choosing.territory import LEVELS, Place, TerritoryMatch, match_territory
from leadflow.assignment.rules import Territory
from leadflow.model.time import instant_us

NOW = instant_us(datetime(2026, 11, 23, 9, tzinfo=UTC))

digits = st.text("0123", min_size=1, max_size=3)
few = st.sampled_from(("x", "y", "z"))
places = st.builds(
    Place, postcode=st.none() | digits, city=st.none() | few, region=st.none() | few, country=st.none() | few
)
some = st.lists(few, max_size=2, unique=True).map(tuple)


@st.composite
def maps(draw: st.DrawFn) -> tuple[Territory, ...]:
    return tuple(
        Territory(
            name=f"t{number}",
            target="user:ana",
            postcodes=tuple(draw(st.lists(digits, max_size=2))),
            cities=draw(some),
            regions=draw(some),
            countries=draw(some),
            order=draw(st.integers(0, 2)),
        )
        for number in range(draw(st.integers(0, 6)))
    )


def territory(name: str, **more: Any) -> Territory:
    return Territory(name=name, target="user:ana", **more)


def found(territories: tuple[Territory, ...], **place: str) -> TerritoryMatch:
    return match_territory(territories, Place(**place), NOW)


# -- laws -------------------------------------------------------------------------------------------------


@given(maps(), places, st.randoms(use_true_random=False))
def test_the_answer_does_not_depend_on_how_they_are_listed(
    territories: tuple[Territory, ...], place: Place, random: Any
) -> None:
    shuffled = list(territories)
    random.shuffle(shuffled)
    one = match_territory(territories, place, NOW)
    other = match_territory(shuffled, place, NOW)
    assert one.territory == other.territory
    assert (one.level, one.prefix_length) == (other.level, other.prefix_length)
    assert dict(one.passed_over) == dict(other.passed_over)


@given(maps(), places)
def test_each_territory_is_matched_or_passed_over_for_a_reason(
    territories: tuple[Territory, ...], place: Place
) -> None:
    match = match_territory(territories, place, NOW)
    named = [name for name, _ in match.passed_over] + ([match.territory.name] if match.territory else [])
    assert sorted(named) == [one.name for one in territories]
    assert (match.territory is None) == (match.level is None)


@given(maps(), places)
def test_taking_away_a_loser_changes_nothing_and_the_winner_alone_still_covers(
    territories: tuple[Territory, ...], place: Place
) -> None:
    match = match_territory(territories, place, NOW)
    for loser, _ in match.passed_over:
        rest = tuple(one for one in territories if one.name != loser)
        assert match_territory(rest, place, NOW).territory == match.territory
    if match.territory is not None:
        assert match_territory((match.territory,), place, NOW).level == match.level


@given(maps(), places)
def test_no_covering_territory_is_more_specific_than_the_winner(
    territories: tuple[Territory, ...], place: Place
) -> None:
    match = match_territory(territories, place, NOW)
    for one in territories:
        alone = match_territory((one,), place, NOW)
        if alone.level is not None:
            assert match.level is not None
            assert (LEVELS.index(match.level), -match.prefix_length) <= (
                LEVELS.index(alone.level),
                -alone.prefix_length,
            )


# -- examples ---------------------------------------------------------------------------------------------


def test_rule_102_each_level_beats_the_next() -> None:
    everything = (
        territory("default"),
        territory("country", countries=("SI",)),
        territory("region", regions=("Gorenjska",)),
        territory("city", cities=("Kranj",)),
        territory("postcode", postcodes=("4",)),
    )
    place = {"postcode": "4000", "city": "Kranj", "region": "Gorenjska", "country": "SI"}
    for number in range(5, 0, -1):
        match = found(everything[:number], **place)
        assert match.territory == everything[number - 1]
        assert match.level == everything[number - 1].name


def test_the_longest_prefix_wins_whatever_the_order() -> None:
    short, long = territory("short", postcodes=("4",), order=0), territory("long", postcodes=("40",), order=9)
    match = found((short, long), postcode="4000")
    assert match.territory == long
    assert match.prefix_length == 2
    assert match.passed_over == (("short", "less_specific"),)


def test_among_equals_the_order_then_the_name_decides() -> None:
    first, second = territory("b", countries=("SI",), order=1), territory("a", countries=("SI",), order=2)
    assert found((second, first), country="SI").territory == first
    assert found((second, first), country="SI").passed_over == (("a", "later_in_order"),)
    assert found((territory("z"), territory("y")), country="SI").territory == territory("y")


def test_all_criteria_must_hold() -> None:
    """A postcode prefix means little without its country."""
    vienna = territory("vienna", postcodes=("1",), countries=("AT",))
    assert found((vienna,), postcode="1010", country="AT").territory == vienna
    assert found((vienna,), postcode="1000", country="SI").territory is None
    assert found((vienna,), postcode="1010").territory is None


@pytest.mark.parametrize("postcode", ["SW1A 1AA", "sw1a1aa", " SW1A-1AA "])
def test_postcodes_are_compared_without_blanks_hyphens_and_case(postcode: str) -> None:
    assert found((territory("w", postcodes=("sw1",)),), postcode=postcode).territory is not None


@pytest.mark.parametrize("city", ["KÖLN", "köln", " Köln ", "Ko\u0308ln"])
def test_names_are_compared_without_case_and_spelling_of_accents(city: str) -> None:
    assert found((territory("k", cities=("Köln",)),), city=city).territory is not None


def test_a_place_that_is_not_known_falls_to_the_default_only() -> None:
    territories = (territory("c", countries=("SI",)), territory("p", postcodes=("1",)), territory("rest"))
    match = match_territory(territories, Place(), NOW)
    assert (match.territory, match.level) == (territories[2], "default")
    assert match_territory(territories[:2], Place(), NOW).passed_over == (
        ("c", "elsewhere"),
        ("p", "elsewhere"),
    )


def test_a_postcode_criterion_of_signs_only_covers_nothing() -> None:
    assert found((territory("p", postcodes=("-",)),), postcode="1000").territory is None


def test_validity_is_inclusive_and_by_the_zones_calendar() -> None:
    old = territory("old", valid_until="2026-11-22")
    new = territory("new", valid_from="2026-11-23")
    late = instant_us(datetime(2026, 11, 22, 23, 30, tzinfo=UTC))
    assert match_territory((old, new), Place(), late).territory == old
    assert match_territory((old, new), Place(), late).passed_over == (("new", "not_valid_yet"),)
    there = match_territory((old, new), Place(), late, "Europe/Ljubljana")
    assert there.territory == new
    assert there.passed_over == (("old", "no_longer_valid"),)
