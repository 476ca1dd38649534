"""What changes from one playbook to another, and which names live records would be left with."""

from __future__ import annotations

from typing import Any

import pytest
from attrs import evolve
from hypothesis import given, settings

from leadflow.assignment.rules import AssignmentRules, Member, Pool, Queue
from leadflow.capture.rules import CaptureRules, Form
from leadflow.errors import InvalidValueError
from leadflow.playbook.codec import parse_playbook
from leadflow.playbook.default import default_playbook, default_text
from leadflow.playbook.diff import Change, diff, render, strands
from leadflow.playbook.moved import moved_to, name_text, names_of, parse_name
from leadflow.playbook.playbook import Playbook
from leadflow.process.rules import Branch, Process, ProcessRules, Stage

from .strategies import playbooks

OPPOSITE = {"added": "removed", "removed": "added", "changed": "changed", "order": "order"}


def changed(*edits: tuple[str, str]) -> list[str]:
    """What an edit of the default text changes."""
    text = default_text()
    for old, new in edits:
        assert old in text
        text = text.replace(old, new)
    return render(diff(default_playbook(), parse_playbook(text))).splitlines()


def processes(**stages: str) -> Playbook:
    made = {name: Process(stages=tuple(Stage(name=stage) for stage in names.split())) for name, names in stages.items()}
    return Playbook(process=ProcessRules(processes=made))


# -- laws -------------------------------------------------------------------------------------------------


@settings(max_examples=40, deadline=None)
@given(playbooks)
def test_nothing_changes_from_a_playbook_to_itself(playbook: Playbook) -> None:
    assert diff(playbook, playbook) == ()
    assert strands(playbook, playbook) == ()


@settings(max_examples=60, deadline=None)
@given(playbooks, playbooks)
def test_the_way_back_undoes_every_change(one: Playbook, other: Playbook) -> None:
    there, back = diff(one, other), diff(other, one)
    assert {(each.path, each.what, repr(each.old), repr(each.new)) for each in there} == {
        (each.path, OPPOSITE[each.what], repr(each.new), repr(each.old)) for each in back
    }
    assert len(render(there).splitlines()) == len(there)


@settings(max_examples=60, deadline=None)
@given(playbooks, playbooks)
def test_playbooks_differ_where_their_digests_do(one: Playbook, other: Playbook) -> None:
    assert (diff(one, other) == ()) == (one.digest == other.digest)


@settings(max_examples=60, deadline=None)
@given(playbooks, playbooks)
def test_exactly_the_names_that_are_gone_strand_and_mapping_each_leaves_none(old: Playbook, new: Playbook) -> None:
    new = evolve(new, moved={})
    gone = {name_text(name) for name in names_of(old)} - {name_text(name) for name in names_of(new)}
    processes = {f"stage.{name.removeprefix('process.')}." for name in gone if name.startswith("process.")}
    assert set(strands(old, new)) == {name for name in gone if not name.startswith(tuple(processes) or ("-",))}
    by_kind = {name[0]: name_text(name) for name in names_of(new)}
    moved = {name: by_kind[name.partition(".")[0]] for name in gone if name.partition(".")[0] in by_kind}
    left = strands(old, evolve(new, moved=moved))
    assert {parse_name(name)[0] for name in left}.isdisjoint(by_kind)


@settings(max_examples=40, deadline=None)
@given(playbooks)
def test_every_name_that_records_carry_reads_back(playbook: Playbook) -> None:
    for name in names_of(playbook):
        assert parse_name(name_text(name)) == name


# -- words ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("threshold = 60", "threshold = 70", "~ model interest, threshold: 60 -> 70"),
        ("rearm = 10", "", "~ model interest, rearm: 10 -> 5"),
        ("points = 35", "points = 30", '~ model interest, rule "asks for a demo", points: 35 -> 30'),
        ('name = "opens mails"', 'name = "reads"', '- model interest, rule "opens mails": removed: '),
        ("[capture.forms.newsletter]", "[capture.forms.news]", "+ form news: added: "),
        ('phone = "contact.phone"', "", "- form demo-request, fields, phone: removed: contact.phone"),
        ("at_most = 20", "at_most = 25", "~ model interest, group mail, at_most: 20 -> 25".replace("_", " ")),
        ('sla = "7d"', 'sla = "5d"', "~ process marketing, stage teleprospecting-qualification, sla: 7d -> 5d"),
        (
            'when = "is_scored"',
            'when = "lead.sales_ready"',
            "~ process marketing, stage inquiry, automatic, number 2, when: ",
        ),
        ('{ user = "bo" }', '{ user = "bo", paused = true }', "~ pool inbound, member bo, paused: false -> true"),
        ('currency = "EUR"', 'currency = "USD"', "~ currency: EUR -> USD"),
        ('choices = ["individual",', 'choices = ["one",', "~ field lead.purchase_process, choices: "),
        ('notify = "lead-assigned"', "", "~ notify: lead-assigned -> nothing"),
    ],
)
def test_changes_in_the_users_words(old: str, new: str, said: str) -> None:
    assert any(line.startswith(said) for line in changed((old, new))), changed((old, new))


def test_a_changed_comment_or_layout_changes_nothing() -> None:
    assert changed(("# -- Forms", "# -- More forms"), ("threshold = 60 ", "threshold = 0x3C")) == []


def test_rules_that_change_their_order_are_told_as_such() -> None:
    before = Playbook(assignment=AssignmentRules(default_owner="queue:a", queues=(Queue(name="a"), Queue(name="b"))))
    after = Playbook(assignment=AssignmentRules(default_owner="queue:a", queues=(Queue(name="b"), Queue(name="a"))))
    assert render(diff(before, after)) == "~ queues: in another order: b, a"


def test_processes_are_offered_in_their_order_so_the_order_is_a_rule() -> None:
    before, after = processes(p="a", q="a"), processes(q="a", p="a")
    assert before == after
    assert before.digest != after.digest
    assert render(diff(before, after)) == "~ processes: in another order: q, p"


def test_items_without_a_name_are_compared_by_position() -> None:
    def with_branches(*branches: Branch) -> Playbook:
        stage = Stage(name="a", next=branches)
        return Playbook(process=ProcessRules(processes={"p": Process(stages=(stage, Stage(name="b")))}))

    one, two = Branch(to="b", when="is_scored"), Branch(to="a")
    (change,) = diff(with_branches(one, two), with_branches(one, Branch(to="b")))
    assert (change.path[-3:], change.old, change.new) == (("next", 1, "to"), "a", "b")
    (change,) = diff(with_branches(one), with_branches(one, two))
    assert (change.what, change.new) == ("changed", [{"to": "b", "when": "is_scored"}, {"to": "a"}])


def test_true_is_another_value_than_one_though_python_calls_them_equal() -> None:
    def with_context(value: Any) -> Playbook:
        return Playbook(capture=CaptureRules(forms={"f": Form(context={"a": value})}))

    assert render(diff(with_context(1), with_context(True))) == "~ form f, context, a: 1 -> true"
    assert with_context(1).digest != with_context(True).digest


def test_something_added_is_one_change_with_all_that_is_in_it() -> None:
    pool = Pool(name="p", members=(Member(user="bo"),))
    before = default_playbook()
    after = evolve(before, assignment=evolve(before.assignment, pools=(*before.assignment.pools, pool)))
    assert diff(before, after) == (
        Change(path=("assignment", "pools", "p"), what="added", new={"name": "p", "members": [{"user": "bo"}]}),
    )


# -- moves ------------------------------------------------------------------------------------------------


def moved(playbook: Playbook, **names: str) -> Playbook:
    return evolve(playbook, moved={old.replace("_", "."): new for old, new in names.items()})


@pytest.mark.parametrize(
    ("new", "stranded"),
    [
        (processes(p="a b"), ()),
        (processes(p="a"), ("stage.p.b",)),
        (processes(q="a"), ("process.p",)),
        (moved(processes(q="a b"), process_p="process.q"), ()),
        (moved(processes(q="a"), process_p="process.q"), ("stage.p.b",)),
        (moved(processes(q="a"), process_p="process.q", stage_p_b="stage.q.a"), ()),
        (moved(processes(q="a"), stage_p_a="stage.q.a"), ("stage.p.b",)),
        (moved(processes(q="a"), stage_p_a="stage.q.a", stage_p_b="stage.q.a"), ()),
        (moved(processes(q="a"), process_p="process.nowhere"), ("process.p",)),
    ],
)
def test_stages_and_processes_that_are_gone(new: Playbook, stranded: tuple[str, ...]) -> None:
    assert strands(processes(p="a b"), new) == stranded


def test_a_record_is_told_where_it_belongs_now() -> None:
    new = moved(processes(q="a b"), process_p="process.q", stage_p_old="stage.q.b")
    assert moved_to(new, ("stage", "p", "a")) == ("stage", "q", "a")
    assert moved_to(new, ("stage", "p", "old")) == ("stage", "q", "b")
    assert moved_to(new, ("stage", "q", "a")) == ("stage", "q", "a")
    assert moved_to(new, ("model", "x")) is None


@pytest.mark.parametrize(
    "text", ["", "stage", "stage.p", "model.a.b", "x.y", "model.", "model.a.", 'model."a', "model..a"]
)
def test_what_is_no_name_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(InvalidValueError) as caught:
        parse_name(text)
    assert caught.value.hint


def test_names_with_dots_and_blanks_are_kept_apart() -> None:
    names: list[Any] = [("stage", "a.b", "c"), ("stage", "a", "b.c"), ("stage", "a", "b c"), ("model", 'x"y')]
    assert [parse_name(name_text(name)) for name in names] == names
    assert len({name_text(name) for name in names}) == 4
