"""What follows from bounces, complaints and replies: for the message, its address, the contact and the lead's owner."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterator
from itertools import permutations
from pathlib import Path
from typing import Any

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import leadflow
from leadflow.engine.mailing.receiving import MailRead
from leadflow.errors import FateUnknownError, RejectedError, TransientError, UnsupportedCapabilityError
from leadflow.model.time import DAY_US, to_datetime
from leadflow.ports.mail import Mail, Page, Returned, message_id
from leadflow.ports.store import ChangeSet, Scan
from leadflow.testing import contents, invariants

from .conftest import NOW, Post

SENDER = "sales@acme.example"


class Box:
    """A mailbox of this process: its place is how many messages were read."""

    name = "box"

    def __init__(self, *returned: Returned, page: int = 2) -> None:
        self.returned, self.size, self.settled = list(returned), page, set[str]()

    def read(self, after: str | None) -> Iterator[Page]:
        start = int(after or 0)
        for place in range(start, len(self.returned), self.size):
            some = tuple(self.returned[place : place + self.size])
            yield Page(str(place + len(some)), some, len(self.returned) - start)

    def settle(self, keys: Collection[str]) -> None:
        self.settled.update(keys)


class Taking:
    """A mailer that takes everything, or answers as it is told first."""

    def __init__(self, *answers: BaseException) -> None:
        self.answers, self.sent = list(answers), list[Mail]()

    def send(self, mail: Mail) -> str:
        self.sent.append(mail)
        if self.answers:
            raise self.answers.pop(0)
        return mail.key

    def was_sent(self, key: str) -> bool | None:
        return None


def came(
    key: str, kind: str, sent: Mail | str, bounce: str = "", status: str = "", at_us: int | None = None
) -> Returned:
    about = sent if isinstance(sent, str) else str(sent.message["Message-ID"])
    return Returned(key=key, kind=kind, messages=(about,), bounce=bounce, status=status, at_us=at_us)


def bounced(sent: Mail | str, bounce: str = "hard", key: str = "b-1", at_us: int | None = None) -> Returned:
    return came(key, "bounced", sent, bounce, "5.1.1" if bounce == "hard" else "", at_us)


def sent(post: Post, count: int = 1, *answers: BaseException) -> list[Mail]:
    mailer = Taking(*answers)
    post.write(count)
    post.flow.deliver(mailer, sender=SENDER)
    return mailer.sent


def again(post: Post, user: str = "u0", key: str = "next") -> tuple[int, int]:
    """Plan one more letter to a user and deliver: how many left, how many were suppressed."""
    lead = post.flow.submit("demo-request", {"email": f"{key}@x.example"}, key=key).lead
    post.flow.do({"type": "assign", "key": f"a-{key}", "lead": lead, "owner": user}).one().unwrap()
    done = post.flow.deliver(Taking(), sender=SENDER)
    return done.handed_over, done.suppressed


def read(post: Post, *returned: Returned, **options: Any) -> MailRead:
    return post.flow.read_mail(Box(*returned), again=True, **options)


# -- the message and its address ------------------------------------------------------------------------------


def test_after_a_hard_bounce_nothing_more_is_sent_there(post: Post) -> None:
    letters = sent(post, 2)
    done = read(post, bounced(letters[0]))
    assert (done.reported, done.not_ours, done.kinds) == (1, 0, {"bounced": 1})
    row = post.rows()[0]
    assert (row.state, row.error) == ("bounced", "hard 5.1.1")
    assert again(post, "u0", "n-1") == (0, 1)
    assert again(post, "u1", "n-2") == (1, 0), "others are written to"
    (kept,) = [row for row in post.rows() if row.state == "suppressed"]
    assert (kept.error, kept.due_us) == ("bounced", None)
    assert post.flow.explain("u0").fields["mail_stopped"] == "bounced"
    assert "mail_stopped" not in post.flow.explain("u1").fields
    assert invariants(post.flow) == []


@pytest.mark.parametrize(("kind", "bounce"), [("bounced", "soft"), ("bounced", "blocked"), ("bounced", "policy"),
                                              ("delayed", "soft"), ("delivered", ""), ("replied", "")])  # fmt: skip
def test_what_is_not_final_stops_nothing(post: Post, kind: str, bounce: str) -> None:
    (letter,) = sent(post)
    read(post, came("m-1", kind, letter, bounce))
    assert again(post) == (1, 0)


def test_five_soft_bounces_in_thirty_days_pause_an_address(post: Post) -> None:
    letters = sent(post)
    for number in range(4):
        read(post, bounced(letters[0], "soft", key=f"s-{number}", at_us=post.flow.now()))
        post.clock.advance("1d")
    assert again(post, key="n-1") == (1, 0)
    read(post, bounced(letters[0], "soft", key="s-5", at_us=post.flow.now()))
    assert again(post, key="n-2") == (0, 1)
    post.clock.advance("27d")
    assert again(post, key="n-3") == (1, 0), "the first of them is too long ago"


def test_a_reply_shows_that_mail_arrives(post: Post) -> None:
    (letter,) = sent(post)
    for number in range(5):
        read(post, bounced(letter, "soft", key=f"s-{number}", at_us=post.flow.now()))
        post.clock.advance("1h")
    read(post, came("r-1", "replied", letter, at_us=post.flow.now()))
    assert again(post) == (1, 0)


def test_a_bounce_belongs_to_the_address_that_was_written_to(post: Post) -> None:
    """Whoever has a new address is written to there, also when the bounce of the old one comes late."""
    (letter,) = sent(post)
    post.flow.ingest(
        [{"type": "user", "key": "moved", "id": "u0", "email": "new@sales.example", "policy": "overwrite"}]
    )
    read(post, bounced(letter))
    assert again(post) == (1, 0)


@pytest.mark.parametrize("written", ["U0@SALES.example", "u0@sales.example"])
def test_an_address_is_the_same_however_it_is_written(post: Post, written: str) -> None:
    (letter,) = sent(post)
    read(post, bounced(letter))
    post.flow.ingest([{"type": "user", "key": "case", "id": "u9", "email": written}])
    assert again(post, "u9") == (0, 1)


def test_somebody_may_allow_an_address_again(post: Post) -> None:
    (letter,) = sent(post)
    assert (
        post.flow.do({"type": "allow_address", "key": "w-0", "address": "u0@sales.example"}).one().status == "refused"
    )
    read(post, bounced(letter, at_us=post.flow.now()))
    post.clock.advance("1h")
    post.flow.do(
        {"type": "allow_address", "key": "w-1", "address": "u0@sales.example", "reason": "typo"}
    ).one().unwrap()
    assert again(post, key="n-1") == (1, 0)
    post.clock.advance("1h")
    read(post, bounced(letter, key="b-2", at_us=post.flow.now()))
    assert again(post, key="n-2") == (0, 1), "until it bounces again"
    read(post, came("c-1", "complained", letter))
    refused = post.flow.do({"type": "allow_address", "key": "w-2", "address": "u0@sales.example"}).one()
    assert refused.refusal is not None
    assert refused.refusal.code == "complained"


def test_a_report_settles_an_unknown_fate(post: Post) -> None:
    (letter,) = sent(post, 1, FateUnknownError("cut"))
    assert post.states() == ["unknown"]
    read(post, came("d-1", "delayed", letter, "soft"))
    assert post.states() == ["handed_over"]
    read(post, came("d-2", "delivered", letter))
    assert post.states() == ["delivered"]


# -- what is not ours -------------------------------------------------------------------------------------------


def test_a_report_of_something_else_changes_nothing(post: Post) -> None:
    sent(post)
    before = contents(post.flow)
    done = read(post, bounced("<somebody@else.example>"), came("c-1", "complained", message_id("guessed", SENDER)))
    assert (done.reported, done.not_ours) == (0, 2)
    after = contents(post.flow)
    assert {table for table in before if before[table] != after[table]} == {"setting"}, "only the place is new"


def test_a_report_of_a_message_that_never_left_changes_nothing(post: Post) -> None:
    """Its Message-ID can only have been guessed."""
    letters = sent(post, 1, TransientError("451"))
    assert post.states() == ["planned"]
    assert read(post, bounced(letters[0])).not_ours == 1
    assert post.states() == ["planned"]


def test_what_programs_write_is_counted_and_nothing_else(post: Post) -> None:
    (letter,) = sent(post)
    done = read(post, came("o-1", "automatic", letter), Returned(key="x", kind="other", fault="unreadable"))
    assert (done.kinds, done.reported, done.not_ours) == ({"automatic": 1, "other": 1}, 0, 0)
    assert done.faults == [("x", "unreadable")]
    assert post.states() == ["handed_over"]


# -- once, in any order -------------------------------------------------------------------------------------------


def test_what_is_read_twice_counts_once(post: Post) -> None:
    letters = sent(post, 3)
    box = Box(*(bounced(letter, key=f"b-{number}") for number, letter in enumerate(letters)))
    assert post.flow.read_mail(box, dry_run=True).reported == 3
    assert post.states() == ["handed_over"] * 3
    assert post.flow.read_mail(box).reported == 3
    assert box.settled == {"b-0", "b-1", "b-2"}
    before = contents(post.flow)
    assert post.flow.read_mail(box).total == 0, "it goes on where it stopped"
    assert contents(post.flow) == before
    done = post.flow.read_mail(box, again=True)
    assert (done.reported, done.repeated) == (0, 3)
    after = contents(post.flow)
    assert {table for table in before if before[table] != after[table]} <= {"setting"}, "only the place was set again"


@settings(deadline=None, max_examples=25)
@given(st.data())
def test_the_order_of_reports_makes_no_difference(data: st.DataObject) -> None:
    pieces = st.tuples(
        st.sampled_from(["bounced hard", "bounced soft", "complained", "replied", "delivered", "delayed soft"]),
        st.integers(0, 40),
    )
    told = data.draw(st.lists(pieces, min_size=1, max_size=8))
    ends = set()
    for order in (told, data.draw(st.permutations(told))):
        post = Post()
        (letter,) = sent(post)
        now_us = post.flow.now()
        for kind, day in order:
            kind, _, bounce = kind.partition(" ")
            key = f"{kind}{bounce}{day}"
            read(post, came(key, kind, letter, bounce, at_us=now_us - day * DAY_US))
        held = contents(post.flow)
        plain = [{k: v for k, v in row.items() if k != "version"} for row in held["address"].values()]
        ends.add(f"{plain} {[(row.state, row.error) for row in post.rows()]}")
        assert invariants(post.flow) == []
        post.flow.close()
    assert len(ends) == 1


def test_all_orders_of_a_whole_life_end_the_same() -> None:
    ends = set()
    for order in permutations(["bounced", "complained", "replied"]):
        post = Post()
        (letter,) = sent(post)
        for kind in order:
            read(post, came(f"k-{kind}", kind, letter, "hard" if kind == "bounced" else ""))
        ends.add((*post.states(), again(post)))
        post.flow.close()
    assert ends == {("complained", (0, 1))}


class Meddling:
    """The store, and somebody who does something just before the first commit of a claim."""

    def __init__(self, store: Any, meddle: Any) -> None:
        self._store, self._meddle = store, meddle

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    def commit(self, change: ChangeSet) -> None:
        is_claim = any(getattr(row, "state", "") == "claimed" for row in change.put.values())
        if is_claim and self._meddle is not None:
            meddle, self._meddle = self._meddle, None
            meddle()
        self._store.commit(change)


@pytest.mark.parametrize("store", ["memory:", "sqlite"])
def test_a_bounce_that_comes_while_a_letter_is_claimed_is_heard(store: str, tmp_path: Path) -> None:
    """Nothing is claimed for an address after its report was taken in."""
    post = Post()
    if store == "sqlite":
        post.flow = leadflow.open(f"sqlite:///{tmp_path / 'leads.db'}", now=post.clock)
    (letter,) = sent(post)
    lead = post.flow.submit("demo-request", {"email": "n@x.example"}, key="n").lead
    post.flow.do({"type": "assign", "key": "a-n", "lead": lead, "owner": "u0"}).one().unwrap()
    inner = post.flow.store
    post.flow.store = Meddling(inner, lambda: read(post, bounced(letter)))  # type: ignore[assignment]
    mailer = Taking()
    first = post.flow.deliver(mailer, sender=SENDER)
    second = post.flow.deliver(mailer, sender=SENDER)
    assert (first.suppressed + second.suppressed, mailer.sent) == (1, [])
    post.flow.close()


# -- contacts -------------------------------------------------------------------------------------------------------


def told_of(post: Post, **more: Any) -> tuple[str, str]:
    """The application sends a contact mail of its own, and says so; (contact, lead)."""
    post.flow.ingest([{"type": "user", "key": "bo", "id": "bo", "email": "bo@sales.example"}])
    made = post.flow.submit("demo-request", {"email": "ana@x.example"}, key="s-1")
    post.flow.do({"type": "assign", "key": "a-1", "lead": made.lead, "owner": "bo"}).one().unwrap()
    entry = {"type": "contact", "key": "e-1", "id": made.contact, "consent": "marketing", "policy": "overwrite"}
    told = {
        "type": "interaction",
        "id": "sent-1",
        "kind": "email.sent",
        "contact": {"email": "ana@x.example"},
        "at": NOW,
    }
    about = {"lead": made.lead, "properties": {"message_id": "<hello.1@acme.example>", **more}}
    assert post.flow.ingest([entry, {**told, **about}]).counts == {"accepted": 2}
    post.flow.deliver(Taking())
    return str(made.contact), str(made.lead)


def test_a_reply_is_told_to_the_owner_of_the_lead(post: Post) -> None:
    contact, lead = told_of(post)
    post.clock.advance("1h")
    assert read(post, came("r-1", "replied", "<hello.1@acme.example>")).reported == 1
    mailer = Taking()
    post.flow.deliver(mailer)
    (mail,) = mailer.sent
    assert (mail.to, str(mail.message["Subject"])) == ("bo@sales.example", "ana@x.example is active")
    assert "email.replied" in mail.message.get_content()
    (kept,) = [row for row in post.flow.store.scan(Scan(table="input")) if row.kind == "email.replied"]
    assert (kept.subject, kept.lead) == (contact, lead)
    found = post.flow.leads('count("email.replied") == 1')
    assert [each.lead.id for each in found] == [lead]
    assert invariants(post.flow) == []


def test_a_reply_of_a_program_is_told_to_nobody(post: Post) -> None:
    told_of(post)
    read(post, came("o-1", "automatic", "<hello.1@acme.example>"))
    assert post.flow.deliver(Taking()).total == 0
    assert post.flow.leads('any("email.replied")') == []


@pytest.mark.parametrize("kind", ["complained", "unsubscribed"])
def test_a_complaint_ends_the_contacts_consent(post: Post, kind: str) -> None:
    contact, _ = told_of(post)
    assert contents(post.flow)["contact"][contact]["consent"] == 4
    read(post, came("c-1", kind, "<hello.1@acme.example>"))
    held = contents(post.flow)
    assert held["contact"][contact].get("consent", 0) == 0
    (address,) = held["address"].values() if kind == "complained" else [{"complained_us": None}]
    assert (address["complained_us"] is not None) == (kind == "complained")
    assert "consent" in str(post.flow.explain(contact))
    assert invariants(post.flow) == []


def test_a_bounce_of_the_applications_mail_stops_that_address(post: Post) -> None:
    contact, _ = told_of(post)
    read(post, bounced("<hello.1@acme.example>"))
    post.flow.ingest([{"type": "user", "key": "ana", "id": "ana", "email": "Ana@X.example"}])
    assert again(post, "ana") == (0, 1)
    assert post.flow.leads('any("email.bounced")')
    told = post.flow.explain(contact)
    assert told.fields["mail_stopped"] == "bounced"
    assert ("mail", contact, "bounced", None, "hard 5.1.1") in told.messages
    assert "email.bounced of sent-1 (hard 5.1.1)" in str(told)


def test_reports_are_replayed_as_they_were(post: Post) -> None:
    """Replay knows nothing of what left; a report says by itself what it is about."""
    told_of(post)
    read(post, bounced("<hello.1@acme.example>"), came("c-1", "complained", "<hello.1@acme.example>"))
    (letter, *_) = sent(post)
    read(post, bounced(letter, key="b-2"))
    done = post.flow.replay(post.flow.playbook)
    assert done.inputs == len(contents(post.flow)["input"])
    assert done.before == done.after


@pytest.mark.parametrize(
    ("record", "code"),
    [
        ({"kind": "email.lost", "message": "m"}, "unknown_kind"),
        ({"kind": "email.bounced", "message": "m"}, "unknown_bounce"),
        ({"kind": "email.bounced", "message": "m", "bounce": "very"}, "unknown_bounce"),
        ({"kind": "email.complained", "message": "m", "bounce": "hard"}, "unknown_bounce"),
        ({"kind": "email.complained"}, "no_subject"),
        ({"kind": "email.complained", "address": "nobody"}, "invalid_address"),
        ({"kind": "email.complained", "contact": "c_nobody"}, "no_subject"),
    ],
)
def test_a_report_that_says_nothing_is_refused(post: Post, record: dict[str, Any], code: str) -> None:
    result = post.flow.do({"type": "report_mail", "key": "k", **record}).one()
    assert result.refusal is not None
    assert result.refusal.code == code
    assert contents(post.flow)["input"] == {}


def test_a_provider_may_report_an_address_alone(post: Post) -> None:
    """What comes by a provider's webhook instead of a mailbox."""
    record = {
        "type": "report_mail",
        "key": "hook-1",
        "kind": "email.bounced",
        "bounce": "hard",
        "address": "U0@sales.example",
    }
    assert post.flow.ingest([record, record]).counts == {"accepted": 1, "repeated": 1}
    post.write()
    assert post.flow.deliver(Taking()).suppressed == 1
    assert to_datetime(post.rows()[0].settled_us) is not None


def test_decisions_and_addresses_hold_no_address(post: Post) -> None:
    told_of(post)
    letters = sent(post)
    read(post, bounced(letters[0]), came("c-1", "complained", "<hello.1@acme.example>"))
    held = contents(post.flow)
    for table in ("decision", "address", "outbox"):
        assert "@" not in str(held[table]), table


def test_a_report_that_comes_before_the_hand_over_is_noted_stands(post: Post) -> None:
    """The recipient's server may be faster than we are."""

    class Answered(Taking):
        def send(self, mail: Mail) -> str:
            read(post, bounced(mail))
            return super().send(mail)

    post.write()
    assert post.flow.deliver(Answered(), sender=SENDER).handed_over == 1
    assert post.states() == ["bounced"]
    assert post.flow.deliver(Taking()).total == 0


def test_a_joined_flow_reads_no_mail(tmp_path: Path) -> None:
    """How far a mailbox was read, and what was deleted from it, does not go back with the application's transaction."""
    path = tmp_path / "app.db"
    leadflow.open(f"sqlite:///{path}").close()
    connection = sqlite3.connect(path)
    with pytest.raises(UnsupportedCapabilityError, match="read_mail"):
        leadflow.join(connection).read_mail(Box())
    connection.close()


@pytest.mark.parametrize(("bounce", "after"), [("hard", (0, 1)), ("soft", (1, 0)), ("policy", (1, 0)), (None, (1, 0))])
def test_a_recipient_that_is_refused_at_once_is_a_bounce(
    post: Post, bounce: str | None, after: tuple[int, int]
) -> None:
    sent(post, 1, RejectedError("refused at recipient: 550 5.1.1", bounce=bounce, status="5.1.1" if bounce else None))
    assert post.states() == ["refused"]
    assert again(post) == after
    assert invariants(post.flow) == []


@pytest.mark.parametrize(
    ("named", "after"),
    [
        ((), (0, 1)),
        (("U0@sales.example",), (0, 1)),
        (("behind@elsewhere.example", "u0@sales.example"), (0, 1)),
        (("behind@elsewhere.example",), (1, 0)),
        (("not an address",), (0, 1)),
    ],
)
def test_what_fails_behind_the_address_that_we_wrote_to_does_not_end_it(
    post: Post, named: tuple[str, ...], after: tuple[int, int]
) -> None:
    """A shared address passes mail on to several people; one of them has left."""
    (letter,) = sent(post)
    read(post, attrs.evolve(bounced(letter), recipients=named))
    assert post.states() == ["bounced"]
    assert again(post) == after
