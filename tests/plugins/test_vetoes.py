"""May this be sent? A veto keeps a message with its reason; one that fails, hangs or answers oddly keeps it too."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from threading import Event
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.mailing.test_delivery import Answering
from tests.plugins.test_loading import plugin

import leadflow
from leadflow.engine.flow import Flow
from leadflow.errors import TransientError
from leadflow.ports.store import Scan
from leadflow.testing import VirtualClock

LIMIT_S = 0.05


def told(flow: Flow) -> Any:
    (row,) = flow.store.scan(Scan(table="outbox"))
    return row


def opened(clock: VirtualClock, *vetoes: Any) -> Flow:
    """A flow with one message to hand over."""
    plugins = load(*vetoes)
    flow = leadflow.open(now=clock, plugins=plugins)
    flow.do({"type": "user", "key": "u", "id": "ana", "email": "ana@sales.example"})
    lead = flow.submit("demo-request", {"email": "c@x.example"}, key="s").lead
    flow.do({"type": "assign", "key": "a", "lead": lead, "owner": "ana"}).one().unwrap()
    return flow


def load(*vetoes: Any) -> Any:
    from leadflow.plugins import load

    return load(only=(), also={"acme": plugin("vetoes", *vetoes)}, strict=True, limit_s=LIMIT_S)


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock("2026-11-22T10:00:00Z")


@pytest.fixture
def hang() -> Iterator[Callable[..., Any]]:
    """A function that comes back when the test is over."""
    over = Event()
    yield lambda *_: over.wait(30)
    over.set()


def test_a_veto_keeps_a_message_until_it_lets_it(clock: VirtualClock) -> None:
    """With its name and reason in explain; asked again later; then it leaves, once."""
    flow = opened(clock, ("acme.night", lambda mail, leaving: "it is night" if leaving.now.hour < 12 else None))
    mailer = Answering()
    assert flow.deliver(mailer).held == 1
    row = told(flow)
    assert (row.state, row.attempts, row.error) == ("planned", 0, "vetoed: acme.night: it is night")
    assert row.due_us > flow.now()
    explained = flow.explain(row.subject)
    assert "message lead-assigned to ana: planned, tried again from" in str(explained)
    assert "(vetoed: acme.night: it is night)" in str(explained)
    assert explained.to_plain()["messages"][0][2] == "planned"
    assert flow.deliver(mailer).total == 0
    clock.advance("3h")
    assert flow.deliver(mailer).handed_over == 1
    assert [mail.key for mail in mailer.sent] == [row.id]
    assert (told(flow).state, told(flow).attempts) == ("handed_over", 1)


def fails(mail: Any, leaving: Any) -> None:
    raise RuntimeError("down")


def leaves_the_program(mail: Any, leaving: Any) -> None:
    raise SystemExit(1)


ODD = [lambda *_, it=it: it for it in (True, False, "", 0, [], b"no")]


@pytest.mark.parametrize("answer", [fails, leaves_the_program, *ODD])
def test_what_is_no_clear_answer_keeps_it(clock: VirtualClock, answer: Any) -> None:
    """Fails closed: the message stays, says why with the plugin's name, and is never lost."""
    flow = opened(clock, ("acme.odd", answer))
    for _ in range(6):
        assert flow.deliver(Answering()).held == 1
        assert told(flow).state == "planned"
        assert "acme.odd" in told(flow).error
        clock.advance("1h")
    assert told(flow).attempts == 0


def test_one_that_hangs_keeps_it_and_holds_up_nobody(clock: VirtualClock, hang: Any) -> None:
    """Waited for once; as long as it hangs it is not called again."""
    calls = []
    flow = opened(clock, ("acme.hangs", lambda *_: calls.append(1) or hang()))
    for _ in range(3):
        assert flow.deliver(Answering()).held == 1
        assert told(flow).error.startswith("plugin_hangs: acme.hangs")
        clock.advance("1h")
    assert len(calls) == 1


def test_a_veto_changes_nothing_in_the_message(clock: VirtualClock) -> None:
    """It may only deny: what it does to its copy does not leave."""

    def meddles(mail: Any, leaving: Any) -> None:
        mail.message.replace_header("Subject", "You have won")
        mail.message["Bcc"] = "secret@x.example"

    flow, mailer = opened(clock, ("acme.meddles", meddles)), Answering()
    assert flow.deliver(mailer).handed_over == 1
    assert "won" not in mailer.sent[0].message["Subject"]
    assert mailer.sent[0].message["Bcc"] is None


def test_a_veto_does_not_use_up_tries(clock: VirtualClock) -> None:
    """What a busy server put off is still tried as often as before."""
    answers: list[Any] = ["later", None, "later", None]
    flow = opened(clock, ("acme.now_and_then", lambda *_: answers.pop(0)))
    mailer = Answering(TransientError("busy"), None)
    for _ in range(4):
        flow.deliver(mailer)
        clock.advance("1d")
    assert (told(flow).state, told(flow).attempts) == ("handed_over", 2)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.sampled_from([None, "no", False, RuntimeError("x")]), max_size=4))
def test_it_leaves_if_and_only_if_every_veto_says_none(answers: list[Any]) -> None:
    """In any number and order."""

    def veto(answer: Any) -> Any:
        def asked(mail: Any, leaving: Any) -> Any:
            if isinstance(answer, Exception):
                raise answer
            return answer

        return asked

    flow = opened(VirtualClock("2026-11-22T10:00:00Z"), *((f"acme.v{n}", veto(a)) for n, a in enumerate(answers)))
    mailer = Answering()
    done = flow.deliver(mailer)
    may_leave = all(answer is None for answer in answers)
    assert (done.handed_over, done.held) == ((1, 0) if may_leave else (0, 1))
    assert bool(mailer.sent) is may_leave


def test_vetoes_are_part_of_the_rules(clock: VirtualClock) -> None:
    """Name and version enter the digest of what decided."""
    digests = {
        opened(clock, *vetoes).rulebook.digest
        for vetoes in ((), (("acme.a", fails),), (("acme.a", fails, {"version": "2"}),), (("acme.b", fails),))
    }
    assert len(digests) == 4


# -- observers have the same limit ---------------------------------------------------------------------------


def test_an_observer_that_hangs_loses_nothing_but_its_own_batches(hang: Any, caplog: pytest.LogCaptureFixture) -> None:
    from leadflow.plugins import load

    seen: list[str] = []
    observers = plugin(
        "observers", ("hangs", hang), ("sees", lambda decisions: seen.extend(each.command for each in decisions))
    )
    plugins = load(only=(), also={"acme": observers}, limit_s=LIMIT_S)
    with leadflow.open(plugins=plugins) as flow:
        for key in ("s-1", "s-2", "s-3"):
            assert flow.submit("demo-request", {"email": f"{key}@kos.example"}, key=key).is_ok
    assert dict.fromkeys(seen) == dict.fromkeys(["s-1", "s-2", "s-3"])
    assert "hangs took longer than 0.05 s" in caplog.text
    assert "still hangs" in caplog.text


def test_an_observer_may_use_the_flow() -> None:
    """It is told after the commit, and what it does is told in turn."""
    from leadflow.plugins import load

    def watch(decisions: Any) -> None:
        seen.append(decisions[0].command)
        if decisions[0].command == "s-1":
            flow.submit("demo-request", {"email": "bo@kos.example"}, key="s-2")

    seen: list[str] = []
    with leadflow.open(plugins=load(only=(), also={"acme": plugin("observers", ("w", watch))}, limit_s=5)) as flow:
        flow.submit("demo-request", {"email": "ana@kos.example"}, key="s-1")
        assert len(list(flow.store.scan(Scan(table="contact")))) == 2
    assert seen == ["s-1", "s-2"]
