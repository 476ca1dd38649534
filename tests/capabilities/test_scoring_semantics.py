"""Scores: S003-4, S003-12, S003-14, and the exact rules of section 4 with the decisions taken in section 9."""

from __future__ import annotations

from typing import Any

import pytest

from leadflow.errors import InvalidValueError
from leadflow.scoring.rules import Grade, Group, Model, Rule

from .conftest import Start
from .scene import Scene, form, forms, scoring

CLICKS = Rule(name="clicks", points=5, each="email.clicked")


def clicked(scene: Scene, times: int = 1, **properties: Any) -> None:
    for _ in range(times):
        scene.did("email.clicked", **properties)


# -- who is scored ----------------------------------------------------------------------------------------


def test_s003_4_a_lead_of_nobody_is_never_scored(scene: Scene) -> None:
    """S003-4: an unlinked lead has no score, and stays in the first stage."""
    made = scene.say("lead", lead={"context": {"page": "pricing"}})
    assert scene.flow.explain(made.lead or "").scores == ()
    assert scene.lead(made.lead).stage == "inquiry"
    assert scene.rows("score") == []


def test_s003_4_a_lead_is_scored_once_it_is_linked(start: Start) -> None:
    """S003-4: to a contact or to an account; what that one did before counts at once."""
    scene = start(scoring(CLICKS, also={"company": Model(target="account", rules=(CLICKS,))}))
    clicked(scene, 2)
    (contact,) = scene.rows("contact")
    made = scene.say("lead", lead={"context": {"page": "x"}})
    scene.say("lead", lead={"id": made.lead, "contact_id": contact.id}).unwrap()
    assert scene.points(made.lead) == 10
    company = scene.say("account", account={"name": "Nova"})
    other = scene.say("lead", lead={"context": {"page": "y"}})
    scene.say("lead", lead={"id": other.lead, "account_id": company.account}).unwrap()
    assert scene.points(other.lead, "company") == 0


def test_s003_12_demographic_firmographic_and_behaviour_add_up(start: Start) -> None:
    """S003-12: rows are judged each on its own and added up; no row excludes another."""
    scene = start(
        scoring(
            Rule(name="London", points=70, when='contact.city == "london"'),
            Rule(name="England", points=40, when='contact.country == "GB"'),
            Rule(name="big", points=7, when="account.employees >= 50"),
            Rule(name="student", points=-9, when='contact.job_level == "student"'),
            CLICKS,
        )
    )
    contact = {"email": "ana@kos.example", "city": "London", "country": "gb", "job_level": "student"}
    made = scene.say("contact", contact=contact, account={"employees": 80})
    clicked(scene)
    assert scene.points(made.contact) == 70 + 40 + 7 - 9 + 5


@pytest.mark.parametrize("kind", ["email.opened", "form.submitted", "page.visited", "event.attended"])
def test_s003_12_every_kind_of_action_of_the_contact_counts(start: Start, kind: str) -> None:
    """S003-12: mail opened, form submitted, site visited, event attended."""
    scene = start(scoring(Rule(name="did", points=4, each=kind)))
    scene.did(kind)
    (contact,) = scene.rows("contact")
    assert scene.points(contact.id) == 4


def test_s003_12_an_account_is_scored_on_all_its_contacts(start: Start) -> None:
    """S003-12: account models count the behaviour of all contacts, those included who join later."""
    scene = start(scoring(CLICKS, target="account"))
    ana = scene.submit()
    scene.submit(email="bo@kos.example")
    clicked(scene)
    scene.did("email.clicked", email="bo@kos.example")
    scene.did("email.clicked", email="cy@gmail.com")
    assert scene.points(ana.account) == 10
    scene.say("contact", contact={"email": "cy@gmail.com"}, account={"domain": "kos.example"}).unwrap()
    assert scene.points(ana.account) == 15


def test_s003_12_the_account_joined_later_counts_what_was_done_before(start: Start) -> None:
    """S003-12: a contact that gets its account brings its behaviour along."""
    scene = start(scoring(CLICKS, target="account"))
    scene.did("email.clicked", email="cy@gmail.com")
    joined = scene.submit(email="cy@gmail.com", company="Nova Ltd")
    assert scene.points(joined.account) == 5


def test_s003_12_an_account_lead_becomes_sales_ready_by_its_account(start: Start) -> None:
    """S003-12: account-based leads go by the account's score; a lead with a contact goes by the contact."""
    playbook = scoring(CLICKS, target="account", threshold=10)
    import attrs

    scene = start(attrs.evolve(playbook, capture=forms(company=form(mode="lead")).capture))
    person = scene.submit()
    company = scene.say("account", account={"domain": "kos.example"})
    lead = scene.say("lead", lead={"context": {"page": "x"}})
    scene.say("lead", lead={"id": lead.lead, "account_id": company.account}).unwrap()
    clicked(scene, 2)
    assert scene.lead(lead.lead).sales_ready
    assert not scene.lead(person.lead).sales_ready


def test_a_lead_model_reads_the_lead_and_its_contacts_behaviour(start: Start) -> None:
    """Lead models: each lead has points of its own; what its contact did before it was made counts too."""
    scene = start(scoring(CLICKS, Rule(name="page", points=2, when='lead.page == "pricing"'), target="lead"))
    clicked(scene)
    prices, docs = (scene.submit(context={"page": page}).lead for page in ("pricing", "docs"))
    clicked(scene)
    assert (scene.points(prices), scene.points(docs)) == (12, 10)


def test_s003_12_many_models_score_the_same_person(start: Start) -> None:
    """Section 4.1: any number of live models; one score for each."""
    also = {"fit": Model(rules=(Rule(name="country", points=9, when='contact.country == "SI"'),))}
    scene = start(scoring(CLICKS, also=also))
    made = scene.say("contact", contact={"email": "ana@kos.example", "country": "SI"})
    clicked(scene)
    assert (scene.points(made.contact), scene.points(made.contact, "fit")) == (5, 9)


@pytest.mark.parametrize("state", ["draft", "stopped"])
def test_a_model_that_is_not_live_scores_nobody(start: Start, state: str) -> None:
    """Section 4.3: only live models score."""
    scene = start(scoring(CLICKS, state=state, threshold=1))
    submitted = scene.submit()
    clicked(scene)
    assert scene.rows("score") == []
    assert not scene.lead(submitted.lead).sales_ready


def test_minimum_consent(start: Start) -> None:
    """Section 4.1, consent: below the level there is no score; once given, what was done before counts."""
    scene = start(scoring(CLICKS, consent="marketing"))
    made = scene.say("contact", contact={"email": "ana@kos.example", "consent": "subscriptions"})
    clicked(scene)
    assert scene.points(made.contact) is None
    scene.say("contact", contact={"email": "ana@kos.example", "consent": "profiling"}, policy="overwrite").unwrap()
    assert scene.points(made.contact) == 5
    clicked(scene)
    assert scene.points(made.contact) == 10


def test_a_withdrawn_consent_stops_scoring(start: Start) -> None:
    """Section 4.1, consent: the score stands still; given again, all counts."""
    scene = start(scoring(CLICKS, consent="marketing", threshold=10))
    level = {"email": "ana@kos.example"}
    made = scene.submit()
    scene.say("contact", contact={**level, "consent": "marketing"}, policy="overwrite").unwrap()
    clicked(scene)
    scene.say("contact", contact={**level, "consent": "none"}, policy="overwrite").unwrap()
    clicked(scene, 3)
    assert not scene.lead(made.lead).sales_ready
    scene.say("contact", contact={**level, "consent": "marketing"}, policy="overwrite").unwrap()
    assert scene.points(made.contact) == 20
    assert scene.lead(made.lead).sales_ready


# -- frequency and windows --------------------------------------------------------------------------------


def test_each_gives_points_for_every_occurrence(start: Start) -> None:
    """Section 4.1, Each; `limit` counts the newest, `cap` bounds the points."""
    scene = start(
        scoring(
            CLICKS,
            Rule(name="three at most", points=100, each="email.clicked", limit=3),
            Rule(name="at most 1500", points=1000, each="email.clicked", cap=1500),
        )
    )
    expected = [5 + 100 + 1000, 10 + 200 + 1500, 15 + 300 + 1500, 20 + 300 + 1500]
    reached = []
    for _ in expected:
        clicked(scene)
        reached.append(scene.points(scene.rows("contact")[0].id))
    assert reached == expected


@pytest.mark.parametrize("n", [1, 3])
def test_at_least_gives_points_once(start: Start, n: int) -> None:
    """Section 4.1, At least (section 9: n, 1 by default): once in total."""
    scene = start(scoring(Rule(name="keen", points=7, of="email.clicked", at_least=n)))
    reached = []
    for _ in range(4):
        clicked(scene)
        reached.append(scene.points(scene.rows("contact")[0].id))
    assert reached == [7 if count >= n else 0 for count in range(1, 5)]


def test_none_gives_points_while_it_has_not_happened(start: Start) -> None:
    """Section 4.1, None: once while zero occurrences lie in the range; it comes back when they have aged."""
    scene = start(scoring(Rule(name="silent", points=-20, none="email.clicked", within="30d")))
    made = scene.submit()
    assert scene.points(made.lead) == -20
    clicked(scene)
    assert scene.points(made.lead) == 0
    scene.clock.advance("31d")
    scene.flow.tick()
    assert scene.points(made.lead) == -20


def test_a_filter_on_properties(start: Start) -> None:
    """Section 4.1, expressions: only occurrences with these values count; without a filter any does."""
    scene = start(scoring(Rule(name="prices", points=8, each="page.visited", where={"page": "pricing"})))
    scene.did("page.visited", page="pricing")
    scene.did("page.visited", page="Docs")
    assert scene.points(scene.rows("contact")[0].id) == 8


def test_points_vanish_when_their_event_leaves_the_window(start: Start) -> None:
    """Section 4.1, date range; section 10: `explain` says until when, and `tick` does it without input."""
    scene = start(scoring(Rule(name="clicks", points=5, each="email.clicked", within="10d")))
    clicked(scene)
    scene.clock.advance("4d")
    clicked(scene)
    contact = scene.rows("contact")[0].id
    score = scene.flow.explain(contact).scores[0]
    assert score.shares == (
        (
            "clicks",
            10,
            ("2026-11-06T09:00:00+00:00", "2026-11-02T09:00:00+00:00"),
            score.shares[0][3],
        ),
    )
    assert score.shares[0][3] is not None
    assert score.shares[0][3].startswith("2026-11-12T09:00:00")
    reached = []
    for _ in range(3):
        scene.clock.advance("4d")
        scene.flow.tick()
        reached.append(scene.points(contact))
    assert reached == [10, 5, 0]


def test_tick_does_only_what_is_due(start: Start) -> None:
    """`valid_until`: nothing is rescored before the moment at which it can change."""
    scene = start(scoring(Rule(name="clicks", points=5, each="email.clicked", within="10d")))
    scene.flow.tick()
    clicked(scene)
    scene.clock.advance("9d")
    assert scene.flow.tick() == 0
    scene.clock.advance("2d")
    assert scene.flow.tick() == 1
    assert scene.flow.tick() == 0


def test_one_late_tick_decides_what_many_would_have(start: Start) -> None:
    """Section 10, deterministic: each change is judged at the moment it became due."""
    rules = [Rule(name="clicks", points=5, each="email.clicked", within="10d")]
    outcomes = []
    for steps in (1, 20):
        scene = start(scoring(*rules, grades=(Grade(name="none", at_least=0), Grade(name="some", at_least=5))))
        clicked(scene)
        for _ in range(steps):
            scene.clock.advance(20 * 86_400_000_000 // steps)
            scene.flow.tick()
        found = scene.rows("decision")
        outcomes.append([(each.at_us, each.type) for each in found])
    assert outcomes[0] == outcomes[1]


def test_points_fade_by_half_lives(start: Start) -> None:
    """Half-life by whole days, as an alternative to a window."""
    scene = start(scoring(Rule(name="attends", points=20, each="event.attended", half_life_days=10)))
    scene.did("event.attended")
    contact = scene.rows("contact")[0].id
    reached = [scene.points(contact)]
    for _ in range(2):
        scene.clock.advance("10d")
        scene.flow.tick()
        reached.append(scene.points(contact))
    assert reached == [20, 10, 5]


def test_when_a_lead_falls_below_if_nothing_happens(start: Start) -> None:
    """Section 10, predict decay: the moment is the one at which `tick` brings the score down."""
    scene = start(scoring(Rule(name="clicks", points=5, each="email.clicked", within="10d")))
    lead = scene.submit().lead or ""
    clicked(scene, 2)
    moment = scene.flow.falls_below(lead, 6)
    assert moment is not None
    scene.clock.set(moment)
    scene.clock.back(1)
    scene.flow.tick()
    assert scene.points(lead) == 10
    scene.clock.advance(1)
    scene.flow.tick()
    assert scene.points(lead) == 0
    assert scene.flow.falls_below(lead, -1) is None


def test_the_score_as_of_a_past_moment(start: Start) -> None:
    """Section 10, time travel."""
    scene = start(scoring(Rule(name="clicks", points=5, each="email.clicked", within="10d")))
    lead = scene.submit().lead or ""
    clicked(scene, 2)
    scene.clock.advance("30d")
    scene.flow.tick()
    assert scene.points(lead) == 0
    assert scene.flow.score_at(lead, "2026-11-05T00:00:00Z") == 10
    assert scene.flow.score_at(lead, "2026-10-01T00:00:00Z") is None


# -- groups, bounds, grades -------------------------------------------------------------------------------


def test_a_group_and_the_whole_are_bounded(start: Start) -> None:
    """Section 9: no clamp by default; a group's or the whole's bound is a share of its own, so that shares add up."""
    rules = (
        Rule(name="clicks", points=5, each="email.clicked", group="mail"),
        Rule(name="opens", points=4, each="email.opened", group="mail"),
        Rule(name="bounces", points=-100, each="email.bounced"),
    )
    scene = start(
        scoring(
            *rules,
            groups={"mail": Group(at_most=12)},
            floor=-10,
            ceiling=11,
            also={"free": Model(rules=rules, groups={"mail": Group()})},
        )
    )
    clicked(scene, 2)
    scene.did("email.opened")
    contact = scene.rows("contact")[0].id
    assert (scene.points(contact), scene.points(contact, "free")) == (11, 14)
    scene.did("email.bounced")
    assert (scene.points(contact), scene.points(contact, "free")) == (-10, -86)


def test_grades_are_continuous_and_below_the_first_there_is_none(start: Start) -> None:
    """Section 4.1, grades: from `at_least` up to the next; section 9: outside all, no grade. Changes are decided."""
    grades = (Grade(name="cold", at_least=5), Grade(name="warm", at_least=15), Grade(name="hot", at_least=25))
    scene = start(scoring(CLICKS, grades=grades))
    contact = scene.submit().contact or ""
    reached: list[str | None] = []
    for _ in range(6):
        reached.append(scene.grade(contact))
        clicked(scene)
    assert reached == [None, "cold", "cold", "warm", "warm", "hot"]
    changes = [(each.before, each.after) for each in scene.decided("grade_changed", contact)]
    assert changes == [(None, "cold"), ("cold", "warm"), ("warm", "hot")]


# -- the threshold ----------------------------------------------------------------------------------------


def test_s003_14_reaching_the_threshold_marks_the_lead(start: Start) -> None:
    """S003-14: >=, not >; the mark names the model, and assignment and process follow in the same command."""
    scene = start(scoring(CLICKS, threshold=10))
    lead = scene.submit().lead
    clicked(scene)
    assert not scene.lead(lead).sales_ready
    done = scene.did("email.clicked")
    assert scene.lead(lead).sales_ready
    assert [each.type for each in done.decisions][:2] == ["threshold_reached", "lead_flagged"]
    assert scene.decided("lead_flagged", lead)[0].because == "m"
    assert scene.lead(lead).stage == "sales-acceptance"


def test_s003_14_any_model_is_enough_and_every_open_lead_is_marked(start: Start) -> None:
    """S003-14: as soon as one model is reached; closed leads are left alone."""
    scene = start(scoring(CLICKS, threshold=1000, also={"low": Model(threshold=5, rules=(CLICKS,))}))
    leads = [scene.submit(context={"page": page}).lead for page in ("a", "b", "c")]
    scene.say("set_lead_state", lead=leads[2], state="disqualified", reason="spam").unwrap()
    clicked(scene)
    assert [scene.lead(lead).sales_ready for lead in leads] == [True, True, False]


def test_s003_14_a_new_lead_of_somebody_over_the_threshold_is_ready_at_once(start: Start) -> None:
    """S003-14: the score belongs to the person."""
    scene = start(scoring(CLICKS, threshold=5))
    clicked(scene)
    assert scene.lead(scene.submit().lead).sales_ready


def test_s003_14_sales_ready_sticks_when_the_score_drops(start: Start) -> None:
    """Section 9, sales-ready after a drop: sticky by default."""
    scene = start(scoring(Rule(name="clicks", points=5, each="email.clicked", within="10d"), threshold=5))
    lead = scene.submit().lead
    clicked(scene)
    scene.clock.advance("20d")
    scene.flow.tick()
    assert scene.points(lead) == 0
    assert scene.lead(lead).sales_ready


def test_s003_14_the_lower_bound_takes_the_mark_away(start: Start) -> None:
    """Section 10, hysteresis: below `leave` readiness ends, with a decision; between the bounds nothing changes."""
    rule = Rule(name="clicks", points=5, each="email.clicked", within="10d")
    scene = start(scoring(rule, threshold=10, leave=5))
    lead = scene.submit().lead
    clicked(scene)
    scene.clock.advance("3d")
    clicked(scene)
    assert scene.lead(lead).sales_ready
    scene.clock.set("2026-11-13T00:00:00Z")
    scene.flow.tick()
    assert (scene.points(lead), scene.lead(lead).sales_ready) == (5, True)
    scene.clock.set("2026-11-20T00:00:00Z")
    scene.flow.tick()
    assert (scene.points(lead), scene.lead(lead).sales_ready) == (0, False)
    (left,) = scene.decided("threshold_left")
    assert (left.points, left.bound) == (0, 5)


@pytest.mark.parametrize(("rearm", "times"), [(5, 1), (4, 2)])
def test_crossing_fires_once_and_arms_again_only_after_a_real_fall(start: Start, rearm: int, times: int) -> None:
    """Rule 106: below threshold minus rearm it arms again; at that bound it does not."""
    rules = (CLICKS, Rule(name="unsubscribes", points=-5, each="email.unsubscribed"))
    scene = start(scoring(*rules, threshold=10, rearm=rearm))
    scene.submit()
    clicked(scene, 3)
    scene.did("email.unsubscribed")
    scene.did("email.unsubscribed")
    assert scene.points(scene.rows("contact")[0].id) == 5
    clicked(scene, 2)
    assert len(scene.decided("threshold_reached")) == times


def test_a_model_may_not_leave_above_its_threshold() -> None:
    """A lower bound above the threshold is a contradiction."""
    with pytest.raises(InvalidValueError, match="leave"):
        Model(threshold=10, leave=11)


# -- explained --------------------------------------------------------------------------------------------


def test_s003_12_a_score_is_explained_by_rule_evidence_and_end(start: Start) -> None:
    """Section 10, explain a score: rule, points, evidence, until when; the points add up to the total."""
    scene = start(
        scoring(
            Rule(name="clicks", points=5, each="email.clicked", within="30d"),
            Rule(name="country", points=3, when='contact.country == "SI"'),
        )
    )
    scene.say("contact", contact={"email": "ana@kos.example", "country": "SI"}).unwrap()
    clicked(scene)
    score = scene.flow.explain(scene.rows("contact")[0].id).scores[0]
    assert (score.points, sum(points for _, points, _, _ in score.shares)) == (8, 8)
    by_rule = {name: (points, times, until) for name, points, times, until in score.shares}
    assert by_rule["country"] == (3, (), None)
    assert by_rule["clicks"][:2] == (5, ("2026-11-02T09:00:00+00:00",))
    assert (by_rule["clicks"][2] or "").startswith("2026-12-02T09:00")


def test_a_changed_model_scores_with_its_new_rules(start: Start) -> None:
    """Section 4.1: re-derived from facts, not a running ledger: the same history, other rules."""
    from leadflow.engine.flow import Flow

    scene = start(scoring(CLICKS))
    clicked(scene, 2)
    contact = scene.rows("contact")[0].id
    scene.flow = Flow(scene.flow.store, scoring(Rule(name="clicks", points=7, each="email.clicked")), now=scene.clock)
    scene.flow.adopt()
    scene.flow.tick()
    assert scene.points(contact) == 14


def test_preview_tells_and_writes_nothing(start: Start) -> None:
    """Section 10, say what would happen."""
    scene = start(scoring(CLICKS, threshold=5))
    lead = scene.submit().lead
    record = {"type": "interaction", "id": "i", "kind": "email.clicked", "contact": {"email": "ana@kos.example"}}
    told = scene.flow.preview(record)
    assert "threshold_reached" in [each.type for each in told.decisions]
    assert not scene.lead(lead).sales_ready
    assert [each.type for each in scene.flow.do(record).decisions] == [each.type for each in told.decisions]
