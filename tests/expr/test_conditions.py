"""Laws of a compiled condition."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from leadflow.errors import ExpressionError
from leadflow.expr import SignalTable, check, compile_condition, parse, to_text
from leadflow.expr import nodes as n
from leadflow.model.time import NEVER_US

LAWS = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@LAWS
@given(data=st.data())
def test_canonical_text_parses_to_the_same_tree(lab: Any, data: st.DataObject) -> None:
    node = data.draw(lab.conditions)
    assert parse(to_text(node)) == node
    assert to_text(parse(to_text(node))) == to_text(node)


@LAWS
@given(data=st.data())
def test_generated_conditions_are_sound(lab: Any, data: st.DataObject) -> None:
    assert check(data.draw(lab.conditions), lab.schema) == []


@LAWS
@given(data=st.data())
def test_value_test_and_explanation_agree_with_the_oracle(lab: Any, data: st.DataObject) -> None:
    """NNF keeps the Kleene meaning; compiled code, its twin with `until`, and the explanation say the same."""
    node, world, now_us = data.draw(lab.conditions), data.draw(lab.worlds), data.draw(lab.moments)
    table = SignalTable()
    condition = compile_condition(node, lab.schema, table)
    view = world.view(now_us, table)
    wanted = lab.Oracle(world, now_us).truth(node)
    value = condition.value(view, now_us)
    assert value is (wanted is True)
    assert condition.test(view, now_us)[0] is value
    assert condition.explain(view, now_us).value is wanted


@LAWS
@given(data=st.data())
def test_value_is_constant_until_until(lab: Any, data: st.DataObject) -> None:
    node, world, now_us = data.draw(lab.conditions), data.draw(lab.worlds), data.draw(lab.moments)
    table = SignalTable()
    condition = compile_condition(node, lab.schema, table)
    value, until_us = condition.test(world.view(now_us, table), now_us)
    assert now_us < until_us <= NEVER_US
    for probe_us in lab.probes(world, now_us, until_us):
        assert condition.value(world.view(probe_us, table), probe_us) is value


@LAWS
@given(data=st.data())
def test_a_leaf_of_windows_and_moments_changes_exactly_at_until(lab: Any, data: st.DataObject) -> None:
    """No timer is set for nothing: where a single leaf names an instant, the value does flip there."""
    windows = st.sampled_from(lab.WINDOWS)
    occurrence = st.builds(n.Occurrence, st.just("any"), st.sampled_from(lab.KINDS), st.none(), windows)
    age = st.builds(
        n.Compare,
        st.sampled_from(["<", ">=", "<=", ">"]),
        st.sampled_from(lab.KINDS).map(lambda kind: n.Occurrence("days_since", kind)),
        st.integers(1, 9).map(n.Literal),
    )
    moment = st.builds(
        n.Compare,
        st.sampled_from(["<", ">=", "<=", ">"]),
        st.just(n.FieldRef("contact", "created_at")),
        windows.map(n.Ago),
    )
    node, world, now_us = data.draw(occurrence | age | moment), data.draw(lab.worlds), data.draw(lab.moments)
    table = SignalTable()
    condition = compile_condition(node, lab.schema, table)
    value, until_us = condition.test(world.view(now_us, table), now_us)
    if until_us < NEVER_US:
        assert condition.value(world.view(until_us, table), until_us) is not value


@LAWS
@given(data=st.data())
def test_signals_shared_with_other_rules_change_nothing(lab: Any, data: st.DataObject) -> None:
    """A signal that keeps more times for one rule serves another rule the same."""
    node, world, now_us = data.draw(lab.conditions), data.draw(lab.worlds), data.draw(lab.moments)
    alone, shared = SignalTable(), SignalTable()
    condition = compile_condition(node, lab.schema, alone)
    for kind in lab.KINDS:
        compile_condition(f'count("{kind}", within="10d") == contact.age', lab.schema, shared)
    among_others = compile_condition(node, lab.schema, shared)
    assert condition.test(world.view(now_us, alone), now_us) == among_others.test(world.view(now_us, shared), now_us)


@pytest.mark.parametrize(
    "text", ['contact.country != "DE"', 'not contact.country == "DE"', 'contact.country not in ["DE"]']
)
def test_a_missing_value_matches_nothing_but_is_none(lab: Any, text: str) -> None:
    table = SignalTable()
    view = lab.World(None, None, [], {}).view(lab.T0, table)
    assert compile_condition(text, lab.schema, table).value(view, lab.T0) is False
    assert compile_condition("contact.country is None", lab.schema, table).value(view, lab.T0) is True


@pytest.mark.parametrize(
    ("text", "value", "until_days"),
    [
        ('any("order", within="3d") and any("order", within="9d")', True, 3),
        ('any("order", within="3d") or any("order", within="9d")', True, 9),
        ('not any("order", within="3d") and not any("order", within="9d")', False, 9),
        ('not any("order", within="3d") or not any("order", within="9d")', False, 3),
        ('any("order", within="3d") and contact.country == "DE"', False, None),
        ('any("order", within="3d") or contact.country is None', True, None),
    ],
)
def test_a_group_is_woken_no_earlier_than_it_can_change(
    lab: Any, text: str, value: bool, until_days: int | None
) -> None:
    table = SignalTable()
    condition = compile_condition(text, lab.schema, table)
    view = lab.World(None, None, [("order", {}, lab.T0)], {}).view(lab.T0, table)
    until_us = NEVER_US if until_days is None else lab.T0 + until_days * 86_400_000_000
    assert condition.test(view, lab.T0) == (value, until_us)
    assert condition.until(view, lab.T0) == until_us


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("not (contact.age > 1 and contact.age > 9)", True),
        ("not (contact.age > 1 or contact.age > 9)", False),
        ("none(contact.age > 9, contact.age < 1)", True),
        ("not (contact.age > 1 or not account.employees > 9)", False),
        ("not (contact.age > 9 or account.employees > 9)", False),
        ("not (contact.age > 9 and account.employees > 9)", True),
        ('count("order") < 2.5', True),
        ('count("order") <= 1.5', False),
        ('count("order") > 1.5', True),
        ('count("order") >= 2.5', False),
        ('count("order") != 2.5', True),
        ('count("order") == 2.0', True),
        ('days_since("order") < 0.5', True),
        ('days_since("never") < 5 or days_since("never") >= 5', False),
        ('days_since("never") != 2.5', False),
        ('sum("order", "amount") == 3.75', True),
        ("contact.age * 2 - 1 == 9", True),
        ('contact.title == "CTO" and "C" in contact.title and starts_with(contact.title, "ct")', True),
        ('contact.country == "de"', False),
    ],
)
def test_examples_mean_what_they_say(lab: Any, text: str, value: bool) -> None:
    contact = type("Someone", (), {"age": 5, "title": "cto", "country": "DE"})()
    events = [("order", {"amount": "1.25"}, lab.T0), ("order", {"amount": "2.5"}, lab.T0 - 5)]
    table = SignalTable()
    condition = compile_condition(text, lab.schema, table)
    view = lab.World(contact, None, events, {}).view(lab.T0, table)
    assert condition.value(view, lab.T0) is value
    assert condition.explain(view, lab.T0).holds is value


def test_reads_names_what_a_change_may_affect(lab: Any) -> None:
    condition = compile_condition(
        'score("fit") > 5 and (stage == "x" or contact.country == "DE") and any("email.*", within="1d")',
        lab.schema,
        SignalTable(),
    )
    assert condition.reads == {"score:fit", "stage", "contact.country", "signal:email.*", "now"}
    assert compile_condition('count("order") > 1', lab.schema, SignalTable()).reads == {"signal:order"}


def test_only_as_many_times_are_kept_as_a_rule_needs(lab: Any) -> None:
    table = SignalTable()
    for text in (
        'count("order") >= 3',
        'count("email.clicked", within="1d") >= 3',
        'count("email.clicked", within="9d") < 2',
        'any("form.submitted", within="1d")',
        'count("email.opened", within="1d") == contact.age',
        'count("email.*", within="1d", limit=7) > contact.age',
    ):
        compile_condition(text, lab.schema, table)
    assert {signal.kind: keep for signal, keep in zip(table.signals, table.keep, strict=True)} == {
        "order": 0,
        "email.clicked": 3,
        "form.submitted": 1,
        "email.opened": 100,
        "email.*": 7,
    }


def test_an_explanation_shows_each_part_with_its_values(lab: Any) -> None:
    table = SignalTable()
    text = 'contact.country == "DE" and count("order", within="3d") >= 2 and account.employees > 10'
    condition = compile_condition(text, lab.schema, table)
    contact = type("Someone", (), {"country": "DE"})()
    events = [("order", {}, lab.T0), ("order", {}, lab.T0 - 5)]
    view = lab.World(contact, None, events, {}).view(lab.T0, table)
    assert str(condition.explain(view, lab.T0)).splitlines() == [
        f"unknown: {text}",
        '  true: contact.country == "DE"',
        '    contact.country = "DE"',
        '  true: count("order", within="3d") >= 2',
        '    count("order", within="3d") = 2',
        "  unknown: account.employees > 10",
        "    account.employees = unknown",
    ]


def test_a_users_text_never_becomes_code(lab: Any) -> None:
    """Texts that look like source are compared, not run."""
    for nasty in ('"] or True or x["', "__import__('os')", "\\\n}", "None) or (1"):
        table = SignalTable()
        contact = type("Someone", (), {"title": nasty, "first_name": nasty + " "})()
        view = lab.World(contact, None, [("order", {"campaign": nasty}, lab.T0)], {}).view(lab.T0, table)
        same = n.Compare("==", n.FieldRef("contact", "title"), n.Literal(nasty))
        other = n.Compare("==", n.FieldRef("contact", "first_name"), n.Literal(nasty))
        ordered = n.Occurrence("any", "order", where=(("campaign", n.Literal(nasty)),))
        for node, wanted in ((same, True), (other, False), (ordered, True)):
            condition = compile_condition(node, lab.schema, table)
            view.signals = lab.states([("order", {"campaign": nasty}, lab.T0)], table)
            assert condition.value(view, lab.T0) is wanted


def test_a_fault_names_the_rule_the_place_and_a_suggestion(lab: Any) -> None:
    with pytest.raises(ExpressionError) as caught:
        compile_condition('contact.contry == "DE"', lab.schema, SignalTable(), source="fit, rule 3")
    error = caught.value
    said, line, marks = str(error).split("\n")
    assert said == "fit, rule 3: contact has no field contry; did you mean country?"
    assert (line, marks) == ('  contact.contry == "DE"', "  ^^^^^^^^^^^^^^")
    assert (error.text, error.span) == ('contact.contry == "DE"', (0, 14))
