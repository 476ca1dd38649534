"""What is said in vain is found, and nothing else is."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leadflow.expr import Schema, Term, Type, lint, parse, to_text
from leadflow.expr import nodes as n
from leadflow.model.time import DAY_US


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ('contact.country == "a" and contact.country == "b"', ["never_true"]),
        ('contact.title == "A" and contact.title == "a"', []),
        ('contact.country in ["a"] and contact.country != "a"', ["never_true"]),
        ("contact.age > 5 and contact.age < 5", ["never_true"]),
        ("contact.age >= 5 and contact.age <= 5", []),
        ("contact.age >= 5 and contact.age <= 5 and contact.age != 5", ["never_true"]),
        ("5 < contact.age < 3", ["never_true"]),
        ("contact.age in []", ["never_true"]),
        ("contact.age is None and contact.age > 5", ["never_true"]),
        ("contact.age is None or contact.age > 5", []),
        ("contact.age is None or contact.age is not None", ["always_true"]),
        ("contact.age > 5 or contact.age <= 5", ["always_true"]),
        ("contact.is_customer and not contact.is_customer", ["never_true"]),
        ("contact.is_customer == True and contact.is_customer == False", ["never_true"]),
        ('count("x") >= 0', ["always_true"]),
        ('count("x") < 0', ["never_true"]),
        ('count("x") > 2 and count("x") < 3', ["never_true"]),
        ('count("x") == 2.5', ["never_true"]),
        ('any("x", within="7d") and not any("x", within="30d")', ["never_true"]),
        ('any("x", within="30d") and not any("x", within="7d")', []),
        ('count("x", within="7d") > 2 and count("x") < 2', ["never_true"]),
        ('any("x", campaign="a") and not any("x")', []),
        ('days_since("x") < 3 and days_since("x") > 5', ["never_true"]),
        ('contact.created_at > ago("7d") and contact.created_at < ago("30d")', ["never_true"]),
        ('contact.created_at < ago("7d") and contact.created_at > ago("30d")', []),
        (
            'contact.created_at < date("2026-01-01") and contact.created_at > instant("2026-01-01T00:00:00Z")',
            ["never_true"],
        ),
        ('stage == "won" and stage != "won"', ["never_true"]),
        ('stage != "won" and stage != "lost"', ["never_true"]),
        ('contact.age > 1 and (contact.title == "x" or contact.age < 1)', ["never_true"]),
        ("contact.age > 1 and contact.age > 1", ["duplicate"]),
        ("contact.age > 1 or True", ["always_true"]),
        ("not (contact.age > 1 and contact.age < 1)", ["always_true"]),
        ("True", []),
        ('contains(contact.title, "x") and not contains(contact.title, "x")', []),
    ],
)
def test_what_is_said_in_vain_is_found(lab: Any, text: str, codes: list[str]) -> None:
    schema = lab.schema.with_terms(Term("stage", (), Type.CODE, values=("won", "lost")))
    assert [finding.code for finding in lint(parse(text), schema)] == codes


def test_a_finding_names_the_part(lab: Any) -> None:
    text = 'contact.title == "x" and (contact.age > 5 and contact.age < 5)'
    (finding,) = lint(parse(text), lab.schema)
    assert text[slice(*finding.span)] == "contact.age > 5 and contact.age < 5"
    assert "can never be true" in str(finding)


@settings(max_examples=120, deadline=None)
@given(st.data())
def test_findings_about_the_whole_are_right(lab: Any, data: st.DataObject) -> None:
    """Never true is true in no world, always true is false in none."""
    numbers = st.integers(0, 3).map(n.Literal)
    reads = st.sampled_from(
        [
            n.FieldRef("contact", "age"),
            n.Occurrence("count", "order"),
            n.Occurrence("count", "order", within_us=DAY_US),
            n.Occurrence("days_since", "order"),
        ]
    )
    leaf = st.one_of(
        st.builds(n.Compare, st.sampled_from(["==", "!=", "<", "<=", ">", ">="]), reads, numbers),
        st.just(n.IsNone(n.FieldRef("contact", "age"))),
        st.just(n.Occurrence("any", "order", within_us=DAY_US)),
        st.sampled_from(["DE", "PL"]).map(
            lambda code: n.Compare("==", n.FieldRef("contact", "country"), n.Literal(code))
        ),
    )
    several = st.lists(leaf | leaf.map(n.Not), min_size=2, max_size=4).map(tuple)
    text = to_text(data.draw(st.builds(n.And, several) | st.builds(n.Or, several)))
    node = parse(text)
    whole = [finding.code for finding in lint(node, lab.schema) if finding.span == (0, len(text))]
    if not whole:
        return
    for world in data.draw(st.lists(lab.worlds, min_size=3, max_size=3)):
        truth = lab.Oracle(world, lab.T0).truth(node)
        assert not ("never_true" in whole and truth is True)
        assert not ("always_true" in whole and truth is False)


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_linting_never_fails(lab: Any, data: st.DataObject) -> None:
    for finding in lint(parse(to_text(data.draw(lab.conditions))), lab.schema):
        assert finding.code in ("never_true", "always_true", "duplicate")


def test_linting_a_wide_condition_is_quick() -> None:
    text = " or ".join(f"contact.age == {number}" for number in range(450))
    assert lint(parse(text), Schema({"contact": {}})) == []
