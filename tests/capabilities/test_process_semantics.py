"""Business processes: S003-15 to S003-24 and section 5, with the decisions taken in section 9."""

from __future__ import annotations

from typing import Any

import pytest

from leadflow.process.rules import Action, Branch, Process, ProcessStep, Stage
from leadflow.scoring.rules import Rule

from .conftest import Start
from .scene import STAGES, Scene, extended, process, scoring

INQUIRY, QUALIFICATION, ACCEPTANCE, CALLING, SALES = STAGES


def ready(scene: Scene, lead: str | None) -> None:
    scene.say("set_flag", lead=lead, flag="sales_ready").unwrap()


def refused(result: Any) -> str:
    assert result.status == "refused", result
    return str(result.refusal.code)


# -- the ready-made process -------------------------------------------------------------------------------


def test_s003_15_a_ready_made_process_ships(scene: Scene) -> None:
    """S003-15: one process from creation to sales acceptance, with five stages in order."""
    ready_made = scene.flow.playbook.process.processes["marketing"]
    assert tuple(stage.name for stage in ready_made.stages) == STAGES
    lead = scene.submit().lead
    assert scene.lead(lead).process == "marketing"


def test_s003_19_a_page_lead_starts_with_its_links_set(scene: Scene) -> None:
    """S003-19, Inquiry: contact and account are set automatically for page and event leads."""
    lead = scene.lead(scene.submit().lead)
    assert lead.contact_id is not None
    assert lead.account_id is not None
    steps = {step.name: step.field for step in scene.flow.playbook.process.processes["marketing"].stages[0].steps}
    assert steps == {"contact": "lead.contact_id", "account": "lead.account_id"}


def test_s003_19_another_lead_waits_in_inquiry_until_it_is_linked(scene: Scene) -> None:
    """S003-19: for others this is where the link is made; then the first score moves it on."""
    made = scene.say("lead", lead={"context": {"page": "x"}})
    assert scene.lead(made.lead).stage == INQUIRY
    person = scene.say("contact", contact={"email": "ana@kos.example"})
    scene.say("lead", lead={"id": made.lead, "contact_id": person.contact}).unwrap()
    assert scene.lead(made.lead).stage == QUALIFICATION


def test_s003_20_the_first_score_moves_a_lead_to_automated_qualification(scene: Scene) -> None:
    """S003-20: stage 1 to 2 by itself on any score, whatever its points."""
    lead = scene.submit(job_level="student").lead
    assert scene.visits(lead) == [(INQUIRY, "automatic"), (QUALIFICATION, None)]


def test_s003_20_by_hand_it_gets_there_too(start: Start) -> None:
    """S003-20: or by hand."""
    from leadflow.scoring.rules import ScoringRules

    from .scene import default

    scene = start(default(scoring=ScoringRules()))
    lead = scene.submit().lead
    assert scene.lead(lead).stage == INQUIRY
    scene.say("advance", lead=lead).unwrap()
    assert scene.visits(lead) == [(INQUIRY, "completed"), (QUALIFICATION, None)]


def test_s003_20_sales_ready_skips_teleprospecting(scene: Scene) -> None:
    """S003-20, section 9: from 2 straight to 5; 3 and 4 are recorded as skipped, not as completed."""
    lead = scene.submit().lead
    ready(scene, lead)
    assert scene.visits(lead)[1:] == [
        (QUALIFICATION, "automatic"),
        (ACCEPTANCE, "skipped"),
        (CALLING, "skipped"),
        (SALES, None),
    ]
    change = scene.decided("stage_changed", lead)[-1]
    assert (change.how, change.skipped) == ("automatic", (ACCEPTANCE, CALLING))


def test_s003_20_the_threshold_does_it_automatically(scene: Scene) -> None:
    """S003-20: nurtured and rescored until the threshold: demo 35, decides 15, prices 8 and 8."""
    lead = scene.submit(job_level="manager").lead
    stages = [scene.lead(lead).stage]
    for _ in range(2):
        scene.did("page.visited", page="pricing")
        stages.append(scene.lead(lead).stage)
    assert scene.points(lead, "interest") == 66
    assert stages == [QUALIFICATION, QUALIFICATION, SALES]


def test_s003_21_a_teleprospect_ready_lead_waits_for_a_caller(scene: Scene) -> None:
    """S003-21: stage 2 to 3 when teleprospect ready is set by hand; accepted, it goes to 4."""
    lead = scene.submit().lead
    scene.say("set_flag", lead=lead, flag="teleprospect_ready").unwrap()
    assert scene.lead(lead).stage == ACCEPTANCE
    waiting = scene.flow.leads(f'stage == "{ACCEPTANCE}"')
    assert [listed.lead.id for listed in waiting] == [lead]
    scene.say("set_flag", lead=lead, flag="teleprospect_accepted").unwrap()
    assert scene.lead(lead).stage == CALLING


def test_s003_22_the_caller_records_the_conversation(scene: Scene) -> None:
    """S003-22: need, process, time frame, budget; sales ready moves it on, with nothing skipped."""
    lead = scene.submit().lead
    for flag in ("teleprospect_ready", "teleprospect_accepted"):
        scene.say("set_flag", lead=lead, flag=flag).unwrap()
    for step, value in (("purchase_need", "a new tool"), ("budget", 12000)):
        scene.say("set_step", lead=lead, step=step, value=value).unwrap()
    scene.say("set_step", lead=lead, step="sales_ready", value=True).unwrap()
    found = scene.lead(lead)
    assert (found.stage, found.custom["purchase_need"], found.custom["budget"]) == (SALES, "a new tool", 12000)
    assert [stage for stage, _ in scene.visits(lead)] == list(STAGES)
    assert "skipped" not in {how for _, how in scene.visits(lead)}


def test_s003_23_sales_acceptance(scene: Scene) -> None:
    """S003-23: sales has it, a manager assigns it and ticks accepted; a deal ends the process with its success."""
    lead = scene.submit().lead
    ready(scene, lead)
    assert refused(scene.say("end_process", lead=lead)) == "step_missing"
    scene.say("assign", lead=lead, owner="bo", actor="manager").unwrap()
    scene.say("set_step", lead=lead, step="sales_accepted", value=True, actor="manager").unwrap()
    assert scene.lead(lead).sales_accepted
    scene.say("opportunity", id="d-1", lead={"id": lead}, status="open", amount="1200", currency="EUR").unwrap()
    assert (scene.lead(lead).state, scene.lead(lead).reason) == ("qualified", "converted")
    scene.clock.advance("10d")
    scene.say("opportunity", id="d-1", lead={"id": lead}, status="won", amount="1200", currency="EUR").unwrap()
    assert scene.row("process", f"{lead}|marketing").status == "finished"
    assert scene.row("opportunity", "d-1").contact_id == scene.lead(lead).contact_id


def test_s003_23_a_lost_deal_disqualifies_its_lead(scene: Scene) -> None:
    """S003-23: the reason is kept; the process is abandoned where it stood."""
    lead = scene.submit().lead
    scene.say("opportunity", id="d-1", contact={"email": "ana@kos.example"}, status="lost").unwrap()
    assert (scene.lead(lead).state, scene.lead(lead).reason) == ("disqualified", "lost")
    assert scene.row("process", f"{lead}|marketing").status == "abandoned"


def test_s003_20_a_lead_never_moves_backwards_by_itself(scene: Scene) -> None:
    """Section 9: a lead further on stays where it is, whatever flags or scores say."""
    lead = scene.submit().lead
    ready(scene, lead)
    scene.say("set_flag", lead=lead, flag="sales_ready", value=False).unwrap()
    scene.say("set_flag", lead=lead, flag="teleprospect_ready").unwrap()
    scene.did("email.clicked")
    assert scene.lead(lead).stage == SALES


# -- gates and steps --------------------------------------------------------------------------------------

GATED = (
    Stage(
        name="one",
        steps=(
            ProcessStep(name="budget", field="lead.budget", required=True),
            ProcessStep(name="is_local", required=True),
            ProcessStep(name="agreed", must_be_yes=True),
        ),
        gate='contact.country == "SI"',
    ),
    Stage(name="two"),
)


def test_s003_16_a_stage_shows_its_steps_and_is_completed_by_a_button(start: Start) -> None:
    """S003-16: required steps hold the stage back, and the refusal names them; a gate does too."""
    scene = start(process(*GATED))
    lead = scene.submit().lead
    held = scene.say("advance", lead=lead)
    assert refused(held) == "step_missing"
    assert held.refusal is not None
    assert held.refusal.parameters["steps"] == "budget, is_local, agreed"
    for step, value in (("budget", 5), ("is_local", True), ("agreed", True)):
        scene.say("set_step", lead=lead, step=step, value=value).unwrap()
    assert refused(scene.say("advance", lead=lead)) == "gate_closed"
    scene.say("contact", contact={"email": "ana@kos.example", "country": "si"}).unwrap()
    scene.say("advance", lead=lead).unwrap()
    assert scene.visits(lead) == [("one", "completed"), ("two", None)]


def test_s003_16_no_is_an_answer_unless_yes_is_demanded(start: Start) -> None:
    """Section 10: a required yes/no step takes No; `must_be_yes` does not."""
    scene = start(process(*GATED))
    lead = scene.submit().lead
    scene.say("contact", contact={"email": "ana@kos.example", "country": "si"}).unwrap()
    for step, value in (("budget", 0), ("is_local", False), ("agreed", False)):
        scene.say("set_step", lead=lead, step=step, value=value).unwrap()
    held = scene.say("advance", lead=lead)
    assert held.refusal is not None
    assert held.refusal.parameters["steps"] == "agreed"
    scene.say("set_step", lead=lead, step="agreed", value=True).unwrap()
    assert scene.say("advance", lead=lead).is_ok


def test_s003_17_any_stage_can_be_opened_to_enter_values(scene: Scene) -> None:
    """S003-17: a step of a stage that is not active takes its value."""
    lead = scene.submit().lead
    scene.say("set_step", lead=lead, step="budget", value=900).unwrap()
    assert (scene.lead(lead).stage, scene.lead(lead).custom["budget"]) == (QUALIFICATION, 900)
    assert refused(scene.say("set_step", lead=lead, step="no-such", value=1)) == "unknown_step"


def test_s003_17_any_stage_can_be_made_active_or_lead_to_the_next(scene: Scene) -> None:
    """S003-17: set, back, skip: each is recorded as what it was."""
    lead = scene.submit().lead
    scene.say("advance", lead=lead, how="set", to=CALLING).unwrap()
    scene.say("advance", lead=lead, how="back").unwrap()
    scene.say("advance", lead=lead, how="skip", reason="no callers").unwrap()
    scene.say("advance", lead=lead, how="skip").unwrap()
    assert [how for _, how in scene.visits(lead)] == ["automatic", "set", "skipped", "back", "skipped", "skipped", None]
    assert scene.lead(lead).stage == SALES
    assert "no callers" in {change.reason for change in scene.decided("stage_changed", lead)}


def test_s003_17_moves_that_make_no_sense_are_refused(scene: Scene) -> None:
    """S003-17: with a code for each."""
    made = scene.say("lead", lead={"context": {"page": "x"}}).lead
    say = scene.say
    assert refused(say("advance", lead=made, how="back")) == "no_way_back"
    assert refused(say("advance", lead=made, to="no-such")) == "unknown_stage"
    assert refused(say("advance", lead=made, to=INQUIRY)) == "already_there"
    assert refused(say("advance", lead=made, to=SALES)) == "not_next"
    assert refused(say("advance", lead=made, how="jump")) == "unknown_move"
    assert refused(say("end_process", lead=made)) == "not_last_stage"
    assert refused(say("reactivate", lead=made)) == "process_is_active"
    say("advance", lead=made, how="set", to=SALES).unwrap()
    assert refused(say("advance", lead=made, how="skip")) == "last_stage"
    assert refused(say("advance", lead=made, how="skip", to=INQUIRY)) == "backwards"
    assert refused(say("advance", lead="l_nobody")) == "unknown_id"


def test_automation_passes_over_the_gates_of_what_it_skips(start: Start) -> None:
    """Section 9: the gates of skipped stages do not hold automation up; they count as skipped."""
    scene = start(
        process(
            Stage(name="one", automatic=(Branch(to="three", when="lead.sales_ready"),)),
            Stage(name="two", gate='contact.country == "SI"', steps=(ProcessStep(name="x", must_be_yes=True),)),
            Stage(name="three"),
        )
    )
    lead = scene.submit().lead
    ready(scene, lead)
    assert scene.visits(lead) == [("one", "automatic"), ("two", "skipped"), ("three", None)]


def test_branches_are_judged_when_a_stage_is_completed(start: Start) -> None:
    """Section 5.2, branching, section 10: the engine picks the next stage; the first branch that holds wins."""
    stages = (
        Stage(
            name="one",
            next=(
                Branch(to="big", when="lead.budget >= 1000"),
                Branch(to="small", when="lead.budget >= 1"),
            ),
        ),
        Stage(name="none", next=(Branch(to="end"),)),
        Stage(name="small", next=(Branch(to="end"),)),
        Stage(name="big"),
        Stage(name="end"),
    )
    scene = start(process(*stages))
    taken = []
    for number, budget in enumerate((5000, 20, None)):
        lead = scene.submit(context={"page": f"p{number}"}).lead
        if budget is not None:
            scene.say("lead", lead={"id": lead, "budget": budget}).unwrap()
        scene.say("advance", lead=lead).unwrap()
        scene.say("advance", lead=lead).unwrap()
        taken.append([stage for stage, how in scene.visits(lead) if how != "skipped"])
    assert taken == [["one", "big", "end"], ["one", "small", "end"], ["one", "none", "end"]]


# -- more than one process --------------------------------------------------------------------------------


def test_s003_18_a_lead_is_switched_to_another_process_and_back(start: Start) -> None:
    """S003-18: the one it leaves keeps its stage in the background and is resumed there."""
    sales = Process(stages=(Stage(name="offer"), Stage(name="close")), applies="lead.sales_accepted")
    scene = start(process(Stage(name="one"), Stage(name="two"), sales=sales))
    lead = scene.submit().lead
    scene.say("advance", lead=lead).unwrap()
    scene.say("switch_process", lead=lead, process="sales").unwrap()
    assert (scene.lead(lead).process, scene.lead(lead).stage) == ("sales", "offer")
    assert scene.row("process", f"{lead}|p").status == "background"
    scene.say("advance", lead=lead).unwrap()
    scene.say("switch_process", lead=lead, process="p").unwrap()
    assert (scene.lead(lead).process, scene.lead(lead).stage) == ("p", "two")
    scene.say("switch_process", lead=lead, process="sales").unwrap()
    assert scene.lead(lead).stage == "close"
    assert refused(scene.say("switch_process", lead=lead, process="sales")) == "already_there"
    assert refused(scene.say("switch_process", lead=lead, process="no-such")) == "unknown_process"


def test_s003_24_a_new_lead_starts_the_first_process_that_applies(start: Start) -> None:
    """S003-24: customisable; processes are offered in their order."""
    partners = Process(stages=(Stage(name="review"),))
    scene = start(process(Stage(name="one"), partners=partners))
    processes = scene.flow.playbook.process.processes
    import attrs

    only = attrs.evolve(processes["p"], applies='lead.source != "partner"')
    changed = attrs.evolve(
        scene.flow.playbook,
        process=attrs.evolve(scene.flow.playbook.process, processes={**processes, "p": only}),
    )
    other = start(changed)
    assert other.lead(other.submit(context={"source": "ads"}).lead).process == "p"
    assert other.lead(other.submit(context={"source": "partner", "page": "x"}).lead).process == "partners"


def test_finish_abandon_and_reactivate(start: Start) -> None:
    """Section 5.2, state: finished only at the last stage, abandoned anywhere; reactivated where it stood."""
    scene = start(process(Stage(name="one"), Stage(name="two")))
    lead = scene.submit().lead
    scene.say("end_process", lead=lead, how="abandon", reason="moved abroad").unwrap()
    assert scene.row("process", f"{lead}|p").status == "abandoned"
    assert refused(scene.say("advance", lead=lead)) == "process_not_active"
    scene.say("reactivate", lead=lead).unwrap()
    assert scene.lead(lead).stage == "one"
    scene.say("advance", lead=lead).unwrap()
    scene.say("end_process", lead=lead).unwrap()
    assert scene.row("process", f"{lead}|p").status == "finished"
    scene.say("reactivate", lead=lead).unwrap()
    assert [how for _, how in scene.visits(lead)] == ["abandoned", "completed", "completed", None]


# -- actions and time -------------------------------------------------------------------------------------


def test_s003_24_entry_and_exit_actions_the_last_stage_too(start: Start) -> None:
    """S003-24, section 5.2 trap: exit actions of the last stage run when the process is finished."""
    scene = start(
        process(
            Stage(name="one", on_entry=(Action(do="flag", value="marketing_qualified"),)),
            Stage(
                name="two",
                on_entry=(Action(do="assign"),),
                on_exit=(Action(do="notify", value="handed-over"), Action(do="state", value="qualified")),
            ),
        )
    )
    lead = scene.submit().lead
    assert scene.lead(lead).marketing_qualified
    assert scene.lead(lead).owner_id is None
    scene.say("advance", lead=lead).unwrap()
    owner = scene.lead(lead).owner_id
    assert owner in ("ana", "bo")
    scene.say("end_process", lead=lead).unwrap()
    assert scene.lead(lead).state == "qualified"
    assert ("handed-over", owner) in scene.messages()


def test_s003_24_leaving_a_stage_takes_a_flag_away(start: Start) -> None:
    """S003-24: workflows that automate internal steps."""
    stages = (Stage(name="one", on_exit=(Action(do="unflag", value="teleprospect_ready"),)), Stage(name="two"))
    scene = start(process(*stages))
    lead = scene.submit().lead
    scene.say("set_flag", lead=lead, flag="teleprospect_ready").unwrap()
    scene.say("advance", lead=lead).unwrap()
    assert not scene.lead(lead).teleprospect_ready


def test_a_stage_that_lasts_too_long_is_told_once(scene: Scene) -> None:
    """Section 10, SLA per stage: the owner is told when it is passed, and only once."""
    lead = scene.submit().lead
    ready(scene, lead)
    scene.say("assign", lead=lead, owner="bo").unwrap()
    scene.clock.advance("47h")
    scene.flow.tick()
    assert scene.decided("deadline_missed", lead) == []
    scene.clock.advance("10d")
    scene.flow.tick()
    scene.flow.tick()
    (missed,) = scene.decided("deadline_missed", lead)
    assert (missed.sla, missed.action) == ("stage sales-acceptance", "alert")
    assert scene.messages().count(("stage-overdue", "bo")) == 1


def test_the_time_in_every_stage_is_kept(scene: Scene) -> None:
    """Section 5.2, times: not only the active stage's start: every visit has its entry and its end."""
    lead = scene.submit().lead or ""
    scene.clock.advance("3d")
    scene.say("set_flag", lead=lead, flag="teleprospect_ready").unwrap()
    scene.clock.advance("2d")
    ready(scene, lead)
    times = {stage: (entered[:10], left and left[:10]) for stage, entered, left, _ in scene.flow.explain(lead).stages}
    assert times == {
        INQUIRY: ("2026-11-02", "2026-11-02"),
        QUALIFICATION: ("2026-11-02", "2026-11-05"),
        ACCEPTANCE: ("2026-11-05", "2026-11-07"),
        CALLING: ("2026-11-07", "2026-11-07"),
        SALES: ("2026-11-07", None),
    }


def test_s003_15_a_process_may_read_scores(start: Start) -> None:
    """S003-15: most users make their own: here a score moves the lead by itself."""
    import attrs

    moves = process(Stage(name="one", automatic=(Branch(to="two", when='score("m") >= 10'),)), Stage(name="two"))
    rules = scoring(Rule(name="clicks", points=5, each="email.clicked")).scoring
    scene = start(attrs.evolve(moves, scoring=rules))
    lead = scene.submit().lead
    scene.did("email.clicked")
    assert scene.lead(lead).stage == "one"
    scene.did("email.clicked")
    assert scene.lead(lead).stage == "two"


# -- states -----------------------------------------------------------------------------------------------


def test_a_lead_is_disqualified_with_a_reason(scene: Scene) -> None:
    """Section 1, state: disqualified needs its reason; a closed lead is not moved by automation."""
    lead = scene.submit().lead
    assert refused(scene.say("set_lead_state", lead=lead, state="disqualified")) == "reason_missing"
    scene.say("set_lead_state", lead=lead, state="disqualified", reason="no budget").unwrap()
    ready(scene, lead)
    assert scene.lead(lead).stage == QUALIFICATION
    assert refused(scene.say("set_lead_state", lead=lead, state="gone")) == "unknown_state"


def test_a_recycled_lead_starts_anew_for_marketing(scene: Scene) -> None:
    """Section 1, recycled: its readiness is gone, with the reason kept."""
    lead = scene.submit().lead
    ready(scene, lead)
    scene.say("set_lead_state", lead=lead, state="recycled", reason="next year").unwrap()
    found = scene.lead(lead)
    assert (found.is_open, found.sales_ready, found.reason) == (True, False, "next year")


def test_s003_15_the_playbook_takes_a_process_in_toml(start: Start) -> None:
    """S003-15: a process of one's own stands in the same file."""
    scene = start(
        extended(
            """
[process.processes.partners]
applies = 'lead.source == "partner"'
[[process.processes.partners.stages]]
name = "review"
sla = "1d"
"""
        )
    )
    lead = scene.submit(context={"source": "partner"}).lead
    scene.say("switch_process", lead=lead, process="partners").unwrap()
    assert scene.lead(lead).stage == "review"


@pytest.mark.parametrize("flag", ["marketing_qualified", "sales_accepted"])
def test_flags_are_set_by_hand(scene: Scene, flag: str) -> None:
    """Section 1, flags: by hand, with who did it; an unknown one is refused."""
    lead = scene.submit().lead
    done = scene.say("set_flag", lead=lead, flag=flag, actor="cy")
    assert getattr(scene.lead(lead), flag) is True
    assert done.decisions[0].actor == "cy"
    assert refused(scene.say("set_flag", lead=lead, flag="happy")) == "unknown_flag"
