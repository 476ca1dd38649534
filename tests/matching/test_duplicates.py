"""Duplicates over what is stored, and one arrival against it: laws, then quality on generated people and companies."""

from __future__ import annotations

import importlib.util
import random
from collections.abc import Sequence
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve
from hypothesis import given, settings
from hypothesis import strategies as st

from leadflow.errors import InvalidValueError
from leadflow.matching.blocking import Blocks
from leadflow.matching.comparators import Comparator, default_comparators, with_comparators
from leadflow.matching.duplicates import DuplicateReport, find_duplicates, learn_weights
from leadflow.matching.linkage.clusters import grouped
from leadflow.matching.linkage.columns import CODE_MASK, Columns
from leadflow.matching.linkage.index import Index
from leadflow.matching.linkage.spec import BlockingKey, KeyPart, LinkageSpec
from leadflow.matching.linkage.specs import account_spec, contact_spec, spec_for
from leadflow.matching.weights import Outcome

_found = importlib.util.spec_from_file_location("corrupted_records", Path(__file__).with_name("corrupted_records.py"))
assert _found is not None
assert _found.loader is not None
made: Any = importlib.util.module_from_spec(_found)
_found.loader.exec_module(made)

Row = dict[str, str | None]
CONTACTS: list[Row] = made.contacts(120, seed=5)[0]
WEIGHTS = learn_weights(CONTACTS, contact_spec())

_values = {
    "first_name": ["Ana", "Anna", "ana ", "Bob", "Robert", "Kos"],
    "last_name": ["Kos", "Koss", "Novak", "Ana"],
    "email": ["ana@a.si", "ANA@a.si", "anna@a.si", "bob@b.si"],
    "phone": ["040 123 456", "+386 40 123 456", "041 999 999"],
    "city": ["Koper", "Kooper", "Ptuj"],
    "birth_date": ["1980-02-03", "3.2.1980", "1980-02-04", "1975"],
}
rows = st.lists(
    st.fixed_dictionaries({name: st.sampled_from([*values, None, ""]) for name, values in _values.items()}), max_size=8
)


def _contents(rows: Sequence[Row], report: DuplicateReport) -> tuple[list[Any], list[Any]]:
    key = [repr(sorted(row.items())) for row in rows]
    pairs = sorted((sorted((key[pair.left], key[pair.right])), pair.weight, pair.outcome) for pair in report.pairs)
    return sorted(sorted(key[row] for row in group) for group in report.clusters), pairs


# -- laws -------------------------------------------------------------------------------------------------


@settings(max_examples=50, deadline=None)
@given(rows=rows, order=st.randoms(use_true_random=False))
def test_the_result_does_not_depend_on_the_order_of_the_rows(rows: list[Row], order: random.Random) -> None:
    mixed = list(rows)
    order.shuffle(mixed)
    assert _contents(rows, find_duplicates(rows, contact_spec())) == _contents(
        mixed, find_duplicates(mixed, contact_spec())
    )


@pytest.mark.parametrize("seed", [1, 2])
def test_the_result_does_not_depend_on_the_order_of_many_rows(seed: int) -> None:
    mixed = list(CONTACTS)
    random.Random(seed).shuffle(mixed)
    spec = evolve(contact_spec(), block_cap=6)  # small blocks, so that refining is part of the law
    assert _contents(CONTACTS, find_duplicates(CONTACTS, spec)) == _contents(mixed, find_duplicates(mixed, spec))


def test_more_pairs_than_are_held_give_the_same_groups() -> None:
    rows, truth = made.people(800, seed=6)
    spec = spec_for(rows)
    lean = find_duplicates(rows, spec, held=2000)
    assert lean.compared == find_duplicates(rows, spec).compared > 2000
    assert _f1(lean, truth) > 0.98
    assert _contents(rows, lean) == _contents(rows[::-1], find_duplicates(rows[::-1], spec, held=2000))


@settings(max_examples=50, deadline=None)
@given(rows=rows, copied=st.data())
def test_exact_copies_are_always_the_same(rows: list[Row], copied: st.DataObject) -> None:
    """S003-8: no duplicates. A row of nothing is nobody's copy."""
    row = copied.draw(st.sampled_from(rows)) if rows else {"city": "Koper"}
    report = find_duplicates([*rows, row, dict(row)], contact_spec())
    together = [group for group in report.clusters if {len(rows), len(rows) + 1} <= set(group)]
    if any(value and value.strip() for value in row.values()):
        assert len(together) == 1
        assert all(pair.outcome is Outcome.SAME for pair in report.pairs if pair.is_copy)
    else:
        assert not together


@settings(max_examples=40, deadline=None)
@given(rows=rows)
def test_pairs_are_listed_once_and_clusters_are_disjoint(rows: list[Row]) -> None:
    report = find_duplicates(rows, contact_spec())
    places = [(pair.left, pair.right) for pair in report.pairs]
    assert len(set(places)) == len(places)
    assert all(left < right for left, right in places)
    members = [row for group in report.clusters for row in group]
    assert len(set(members)) == len(members)
    assert set(report.pairs) == {*report.same, *report.ask}
    assert all(pair.explanation.evidence == pair.evidence for pair in (each.score for each in report.pairs))


def test_one_by_one_scores_as_the_batch_does() -> None:
    batch = find_duplicates(CONTACTS, contact_spec(), weights=WEIGHTS)
    index = Index(WEIGHTS, CONTACTS[:60])
    for row in CONTACTS[60:]:
        index.add(row)
    assert len(index) == len(CONTACTS)
    assert batch.pairs
    for pair in batch.pairs:
        for place, other in ((pair.left, pair.right), (pair.right, pair.left)):
            found = {each.position: each for each in index.candidates(CONTACTS[place])}
            assert found[other].weight == pair.weight
            assert found[other].outcome is pair.outcome
            assert found[other].evidence == pair.evidence


@settings(max_examples=60, deadline=None)
@given(rows=rows.filter(lambda rows: len(rows) > 1))
def test_patterns_are_those_of_comparing_every_field_of_every_pair(rows: list[Row]) -> None:
    spec = evolve(contact_spec(), swaps=())
    columns = Columns(spec)
    texts = [columns.cleaned(row) for row in rows]
    for each in texts:
        columns.append(each)
    for _ in range(2):  # the second time from memory
        for left in range(len(rows)):
            others = [other for other in range(len(rows)) if other != left]
            for other, pattern in zip(others, columns.patterns(texts[left], others), strict=True):
                for at, comparison in enumerate(spec.comparisons):
                    a, b = texts[left][at], texts[other][at]
                    alike = comparison.comparator.function(a, b)
                    level = next(
                        (n for n, least in enumerate(comparison.levels) if alike >= least), len(comparison.levels)
                    )
                    assert pattern >> 3 * at & CODE_MASK == (level + 1 if a and b else 0)


_part = KeyPart("city", lambda text: text[:2])
_other = KeyPart("last_name", lambda text: text[:1])


_short = st.text("ab", max_size=3)


@settings(max_examples=80)
@given(
    rows=st.lists(st.fixed_dictionaries({"city": _short, "last_name": _short}), max_size=14),
    cap=st.integers(2, 5),
)
def test_blocks_bring_together_what_shares_a_key_unless_too_many_do(rows: list[dict[str, str]], cap: int) -> None:
    blocks = Blocks((BlockingKey("city", (_part,)), BlockingKey("name", (_other,))), cap)
    seen = [blocks.views(row) for row in rows]
    for views in seen:
        blocks.add(views)
    sizes = {key: sum(key in blocks.keys(views) for views in seen) for views in seen for key in blocks.keys(views)}
    for a, b in combinations(range(len(rows)), 2):
        shared = set(blocks.keys(seen[a])) & set(blocks.keys(seen[b]))
        both = sum(views == seen[a] for views in seen)
        expected = any(sizes[key] <= cap for key in shared) or (
            bool(shared) and seen[a] == seen[b] and "" not in seen[a] and seen[a][0] != seen[a][1] and both <= cap
        )
        assert (b in blocks.near(seen[a])) == (a in blocks.near(seen[b])) == expected
        assert (b in blocks.near(seen[a], a)) == expected


# -- groups -----------------------------------------------------------------------------------------------


def test_groups_that_disagree_are_not_chained_together() -> None:
    alike = {(0, 1): 9.0, (2, 3): 8.0, (1, 2): 5.0, (0, 2): -20.0, (0, 3): -20.0, (1, 3): -20.0}
    groups, conflicts = grouped(
        [(0, 1), (2, 3), (1, 2)], lambda a, others: [alike[min(a, b), max(a, b)] for b in others], -3.0
    )
    assert (groups, conflicts) == ([[0, 1], [2, 3]], [(1, 2)])


def test_a_chain_whose_ends_agree_is_one_group() -> None:
    pairs = [(at, at + 1) for at in range(9)]
    groups, conflicts = grouped(pairs, lambda a, others: [4.0 for _ in others], -3.0)
    assert (groups, conflicts) == ([list(range(10))], [])


# -- quality ----------------------------------------------------------------------------------------------


def _f1(report: DuplicateReport, truth: set[tuple[int, int]]) -> float:
    got = {(a, b) for group in report.clusters for a in group for b in group if a < b}
    return 2 * len(got & truth) / (len(got) + len(truth))


@pytest.mark.parametrize(
    ("make", "spec", "least"),
    [
        (made.people, None, 0.985),
        (made.contacts, None, 0.97),
        (made.contacts, contact_spec(), 0.95),
        (made.companies, None, 0.96),
        (made.companies, account_spec(), 0.95),
    ],
    ids=["people", "contacts", "contacts, ready-made", "companies", "companies, ready-made"],
)
def test_doubles_are_found_among_related_records(make: Any, spec: LinkageSpec | None, least: float) -> None:
    rows, truth = make(1500, seed=11)
    report = find_duplicates(rows, spec or spec_for(rows))
    assert _f1(report, truth) >= least
    asked = {(pair.left, pair.right) for pair in report.ask}
    assert len(report.ask) < len(truth) / 5
    assert len(truth & asked) > 0 or _f1(report, truth) == 1.0


@pytest.mark.parametrize("make", [made.people, made.contacts, made.companies])
def test_where_there_are_no_doubles_next_to_nothing_is_the_same(make: Any) -> None:
    rows, truth = make(1200, seed=3, doubles=0.0)
    assert not truth
    report = find_duplicates(rows, spec_for(rows))
    assert len(report.same) <= len(rows) / 100  # some namesakes have like addresses too


def test_candidates_stay_far_below_all_pairs() -> None:
    rows, _ = made.people(1500, seed=4)
    report = find_duplicates(rows, spec_for(rows))
    assert report.compared < len(rows) * 40


def test_a_block_above_the_cap_is_refined_and_counted() -> None:
    rows = [
        {"city": "Koper", "last_name": f"{chr(97 + n % 26)}{'ab'[n % 2]}x", "email": f"{n}@a.si"} for n in range(120)
    ]
    spec = LinkageSpec(
        comparisons=contact_spec().comparisons,
        keys=(BlockingKey("city", (_part,)), BlockingKey("name", (_other,))),
        block_cap=20,
    )
    report = find_duplicates(rows, spec)
    assert report.blocks_refined == 1
    assert report.blocks_skipped == 0
    assert report.compared < 120 * 20


# -- arrivals ---------------------------------------------------------------------------------------------


def test_an_arrival_finds_the_contact_it_repeats() -> None:
    """S003-7: field values of the incoming record are compared with those of existing records."""
    index = Index(WEIGHTS, CONTACTS)
    place = next(at for at, row in enumerate(CONTACTS) if row["email"] and row["first_name"] and row["last_name"])
    row = CONTACTS[place]
    again = {**row, "last_name": f"{row['last_name']}x", "city": None}
    best = index.candidates(again)[0]
    assert best.outcome is Outcome.SAME
    assert CONTACTS[best.position]["email"] == row["email"]
    same_row = index.candidates(row)[0]
    assert (same_row.position, same_row.is_copy) == (place, True)


def test_a_removed_record_is_not_offered_again() -> None:
    index = Index(WEIGHTS, CONTACTS)
    before = [each.position for each in index.candidates(CONTACTS[0])]
    index.remove(before[0])
    assert [each.position for each in index.candidates(CONTACTS[0])] == before[1:]
    assert len(index) == len(CONTACTS) - 1
    assert index.candidates({}) == []


# -- specs ------------------------------------------------------------------------------------------------


def test_the_fields_of_a_linkage_are_chosen_by_the_user() -> None:
    """S003-9: which fields decide is the user's choice; a comparator may be the user's own."""
    mine = Comparator("same_digits", "1", lambda a, b: float(sorted(a) == sorted(b)))
    known = with_comparators(default_comparators(), [mine])
    spec = contact_spec(known)
    city = spec.comparisons[0]
    chosen = LinkageSpec(
        comparisons=(evolve(city, field="code", comparator=mine, levels=(1.0,)), evolve(city, field="name")),
        keys=(BlockingKey("name", (KeyPart("name", lambda text: text),)),),
    )
    rows: list[Row] = [{"name": f"n{at}", "code": str(at)} for at in range(30)]
    rows += [{"name": "n12", "code": "21"}]
    pair = max(find_duplicates(rows, evolve(chosen, ask_at=0.001)).pairs, key=lambda each: each.weight)
    assert (pair.left, pair.right) == (12, 30)
    assert [each.level for each in pair.evidence] == ["exact", "exact"]


def test_columns_of_other_names_are_understood() -> None:
    rows: list[Row] = [
        {
            "kundenId": f"K-{at}",
            "Nachname": f"mu{'aeiou'[at % 5]}ll{'er' if at % 2 else 'mann'}",
            "PLZ": str(1000 + at % 7),
            "Geburtsdatum": f"19{50 + at % 40}-0{1 + at % 9}-1{at % 9}",
            "E-Mail": f"a{at}@b.de",
            "updated_at": f"2026-01-{1 + at % 28:02}",
            "Land": "AT" if at % 3 else "DE",
            "empty": None,
        }
        for at in range(300)
    ]
    compared = {each.field: each.comparator.name for each in spec_for(rows).comparisons}
    assert compared == {
        "Nachname": "jaro_winkler",
        "PLZ": "exact",
        "Geburtsdatum": "calendar_date",
        "E-Mail": "email_address",
        "Land": "exact",
    }


def test_rows_with_nothing_to_compare_are_refused() -> None:
    with pytest.raises(InvalidValueError):
        spec_for([{"id": "1"}, {"id": "2"}])


def test_endless_values_are_cut_not_waited_for() -> None:
    rows: list[Row] = [
        {"first_name": "a" * 300_000, "company": "b c " * 50_000, "email": f"{at}@a.si"} for at in range(3)
    ]
    assert find_duplicates(rows, contact_spec()).compared == 3


def test_few_rows_and_none() -> None:
    assert find_duplicates([], contact_spec()).pairs == ()
    assert find_duplicates([{"email": "a@b.si"}], contact_spec()).clusters == ()
    assert find_duplicates([{}, {}], contact_spec()).clusters == ()
