"""What delivery makes of each answer of a mailer: nothing lost, nothing twice, nothing held up."""

from __future__ import annotations

from pathlib import Path

import pytest

from leadflow.errors import (
    AdapterUnavailableError,
    AuthenticationError,
    FateUnknownError,
    InvalidInputError,
    RejectedError,
    TransientError,
    UnsupportedCapabilityError,
)
from leadflow.ports.mail import Mail, message_id

from .conftest import Post


class Answering:
    """A mailer that answers as it is told, one answer for each message, then takes everything."""

    def __init__(self, *answers: BaseException | None, was_sent: bool | None = None) -> None:
        self.answers, self.sent, self._was_sent = list(answers), list[Mail](), was_sent

    def send(self, mail: Mail) -> str:
        answer = self.answers.pop(0) if self.answers else None
        if answer is not None:
            raise answer
        self.sent.append(mail)
        return mail.key

    def was_sent(self, key: str) -> bool | None:
        return self._was_sent


def test_an_unknown_fate_waits_for_a_person_and_holds_up_nobody(post: Post) -> None:
    post.write(3)
    mailer = Answering(FateUnknownError("cut after the final dot"))
    done = post.flow.deliver(mailer)
    assert (done.unknown, done.handed_over) == (1, 2)
    assert sorted(post.states()) == ["handed_over", "handed_over", "unknown"]
    post.clock.advance("30d")
    assert post.flow.deliver(mailer).total == 0
    (row,) = [each for each in post.rows() if each.state == "unknown"]
    assert row.error == "fate_unknown: cut after the final dot"


@pytest.mark.parametrize("error", [AuthenticationError("535"), AdapterUnavailableError("no dkim")])
def test_when_nothing_can_leave_everything_waits(post: Post, error: Exception) -> None:
    """A wrong password is no fault of the messages."""
    post.write(3)
    with pytest.raises(type(error)):
        post.flow.deliver(Answering(None, error))
    assert sorted(post.states()) == ["handed_over", "planned", "planned"]
    assert {each.attempts for each in post.rows() if each.state == "planned"} == {0}
    assert post.flow.deliver(Answering()).handed_over == 2


@pytest.mark.parametrize(("told", "ends_as"), [(None, "unknown"), (True, "handed_over"), (False, "handed_over")])
def test_a_faulty_mailer_costs_one_message_at_most(post: Post, told: bool | None, ends_as: str) -> None:
    """What was being sent may have left; the rest of what was claimed was never tried."""
    post.write(3)
    with pytest.raises(ZeroDivisionError):
        post.flow.deliver(Answering(None, ZeroDivisionError()))
    assert sorted(post.states()) == ["claimed", "handed_over", "planned"]
    (claimed,) = [each.id for each in post.rows() if each.state == "claimed"]
    mailer = Answering(was_sent=told)
    assert post.flow.deliver(mailer).handed_over == 1
    post.clock.advance("1h")
    post.flow.deliver(mailer)
    assert {each.id: each.state for each in post.rows()}[claimed] == ends_as
    assert (claimed in {mail.key for mail in mailer.sent}) == (told is False)


def test_the_outside_may_ask_for_a_longer_wait(post: Post) -> None:
    post.write()
    post.flow.deliver(Answering(TransientError("421 4.7.0", retry_after=7200)))
    post.clock.advance("1h")
    mailer = Answering()
    assert post.flow.deliver(mailer).total == 0
    post.clock.advance("1h")
    assert post.flow.deliver(mailer).handed_over == 1


@pytest.mark.parametrize("error", [RejectedError("550 5.1.1"), UnsupportedCapabilityError("not ASCII")])
def test_a_refusal_is_final_and_says_why(post: Post, error: RejectedError) -> None:
    post.write()
    assert post.flow.deliver(Answering(error)).refused == 1
    (row,) = post.rows()
    assert (row.state, row.error) == ("refused", f"{error.code}: {error.message}")
    post.clock.advance("30d")
    assert post.flow.deliver(Answering()).total == 0


def test_letters_with_like_keys_have_message_ids_of_their_own(post: Post) -> None:
    """A receiving server drops what has the Message-ID of another."""
    long = "r" * 200
    lead = post.flow.submit("demo-request", {"email": "c@x.example"}, key="s").lead
    for user in ("ana", "bo"):
        post.flow.ingest([{"type": "user", "key": user, "id": user, "email": f"{user}@sales.example"}])
        post.flow.do({"type": "assign", "key": f"{long}{user}", "lead": lead, "owner": user}).one().unwrap()
    mailer = Answering()
    post.flow.deliver(mailer, sender="Sales <sales@acme.example>")
    ids = [mail.message["Message-ID"] for mail in mailer.sent]
    assert len(set(ids)) == 2
    assert ids == [message_id(mail.key, "sales@acme.example") for mail in mailer.sent]
    assert all(mail.message["Auto-Submitted"] == "auto-generated" for mail in mailer.sent)


def test_a_url_of_no_known_scheme_is_refused_before_anything_is_claimed(post: Post, tmp_path: Path) -> None:
    post.write()
    with pytest.raises(InvalidInputError, match="'pigeon'"):
        post.flow.deliver("pigeon://loft")
    assert post.states() == ["planned"]
    assert post.flow.deliver(tmp_path).handed_over == 1


def test_a_letter_waits_a_week_for_its_recipients_address(post: Post) -> None:
    """A first playbook names people before anybody has reported them: who does so in time loses no letter."""
    lead = post.flow.submit("demo-request", {"email": "c@x.example"}, key="r").lead
    for owner in ("ana", "bo"):
        post.flow.do({"type": "assign", "key": f"a-{owner}", "lead": lead, "owner": owner}).one().unwrap()
    mailer = Answering()
    done = post.flow.deliver(mailer)
    assert (done.put_off, done.total) == (2, 2)
    assert {(each.state, each.attempts) for each in post.rows()} == {("planned", 0)}
    assert all("report the user" in (each.error or "") for each in post.rows())
    post.flow.do({"type": "user", "key": "u", "id": "ana", "email": "ana@sales.example", "name": "Ana"}).one().unwrap()
    post.clock.advance("1h")
    assert post.flow.deliver(mailer).handed_over == 1
    post.clock.advance("7d")
    assert post.flow.deliver(mailer).refused == 1
    assert sorted(post.states()) == ["handed_over", "refused"]
