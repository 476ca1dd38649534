"""Stories: what is expected holds, or the message tells what happened and how the lead stands."""

from __future__ import annotations

from textwrap import dedent

import pytest

from leadflow.errors import ExpressionError, InvalidInputError
from leadflow.testing import StoryError, does, says, story, submits

ANA = {"email": "ana@kos.example", "job_level": "manager", "employees": "120"}


def test_a_story_holds() -> None:
    told = (
        story()
        .given(does("page.visited", visitor="ck-1", page="pricing"), submits("demo-request", visitor="ck-1", **ANA))
        .then('score("interest") == 73', "lead.sales_ready", owner="ana", stage="sales-acceptance")
        .when(says("set_step", step="sales_accepted", value=True))
        .then(status="accepted", sales_accepted=True)
        .after("91d")
        .then('grade("interest") == "cold"')
    )
    assert str(told).splitlines() == [
        "given  ck-1 does page.visited (page pricing)",
        "  and  ana@kos.example submits demo-request (job_level manager, employees 120, visitor ck-1)",
        ' then  score("interest") == 73, and lead.sales_ready, and owner is ana, and stage is sales-acceptance',
        " when  somebody says set_step (step sales_accepted, value True)",
        " then  status is accepted, and sales_accepted is True",
        " when  91d pass",
        ' then  grade("interest") == "cold"',
    ]


def test_what_does_not_hold_is_told_as_a_story() -> None:
    told = story().given(submits("demo-request", email="ana@kos.example", job_level="manager"))
    with pytest.raises(StoryError) as caught:
        told.when(does("email.clicked", "ana@kos.example"), after="1d").then("lead.sales_ready")
    expected = """\
        this story does not hold:
        given  ana@kos.example submits demo-request (job_level manager)
         when  1d pass
          and  ana@kos.example does email.clicked
         then  lead.sales_ready
          but  lead.sales_ready does not hold
               the lead is open, at automated-qualification, nobody's
               interest 55 (warm): +35 asks for a demo, +5 clicks in mails, +15 decides"""
    assert str(caught.value) == dedent(expected)


def test_a_field_that_differs_is_named() -> None:
    with pytest.raises(StoryError, match="but  owner is ana, not bo\n"):
        story().given(submits("demo-request", **ANA)).then(owner="bo")


def test_a_refusal_is_expected_or_told() -> None:
    taken = story().given(submits("demo-request", **ANA))
    taken.when(says("advance", to="no-such-stage")).then(status="refused", refusal="unknown_stage")
    with pytest.raises(StoryError, match=r"but  somebody says advance .* but that was refused: unknown_stage"):
        taken.given(says("advance", to="no-such-stage"))
    with pytest.raises(StoryError, match="but that was failed: "):
        story().given(submits("demo-request", email="not an address"))


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (lambda: story().given(submits("newsletter", email="a@b.example")).then(stage="x"), "no lead yet"),
        (lambda: story().given(submits("demo-request", **ANA)).then(stag="x"), "a lead has no stag; one of status"),
        (lambda: story().then(status="accepted"), "nothing was said yet"),
    ],
)
def test_wrong_use_is_told(wrong: object, said: str) -> None:
    assert callable(wrong)
    with pytest.raises(InvalidInputError, match=said):
        wrong()


def test_a_wrong_condition_is_told() -> None:
    with pytest.raises(ExpressionError, match="stag"):
        story().given(submits("demo-request", **ANA)).then('lead.stag == "x"')
