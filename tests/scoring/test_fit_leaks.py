"""Fields that know the outcome must not pass for good scoring (S003-12)."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leadflow.errors import InvalidInputError
from leadflow.scoring.fit import Example, FitSettings, Flag, learn

HONEST = "lead.origin"


def won_at(row: int) -> bool:
    return row % 10 == 0 or row % 30 == 7


def leads(count: int = 600, **columns: Any) -> list[Example]:
    """Leads with one honest field and the given ones, each a function of (row, won)."""
    return [
        Example(
            f"l_{row:05}",
            row,
            won_at(row),
            {
                HONEST: "fair" if row % 7 < 3 or (won_at(row) and row % 3 == 0) else "web",
                **{f"lead.{name}": value(row, won_at(row)) for name, value in columns.items()},
            },
        )
        for row in range(count)
    ]


def flags_of(examples: list[Example], **choices: Any) -> dict[str, Flag]:
    fit = learn(examples, FitSettings(method="naive_bayes", **choices))
    used = set(fit.report.fields)
    for flag in fit.report.flags:
        assert (flag.field in used) is flag.is_kept
    assert HONEST in used
    return {flag.field: flag for flag in fit.report.flags}


CASES: list[tuple[str, str, Any]] = [
    (
        "one_outcome",
        "known for 100 % of won and 0 % of lost leads",
        lambda row, won: f"s{row % 3}" if won else None,
    ),
    ("one_outcome", "of won and 0 % of lost leads", lambda row, won: row % 5 if won and row % 3 else None),
    (
        "one_outcome",
        "known for 0 % of won and 100 % of lost leads",
        lambda row, won: None if won else f"r{row % 4}",
    ),
    ("presence", "known for 100 % of won", lambda row, won: row % 9 if won or row % 10 < 3 else None),
    ("pure_value", "are won", lambda row, won: "signed" if won else "open"),
    ("pure_value", "are won", lambda row, won: "gold" if won and row % 10 == 0 else f"plan {row % 3}"),
    ("too_good", "AUC of 1.00", lambda row, won: 5000 + row if won else row),
    ("identifier", "a name or an id", lambda row, won: f"lead number {row}"),
    ("identifier", "serial number", lambda row, won: 100_000 + row),
    ("mixed_types", "several types", lambda row, won: row if row % 2 else "x"),
    ("nothing_to_tell", "frequent enough", lambda row, won: "always"),
]


@pytest.mark.parametrize(("kind", "reason", "value"), CASES, ids=[f"{n}-{case[0]}" for n, case in enumerate(CASES)])
def test_a_suspicious_column_is_flagged_left_out_and_told(kind: str, reason: str, value: Any) -> None:
    flags = flags_of(leads(x=value))
    assert set(flags) == {"lead.x"}
    assert flags["lead.x"].kind == kind
    assert reason in flags["lead.x"].reason
    assert flags["lead.x"].is_leak is (kind not in ("identifier", "mixed_types", "nothing_to_tell"))


def test_an_honest_field_with_gaps_is_not_flagged() -> None:
    assert flags_of(leads(x=lambda row, won: None if row % 3 == 0 else f"v{row % 5}")) == {}


def test_a_value_that_never_wins_is_no_leak() -> None:
    """A junk source that no deal ever came from is exactly what scoring should learn."""
    assert flags_of(leads(x=lambda row, won: "junk" if not won and row % 3 == 1 else f"v{row % 2}")) == {}


def test_values_recorded_after_the_outcome_are_a_leak() -> None:
    def late(row: int) -> Example:
        lead = leads()[row]
        return Example(lead.id, lead.at_us, lead.won, {**lead.features, "lead.x": f"v{row % 3}"}, 1000, recorded(row))

    def recorded(row: int) -> dict[str, int]:
        return {"lead.x": 2000 if row % 5 == 0 else 10, HONEST: 10}

    flags = flags_of([late(row) for row in range(300)])
    assert (flags["lead.x"].kind, flags["lead.x"].reason) == (
        "after_outcome",
        "20 % of its values were recorded after the outcome",
    )


def test_keep_overrides_and_the_report_warns() -> None:
    examples = leads(x=lambda row, won: "signed" if won else "open")
    fit = learn(examples, FitSettings(method="naive_bayes", keep=("lead.x",)))
    assert fit.report.leaks == ("lead.x",)
    assert "lead.x" in fit.report.fields
    assert fit.report.points.auc == 1.0
    assert any("lead.x is used although flagged" in note for note in fit.report.notes)
    assert any("may know the outcome" in note for note in fit.report.notes)


def test_leave_out_beats_keep() -> None:
    flags = flags_of(leads(x=lambda row, won: f"v{row % 3}"), keep=("lead.x",), leave_out=("lead.x",))
    assert (flags["lead.x"].kind, flags["lead.x"].is_leak) == ("left_out", False)


def test_an_unknown_name_is_refused_with_a_suggestion() -> None:
    with pytest.raises(
        InvalidInputError, match=r"lead\.orign: no example has such a field; did you mean lead\.origin\?"
    ):
        learn(leads(), FitSettings(keep=("lead.orign",)))


def test_with_leaks_only_there_is_nothing_to_learn_from() -> None:
    examples = [
        Example(str(row), row, row % 4 == 0, {"lead.x": "signed" if row % 4 == 0 else None}) for row in range(200)
    ]
    with pytest.raises(InvalidInputError, match=r"lead\.x: known for 100 % of won and 0 % of lost leads"):
        learn(examples)


@settings(max_examples=20, deadline=None)
@given(
    st.lists(st.booleans(), min_size=200, max_size=300),
    st.sampled_from(["text", "yes_no", "number", "won only", "lost only"]),
)
def test_a_field_that_separates_perfectly_is_always_flagged(outcomes: list[bool], form: str) -> None:
    def telltale(won: bool, row: int) -> Any:
        return {
            "text": "signed" if won else "open",
            "yes_no": won,
            "number": 10 + row % 7 if won else row % 7,
            "won only": "x" if won else None,
            "lost only": None if won else "x",
        }[form]

    examples = [
        Example(f"{row:03}", row, won, {"lead.x": telltale(won, row), HONEST: f"v{row % 3}"})
        for row, won in enumerate([*outcomes, *[True, False] * 60])
    ]
    report = learn(examples, FitSettings(method="naive_bayes", split="hash")).report
    assert report.leaks == ("lead.x",)
    assert "lead.x" not in report.fields
