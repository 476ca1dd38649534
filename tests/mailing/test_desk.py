"""One message in hand at a time: what a delivery that dies, dawdles or races leaves behind. On a store without claims."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from leadflow.errors import InvalidValueError, StoreBusyError
from leadflow.ports.mail import Mail
from leadflow.ports.store import ChangeSet

from .conftest import Post


class Died(BaseException):
    """What a kill is like for those that remain."""


class Doing:
    """A mailer that does something at each message, and remembers all."""

    def __init__(self, *acts: Callable[[], Any] | None, was_sent: bool | None = None) -> None:
        self.acts, self.sent, self._was_sent = list(acts), list[str](), was_sent

    def send(self, mail: Mail) -> str:
        self.sent.append(mail.key)
        act = self.acts.pop(0) if self.acts else None
        if act is not None:
            act()
        return mail.key

    def was_sent(self, key: str) -> bool | None:
        return self._was_sent


def _die() -> None:
    raise Died


def test_a_delivery_that_dies_leaves_one_message_in_doubt(post: Post) -> None:
    """A4, A5: what it had not taken in hand waits, untried; what it had is unknown once the lease is over."""
    post.write(5)
    mailer = Doing(None, _die)
    with pytest.raises(Died):
        post.flow.deliver(mailer)
    assert sorted(post.states()) == ["claimed", "handed_over", "planned", "planned", "planned"]
    assert {row.attempts for row in post.rows() if row.state == "planned"} == {0}
    assert post.flow.deliver(mailer).handed_over == 3
    post.clock.advance("11min")
    assert post.flow.deliver(mailer).unknown == 1
    assert len(set(mailer.sent)) == len(mailer.sent) == 5


def test_a_lease_runs_from_when_the_message_was_taken_in_hand(post: Post) -> None:
    """A delivery that takes hours does not hand its later messages to others while they are in its hands."""
    post.write(3)
    other = Doing()

    def dawdle() -> None:
        post.clock.advance("9min")
        assert post.flow.deliver(other, limit=0).total == 0
        assert [row.state for row in post.rows()].count("claimed") == 1
        assert all(row.due_us > post.flow.now() for row in post.rows() if row.state == "claimed")

    assert post.flow.deliver(Doing(dawdle, dawdle, dawdle)).handed_over == 3


def test_what_was_given_up_and_left_after_all_is_told(post: Post) -> None:
    """A worker that slept over its lease knows what became of its message: the truth takes the place of `unknown`."""
    post.write(2)
    other = Doing()

    def sleep() -> None:
        post.clock.advance("1h")
        done = post.flow.deliver(other)
        assert (done.unknown, done.handed_over) == (1, 1)

    mailer = Doing(sleep)
    post.flow.deliver(mailer)
    assert post.states() == ["handed_over", "handed_over"]
    assert sorted(mailer.sent + other.sent) == sorted(row.id for row in post.rows())


def test_late_work_never_undoes_what_another_decided(post: Post) -> None:
    """A stale holder's completion is refused: the other asked the mailer, and sent again what had not left."""
    post.write(1)
    other = Doing(was_sent=False)

    def sleep() -> None:
        post.clock.advance("1h")
        assert post.flow.deliver(other).handed_over == 1
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        post.flow.deliver(Doing(sleep))
    (row,) = post.rows()
    assert (row.state, row.attempts) == ("handed_over", 2)


def test_two_who_list_the_same_messages_send_each_once(post: Post) -> None:
    """C26: without claims, a message's version tells who was first."""
    post.write(6)
    other = Doing()
    mailer = Doing(None, lambda: post.flow.deliver(other, limit=3))
    post.flow.deliver(mailer)
    assert sorted(mailer.sent + other.sent) == sorted(row.id for row in post.rows())
    assert post.states() == ["handed_over"] * 6
    assert len(other.sent) == 3


def test_a_store_that_is_busy_for_a_moment_costs_no_truth(post: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was handed over is written down before the error goes up."""
    post.write(3)
    commit = post.flow.store.commit
    faults = [StoreBusyError("busy")]

    def busy_once(change: ChangeSet) -> None:
        if len(change.put) == 2 and faults:
            raise faults.pop()
        commit(change)

    monkeypatch.setattr(post.flow.store, "commit", busy_once)
    mailer = Doing()
    with pytest.raises(StoreBusyError):
        post.flow.deliver(mailer)
    assert sorted(post.states()) == ["handed_over", "planned", "planned"]
    assert post.flow.deliver(mailer).handed_over == 2
    assert len(set(mailer.sent)) == 3


@pytest.mark.parametrize("lease", ["", "0s", "soon"])
def test_a_lease_is_a_duration(post: Post, lease: str) -> None:
    with pytest.raises(InvalidValueError, match="lease"):
        post.flow.deliver(Doing(), lease=lease)
    with pytest.raises(InvalidValueError, match="lease"):
        post.flow.tick(lease=lease)


def test_a_longer_lease_waits_longer(post: Post) -> None:
    post.write(1)
    with pytest.raises(Died):
        post.flow.deliver(Doing(_die), lease="2h")
    post.clock.advance("1h")
    assert post.flow.deliver(Doing()).total == 0
    post.clock.advance("61min")
    assert post.flow.deliver(Doing()).unknown == 1
