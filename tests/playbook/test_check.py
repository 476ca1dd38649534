"""What is wrong with rules of the right form is told before anything runs, each with its place and the way out."""

from __future__ import annotations

import sys

import pytest
from hypothesis import given, settings

from leadflow.engine.flow import rulebook_of
from leadflow.engine.rooms import ROOMS
from leadflow.playbook.check import check_file, check_playbook
from leadflow.playbook.codec import parse_playbook
from leadflow.playbook.default import default_playbook, default_text
from leadflow.playbook.fault import Fault
from leadflow.playbook.playbook import Playbook
from leadflow.playbook.schema import TERMS
from leadflow.playbook.writing import to_toml

from .strategies import playbooks

QUEUE = '[assignment]\ndefault_owner = "queue:q"\nqueues = [{ name = "q" }]\n'


def told(text: str, **options: list[str]) -> list[Fault]:
    return list(check_playbook(parse_playbook(text), text, **options))


def codes(text: str, **options: list[str]) -> list[str]:
    return [f"{fault.place.removeprefix('playbook.toml:')} {fault.code}" for fault in told(text, **options)]


def rule(text: str, model: str = "") -> str:
    return f'[scoring.models.m]\n{model}\n[[scoring.models.m.rules]]\nname = "x"\npoints = 5\n{text}\n'


def stage(text: str) -> str:
    return f'[[process.processes.p.stages]]\nname = "a"\n{text}\n[[process.processes.p.stages]]\nname = "b"\n'


# -- laws -------------------------------------------------------------------------------------------------


@settings(max_examples=40)
@given(playbooks)
def test_what_the_engine_cannot_prepare_check_refuses(playbook: Playbook) -> None:
    try:
        rulebook_of(playbook)
    except Exception:
        assert any(not fault.is_warning for fault in check_playbook(playbook))


@settings(max_examples=40)
@given(playbooks)
def test_every_fault_of_a_written_rule_has_a_line_and_the_same_words_as_without_a_text(playbook: Playbook) -> None:
    text = to_toml(playbook)
    placed = check_playbook(playbook, text)
    assert {(fault.path, fault.message) for fault in placed} == {
        (fault.path, fault.message) for fault in check_playbook(playbook)
    }
    first = {line.partition(".")[0].strip("[]") for line in text.splitlines() if line.startswith("[")}
    for fault in placed:
        assert fault.line or fault.path.partition(".")[0] not in first
        assert fault.line <= len(text.splitlines())


def test_the_default_playbook_is_clean() -> None:
    assert check_playbook(default_playbook(), default_text()) == ()
    assert check_playbook(Playbook()) == ()


def test_the_terms_known_without_an_engine_are_those_of_its_rooms() -> None:
    assert {term.name: term for term in TERMS} == {term.name: term for room in ROOMS for term, _ in room.terms.values()}


# -- conditions -------------------------------------------------------------------------------------------


def test_a_fault_in_a_condition_points_into_its_text() -> None:
    text = default_text().replace("contact.job_level ==", "contact.job_levle ==")
    line = text[: text.index("job_levle")].count("\n") + 1
    (fault,) = told(text)
    assert str(fault) == (
        f"playbook.toml:{line}:9 scoring.models.interest.rules[8].when: "
        "contact has no field job_levle; did you mean job_level?"
    )


def test_the_place_in_a_condition_accounts_for_escapes_and_lines() -> None:
    assert codes(rule('when = "contact.title == \\"x\\" and contact.contry == 5"')) == ["6:34 invalid_condition"]
    assert codes(rule('when = """\nany("x") and\n  contact.contry == 5"""')) == ["8:3 invalid_condition"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("when = 'contact.contry == 5 and 1 < scor'", ["6:9 invalid_condition", "6:37 invalid_condition"]),
        ("when = 'contact.title =='", ["6:25 invalid_condition"]),
        ("when = '(' ", ["6:9 invalid_condition"]),
        ("when = 'lead.page == \"x\"'", ["6:9 out_of_reach"]),
        ("when = 'any(\"x\") and is_scored'", ["6:22 out_of_reach"]),
        ("when = 'account.employees > 9 and account.employees < 5'", ["6:9 never_true"]),
        ("when = 'count(\"x\") >= 0'", ["6:9 always_true"]),
        ('when = \'contact.title == "a" or contact.title == "a"\'', ["6:33 duplicate"]),
        ("when = 'True'", []),
    ],
)
def test_conditions_of_scoring_rules(text: str, expected: list[str]) -> None:
    assert codes(rule(text)) == expected


def test_a_model_reads_the_records_of_its_target() -> None:
    assert codes(rule("when = 'lead.page == \"x\"'", 'target = "lead"')) == []
    assert codes(rule("when = 'contact.title == \"x\"'", 'target = "account"')) == ["6:9 out_of_reach"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("gate = 'stage == \"c\"'", "stage is never 'c'"),
        ("gate = 'lead.stage == \"c\"'", "lead.stage is never 'c'"),
        ("gate = 'lead.state == \"opn\"'", "lead.state is never 'opn'; did you mean open?"),
        ("gate = 'score(\"n\") > 5'", "score has no 'n'"),
        ('gate = \'grade("m") == "hot"\'', "grade(\"m\") is never 'hot'"),
        ("gate = 'user.name == \"x\"'", "user cannot be read here; only contact, account and lead can"),
        ("gate = 'opportunity.amount > 5'", "opportunity cannot be read here"),
        ("next = [{ to = 'b', when = 'nope' }]", "there is no term nope"),
        ("automatic = [{ to = 'b', when = 'lead.pge == \"x\"' }]", "lead has no field pge; did you mean page?"),
    ],
)
def test_conditions_of_processes(text: str, message: str) -> None:
    models = (
        '[scoring.models.m]\ngrades = [{ name = "cold", at_least = 0 }]\n'
        '[scoring.models.o]\ngrades = [{ name = "hot", at_least = 0 }]\n'
    )
    found = told(stage(text) + models)
    assert [fault.severity for fault in found if message in str(fault)] == ["fault"]


def test_conditions_of_assignment_and_of_processes_as_a_whole() -> None:
    assert codes(
        QUEUE + "entries = [{ name = 'x', target = 'queue:q', when = 'lead.pge == 1' }]\n"
        "slas = [{ name = 's', within = '1h', criterion = 'lead.' }]\n"
        "[process.processes.p]\napplies = 'lead.pge is None'\nstages = [{ name = 'a' }]\n"
    ) == ["4:54 invalid_condition", "5:57 invalid_condition", "7:12 invalid_condition"]


def test_a_model_that_is_not_live_has_no_score_to_ask_for() -> None:
    text = stage("gate = 'score(\"m\") > 5'") + rule("when = 'True'", 'state = "stopped"')
    assert codes(text) == ["3:9 model_not_live"]


def test_kinds_of_interaction_are_checked_when_they_are_known() -> None:
    text = rule("each = 'email.clickd'") + stage("gate = 'any(\"email.opend\")'")
    assert codes(text) == []
    assert codes(text, kinds=["email.clicked", "email.opened"]) == ["6:8 unknown_kind", "9:13 invalid_condition"]
    form = "[capture.forms.f]\nmode = 'store'\nkind = 'email.clickd'\n"
    assert codes(form + rule("each = 'email.clickd'"), kinds=["x"]) == []


def test_terms_of_other_rooms_are_known_when_they_are_handed_over() -> None:
    text = stage("gate = 'is_scored'")
    assert codes(text) == []
    assert [fault.message for fault in check_playbook(parse_playbook(text), text, terms=[])] == [
        "there is no term is_scored"
    ]


# -- matching and forms ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[matching]\ncontact = 'emial'", ["2:11 unknown_strategy"]),
        ("[matching]\nlead = 'email'", ["2:8 wrong_strategy"]),
        ("[matching]\nprotected = ['source', 'sorce']", ["2:24 unknown_field"]),
        ("[capture.forms.f]\nmode = 'store'\naccount = 'email'", ["3:11 wrong_strategy"]),
        ("[capture.forms.f]\nmode = 'store'\nlead = 'x'", ["3:8 unknown_strategy"]),
        ("[capture.forms.f]\nmode = 'store'\nfields = { a = 'contact.emial' }", ["3:16 unknown_field"]),
        ("[capture.forms.f]\nmode = 'store'\nfields = { a = 'contact.id' }", ["3:16 unknown_field"]),
        ("[capture.forms.f]\nmode = 'store'\nfields = { a = 'email', b = 'user.x' }", ["3:16 unknown_field"] * 2),
        ("[capture.forms.f]\nmode = 'store'\nfields = { a = 'lead.x' }\n[attributes.lead]\nx = {}", []),
        ("[capture.forms.f]\nmode = 'store'\nfields = { a = 'lead.page', b = 'lead.page' }", ["3:33 set_twice"]),
        (
            "[capture.forms.f]\nmode = 'store'\nfields = { mail = 'lead.page' }\nrequired = ['mial']",
            ["4:13 unmapped_required"],
        ),
    ],
)
def test_names_in_matching_and_forms(text: str, expected: list[str]) -> None:
    assert [code.split()[1] for code in codes(text)] == [code.split()[1] for code in expected]
    assert codes(text)[:1] == expected[:1]


def strategy(keys: str, target: str = "contact") -> str:
    return f"{DEFAULTS}[matching.strategies.s]\ntarget = '{target}'\nkeys = {keys}\n"


DEFAULTS = "".join(
    f"[matching.strategies.{name}]\ntarget = '{target}'\nkeys = {keys}\n"
    for name, target, keys in [
        ("email", "contact", "[['email']]"),
        ("domain-or-name", "account", "[['domain'], ['name']]"),
        ("contact-and-context", "lead", "[['contact', 'context']]"),
    ]
)


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        ("[['emial']]", ["12:9 unknown_field"]),
        ("[['email:emial']]", ["12:9 normaliser_unknown"]),
        ("[['email'], ['phone:phone']]", ["12:20 region_missing"]),
        ("[['phone:phone:XX']]", ["12:9 region_unknown"]),
        ("[['email:email:SI']]", ["12:9 invalid_value"]),
        ("[['email:email-loose', 'first_name']]", []),
    ],
)
def test_keys_of_strategies(keys: str, expected: list[str]) -> None:
    assert codes(strategy(keys)) == expected


def test_a_key_of_a_lead_may_use_the_marketing_context() -> None:
    assert codes(strategy("[['contact', 'page']]", "lead")) == []
    assert codes(strategy("[['contact', 'utm_term']]", "lead")) == ["12:20 unknown_context"]
    form = "[capture.forms.f]\nmode = 'store'\ncontext = { utm_term = 'x' }\n"
    assert codes(strategy("[['contact', 'utm_term']]", "lead") + form) == []


@pytest.mark.parametrize(
    ("key", "package"),
    [
        ("phone:phone:SI", "phonenumbers"),
        ("last_name:company-cleanco", "cleanco"),
        ("email:domain-registrable", "tldextract"),
    ],
)
def test_a_normaliser_without_its_extra_is_refused_with_the_command_that_helps(
    key: str, package: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = strategy(f"[['{key}']]")
    assert told(text) == []
    monkeypatch.setitem(sys.modules, package, None)
    (fault,) = told(text)
    assert (fault.code, fault.severity) == ("adapter_unavailable", "fault")
    assert "pip install 'leadflow[normalize]'" in fault.hint


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ("fields = { a = 'contact.phone' }\nrequired = ['a']", "so every submission would fail"),
        ("fields = { a = 'contact.email' }", "is required, so a submission without it fails"),
        ("fields = { a = 'contact.email' }\nrequired = ['a']", None),
        ("mode = 'lead'\nfields = { a = 'contact.email' }\nrequired = ['a']", "the strategy contact-and-context"),
        ("mode = 'store'", None),
        ("mode = 'contact'\nfields = { a = 'contact.email' }\nrequired = ['a']", None),
    ],
)
def test_a_form_that_lacks_a_field_its_strategies_need_is_told_when_it_is_defined(form: str, said: str | None) -> None:
    """S003-9: a strategy's fields must come with the submission, else it fails."""
    found = [fault for fault in told(f"[capture.forms.f]\n{form}\n") if fault.code == "missing_strategy_field"]
    assert [(fault.line, fault.column, fault.severity) for fault in found] == [(1, 16, "warning")] * bool(said)
    assert said is None or said in found[0].message


def test_a_lead_that_is_always_new_needs_no_key() -> None:
    form = "[capture.forms.f]\nmode = 'lead'\nalways_new_lead = true\nfields = { a = 'lead.page' }\n"
    assert codes(form) == []


def test_an_account_that_is_told_must_be_found_by_its_strategy() -> None:
    form = (
        "[capture.forms.f]\nmode = 'contact'\naccount = 's'\nrequired = ['a']\n"
        "fields = { a = 'contact.email', b = 'account.name' }\n"
    )
    assert codes(form + strategy("[['phone']]", "account")) == ["1:16 missing_strategy_field"]
    assert codes(form + strategy("[['phone'], ['name']]", "account")) == []


def test_fields_of_a_record_that_the_mode_does_not_make_set_nothing() -> None:
    form = "[capture.forms.f]\nmode = 'contact'\nrequired = ['a']\nfields = { a = 'contact.email', b = 'lead.page' }\n"
    assert codes(form) == ["4:38 unused_field"]


# -- scoring ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("each = 'email clicked'", ["6:8 unknown_kind"]),
        ("each = 'email.clicked'\nwithin = '30dd'", ["7:10 invalid_rule"]),
        ("each = 'email.clicked'\nwithin = '30d'\nhalf_life_days = 5", ["7:10 invalid_rule"]),
        ("each = 'email.clicked'\nlimit = 0", ["7:9 invalid_rule"]),
        ("each = 'email.clicked'\ncap = 0", ["7:7 invalid_rule"]),
        ("of = 'email.clicked'\nlimit = 3", ["7:9 no_effect"]),
        ("when = 'True'\nwhere = { a = 1 }\nwithin = '3d'", ["7:9 no_effect", "8:10 no_effect"]),
        ("none = '*'\nwithin = '3d'", []),
        ("each = 'a'\ngroup = 'g'", ["7:9 unknown_group"]),
        ("each = 'a'\n[scoring.models.m.groups.g]", ["7:26 unused_group"]),
        ("each = 'a'\ngroup = 'g'\n[scoring.models.m.groups.g]\nat_least = 5\nat_most = 1", ["8:26 empty_range"]),
        (
            "each = 'a'\n[[scoring.models.m.rules]]\nname = 'x'\npoints = 0\nof = 'b'",
            ["8:8 same_name", "9:10 no_effect"],
        ),
        ("each = 'a'\n[[scoring.models.m.rules]]\nname = ' '\npoints = 1\nof = 'b'", ["8:8 blank_name"]),
    ],
)
def test_scoring_rules(text: str, expected: list[str]) -> None:
    assert codes(rule(text)) == expected


@pytest.mark.parametrize(
    ("model", "expected"),
    [
        ("threshold = 6", ["2:13 unreachable_threshold"]),
        ("threshold = 5", []),
        ("threshold = 0", ["2:13 always_reached"]),
        ("threshold = 3\nceiling = 2", ["2:13 unreachable_threshold"]),
        ("floor = 3\nceiling = 2", ["2:9 empty_range"]),
        ("state = 'draft'", ["2:9 model_draft"]),
        ("rearm = -1", ["2:9 invalid_value"]),
        ("grades = [{ name = 'a', at_least = 2 }]", ["2:36 grade_gap"]),
        ("grades = [{ name = 'a', at_least = 0 }, { name = 'b', at_least = 9 }]", ["2:66 unreachable_grade"]),
        (
            "grades = [{ name = 'a', at_least = 0 }, { name = 'a', at_least = 0 }]",
            ["2:50 same_grade", "2:66 same_grade"],
        ),
        ("grades = [{ name = 'a', at_least = -5 }, { name = 'b', at_least = 3 }]", []),
    ],
)
def test_models(model: str, expected: list[str]) -> None:
    assert codes(rule("each = 'a'\nlimit = 1", model)) == expected


# -- processes --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("next = [{ to = 'c' }]", ["3:16 unknown_stage", "5:8 unreached_stage"]),
        ("automatic = [{ to = 'c', when = 'is_scored' }]", ["3:21 unknown_stage"]),
        ("next = [{ to = 'a' }]", ["5:8 unreached_stage"]),
        ("automatic = [{ to = 'a', when = 'is_scored' }]", ["3:21 never_moves"]),
        ("next = [{ to = 'b' }, { to = 'a', when = 'is_scored' }]", ["3:16 shadowed_branch"]),
        (
            "next = [{ to = 'b', when = 'is_scored' }, { to = 'a', when = 'is_scored' }]",
            ["3:63 shadowed_branch"],
        ),
        ("steps = [{ name = 's', field = 'lead.bugdet' }]", ["3:33 unknown_field"]),
        ("steps = [{ name = 's', field = 'budget' }]", ["3:33 unknown_field"]),
        ("steps = [{ name = 's', field = 'lead.page', must_be_yes = true }]", ["3:33 never_yes"]),
        ("steps = [{ name = 's', field = 'lead.sales_ready', must_be_yes = true }, { name = 't' }]", []),
        ("steps = [{ name = 's' }, { name = 's' }]", ["3:35 same_name"]),
        ("on_exit = [{ do = 'notify' }]", ["3:12 missing_key"]),
        ("on_exit = [{ do = 'assign' }]", []),
    ],
)
def test_processes(text: str, expected: list[str]) -> None:
    assert codes(stage(text)) == expected


def test_a_process_behind_one_that_takes_every_lead() -> None:
    first = "[process.processes.p]\nstages = [{ name = 'a' }]\n[process.processes.q]\nstages = [{ name = 'a' }]\n"
    assert codes(first) == [], "a process without a condition is for switching to"
    assert codes(first + "applies = 'lead.page == \"x\"'\n") == ["5:11 shadowed_process"]


# -- assignment -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("chain = ['pool:x']", ["4:10 unknown_name"]),
        ("chain = ['queue', 'pool']", ["4:10 shadowed_step"]),
        ("chain = ['pool', 'queue', 'default']", []),
        ("entries = [{ name = 'a.b', target = 'pool:x', when = 'lead.sales_ready' }]", ["4:37 unknown_name"]),
        (
            "entries = [{ name = 'a', target = 'queue:q' }, { name = 'b', target = 'queue:q' }]",
            ["4:21 shadowed_rule"],
        ),
        ("entries = [{ name = 'a', target = 'user:x' }, { name = 'b', target = 'queue:q' }]", []),
        ("entries = [{ name = 'a', notify = 'x', stop = false }, { name = 'b', target = 'queue:q' }]", []),
        ("pools = [{ name = 'p', members = [] }]", ["4:34 empty_pool"]),
        ("pools = [{ name = 'p', members = [{ user = 'x', paused = true }] }]", ["4:34 empty_pool"]),
        (
            "pools = [{ name = 'p', members = [{ user = 'x.y', schedule = 's' }], queue = 'r' }]",
            ["4:62 unknown_name", "4:78 unknown_name"],
        ),
    ],
)
def test_assignment(text: str, expected: list[str]) -> None:
    assert codes(QUEUE + text) == expected


def test_a_pool_that_is_the_last_resort_needs_a_queue() -> None:
    pool = "[assignment]\ndefault_owner = 'pool:p'\npools = [{ name = 'p', members = [{ user = 'x' }] }]\n"
    assert codes(pool) == ["3:10 missing_queue"]


# -- moved ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('"stage.p.old" = "stage.p.b"', []),
        ('"stage.q.old" = "stage.p.b"', []),
        ('"form.x" = "form.y"', ["7:12 invalid_move"]),
        ('"stage.p.old" = "stage.p.c"', ["7:17 invalid_move"]),
        ('"stage.p.a" = "stage.p.b"', ["7:1 invalid_move"]),
        ('"stage.old" = "stage.p.b"', ["7:1 invalid_move"]),
        ('"stage.p.old" = "b"', ["7:17 invalid_move"]),
        ('"process.old" = "stage.p.b"', ["7:17 invalid_move"]),
        ('"atage.p.old" = "stage.p.b"', ["7:1 invalid_move"]),
    ],
)
def test_moves(text: str, expected: list[str]) -> None:
    assert codes(stage("") + f"[moved]\n{text}\n") == expected


# -- files ------------------------------------------------------------------------------------------------


def test_check_file_tells_faults_of_form_and_then_of_meaning(tmp_path: object) -> None:
    from pathlib import Path

    path = Path(str(tmp_path)) / "playbook.toml"
    path.write_text('name = 5\n[matching]\ncontact = "emial"\n')
    assert [fault.code for fault in check_file(path)] == ["wrong_type"]
    path.write_text('[matching]\ncontact = "emial"\n')
    assert [(fault.code, fault.line, fault.file) for fault in check_file(path)] == [("unknown_strategy", 2, str(path))]
    assert [fault.code for fault in check_file(path.parent / "absent.toml")] == ["unreadable"]
