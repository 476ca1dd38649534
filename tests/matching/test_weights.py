"""Match weights: what the estimation learns, and that every weight is explained."""

from __future__ import annotations

from math import log2

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leadflow.errors import InvalidValueError
from leadflow.matching.comparators import default_comparators
from leadflow.matching.duplicates import learn_weights
from leadflow.matching.em import Everything, Guess, Term, estimate
from leadflow.matching.linkage.spec import Comparison, LinkageSpec
from leadflow.matching.linkage.specs import contact_spec
from leadflow.matching.weights import Alternative, Frequency, Outcome, bits, explain, probability

ROWS = [
    {"first_name": first, "last_name": last, "email": f"{first}.{last}{number}@example.com", "city": city}
    for number in range(2)
    for first, city in (("Ana", "Koper"), ("Bob", "Celje"), ("Eva", "Kranj"), ("Jan", "Ptuj"))
    for last in ("Kos", "Jug", "Novak", "Zupan", "Horvat")
]
WEIGHTS = learn_weights(ROWS, contact_spec())
values = st.sampled_from(["Ana", "Anna", "ANA", "Kos", "Koss", "ana.kos0@example.com", "Koper", "", None])
rows = st.fixed_dictionaries(dict.fromkeys(("first_name", "last_name", "email", "city", "phone"), values))


@settings(max_examples=100)
@given(left=rows, right=rows)
def test_the_evidence_adds_up_to_the_weight_and_is_the_same_from_both_sides(
    left: dict[str, str | None], right: dict[str, str | None]
) -> None:
    found = explain(WEIGHTS, left, right)
    assert found.prior + sum(each.weight for each in found.evidence) == pytest.approx(found.weight)
    assert found.probability == probability(found.weight)
    assert found == explain(WEIGHTS, right, left)
    missing = [each for each in found.evidence if each.level == "missing"]
    assert all(each.weight == 0 for each in missing)
    for each, comparison in zip(found.evidence, WEIGHTS.spec.comparisons, strict=False):
        texts = [comparison.clean(row.get(each.field) or "") for row in (left, right)]
        assert each.level == "missing" or all(texts)


def test_evidence_names_levels_and_no_values() -> None:
    found = explain(WEIGHTS, ROWS[0], {**ROWS[0], "city": "Nova Gorica"})
    assert [each.level for each in found.evidence if each.field in ("first_name", "city")] == ["exact", "different"]
    assert "Gorica" not in repr(found)
    assert found.against in Alternative


def test_one_bit_doubles_the_odds_and_thresholds_are_probabilities() -> None:
    assert probability(bits(0.8)) == pytest.approx(0.8)
    assert probability(1.0) / (1 - probability(1.0)) == pytest.approx(2)
    assert [WEIGHTS.outcome(bits(chance)) for chance in (0.81, 0.5, 0.09)] == [
        Outcome.SAME,
        Outcome.ASK,
        Outcome.DIFFERENT,
    ]


def test_a_pair_is_weighed_against_every_kind_of_different_pairs() -> None:
    pattern = 0b001_001  # first and last name agree, all else is missing
    against = WEIGHTS.against(pattern)
    assert len(against) == len(Alternative)
    assert WEIGHTS.of_pattern(pattern) == pytest.approx(-log2(sum(2.0**-each for each in against)))
    assert WEIGHTS.of_pattern(pattern) <= min(against)


def test_agreement_on_a_rare_value_weighs_more() -> None:
    frequency = Frequency({"novak": 90, "zupan": 9, "quirk": 1}, 100, (90**2 + 9**2 + 1) / 100**2)
    assert frequency.bits("quirk") > frequency.bits("zupan") > 0 > frequency.bits("novak")
    assert frequency.bits("quirk") == frequency.most_bits


PATTERNS = st.dictionaries(st.integers(0, 63), st.integers(1, 50), min_size=1, max_size=12)
GUESSES = Guess((0, 0.8, 0.1, 0.1), hold=0.2), Guess((0, 0.1, 0.1, 0.8))
TERMS = [Term(2 * at, 3, True, GUESSES) for at in range(3)]


@settings(max_examples=60)
@given(counts=PATTERNS)
def test_the_estimation_depends_on_counts_not_on_their_order(counts: dict[int, int]) -> None:
    backwards = dict(reversed(counts.items()))
    found = estimate(counts, TERMS, (0.1, 0.9))
    assert found == estimate(backwards, TERMS, (0.1, 0.9))
    assert sum(found.kinds) == pytest.approx(1, abs=0.01)
    for kind in found.shares:
        for shares in kind:
            assert shares[0] == 0
            assert sum(shares) == pytest.approx(1)
            assert all(share > 0 for share in shares[1:])


def test_the_estimation_finds_the_shares_that_made_the_counts() -> None:
    m, u, same = (0.9, 0.1), (0.2, 0.8), 0.1
    counts = {}
    for pattern in range(16):
        codes = [pattern >> at & 1 for at in range(4)]
        both = [same, 1 - same]
        for code in codes:
            both = [both[0] * m[code], both[1] * u[code]]
        counts[sum(code + 1 << 2 * at for at, code in enumerate(codes))] = round(100_000 * sum(both))
    terms = [Term(2 * at, 3, True, (Guess((0, 0.7, 0.3)), Guess((0, 0.3, 0.7)))) for at in range(4)]
    found = estimate(counts, terms, (0.3, 0.7), rounds=500, tolerance=1e-7)
    assert found.kinds[0] == pytest.approx(same, abs=0.01)
    assert found.shares[0][0][1] == pytest.approx(m[0], abs=0.02)
    assert found.shares[1][0][1] == pytest.approx(u[0], abs=0.02)


def test_a_guess_that_is_held_stays_and_what_is_never_seen_is_strangers() -> None:
    held = [Term(0, 3, True, (Guess((0, 0.9, 0.1), hold=1.0), Guess((0, 0.5, 0.5))))]
    found = estimate({1: 10, 2: 10}, held, (0.1, 0.9), Everything(1000.0, ((0, 10, 990),)))
    assert found.shares[0] == ((0, 0.9, 0.1),)
    assert found.shares[1][0][2] > 0.95
    assert found.kinds[0] < 0.05


def test_inversions_name_the_fields_whose_better_level_weighs_less() -> None:
    assert set(WEIGHTS.inversions) <= {each.field for each in WEIGHTS.spec.comparisons}
    for each in WEIGHTS.fields[: len(WEIGHTS.spec.comparisons)]:
        weights = [level.weight for level in each.levels[1:]]
        assert (each.field in WEIGHTS.inversions) == (weights != sorted(weights, reverse=True))


@pytest.mark.parametrize("levels", [(), (0.9, 1.0), (1.0, 1.0), (1.2,), (1.0, 0.0), (1.0, 0.9, 0.8, 0.7, 0.6, 0.5)])
def test_thresholds_that_do_not_descend_are_refused(levels: tuple[float, ...]) -> None:
    with pytest.raises(InvalidValueError):
        Comparison("city", default_comparators()["exact"], levels)


def test_a_spec_says_what_is_wrong_with_it() -> None:
    city = Comparison("city", default_comparators()["exact"])
    assert LinkageSpec(comparisons=(city,), keys=()).versions == ("exact@1",)
    with pytest.raises(InvalidValueError):
        LinkageSpec(comparisons=(city, city), keys=())
    with pytest.raises(InvalidValueError):
        LinkageSpec(comparisons=(city,), keys=(), same_at=0.2, ask_at=0.5)
