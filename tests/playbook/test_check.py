"""What is wrong with rules of the right form is told before anything runs, each with its place and the way out."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings

from leadflow.engine.preparing import rulebook_of
from leadflow.engine.rooms import ROOMS
from leadflow.errors import PlaybookError
from leadflow.playbook.check import check_file, check_playbook, checked_playbook
from leadflow.playbook.codec import parse_playbook
from leadflow.playbook.default import default_playbook, default_text
from leadflow.playbook.fault import Fault
from leadflow.playbook.playbook import Playbook
from leadflow.playbook.schema import TERMS
from leadflow.playbook.writing import to_toml

from .strategies import playbooks

MARK = "§"
"""Stands in these texts before each place that is to be told."""
QUEUE = '[assignment]\ndefault_owner = "queue:q"\nqueues = [{ name = "q" }]\n'


def told(text: str, **options: Any) -> list[Fault]:
    """What check says about a text, after making sure that it says it of the marked places."""
    places = []
    while MARK in text:
        before, _, after = text.partition(MARK)
        places.append((before.count("\n") + 1, len(before.rpartition("\n")[2]) + 1))
        text = before + after
    found = list(check_playbook(parse_playbook(text), text, **options))
    assert [(fault.line, fault.column) for fault in found] == places, [str(fault) for fault in found]
    return found


def codes(text: str, **options: Any) -> list[str]:
    return [fault.code for fault in told(text, **options)]


def rule(text: str, model: str = "") -> str:
    return f'[scoring.models.m]\n{model}\n[[scoring.models.m.rules]]\nname = "x"\npoints = 5\n{text}\n'


def stage(text: str, mark: str = "") -> str:
    return f'[[process.processes.p.stages]]\nname = "a"\n{text}\n[[process.processes.p.stages]]\nname = {mark}"b"\n'


# -- laws -------------------------------------------------------------------------------------------------


@settings(max_examples=40, deadline=None)
@given(playbooks)
def test_what_the_engine_cannot_prepare_check_refuses(playbook: Playbook) -> None:
    try:
        rulebook_of(playbook)
    except Exception:
        assert any(not fault.is_warning for fault in check_playbook(playbook))


@settings(max_examples=40, deadline=None)
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
    (fault,) = check_playbook(parse_playbook(text), text)
    assert str(fault) == (
        f"playbook.toml:{line}:9 scoring.models.interest.rules[8].when: "
        "contact has no field job_levle; did you mean job_level?"
    )


def test_the_place_in_a_condition_accounts_for_escapes_and_lines() -> None:
    assert codes(rule(r'when = "contact.title == \"x\" and §contact.contry == 5"')) == ["invalid_condition"]
    assert codes(rule('when = """\nany(\'x\') and \\\n  §contact.contry == 5"""')) == ["invalid_condition"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("when = '§contact.contry == 5 and 1 < §scor'", ["invalid_condition"] * 2),
        ("when = 'contact.title == §$'", ["invalid_condition"]),
        ("when = '§('", ["invalid_condition"]),
        ("when = '§lead.page == \"x\"'", ["out_of_reach"]),
        ("when = 'any(\"x\") and §is_scored'", ["out_of_reach"]),
        ("when = '§account.employees > 9 and account.employees < 5'", ["never_true"]),
        ("when = '§count(\"x\") >= 0'", ["always_true"]),
        ('when = \'contact.title == "a" or §contact.title == "a"\'', ["duplicate"]),
        ("when = 'True'", []),
    ],
)
def test_conditions_of_scoring_rules(text: str, expected: list[str]) -> None:
    assert codes(rule(text)) == expected


def test_a_model_reads_the_records_of_its_target() -> None:
    assert codes(rule("when = 'lead.page == \"x\"'", 'target = "lead"')) == []
    assert codes(rule("when = '§contact.title == \"x\"'", 'target = "account"')) == ["out_of_reach"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("gate = 'stage == §\"c\"'", "stage is never 'c'"),
        ("gate = 'lead.stage == §\"c\"'", "lead.stage is never 'c'"),
        ("gate = 'lead.state == §\"opn\"'", "lead.state is never 'opn'; did you mean open?"),
        ("gate = 'score(§\"n\") > 5'", "score has no 'n'"),
        ('gate = \'grade("m") == §"hot"\'', "grade(\"m\") is never 'hot'; known: cold"),
        ('gate = \'grade("m") in ["cold", §"hot"]\'', "grade(\"m\") is never 'hot'; known: cold"),
        ("gate = '§user.name == \"x\"'", "user cannot be read here; only contact, account and lead can"),
        ("gate = '§opportunity.amount > 5'", "opportunity cannot be read here"),
        ("next = [{ to = 'b', when = '§nope' }]", "there is no term nope"),
        ("automatic = [{ to = 'b', when = '§lead.pge == \"x\"' }]", "lead has no field pge; did you mean page?"),
    ],
)
def test_conditions_of_processes(text: str, message: str) -> None:
    models = (
        '[scoring.models.m]\ngrades = [{ name = "cold", at_least = 0 }]\n'
        '[scoring.models.o]\ngrades = [{ name = "hot", at_least = 0 }]\n'
    )
    (fault,) = told(stage(text) + models)
    assert message in str(fault)
    assert fault.severity == "fault"


def test_conditions_of_assignment_and_of_processes_as_a_whole() -> None:
    assert (
        codes(
            QUEUE + "entries = [{ name = 'x', target = 'queue:q', when = '§lead.pge == 1' }]\n"
            "slas = [{ name = 's', within = '1h', criterion = '§ld.x == 1' }]\n"
            "[process.processes.p]\napplies = '§lead.pge is None'\nstages = [{ name = 'a' }]\n"
        )
        == ["invalid_condition"] * 3
    )


def test_a_model_that_is_not_live_has_no_score_to_ask_for() -> None:
    text = stage("gate = '§score(\"m\") > 5'") + rule("when = 'True'", 'state = "stopped"')
    assert codes(text) == ["model_not_live"]


def test_kinds_of_interaction_are_checked_when_they_are_known() -> None:
    text = rule("each = §'email.clickd'") + stage("gate = '§any(\"email.opend\")'")
    assert codes(text.replace(MARK, "")) == []
    assert codes(text, kinds=["email.clicked", "email.opened"]) == ["unknown_kind", "invalid_condition"]
    form = "[capture.forms.f]\nmode = 'store'\nkind = 'email.clickd'\n"
    assert codes(form + rule("each = 'email.clickd'"), kinds=["x"]) == []
    alerts = QUEUE + "alerts = ['email.*', §'emial.*']"
    assert codes(alerts, kinds=["email.clicked", "email.opened"]) == ["unknown_kind"]


def test_terms_of_other_rooms_are_known_when_they_are_handed_over() -> None:
    assert codes(stage("gate = 'is_scored'")) == []
    assert [fault.message for fault in told(stage("gate = '§is_scored'"), terms=[])] == ["there is no term is_scored"]


# -- matching and forms ----------------------------------------------------------------------------------

STORE = "[capture.forms.f]\nmode = 'store'\n"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[matching]\ncontact = §'emial'", ["unknown_strategy"]),
        ("[matching]\nlead = §'email'", ["wrong_strategy"]),
        ("[matching]\nprotected = ['source', §'sorce']", ["unknown_field"]),
        (STORE + "account = §'email'", ["wrong_strategy"]),
        (STORE + "lead = §'x'", ["unknown_strategy"]),
        (STORE + "fields = { a = §'contact.emial' }", ["unknown_field"]),
        (STORE + "fields = { a = §'contact.id' }", ["unknown_field"]),
        (STORE + "fields = { a = §'email', b = §'user.x' }", ["unknown_field"] * 2),
        (STORE + "fields = { a = 'lead.x' }\n[attributes.lead]\nx = {}", []),
        (STORE + "fields = { a = 'lead.page', b = §'lead.page' }", ["set_twice"]),
        (STORE + "fields = { mail = 'lead.page' }\nrequired = [§'mial', 'agrees']", ["unmapped_required"]),
    ],
)
def test_names_in_matching_and_forms(text: str, expected: list[str]) -> None:
    assert codes(text) == expected


def strategy(keys: str, target: str = "contact") -> str:
    defaults = [
        ("email", "contact", "[['email']]"),
        ("domain-or-name", "account", "[['domain'], ['name']]"),
        ("contact-and-context", "lead", "[['contact', 'context']]"),
        ("s", target, keys),
    ]
    return "".join(f"[matching.strategies.{n}]\ntarget = '{t}'\nkeys = {k}\n" for n, t, k in defaults)


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        ("[[§'emial']]", ["unknown_field"]),
        ("[[§'email:emial']]", ["normaliser_unknown"]),
        ("[['email'], [§'phone:phone']]", ["region_missing"]),
        pytest.param("[[§'phone:phone:XX']]", ["region_unknown"], marks=pytest.mark.extra),
        ("[[§'email:email:SI']]", ["invalid_value"]),
        ("[['email:email-loose', 'first_name']]", []),
    ],
)
def test_keys_of_strategies(keys: str, expected: list[str]) -> None:
    assert codes(strategy(keys)) == expected


def test_a_default_strategy_of_each_kind_must_exist() -> None:
    """S003-9: one default of each kind always exists."""
    found = told("[§§matching]\n[matching.strategies.email]\ntarget = 'contact'\nkeys = [['email']]\n")
    assert [(fault.path, fault.code) for fault in found] == [
        ("matching.account", "unknown_strategy"),
        ("matching.lead", "unknown_strategy"),
    ]


def test_a_key_of_a_lead_may_use_the_marketing_context() -> None:
    assert codes(strategy("[['contact', 'page']]", "lead")) == []
    assert codes(strategy("[['contact', §'utm_term']]", "lead")) == ["unknown_context"]
    form = "[capture.forms.f]\nmode = 'store'\ncontext = { utm_term = 'x' }\n"
    assert codes(strategy("[['contact', 'utm_term']]", "lead") + form) == []


@pytest.mark.extra
@pytest.mark.parametrize(
    ("key", "package"), [("phone:phone:SI", "phonenumbers"), ("last_name:company-cleanco", "cleanco")]
)
def test_a_normaliser_without_its_extra_is_refused_with_the_command_that_helps(
    key: str, package: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert told(strategy(f"[['{key}']]")) == []
    monkeypatch.setitem(sys.modules, package, None)
    (fault,) = told(strategy(f"[[§'{key}']]"))
    assert (fault.code, fault.severity) == ("adapter_unavailable", "fault")
    assert "pip install 'leadflow[normalize]'" in fault.hint


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ("fields = { a = 'contact.phone' }\nrequired = ['a']", "so every submission would fail"),
        ("fields = { a = 'contact.email' }", "is required, so a submission without it fails"),
        ("fields = { a = 'contact.email' }\nrequired = ['a']", None),
        ("mode = 'lead'\nfields = { a = 'lead.source' }\nrequired = ['a']", None),
        ("mode = 'lead'\nlead = 's'\nfields = { a = 'account.name' }\nrequired = ['a']", None),
        ("lead = 's'\nfields = { a = 'contact.email' }\nrequired = ['a']", "the strategy s (account+context)"),
        ("mode = 'store'", None),
        ("mode = 'contact'\nfields = { a = 'contact.email' }\nrequired = ['a']", None),
    ],
)
def test_a_form_that_lacks_a_field_its_strategies_need_is_told_when_it_is_defined(form: str, said: str | None) -> None:
    """S003-9: a strategy's fields must come with the submission, else it fails."""
    text = f"[capture.forms.{MARK if said else ''}f]\n{form}\n" + strategy("[['account', 'context']]", "lead")
    found = told(text)
    assert [(fault.code, fault.severity) for fault in found] == [("missing_strategy_field", "warning")] * bool(said)
    assert said is None or said in found[0].message


def test_a_lead_that_is_always_new_needs_no_key() -> None:
    form = "[capture.forms.f]\nmode = 'lead'\nalways_new_lead = true\nfields = { a = 'lead.page' }\n"
    assert codes(form) == []


def test_an_account_that_is_told_must_be_found_by_its_strategy() -> None:
    form = (
        "[capture.forms.§f]\nmode = 'contact'\naccount = 's'\nrequired = ['a']\n"
        "fields = { a = 'contact.email', b = 'account.name' }\n"
    )
    assert codes(form + strategy("[['phone']]", "account")) == ["missing_strategy_field"]
    assert codes(form.replace(MARK, "") + strategy("[['phone'], ['name']]", "account")) == []


def test_fields_of_a_record_that_the_mode_does_not_make_set_nothing() -> None:
    form = "[capture.forms.f]\nmode = 'contact'\nrequired = ['a']\nfields = { a = 'contact.email', b = §'lead.page' }\n"
    assert codes(form) == ["unused_field"]
    lead = "[capture.forms.f]\nmode = 'lead'\nalways_new_lead = true\nfields = { a = 'contact.email' }\n"
    assert codes(lead) == [], "an address tells the account's domain"


# -- scoring ----------------------------------------------------------------------------------------------

GROUP = "group = 'g'\n[scoring.models.m.groups.g]\n"
SECOND = "[[scoring.models.m.rules]]\nof = 'b'\n"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("each = §'email clicked'", ["unknown_kind"]),
        ("each = 'email.clicked'\nwithin = §'30dd'", ["invalid_rule"]),
        ("of = 'email.clicked'\nwithin = §'30dd'", ["invalid_rule"]),
        ("each = 'email.clicked'\nwithin = §'30d'\nhalf_life_days = 5", ["invalid_rule"]),
        ("each = 'email.clicked'\nlimit = §0", ["invalid_rule"]),
        ("each = 'email.clicked'\ncap = §0", ["invalid_rule"]),
        ("when = '§count(\"a\") > account.employees'", ["invalid_rule"]),
        ("of = 'email.clicked'\nlimit = §3", ["no_effect"]),
        ("none = '*'\ncap = §3\nwithin = '3d'", ["no_effect"]),
        ("when = 'True'\nwhere = §{ a = 1 }\nat_least = §2", ["no_effect"] * 2),
        ("each = 'a'\ngroup = §'g'", ["unknown_group"]),
        ("each = 'a'\n[scoring.models.m.groups.§g]", ["unused_group"]),
        ("each = 'a'\n" + GROUP.replace(".g]", ".§g]") + "at_least = 5\nat_most = 1", ["empty_range"]),
        ("each = 'a'\n" + GROUP + "at_least = 1\nat_most = 5", []),
        ("each = 'a'\n" + SECOND + "name = §'x'\npoints = §0", ["same_name", "no_effect"]),
        ("each = 'a'\n" + SECOND + "name = §' '\npoints = 1", ["blank_name"]),
    ],
)
def test_scoring_rules(text: str, expected: list[str]) -> None:
    assert codes(rule(text)) == expected


@pytest.mark.parametrize(
    ("model", "expected"),
    [
        ("threshold = §6", ["unreachable_threshold"]),
        ("threshold = 5", []),
        ("threshold = §0", ["always_reached"]),
        ("threshold = §3\nceiling = 2", ["unreachable_threshold"]),
        ("floor = §3\nceiling = 2", ["empty_range"]),
        ("state = §'draft'", ["model_draft"]),
        ("rearm = §-1", ["invalid_value"]),
        ("grades = [{ name = 'a', at_least = §2 }]", ["grade_gap"]),
        ("grades = [{ name = 'a', at_least = 0 }, { name = 'b', at_least = §9 }]", ["unreachable_grade"]),
        ("grades = [{ name = 'a', at_least = 0 }, { name = §'a', at_least = §0 }]", ["same_grade"] * 2),
        ("grades = [{ name = 'a', at_least = -5 }, { name = 'b', at_least = 3 }]", []),
    ],
)
def test_models(model: str, expected: list[str]) -> None:
    assert codes(rule("each = 'a'\nlimit = 1", model)) == expected


# -- processes --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("next = [{ to = §'c', when = 'is_scored' }]", ["unknown_stage"]),
        ("automatic = [{ to = §'c', when = 'is_scored' }]", ["unknown_stage"]),
        ("automatic = [{ to = §'a', when = 'is_scored' }]", ["never_moves"]),
        ("next = [{ to = §'b' }, { to = 'a', when = 'is_scored' }]", ["shadowed_branch"]),
        ("next = [{ to = 'b', when = 'is_scored' }, { to = 'a', when = §'is_scored' }]", ["shadowed_branch"]),
        ("next = [{ to = 'b', when = 'is_scored' }, { to = 'a' }]", []),
        ("steps = [{ name = 's', field = §'lead.bugdet' }]", ["unknown_field"]),
        ("steps = [{ name = 's', field = §'budget' }]", ["unknown_field"]),
        ("steps = [{ name = 's', field = §'user.name' }]", ["unknown_field"]),
        ("steps = [{ name = 's', field = §'lead.page', must_be_yes = true }]", ["never_yes"]),
        ("steps = [{ name = 's', field = 'lead.sales_ready', must_be_yes = true }, { name = 't' }]", []),
        ("steps = [{ name = 's' }, { name = §'s' }]", ["same_name"]),
        ("on_exit = [§{ do = 'notify' }]", ["missing_key"]),
        ("on_exit = [{ do = 'assign' }]", []),
    ],
)
def test_processes(text: str, expected: list[str]) -> None:
    assert codes(stage(text)) == expected


def test_a_stage_that_no_way_leads_to() -> None:
    assert codes(stage("next = [{ to = 'a' }]", mark=MARK)) == ["unreached_stage"]
    assert codes(stage("next = [{ to = 'a' }]\nautomatic = [{ to = 'b', when = 'is_scored' }]")) == []
    assert codes(stage("next = [{ to = §'a' }, { to = 'b', when = 'is_scored' }]", mark=MARK)) == [
        "shadowed_branch",
        "unreached_stage",
    ]


def test_a_process_behind_one_that_takes_every_lead() -> None:
    text = "[process.processes.p]\nstages = [{ name = 'a' }]\n[process.processes.q]\nstages = [{ name = 'a' }]\n"
    assert codes(text) == [], "a process without a condition is for switching to"
    assert codes(text + "applies = §'lead.page == \"x\"'\n") == ["shadowed_process"]


# -- assignment -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("chain = §['pool:x']", ["unknown_name"]),
        ("chain = [§'queue', 'pool']", ["shadowed_step"]),
        ("chain = ['pool', 'queue', 'default']", []),
        ("entries = [{ name = 'a.b', target = §'pool:x', when = 'lead.sales_ready' }]", ["unknown_name"]),
        ("entries = [{ name = §'a', target = 'queue:q' }, { name = 'b', target = 'queue:q' }]", ["shadowed_rule"]),
        ("entries = [{ name = 'a', target = 'user:x' }, { name = 'b', target = 'queue:q' }]", []),
        ("entries = [{ name = 'a', notify = 'x', stop = false }, { name = 'b', target = 'queue:q' }]", []),
        ("pools = [{ name = 'p', members = §[] }]", ["empty_pool"]),
        ("pools = [{ name = 'p', members = §[{ user = 'x', paused = true }] }]", ["empty_pool"]),
        ("pools = [{ name = 'p', members = [{ user = 'x.y', schedule = §'s' }], queue = §'r' }]", ["unknown_name"] * 2),
        ("slas = [{ name = 's', within = '1h', schedule = §'x' }]", ["unknown_name"]),
        ("triggers = ['sales_ready', §'sales_redy']", ["unknown_flag"]),
        ("alerts = ['page.visited', §'page visited']", ["unknown_kind"]),
        ("views = [{ name = 'v', where = '§lead.ownr is None' }]", ["invalid_condition"]),
        ("views = [{ name = 'v', order = §'colour' }]", ["unknown_order"]),
        ("views = [{ name = 'v', order = §'score' }]", ["unknown_model"]),
        ("views = [{ name = 'v', order = §'-score(\"fit\")' }]", ["unknown_model"]),
        (
            "views = [{ name = 'v', order = '-stage', columns = ['id', 'contact', 'account.name', 'owner', 'score'] }]",
            [],
        ),
        ("views = [{ name = 'v', columns = ['id', §'contact.emial'] }]", ["unknown_column"]),
        ("views = [{ name = 'v', columns = [§'grade(fit)'] }]", ["unknown_model"]),
        ("alerts = ['email.*', '*', §'email.*.x']", ["unknown_kind"]),
        ("alerts = ['email.*', §'email*']", ["unknown_kind"]),
    ],
)
def test_assignment(text: str, expected: list[str]) -> None:
    assert codes(QUEUE + text) == expected


def test_a_pool_that_is_the_last_resort_needs_a_queue() -> None:
    pool = "[assignment]\ndefault_owner = 'pool:p'\npools = [§{ name = 'p', members = [{ user = 'x' }] }]\n"
    assert codes(pool) == ["missing_queue"]


# -- moved ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "is_wrong"),
    [
        ('"stage.p.old" = "stage.p.b"', False),
        ('"stage.q.old" = "stage.p.b"', False),
        ('"form.x" = §"form.y"', True),
        ('"stage.p.old" = §"stage.p.c"', True),
        ('§"stage.p.a" = "stage.p.b"', True),
        ('§"stage.old" = "stage.p.b"', True),
        ('"stage.p.old" = §"b"', True),
        ('"process.old" = §"stage.p.b"', True),
        ('§"stge.p.old" = "stage.p.b"', True),
    ],
)
def test_moves(text: str, is_wrong: bool) -> None:
    assert codes(stage("") + f"[moved]\n{text}\n") == ["invalid_move"] * is_wrong


# -- files ------------------------------------------------------------------------------------------------


def test_check_file_tells_faults_of_form_and_then_of_meaning(tmp_path: Path) -> None:
    path = tmp_path / "playbook.toml"
    path.write_text('name = 5\n[matching]\ncontact = "emial"\n')
    assert [fault.code for fault in check_file(path)] == ["wrong_type"]
    path.write_text('[matching]\ncontact = "emial"\n')
    assert [(fault.code, fault.line, fault.file) for fault in check_file(path)] == [("unknown_strategy", 2, str(path))]
    assert [fault.code for fault in check_file(tmp_path / "absent.toml")] == ["unreadable"]


def test_warnings_let_a_playbook_pass_and_faults_do_not(tmp_path: Path) -> None:
    path = tmp_path / "playbook.toml"
    path.write_text(rule("each = 'a'", "state = 'draft'"))
    assert [fault.code for fault in check_file(path)] == ["model_draft"]
    assert list(checked_playbook(path).scoring.models) == ["m"]
    path.write_text(rule("each = 'a b'", "state = 'draft'"))
    with pytest.raises(PlaybookError) as caught:
        checked_playbook(path)
    assert [fault.code for fault in caught.value.faults] == ["unknown_kind"]
    assert str(caught.value).startswith(f"1 fault in {path}\n  {path}:6:8 scoring.models.m.rules[0].each: ")
