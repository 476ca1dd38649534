"""Functions of conditions and comparators that plugins bring: typed, versioned, checked, guarded."""

from __future__ import annotations

from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.plugins.test_loading import plugin

import leadflow
from leadflow.errors import ExpressionError, NotFoundError, PluginError, PluginValidationError
from leadflow.expr import (
    Field,
    Function,
    Schema,
    SignalTable,
    Type,
    compile_condition,
    faults,
    parse,
    state_of,
    to_text,
)
from leadflow.matching.duplicates import find_duplicates
from leadflow.playbook.check import check_file
from leadflow.playbook.default import default_playbook
from leadflow.plugins import Plugins, load, policies_of
from leadflow.scoring.rules import Model, Rule
from leadflow.testing import invariants

LENGTH = Function("acme.length", (Type.TEXT,), Type.NUMBER, len)
HALF = Function("acme.half", (Type.NUMBER,), Type.NUMBER, lambda number: None if number < 0 else number // 2)
TITLE = Function("acme.title", (Type.TEXT, Type.NUMBER), Type.TEXT, lambda text, number: f"{text} {number}")
IS_LONG = Function("acme.is_long", (Type.TEXT,), Type.BOOLEAN, lambda text: len(text) > 3)
SCHEMA = Schema(
    {"contact": {"name": Field("name", Type.TEXT), "age": Field("age", Type.NUMBER)}},
    functions={each.name: each for each in (LENGTH, HALF, TITLE, IS_LONG)},
)


def view(name: Any = None, age: Any = None, **more: Any) -> Any:
    return SimpleNamespace(contact=SimpleNamespace(name=name, age=age), signals={}, **more)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("acme.lenght(contact.name) > 3", "there is no function acme.lenght; did you mean acme.length?"),
        ("acme.length() > 3", "acme.length takes text; it is acme.length(text) -> number"),
        ("acme.length(contact.age) > 3", "acme.length takes a text here, not a number; it is"),
        ("acme.length(None) > 3", "acme.length takes a text here, not a None"),
        ("acme.length(contact.nme) > 3", "contact has no field nme"),
        ("acme.length(contact.name)", "a number is not a condition"),
        ('acme.length(contact.name) == "x"', "a number cannot be compared with a text"),
        ("acme.half(today()) > 3", "acme.half cannot be asked about the clock"),
        ("acme.length(text=1) > 3", "acme.length() takes no named arguments"),
        ("acme.length(contact.age > 3) > 3", "a condition cannot be compared or calculated with"),
        ("acme.part.length(contact.name) > 3", "only a name can be called"),
        ("acme.length(acme.no(1)) > 3", "there is no function acme.no"),
    ],
)
def test_a_wrong_call_is_told_clearly(text: str, message: str) -> None:
    """One mistake, one fault."""
    (fault,) = faults(text, SCHEMA)
    assert message in f"{fault.message}; {fault.hint}"


@pytest.mark.parametrize(
    "text",
    [
        "acme.length(contact.name) + 1 >= acme.half(contact.age * 2)",
        'not acme.is_long(acme.title(contact.name, 3)) or acme.title("x", 1) is None',
        'acme.length(contact.name) in [1, 2] and starts_with(acme.title(contact.name, 1), "a")',
    ],
)
def test_a_call_is_written_as_it_was_read(text: str) -> None:
    assert to_text(parse(text)) == text
    assert faults(text, SCHEMA) == []


CONDITIONS = (
    "acme.length(contact.name) > 2",
    "not acme.length(contact.name) > 2",
    "acme.half(contact.age - 5) >= acme.length(contact.name)",
    "acme.half(contact.age) is None",
    "acme.is_long(contact.name)",
    "not acme.is_long(contact.name)",
    'acme.title(contact.name, contact.age) == "ANA 3"',
    "acme.half(acme.half(contact.age)) in [1, 2]",
    'acme.half(count("call", within="7d")) >= 1',
    'acme.half(days_since("call")) < 2',
    'contact.age == acme.half(contact.age) or acme.title(contact.name, 1) != "x 1"',
)


@pytest.mark.parametrize("text", CONDITIONS)
@given(
    name=st.none() | st.sampled_from(["", "ana", "Anamaria", "x"]),
    age=st.none() | st.integers(-3, 9) | st.just(Decimal("2.5")),
    calls=st.lists(st.integers(0, 20), max_size=4),
)
def test_compiled_is_explained_and_unknown_stays_unknown(text: str, name: Any, age: Any, calls: list[int]) -> None:
    """The compiled condition, its explanation and its own negation agree, and it is constant until it says."""
    day = 86_400_000_000
    signals = SignalTable()
    condition = compile_condition(text, SCHEMA, signals)
    opposite = compile_condition(f"not ({text})", SCHEMA, signals)
    asked = view(name, age)
    asked.signals = {
        number: state_of([at * day for at in calls if at <= 20], 1000) for number in range(len(signals.signals))
    }
    now = 20 * day
    value, until = condition.test(asked, now)
    assert value == condition.value(asked, now) == condition.explain(asked, now).holds
    assert not (value and opposite.value(asked, now))
    if name is None and "name" in text and "is None" not in text and " or " not in text:
        assert not value
        assert not opposite.value(asked, now)
    for moment in (now + 1, (now + until) // 2, until - 1):
        if now < moment < until:
            assert condition.value(asked, moment) == value


# -- in a playbook -------------------------------------------------------------------------------------------


def is_senior(title: str) -> bool:
    """Whether a title is one of those who decide."""
    if title == "boom":
        raise RuntimeError(title)
    return "head" in title.lower()


def acme(version: str = "1", function: Any = is_senior, **more: Any) -> Plugins:
    options = {"takes": ["text"], "returns": "yes/no", "version": version, **more}
    return load(only=(), also={"acme": plugin("functions", ("acme.is_senior", function, options))}, strict=True)


def by_title() -> leadflow.Playbook:
    """A model that a function has a part in."""
    playbook = default_playbook()
    model = Model(target="contact", rules=(Rule(name="senior", points=40, when="acme.is_senior(contact.title)"),))
    scoring = attrs.evolve(playbook.scoring, models={**playbook.scoring.models, "rank": model})
    return attrs.evolve(playbook, scoring=scoring)


def entry(key: str, **contact: Any) -> dict[str, Any]:
    return {"type": "contact", "key": key, "contact": contact}


def test_a_model_and_a_list_call_a_function() -> None:
    with leadflow.open(playbook=by_title(), plugins=acme()) as flow:
        contact = flow.do(entry("e-1", email="ana@kos.example", title="Head of IT")).contact
        flow.do(entry("e-2", email="bo@kos.example"))
        assert flow.score_at(contact, flow.now(), model="rank") == 40
        assert "+40 senior" in str(flow.explain(contact))
        lead = flow.submit("demo-request", {"email": "ana@kos.example"}, key="s").lead
        flow.submit("demo-request", {"email": "bo@kos.example"}, key="s-2")
        assert [each.lead.id for each in flow.leads("acme.is_senior(contact.title)")] == [lead]
        with pytest.raises(ExpressionError, match=r"no function acme\.is_seniro"):
            flow.leads("acme.is_seniro(contact.title)")
        assert invariants(flow) == []


def test_a_failing_function_loses_nothing() -> None:
    """The record waits in the failed queue with the plugin's name; the others of its batch go in."""
    with leadflow.open(playbook=by_title(), plugins=acme()) as flow:
        done = flow.do(entry("e-1", email="ana@kos.example"), entry("e-2", email="bo@kos.example", title="boom"))
        assert [each.status for each in done] == ["accepted", "failed"]
        assert "plugin 'acme': acme.is_senior failed" in str(done[1].reasons)
    with leadflow.open(playbook=by_title(), plugins=acme(function=lambda title: 1)) as flow:
        (done,) = flow.do(entry("e-1", email="ana@kos.example", title="x"))
        assert "acme.is_senior gave int, which is not what it promised" in str(done.reasons)


def test_another_version_is_another_rule_and_scores_anew(tmp_path: Any) -> None:
    url = f"sqlite:///{tmp_path / 'leads.db'}"
    with leadflow.open(url, by_title(), plugins=acme()) as flow:
        before = flow.rulebook.digest
        contact = flow.do(entry("e-1", email="ana@kos.example", title="Head of IT")).contact
    with leadflow.open(url, by_title(), plugins=acme("2", lambda title: False)) as flow:
        assert flow.rulebook.digest != before
        flow.tick()
        assert flow.score_at(contact, flow.now(), model="rank") == 0
        assert flow.leads("acme.is_senior(contact.title)") == []


def test_a_playbook_without_its_functions_is_refused(tmp_path: Any) -> None:
    """Before anything is taken in; `check` says where."""
    with pytest.raises(ExpressionError, match=r"there is no function acme\.is_senior"):
        leadflow.open(playbook=by_title())
    path = tmp_path / "playbook.toml"
    path.write_text(
        '[scoring.models.rank]\ntarget = "contact"\n\n[[scoring.models.rank.rules]]\nname = "senior"\npoints = 4\n'
        'when = "acme.is_senior(contact.title)"\n'
    )
    (fault,) = [str(each) for each in check_file(path) if "acme" in str(each)]
    assert "playbook.toml:7" in fault
    assert not [each for each in check_file(path, policies=policies_of(acme())) if "acme" in str(each)]


@pytest.mark.parametrize(
    ("name", "options", "said"),
    [
        ("acme.f", {"takes": ["word"], "returns": "text"}, "'word' is no type; there are: code"),
        ("acme.f", {"takes": [], "returns": "set of texts"}, "is neither taken nor returned"),
        ("acme.f-g", {"takes": [], "returns": "text"}, "cannot be written in a condition"),
        ("acme.f.g", {"takes": [], "returns": "text"}, "cannot be written in a condition"),
        ("length", {"takes": [], "returns": "text"}, "needs a dot"),
    ],
)
def test_a_function_that_nobody_could_call_is_put_aside(name: str, options: dict[str, Any], said: str) -> None:
    with pytest.raises(PluginValidationError, match=said):
        load(only=(), also={"acme": plugin("functions", (name, len, options))}, strict=True)


# -- comparators ---------------------------------------------------------------------------------------------


def same_first_letter(a: str, b: str) -> float:
    """Names are alike when they begin alike."""
    return 1.0 if a[:1] == b[:1] else 0.0


def by_letter(name: str = "acme.letter", field: str = "contact.last_name") -> leadflow.Playbook:
    playbook = default_playbook()
    return attrs.evolve(playbook, matching=attrs.evolve(playbook.matching, comparators={field: name}))


def letters(function: Any = same_first_letter, version: str = "1") -> Plugins:
    return load(only=(), also={"acme": plugin("comparators", ("acme.letter", function, {"version": version}))})


def test_a_comparator_compares_the_field_that_the_playbook_says() -> None:
    rows = [{"last_name": "Kos", "phone": "041 123 456"}, {"last_name": "Kralj", "phone": "041 123 456"}]
    with leadflow.open(playbook=by_letter(), plugins=letters()) as flow:
        spec = flow.linkage("contact")
        assert "acme.letter@1" in spec.versions
        levels = {each.field: each.level for pair in find_duplicates(rows, spec).pairs for each in pair.evidence}
        assert levels["last_name"] == "exact"
        assert flow.linkage("account").versions == leadflow.open().linkage("account").versions
        assert flow.rulebook.digest != leadflow.open(playbook=by_letter(), plugins=letters(version="2")).rulebook.digest


def test_an_odd_comparator_is_told() -> None:
    rows = [{"last_name": "Kos", "phone": "041 123 456"}, {"last_name": "Kralj", "phone": "041 123 456"}]
    with (
        leadflow.open(playbook=by_letter(), plugins=letters(lambda a, b: 2.0)) as flow,
        pytest.raises(PluginError, match=r"plugin 'acme': acme\.letter gave float"),
    ):
        find_duplicates(rows, flow.linkage("contact"))


def test_a_comparator_or_field_that_nobody_knows_is_refused(tmp_path: Any) -> None:
    with pytest.raises(NotFoundError, match=r"acme\.letter"):
        leadflow.open(playbook=by_letter())
    path = tmp_path / "playbook.toml"
    path.write_text('[matching.comparators]\n"contact.last_name" = "acme.letter"\n"contact.lastname" = "exact"\n')
    said = [str(fault) for fault in check_file(path, policies=policies_of(letters()))]
    assert any("playbook.toml:3" in each and "contact.lastname is not compared" in each for each in said)
    assert not any("acme" in each for each in said)
    assert any("acme.letter" in str(each) for each in check_file(path))
