"""Playbooks from TOML and back; what is wrong with their form is told at once, each fault with its place."""

from __future__ import annotations

import tomllib
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leadflow.errors import InvalidValueError, PlaybookError
from leadflow.playbook.codec import parse_playbook, playbook_from
from leadflow.playbook.default import default_playbook, default_text
from leadflow.playbook.fault import path_text
from leadflow.playbook.places import scan_places
from leadflow.playbook.playbook import Attribute, Playbook
from leadflow.playbook.writing import may_replace, part_toml, to_toml, toml_text
from leadflow.scoring.rules import Model, Rule, ScoringRules

from .strategies import documents, playbooks, trees
from .test_places import paths


def same(one: Playbook, other: Playbook) -> bool:
    """Equal, and processes in the same order, which tables that are merely equal do not tell."""
    return one == other and list(one.process.processes) == list(other.process.processes)


def faults_of(text: str) -> list[str]:
    with pytest.raises(PlaybookError) as caught:
        parse_playbook(text)
    return [str(fault) for fault in caught.value.faults]


# -- round trips ------------------------------------------------------------------------------------------


@settings(max_examples=60, deadline=None)
@given(playbooks)
def test_a_playbook_written_as_toml_reads_back_as_itself(playbook: Playbook) -> None:
    assert same(parse_playbook(to_toml(playbook)), playbook)


@settings(max_examples=40, deadline=None)
@given(playbooks, st.data())
def test_however_a_playbook_is_written_it_reads_the_same(playbook: Playbook, data: st.DataObject) -> None:
    text = data.draw(documents(st.just(playbook.plain())))
    read = parse_playbook(text)
    assert read == playbook


@settings(max_examples=100, deadline=None)
@given(trees)
def test_plain_values_written_as_toml_read_back_as_themselves(tree: dict[str, Any]) -> None:
    assert tomllib.loads(toml_text(tree)) == tree


def test_the_default_playbook_reads_back_as_itself() -> None:
    assert same(parse_playbook(to_toml(default_playbook())), default_playbook())


def test_a_value_that_toml_cannot_hold_is_refused_with_its_path() -> None:
    rule = Rule(name="x", points=1, each="order", where={"amount": None})
    playbook = Playbook(scoring=ScoringRules(models={"m": Model(rules=(rule,))}))
    with pytest.raises(InvalidValueError, match=r"scoring\.models\.m\.rules.where\.amount: TOML cannot hold"):
        to_toml(playbook)
    with pytest.raises(InvalidValueError, match="name: the text has half a character"):
        to_toml(Playbook(name="\ud800"))


# -- faults -----------------------------------------------------------------------------------------------


@settings(max_examples=60, deadline=None)
@given(playbooks, st.data())
def test_every_value_of_a_wrong_type_is_told_at_once_at_its_place(playbook: Playbook, data: st.DataObject) -> None:
    plain = tomllib.loads(to_toml(playbook))
    leaves = [path for path, value in paths(plain) if not isinstance(value, (dict, list)) and path != ("format",)]
    broken = data.draw(st.lists(st.sampled_from(leaves), min_size=1, max_size=3, unique=True))
    for path in broken:
        holder = plain
        for part in path[:-1]:
            holder = holder[part]
        holder[path[-1]] = [1]
    text = toml_text(plain)
    with pytest.raises(PlaybookError) as caught:
        parse_playbook(text, "my.toml")
    places = scan_places(text)
    told = {(fault.path, fault.file, (fault.line, fault.column)) for fault in caught.value.faults}
    for path in broken:
        assert (path_text(path), "my.toml", places.value(path)) in told


@settings(max_examples=60, deadline=None)
@given(playbooks, st.data())
def test_every_unknown_key_is_told_at_its_place(playbook: Playbook, data: st.DataObject) -> None:
    plain = tomllib.loads(to_toml(playbook))
    records = [(), *(path for path, value in paths(plain) if isinstance(value, dict) and isinstance(path[-1], int))]
    path = data.draw(st.sampled_from(records))
    holder: Any = plain
    for part in path:
        holder = holder[part]
    holder["nmae"] = 1
    text = toml_text(plain)
    with pytest.raises(PlaybookError) as caught:
        parse_playbook(text)
    found = [fault for fault in caught.value.faults if fault.path == path_text((*path, "nmae"))]
    assert [(fault.line, fault.column) for fault in found] == [scan_places(text).key((*path, "nmae"))]
    assert found[0].code == "unknown_key"


def test_all_faults_of_form_are_told_in_the_order_of_the_text() -> None:
    text = """
name = 5
curency = "EUR"
[attributes.contact]
size = { type = "numbr" }
[capture.forms.demo]
mode = "contct"
required = "email"
always_new_lead = "yes"
[scoring.models.fit]
target = "lead"
leave = 70
threshold = 60
[[scoring.models.fit.rules]]
points = 5.0
when = "True"
[[scoring.models.fit.rules]]
name = "both"
points = 5
when = "True"
each = "order"
[process.processes.p]
stages = [{ name = "a", sla = "soon" }, { name = "b", on_entry = [{ do = "flag", value = "x" }] }]
[assignment]
pools = [{ name = "in", members = [{ user = "bo", weight = 2, capp = 1 }], strategy = "rr" }]
chain = ["pool", "kew"]
"""
    assert faults_of(text) == [
        "playbook.toml:2:8 name: expected a text, got a whole number",
        "playbook.toml:3:1 curency: there is no such key; did you mean currency?",
        "playbook.toml:5:17 attributes.contact.size.type: there is no type 'numbr'; did you mean number?",
        "playbook.toml:7:8 capture.forms.demo.mode: there is no mode 'contct'; did you mean contact?",
        "playbook.toml:8:12 capture.forms.demo.required: expected a list, got a text",
        "playbook.toml:9:19 capture.forms.demo.always_new_lead: expected true or false, got a text; "
        "write it without quotes",
        "playbook.toml:12:9 scoring.models.fit.leave: must not be above the threshold",
        "playbook.toml:14:22 scoring.models.fit.rules[0].name: this key is missing",
        "playbook.toml:15:10 scoring.models.fit.rules[0].points: expected a whole number, got a number with a fraction",
        "playbook.toml:17:22 scoring.models.fit.rules[1]: rule 'both' must have exactly one of when, each, of, none; "
        "it has ['when', 'each']",
        "playbook.toml:23:31 process.processes.p.stages[0].sla: 'soon' is not a duration; "
        "write a number and a unit, e.g. 30d, 36h, 2w, 1y",
        "playbook.toml:23:90 process.processes.p.stages[1].on_entry[0].value: 'x' is not a flag; "
        "one of marketing_qualified, teleprospect_ready, teleprospect_accepted, sales_ready, sales_accepted",
        "playbook.toml:24:2 assignment.default_owner: this key is missing",
        "playbook.toml:25:63 assignment.pools[0].members[0].capp: there is no such key; did you mean cap?",
        "playbook.toml:25:87 assignment.pools[0].strategy: there is no strategy 'rr'; "
        "one of round_robin, weighted, least_loaded, capacity",
    ]


def test_every_name_of_an_attribute_that_is_taken_is_told() -> None:
    assert faults_of("[attributes.contact]\nemail = {}\nclass = {}\n[attributes.cntact]") == [
        "playbook.toml:2:9 attributes.contact.email: contact has a field email already",
        "playbook.toml:3:9 attributes.contact.class: 'class' is not a name for a field; "
        "use letters, digits and _, e.g. job_level",
        "playbook.toml:4:13 attributes.cntact: there is no record 'cntact'; did you mean contact?",
    ]


def test_faults_of_code_have_a_path_and_no_line() -> None:
    with pytest.raises(PlaybookError, match=r"1 fault in the playbook\n  scoring: expected a table, got a list"):
        playbook_from({"scoring": []})


def test_a_later_format_is_one_fault_whatever_else_is_new_in_it() -> None:
    assert faults_of("format = 2\nsegments = 3") == [
        "playbook.toml:1:10 format: this leadflow reads playbooks of format 1, not 2; upgrade leadflow"
    ]


@pytest.mark.parametrize("value", ["1979-05-27", "nan", "[1]", "{ a = 1 }", "99999999999999999999"])
def test_a_filter_holds_only_what_can_stand_in_json_and_equals_itself(value: str) -> None:
    text = f'[[scoring.models.m.rules]]\nname = "x"\npoints = 1\neach = "order"\nwhere = {{ a = {value} }}'
    (fault,) = faults_of(text)
    assert fault.startswith("playbook.toml:5:15 scoring.models.m.rules[0].where.a: ")


def test_one_is_not_true_and_a_text_is_not_a_list_of_letters() -> None:
    assert "expected a whole number, got true or false" in faults_of("[capture]\nmax_fields = true")[0]
    assert "expected true or false, got a whole number" in faults_of("[capture.forms.f]\nalways_new_lead = 1")[0]
    assert "expected a list, got a text" in faults_of('[matching]\nprotected = "source"')[0]


def test_a_custom_strategy_of_a_pool_needs_a_dot_in_its_name() -> None:
    pool = '[assignment]\ndefault_owner = "user:bo"\npools = [{ name = "p", members = [], strategy = "%s" }]'
    assert parse_playbook(pool % "acme.best").assignment.pools[0].strategy == "acme.best"
    assert "there is no strategy 'best'" in faults_of(pool % "best")[0]


@pytest.mark.parametrize(
    "name", ["id", "created_at", "created_us", "owner", "owner_id", "custom", "_x", "a-b", "class"]
)
def test_an_attribute_does_not_take_a_name_that_conditions_know_already(name: str) -> None:
    with pytest.raises(InvalidValueError):
        Playbook(attributes={"lead": {name: Attribute()}})


def test_choices_of_a_number_and_a_currency_that_is_none_are_refused() -> None:
    assert "a number has no choices" in faults_of('[attributes.lead.x]\ntype = "number"\nchoices = ["1"]')[0]
    assert "'euro' is not an ISO 4217 code" in faults_of('currency = "euro"')[0]


# -- what leadflow writes itself --------------------------------------------------------------------------


@settings(max_examples=40, deadline=None)
@given(trees)
def test_a_part_that_leadflow_wrote_may_be_replaced(tree: dict[str, Any]) -> None:
    text = part_toml(tree, "fit of 2026-11-22\n[x]")
    assert may_replace(text)
    assert tomllib.loads(text) == tree


@settings(max_examples=40, deadline=None)
@given(trees)
def test_a_file_of_a_person_is_never_replaced(tree: dict[str, Any]) -> None:
    assert not may_replace(toml_text(tree))
    assert not may_replace(part_toml(tree) + "# mine\n")
    assert not may_replace("# mine\n" + part_toml(tree))


def test_the_default_playbook_is_full_of_comments() -> None:
    assert not may_replace(default_text())
