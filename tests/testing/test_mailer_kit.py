"""The kit of mailers passes what is right and catches what is wrong: each planted fault by a test that names it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from threading import Lock
from typing import Any, ClassVar

import pytest

from leadflow.engine.mailing.file_mail import FileMailer
from leadflow.errors import FateUnknownError, RejectedError, TransientError, UnsupportedCapabilityError
from leadflow.ports.mail import CAPABILITIES, Mail, Mailer
from leadflow.ports.wire import envelope, wire
from leadflow.testing import Arrived, MailerConformance
from leadflow.testing.mailing import FAILURES


class TestFileMailer(MailerConformance):
    """The embedded mailer claims everything; a folder is busy when something stands where it should be."""

    claims = frozenset(CAPABILITIES)
    failures = frozenset({"busy"})

    @pytest.fixture(autouse=True)
    def folder(self, tmp_path: Path) -> None:
        self.path = tmp_path / "out"
        self.order: list[Path] = []

    def make(self) -> Mailer:
        return FileMailer(self.path)

    def arrived(self) -> Sequence[Arrived]:
        if self.path.is_file():
            self.path.unlink()  # the obstacle of `fail` is gone once somebody looks
        self.order += sorted({*self.path.glob("*.eml")} - {*self.order}, key=os.path.getmtime)
        return [Arrived(path.read_bytes()) for path in self.order]

    def fail(self, failure: str) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.path.touch()


class Server:
    """The other end of the mailers below: takes messages, or fails once as it is told."""

    def __init__(self) -> None:
        self.taken: list[Arrived] = []
        self.next: str | None = None

    def take(self, content: bytes, to: str) -> str:
        answer, self.next = self.next, None
        if answer in (None, "cut_after_end"):
            self.taken.append(Arrived(content, (to,)))
        return answer or "taken"


class Honest:
    """A right mailer of the plainest kind."""

    def __init__(self, server: Server) -> None:
        self.server, self.lock = server, Lock()

    def send(self, mail: Mail) -> str:
        to, content = envelope(mail.to), wire(mail)
        with self.lock:
            answer = self.server.take(content, to)
        if answer in ("busy", "cut_before_end"):
            raise TransientError(answer, retry_after=60)
        if answer == "refused":
            raise RejectedError(answer)
        if answer == "cut_after_end":
            raise FateUnknownError(answer)
        return mail.key

    def was_sent(self, key: str) -> bool | None:
        return None


class OnServer(MailerConformance):
    """The kit on a mailer of the server above."""

    failures = frozenset(FAILURES)
    mailer: ClassVar[Any] = Honest

    @pytest.fixture(autouse=True)
    def server(self) -> None:
        self.end = Server()

    def make(self) -> Mailer:
        return self.mailer(self.end)  # type: ignore[no-any-return]

    def arrived(self) -> Sequence[Arrived]:
        return list(self.end.taken)

    def fail(self, failure: str) -> None:
        self.end.next = failure


class TestHonest(OnServer):
    """What is right passes, with every failure."""


# -- planted faults -----------------------------------------------------------------------------------------


class SendsTwice(Honest):
    def send(self, mail: Mail) -> str:
        super().send(mail)
        return super().send(mail)


class SaysSentAndIsNot(Honest):
    def send(self, mail: Mail) -> str:
        return mail.key


class SwallowsRefusals(Honest):
    def send(self, mail: Mail) -> str:
        try:
            return super().send(mail)
        except RejectedError:
            return mail.key


class TakesRefusalsForBusy(Honest):
    def send(self, mail: Mail) -> str:
        try:
            return super().send(mail)
        except RejectedError as error:
            raise TransientError("later", retry_after=60) from error


class TakesBusyForRefusal(Honest):
    def send(self, mail: Mail) -> str:
        try:
            return super().send(mail)
        except TransientError as error:
            raise RejectedError("no") from error


class NamesNoWait(Honest):
    def send(self, mail: Mail) -> str:
        try:
            return super().send(mail)
        except TransientError as error:
            raise TransientError("later") from error


class SendsAgainAfterACut(Honest):
    def send(self, mail: Mail) -> str:
        try:
            return super().send(mail)
        except FateUnknownError:
            return super().send(mail)


class CallsACutTransient(Honest):
    def send(self, mail: Mail) -> str:
        try:
            return super().send(mail)
        except FateUnknownError as error:
            raise TransientError("cut", retry_after=60) from error


class LetsHeadersThrough(Honest):
    def send(self, mail: Mail) -> str:
        head = "\r\n".join(f"{name}: {value}" for name, value in mail.message.items())
        content = f"{head}\r\n\r\n{mail.message.get_payload()}".encode("utf-8", "replace")
        self.server.take(content, mail.to)
        return mail.key


class TakesHeadersOut(Honest):
    """Cleans instead of refusing: what was meant is changed in silence."""

    def send(self, mail: Mail) -> str:
        try:
            return super().send(mail)
        except UnsupportedCapabilityError:
            raise
        except RejectedError as error:
            if self.server.next is not None or ("header" not in str(error) and "control" not in str(error)):
                raise
            self.server.taken.append(Arrived(b"Subject: cleaned\r\n\r\n", (mail.to,)))
            return mail.key


class GuessesWhatWasSent(Honest):
    def was_sent(self, key: str) -> bool | None:
        return False


class DropsAccents(Honest):
    """Takes an address that it does not claim, and sends it to somebody else."""

    def send(self, mail: Mail) -> str:
        to = mail.to.encode("ascii", "ignore").decode()
        self.server.take(mail.message.as_bytes(), envelope(to))
        return mail.key


class TellsEverybody(Honest):
    """Lets the Bcc through."""

    def send(self, mail: Mail) -> str:
        wire(mail)
        self.server.take(mail.message.as_bytes(), envelope(mail.to))
        return mail.key


FAULTS = {
    SendsTwice: "test_a_message_arrives_once_and_whole",
    SaysSentAndIsNot: "test_a_message_arrives_once_and_whole",
    SwallowsRefusals: "test_a_refusal_is_told_as_final",
    TakesRefusalsForBusy: "test_a_refusal_is_told_as_final",
    TakesBusyForRefusal: "test_a_busy_end_is_told_as_transient",
    NamesNoWait: "test_a_busy_end_is_told_as_transient",
    SendsAgainAfterACut: "test_a_cut_after_the_end_is_of_unknown_fate",
    CallsACutTransient: "test_a_cut_after_the_end_is_of_unknown_fate",
    LetsHeadersThrough: "test_hostile_headers_are_refused",
    TakesHeadersOut: "test_hostile_headers_are_refused",
    GuessesWhatWasSent: "test_nobody_says_that_what_left_did_not",
    DropsAccents: "test_an_address_that_is_not_ascii_is_refused",
    TellsEverybody: "test_blind_recipients_stay_blind",
}


def failing(kit: type[OnServer], *tests: str) -> set[str]:
    """The tests of the kit that fail, of these or of all, each run as pytest would."""
    failed = set()
    for name in tests or dir(kit):
        if name.startswith("test_") and callable(getattr(kit, name)):
            test = kit()
            test.end = Server()
            try:
                getattr(test, name)()
            except Exception:
                failed.add(name)
    return failed


@pytest.mark.parametrize(("mailer", "caught_by"), FAULTS.items(), ids=lambda each: getattr(each, "__name__", None))
@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_planted_fault_is_caught(mailer: type[Honest], caught_by: str) -> None:
    kit = type("Planted", (OnServer,), {"mailer": mailer})
    assert failing(kit, caught_by)


def test_nothing_is_caught_where_nothing_was_planted() -> None:
    assert failing(OnServer) == set()


@pytest.mark.parametrize("claim", sorted(CAPABILITIES))
def test_a_claim_that_does_not_hold_is_caught(claim: str) -> None:
    kit = type("Claiming", (OnServer,), {"claims": frozenset({claim})})
    assert failing(kit)


# -- declarations -----------------------------------------------------------------------------------------


def test_a_slip_in_a_declaration_is_caught() -> None:
    """It would take tests away."""
    for body in ({"claims": frozenset({"smtp_utf8"})}, {"failures": frozenset({"bussy"})}, {"failures": None}):
        assert failing(type("Slip", (OnServer,), body), "test_claims_and_failures_are_known")


def test_classes_between_take_no_test_away() -> None:
    class Between(OnServer):
        failures = frozenset[str]()

    class Whole(Between):
        failures = frozenset(FAILURES)

    assert Between.test_a_refusal_is_told_as_final is None
    assert callable(Whole.test_a_refusal_is_told_as_final)


def test_the_kit_needs_no_pytest_and_no_hypothesis_until_a_test_does() -> None:
    script = (
        "import sys; sys.modules['pytest'] = sys.modules['hypothesis'] = None\n"
        "from leadflow.testing import MailerConformance\n"
        "print(type('Mine', (MailerConformance,), {'failures': frozenset()}).__name__)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "Mine"
