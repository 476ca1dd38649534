"""The conformance kit of mailers: subclass `MailerConformance`, say how to make one and how to see what arrived.

    class TestMine(MailerConformance):
        claims = frozenset({"smtputf8"})
        failures = frozenset({"busy", "refused"})

        @pytest.fixture(autouse=True)
        def server(self):
            with MyServer() as self.server:
                yield

        def make(self):
            return MyMailer(self.server.url)

        def arrived(self):
            return [Arrived(content, tuple(recipients)) for ... in self.server.messages]

        def fail(self, failure):
            self.server.next = failure

`claims` are capabilities of the port (`leadflow.ports.mail.CAPABILITIES`): what is claimed must work, what is not claimed
must be refused. `failures` are those of `FAILURES` that the other end can be made to show.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from email import message_from_bytes, policy
from email.headerregistry import Address
from email.message import EmailMessage
from threading import Thread
from types import MappingProxyType
from typing import Any, ClassVar, Final

from attrs import frozen

from leadflow.errors import FateUnknownError, RejectedError, TransientError, UnsupportedCapabilityError
from leadflow.ports.mail import CAPABILITIES, Mail, Mailer
from leadflow.testing.conformance import Conformance, needs

FAILURES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "busy": "the next message is put off (SMTP: 4xx)",
        "refused": "the next message is refused for good (SMTP: 5xx)",
        "cut_before_end": "the link breaks before the next message was there as a whole",
        "cut_after_end": "the link breaks after the next message was taken, before that was said",
    }
)
HOSTILE: Final = ("a\r\nBcc: e@x.example", "a\nX-Evil: 1", "a\rb", "a\0b", "a\r\n\r\nbody", "a\x1b[2Jb")
"""Texts that must never come into a header or an address."""


@frozen
class Arrived:
    """A message at the other end: its bytes, and for whom, where the other end is told."""

    content: bytes
    recipients: tuple[str, ...] | None = None

    @property
    def message(self) -> EmailMessage:
        """The message, read."""
        read: Any = message_from_bytes(self.content, policy=policy.default)
        assert isinstance(read, EmailMessage)
        return read


class MailerConformance(Conformance):
    """What every mailer does. Each test gets a new mailer from `make`."""

    is_kit: ClassVar[bool] = True
    capabilities: ClassVar[Collection[str]] = CAPABILITIES

    # -- what a subclass says -----------------------------------------------------------------------------

    def make(self) -> Mailer:
        """A mailer to the other end."""
        raise NotImplementedError("say how a mailer is made: def make(self)")

    def arrived(self) -> Sequence[Arrived]:
        """All that has arrived at the other end since the test began, in order."""
        raise NotImplementedError("say what arrived: def arrived(self)")

    def fail(self, failure: str) -> None:
        """Make the other end show a failure once, at the next message."""
        raise NotImplementedError(f"say how {failure!r} is brought about: def fail(self, failure)")

    # -- declared -----------------------------------------------------------------------------------------

    def test_claims_and_failures_are_known(self) -> None:
        """A slip in a name would take a test away."""
        assert self.claims <= set(CAPABILITIES), f"no such capability: {sorted(self.claims - set(CAPABILITIES))}"
        assert self.failures is not None, f"say which failures can be brought about, of {', '.join(FAILURES)}"
        assert self.failures <= set(FAILURES), f"no such failure: {sorted(self.failures - set(FAILURES))}"

    # -- once ---------------------------------------------------------------------------------------------

    def test_a_message_arrives_once_and_whole(self) -> None:
        """What `send` returned for has arrived, once, to whom it was for."""
        mail = letter("k-1", subject="Grüße, Ана", text="Dober dan,\n\nживјо.\n")
        assert isinstance(self.make().send(mail), str)
        (arrived,) = self.arrived()
        assert arrived.message["Subject"] == "Grüße, Ана"
        assert _text(arrived) == "Dober dan,\n\nживјо.\n"
        assert arrived.message["Message-ID"] == mail.message["Message-ID"]
        assert arrived.message["Auto-Submitted"] == "auto-generated"
        assert arrived.recipients in (None, (mail.to,))

    def test_each_key_arrives(self) -> None:
        """One mailer sends many messages."""
        mailer = self.make()
        for number in range(5):
            mailer.send(letter(f"k-{number}"))
        assert _ids(self.arrived()) == sorted(str(letter(f"k-{number}").message["Message-ID"]) for number in range(5))

    def test_many_threads_may_send(self) -> None:
        """Each message once, whoever sends it."""
        mailer = self.make()
        keys = [f"k-{number}" for number in range(12)]
        workers = [
            Thread(target=lambda mine: [mailer.send(letter(key)) for key in mine], args=(keys[at::3],))
            for at in range(3)
        ]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
        assert _ids(self.arrived()) == sorted(str(letter(key).message["Message-ID"]) for key in keys)

    def test_nobody_says_that_what_left_did_not(self) -> None:
        """A wrong no would send it twice."""
        mailer = self.make()
        mailer.send(letter("k-1"))
        assert mailer.was_sent("k-1") is not False
        assert self.make().was_sent("k-1") is not False

    def test_nobody_says_that_what_stayed_left(self) -> None:
        """A wrong yes would lose it."""
        assert self.make().was_sent("k-1") is not True

    @needs("keeps_keys")
    def test_a_repeat_of_a_key_sends_nothing(self) -> None:
        """Claimed: keeps_keys. Also by another mailer."""
        first, again, other = self.make().send(letter("k-1")), self.make(), letter("k-2")
        assert again.send(letter("k-1")) == first
        again.send(other)
        assert len(self.arrived()) == 2

    @needs("tells_sent")
    def test_it_tells_what_was_sent(self) -> None:
        """Claimed: tells_sent."""
        self.make().send(letter("k-1"))
        assert self.make().was_sent("k-1") is True
        assert self.make().was_sent("k-2") is False

    @needs("no tells_sent")
    def test_it_does_not_guess_what_was_sent(self) -> None:
        """Not claimed: tells_sent. Nobody can tell, and that is the answer."""
        assert self.make().was_sent("k-1") is None

    # -- failures -----------------------------------------------------------------------------------------

    @needs("busy")
    def test_a_busy_end_is_told_as_transient(self) -> None:
        """It did not leave, says when to try again, and leaves at the next try."""
        mailer = self.make()
        self.fail("busy")
        error = _raised(mailer, letter("k-1"), TransientError)
        assert isinstance(error, TransientError)
        assert (error.retry_after or 0) > 0, "retry_after: say in how many seconds"
        assert not self.arrived()
        assert mailer.was_sent("k-1") is not True
        self._arrives_after_all(letter("k-1"))

    @needs("refused")
    def test_a_refusal_is_told_as_final(self) -> None:
        """It did not leave and never will; the next message does."""
        mailer = self.make()
        self.fail("refused")
        _raised(mailer, letter("k-1"), RejectedError)
        assert not self.arrived()
        assert mailer.was_sent("k-1") is not True
        mailer.send(letter("k-2"))
        assert len(self.arrived()) == 1

    @needs("cut_before_end")
    def test_a_cut_before_the_end_sends_nothing(self) -> None:
        """Tried again only when it is sure that nothing left."""
        mailer = self.make()
        self.fail("cut_before_end")
        error = _raised(mailer, letter("k-1"), (TransientError, FateUnknownError))
        assert not self.arrived()
        if isinstance(error, TransientError):
            self._arrives_after_all(letter("k-1"), mailer)
        else:
            mailer.send(letter("k-2"))
            assert _ids(self.arrived()) == [letter("k-2").message["Message-ID"]]

    @needs("cut_after_end")
    def test_a_cut_after_the_end_is_of_unknown_fate(self) -> None:
        """It may have left: neither tried again nor told as refused, and the next message leaves."""
        mailer = self.make()
        self.fail("cut_after_end")
        _raised(mailer, letter("k-1"), FateUnknownError)
        assert len(self.arrived()) == 1, "it was sent again by itself"
        assert mailer.was_sent("k-1") is not False
        mailer.send(letter("k-2"))
        assert len(self.arrived()) == 2

    # -- what must not leave ------------------------------------------------------------------------------

    def test_hostile_headers_are_refused(self) -> None:
        """CR, LF, NUL and other control characters: refused, not taken out; in a value, a name, a file name."""
        mailer = self.make()
        for text in HOSTILE:
            for name, value in _hostile_headers(text):
                self._refuses(mailer, _raw(letter("k-1"), name, value), f"{name}: {value!r}")

    def test_hostile_addresses_are_refused(self) -> None:
        """An address must not become a command or a second recipient."""
        mailer = self.make()
        for text in (*HOSTILE, "a@x.example> <b", "a b", "a,b"):
            for address in (f"{text}@x.example", f"a@x.example{text}", text):
                self._refuses(mailer, letter("k-1", to=address), f"to: {address!r}")

    def test_a_text_is_one_message(self) -> None:
        """Dots and bare ends of lines end nothing (SMTP smuggling), and arrive."""
        mailer = self.make()
        for number, end in enumerate(("\n.\n", "\r\n.\r\n", "\r.\r", "\n.\r\n", "\r\n.\n")):
            text = f".first{end}MAIL FROM:<e@x.example>\n..two\n.\n"
            mailer.send(letter(f"k-{number}", text=text))
            arrived = self.arrived()
            assert len(arrived) == number + 1
            assert _text(arrived[-1]).split() == text.split()

    def test_blind_recipients_stay_blind(self) -> None:
        """A Bcc does not arrive."""
        mail = letter("k-1")
        mail.message["Bcc"] = "secret@x.example"
        self.make().send(mail)
        (arrived,) = self.arrived()
        assert b"secret" not in arrived.content

    # -- form ---------------------------------------------------------------------------------------------

    def test_long_lines_arrive_in_short_ones(self) -> None:
        """No line over 998 octets leaves; subject and text arrive whole."""
        subject, text = "word " * 600 + "end", "x" * 5000 + "\n" + "ž" * 3000 + "\n"
        self.make().send(letter("k-1", subject=subject, text=text))
        (arrived,) = self.arrived()
        assert max(map(len, arrived.content.splitlines())) <= 998
        assert (arrived.message["Subject"], _text(arrived)) == (subject, text)

    def test_a_domain_that_is_not_ascii_is_told_in_ascii(self) -> None:
        """It needs no capability. Needs the package idna, which such a mailer requires."""
        self.make().send(letter("k-1", to="ana@bücher.example"))
        (arrived,) = self.arrived()
        assert arrived.recipients in (None, ("ana@xn--bcher-kva.example",))
        assert "ana@xn--bcher-kva.example" in str(arrived.message["To"])

    @needs("smtputf8")
    def test_an_address_that_is_not_ascii_arrives_as_it_is(self) -> None:
        """Claimed: smtputf8. Byte for byte before the @."""
        self.make().send(letter("k-1", to="Žiga.Ω@x.example"))
        (arrived,) = self.arrived()
        assert arrived.recipients in (None, ("Žiga.Ω@x.example",))
        assert "Žiga.Ω@x.example".encode() in arrived.content

    @needs("no smtputf8")
    def test_an_address_that_is_not_ascii_is_refused(self) -> None:
        """Not claimed: smtputf8. Told as such, and nothing leaves."""
        _raised(self.make(), letter("k-1", to="žiga@x.example"), UnsupportedCapabilityError)
        assert not self.arrived()

    def test_any_name_and_text_arrive(self) -> None:
        """Property: what is written is what is read, in every script. Needs Hypothesis."""
        from hypothesis import HealthCheck, Phase, given, settings
        from hypothesis import strategies as st

        plain = st.text(st.characters(exclude_categories=("C", "Z")), min_size=1, max_size=40)
        mailer, count = self.make(), len(self.arrived())

        @settings(
            max_examples=40,
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
            phases=set(Phase) - {Phase.explain},  # a mailer may be slow
        )
        @given(plain, st.lists(plain, max_size=5))
        def arrives(name: str, lines: list[str]) -> None:
            nonlocal count
            text = "\n".join([*lines, "."])
            mailer.send(letter(f"p-{count}", name=name, subject=f"to {name}", text=text + "\n"))
            last = self.arrived()
            count += 1
            assert len(last) == count
            assert _text(last[-1]).rstrip("\n") == text
            assert str(last[-1].message["Subject"]) == f"to {name}"

        arrives()

    # -- private ------------------------------------------------------------------------------------------

    def _refuses(self, mailer: Mailer, mail: Mail, what: str) -> None:
        before = len(self.arrived())
        try:
            mailer.send(mail)
        except RejectedError:
            pass
        else:
            raise AssertionError(f"sent, and must be refused with RejectedError: {what}")
        assert len(self.arrived()) == before, f"arrived, although it was refused: {what}"

    def _arrives_after_all(self, mail: Mail, mailer: Mailer | None = None) -> None:
        (mailer or self.make()).send(mail)
        assert _ids(self.arrived()) == [mail.message["Message-ID"]]


def letter(
    key: str, *, to: str = "bo@x.example", name: str = "", subject: str = "Hello", text: str = "Hello.\n"
) -> Mail:
    """A message as leadflow hands it over."""
    message = EmailMessage()
    message["From"] = Address("Sales", "sales", "acme.example")
    local, _, domain = to.rpartition("@")
    is_fine = not any(ord(c) < 32 or c in ' <>,"' for c in to) and bool(local)
    message["To"] = Address(name, local, domain) if is_fine else "somebody@x.example"
    message["Subject"] = subject
    message["Message-ID"] = f"<{key}.kit@acme.example>"
    message["Date"] = "Sun, 22 Nov 2026 10:00:00 +0000"
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(text)
    return Mail(key=key, to=to, message=message)


def _hostile_headers(text: str) -> list[tuple[str, str]]:
    return [
        ("Subject", text),
        ("Reply-To", f"{text} <r@x.example>"),
        ("From", f'"{text}" <r@x.example>'),
        ("List-Id", text),
        (f"X-{text}", "1"),
        ("Content-Disposition", f'attachment; filename="{text}"'),
    ]


def _raw(mail: Mail, name: str, value: str) -> Mail:
    """The message with a header as somebody careless would set it, past the checks of the standard library."""
    careless: Any = EmailMessage(policy=policy.compat32)
    for own, content in mail.message.items():
        if own.lower() != name.lower():
            careless[own] = str(content)
    careless.set_payload("Hello.\n")
    careless[name] = value
    return Mail(key=mail.key, to=mail.to, message=careless)


def _raised(mailer: Mailer, mail: Mail, expected: type[Exception] | tuple[type[Exception], ...]) -> Exception:
    try:
        mailer.send(mail)
    except expected as error:
        return error
    except Exception as error:
        raise AssertionError(f"expected {_names(expected)}, got {type(error).__name__}: {error}") from error
    raise AssertionError(f"expected {_names(expected)}, and it was told as sent")


def _names(expected: type[Exception] | tuple[type[Exception], ...]) -> str:
    return " or ".join(each.__name__ for each in (expected if isinstance(expected, tuple) else (expected,)))


def _text(arrived: Arrived) -> str:
    body = arrived.message.get_body(("plain",))
    assert body is not None, "there is no text"
    return str(body.get_content()).replace("\r\n", "\n")


def _ids(arrived: Sequence[Arrived]) -> list[str]:
    return sorted(str(each.message["Message-ID"]) for each in arrived)
