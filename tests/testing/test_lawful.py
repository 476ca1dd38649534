"""assert_lawful passes what is lawful, and tells the smallest story of each planted fault, as a text and as a test."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from pathlib import Path
from textwrap import dedent
from typing import Any

import attrs
import pytest

from leadflow.assignment.rules import AssignmentRules, Queue
from leadflow.capture.rules import CaptureRules, Form
from leadflow.engine.flow import Flow
from leadflow.engine.opening import open_flow
from leadflow.engine.outcome import Outcome
from leadflow.engine.rooms import TABLES
from leadflow.errors import InvalidInputError, PlaybookError
from leadflow.matching.rules import DEFAULT_STRATEGIES, MatchingRules, Strategy
from leadflow.playbook.default import default_playbook
from leadflow.playbook.playbook import Playbook
from leadflow.playbook.writing import to_toml
from leadflow.ports.store import ChangeSet
from leadflow.process.rules import Branch, Process, ProcessRules, Stage
from leadflow.scoring.rules import Group, Model, Rule, ScoringRules
from leadflow.stores.memory import MemoryStore
from leadflow.testing import StoryError, assert_lawful, does, invariants, says, story, submits
from leadflow.testing.lawful import LAWS

NEVER = 'contact.country == "SI" and contact.country == "DE"'
FIELDS = {"email": "contact.email", "country": "contact.country"}
FORMS = CaptureRules(forms={"demo": Form(fields=FIELDS, required=("email",))})
READY = ScoringRules(models={"fit": Model(threshold=10, rules=(Rule(name="asks", points=10, each="form.submitted"),))})
OWNED = AssignmentRules(default_owner="user:ana")


def way(*stages: Stage, applies: str | None = None) -> ProcessRules:
    return ProcessRules(processes={"sales": Process(stages=stages, applies=applies)})


def points(*rules: Rule, **more: Any) -> ScoringRules:
    return ScoringRules(models={"fit": Model(rules=rules, **more)})


def to(name: str, when: str | None = None) -> tuple[Branch, ...]:
    return (Branch(to=name, when=when),)


ASKS = Rule(name="asks", points=150, each="form.submitted")
PLANTED: dict[str, tuple[str, str, Playbook]] = {
    "a stage that no way leads to": (
        "stages",
        "no way leads there",
        Playbook(process=way(Stage(name="new", next=to("won")), Stage(name="old"), Stage(name="won")), capture=FORMS),
    ),
    "a branch that never holds": (
        "stages",
        "from new, by itself: account.employees > 5 and account.employees < 5",
        Playbook(
            capture=FORMS,
            process=way(
                Stage(
                    name="new", next=to("won"), automatic=to("old", "account.employees > 5 and account.employees < 5")
                ),
                Stage(name="old"),
                Stage(name="won"),
            ),
        ),
    ),
    "a gate that never holds": (
        "moves",
        f"no lead got out of the stage new in .* its gate {re.escape(NEVER)} never held",
        Playbook(capture=FORMS, process=way(Stage(name="new", gate=NEVER), Stage(name="old"))),
    ),
    "a process that never begins": (
        "stages",
        f"no lead started the process sales: it applies when {re.escape(NEVER)}",
        Playbook(capture=FORMS, process=way(Stage(name="new"), applies=NEVER)),
    ),
    "a move that only time makes": (
        "moves",
        "the lead stays at new, although it may move to old",
        Playbook(
            capture=FORMS,
            process=way(
                Stage(name="new", automatic=to("old", 'none("form.submitted", within="30d")')), Stage(name="old")
            ),
        ),
    ),
    "a rule above its ceiling": (
        "bounds",
        "the rule 'asks' gives 150 at once, and the model fit takes at most 100",
        Playbook(capture=FORMS, scoring=points(ASKS, floor=0, ceiling=100)),
    ),
    "a rule above its group": (
        "bounds",
        "the rule 'asks' gives 150 at once, and the group forms takes at most 20",
        Playbook(
            capture=FORMS,
            scoring=points(attrs.evolve(ASKS, group="forms"), groups={"forms": Group(at_most=20)}),
        ),
    ),
    "a threshold above all points": (
        "thresholds",
        "nobody reached 60 points by fit in .* histories: the most was 45",
        Playbook(
            capture=FORMS,
            scoring=points(Rule(name="asks", points=15, each="form.submitted", limit=3), threshold=60),
        ),
    ),
    "leads that end in a queue without an alarm": (
        "owners",
        "has no owner and waits in the queue unassigned, which has no alarm",
        Playbook(capture=FORMS, scoring=READY),
    ),
    "leads that nothing hands over": (
        "owners",
        "the lead is sales-ready, has no owner",
        Playbook(capture=FORMS, scoring=READY, assignment=attrs.evolve(OWNED, triggers=("teleprospect_ready",))),
    ),
    "a customer among the owners": (
        "consent",
        "lead-assigned is written to ana@kos.example, a contact who has not consented",
        Playbook(
            capture=FORMS,
            scoring=READY,
            assignment=AssignmentRules(default_owner="user:ana@kos.example", notify="lead-assigned"),
        ),
    ),
    "a form that always fails": (
        "runs",
        "the submission was not taken: missing_strategy_field contact.phone",
        Playbook(
            capture=FORMS,
            matching=MatchingRules(
                strategies={**DEFAULT_STRATEGIES, "email": Strategy(target="contact", keys=(("phone",),))}
            ),
        ),
    ),
    "moves without end": (
        "runs",
        "the submission was not taken: runaway",
        Playbook(
            capture=FORMS,
            process=way(*(Stage(name=f"s{n}", automatic=to(f"s{n + 1}")) for n in range(11)), Stage(name="s11")),
        ),
    ),
}
"""(law, what is said, playbook) by what is wrong with it."""


def told(playbook: Playbook, **options: Any) -> str:
    """What assert_lawful says about a playbook, in a few seconds."""
    start = time.monotonic()
    with pytest.raises(AssertionError) as caught:
        assert_lawful(playbook, **{"examples": 20, **options})
    assert time.monotonic() - start < 60
    return str(caught.value)


def test_the_default_playbook_is_lawful() -> None:
    start = time.monotonic()
    assert_lawful()
    assert time.monotonic() - start < 20


@pytest.mark.parametrize(("law", "said", "playbook"), PLANTED.values(), ids=PLANTED)
def test_a_planted_fault_is_told_and_its_story_is_a_test(law: str, said: str, playbook: Playbook) -> None:
    message = told(playbook, laws=[law])
    assert message.startswith(f"the law {law!r} does not hold: {LAWS[law]}")
    assert re.search(rf"^  but  .*{said}", message, re.M), message
    shown, _, code = message.partition("as a test:\n")
    assert len([line for line in shown.splitlines() if re.match(r" *(given|when|and)  ", line)]) <= 4, message
    code = dedent(code.partition("\nand also:")[0])
    with pytest.raises(StoryError):
        exec(code, {"story": story, "submits": submits, "does": does, "says": says, "playbook": playbook})  # noqa: S102


@pytest.mark.parametrize(("law", "said", "playbook"), PLANTED.values(), ids=PLANTED)
def test_a_law_that_is_skipped_is_not_told(law: str, said: str, playbook: Playbook) -> None:
    said = ""
    try:
        assert_lawful(playbook, examples=5, skip={law: "known"})
    except AssertionError as error:
        said = str(error)
    assert not said.startswith(f"the law {law!r}")


def test_bounds_may_be_stated_by_the_test() -> None:
    playbook = Playbook(capture=FORMS, scoring=points(Rule(name="asks", points=40, each="form.submitted")))
    assert_lawful(playbook, examples=10)
    message = told(playbook, bounds={"fit": (0, 100)})
    assert 'but  score("fit") is 120, more than 100' in message
    assert ".then('score(\"fit\") <= 100')" in message


def test_an_alarm_is_as_good_as_an_owner() -> None:
    queue = Queue(name="unassigned", members=("ana",), alarm_after="4h")
    rules = AssignmentRules(default_owner="queue:unassigned", queues=(queue,))
    assert_lawful(Playbook(capture=FORMS, scoring=READY, assignment=rules), examples=10)


def test_the_whole_message_can_be_read() -> None:
    assert told(PLANTED["leads that end in a queue without an alarm"][2]) == dedent(
        """\
        the law 'owners' does not hold: every sales-ready lead gets an owner, or an alarm says that it has none

        given  ana@kos.example submits demo
         when  8d pass
          but  the lead is sales-ready, has no owner and waits in the queue unassigned, which has no alarm
               the lead is open, at no stage, in the queue unassigned, sales-ready
               fit 10: +10 asks

        as a test:

            story(playbook).given(
                submits("demo", email="ana@kos.example"),
            ).when(
                after="8d",
            ).then("lead.owner is not None")"""
    )


# -- faults of leadflow itself, planted -----------------------------------------------------------------------


class Lying(Flow):
    """Previews something else than it does."""

    def preview(self, *commands: Any) -> Outcome:
        return Outcome(tuple(attrs.evolve(result, status="refused") for result in super().preview(*commands)))


class Forgetful(MemoryStore):
    """Loses the last decision of each change."""

    def commit(self, change: ChangeSet) -> None:
        super().commit(attrs.evolve(change, decisions=change.decisions[:-1]))


class Raising(Flow):
    """Cannot do what is due."""

    def tick(self, now: Any = None) -> int:
        raise ZeroDivisionError


@pytest.mark.parametrize(
    ("law", "opened"),
    [
        ("preview", lambda playbook, now: Lying(MemoryStore(TABLES), playbook, now=now)),
        ("fold", lambda playbook, now: Flow(Forgetful(TABLES), playbook, now=now)),
        ("runs", lambda playbook, now: Raising(MemoryStore(TABLES), playbook, now=now)),
    ],
)
def test_what_the_engine_does_wrong_is_told_too(law: str, opened: Any) -> None:
    message = told(default_playbook(), opened=opened, laws=[law])
    assert message.startswith(f"the law {law!r} does not hold")
    if law == "fold":
        code = dedent(message.partition("as a test:\n")[2])
        names = {"story": lambda p: story(p, opened=opened), "submits": submits, "does": does, "says": says}
        with pytest.raises(AssertionError):
            exec(code, {**names, "playbook": default_playbook(), "invariants": invariants})  # noqa: S102


# -- options ----------------------------------------------------------------------------------------------------


def test_other_stores_and_files_may_be_given(tmp_path: Path) -> None:
    path = tmp_path / "playbook.toml"
    path.write_text(to_toml(Playbook(capture=FORMS, scoring=READY, assignment=OWNED)))
    numbers = iter(range(1000))

    def opened(**options: Any) -> Flow:
        return open_flow(f"sqlite:///{tmp_path / str(next(numbers))}.db", **options, synchronous="OFF")

    assert_lawful(path, opened=opened, examples=2)
    assert next(numbers) >= 5


def test_wrong_use_is_told(tmp_path: Path) -> None:
    for options, said in wrong_uses():
        with pytest.raises(InvalidInputError, match=said):
            assert_lawful(**options)
    path = tmp_path / "playbook.toml"
    path.write_text("format = 1\n[scoring.models.fit]\ntarget = 'x'\n")
    with pytest.raises(PlaybookError):
        assert_lawful(path)


def wrong_uses() -> Iterator[tuple[dict[str, Any], str]]:
    yield {"laws": ["owner"]}, "there is no law 'owner'"
    yield {"skip": {"owners": " "}}, "owners is skipped without a reason"
    yield {"skip": {"owner": "x"}}, "there is no law 'owner'"
    yield {"bounds": {"fitt": (0, 1)}}, "there is no model 'fitt'"
