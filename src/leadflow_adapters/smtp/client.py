"""The mailer: hands messages to a mail server, each once, and says honestly what became of them."""

from __future__ import annotations

import os
import re
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import parseaddr
from typing import Final

from leadflow.errors import FateUnknownError, LeadflowError, RejectedError, TransientError, UnsupportedCapabilityError
from leadflow.ports.mail import Mail, MailStep
from leadflow.ports.wire import envelope, is_international, wire
from leadflow_adapters.smtp.answers import Answer, refusal
from leadflow_adapters.smtp.link import BROKEN, Link
from leadflow_adapters.smtp.settings import SmtpSettings

_DOT: Final = re.compile(rb"^\.", re.MULTILINE)
_AWAY_S: Final = 30.0
_CUT_S: Final = 60.0


class SmtpMailer:
    """Sends over SMTP; many threads may share it, each gets a connection of its own.

    `clock` and `sleep` count seconds, for the rate limit. It keeps no books: `was_sent` cannot tell.
    """

    def __init__(
        self,
        settings: SmtpSettings,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.settings = settings
        self._clock, self._sleep = clock, sleep
        self._lock = threading.Lock()
        self._begin()

    def _begin(self) -> None:
        self._pid = os.getpid()
        self._local = threading.local()
        self._links: set[Link] = set()
        self._next = float("-inf")
        self._away: tuple[float, TransientError] | None = None

    def send(self, mail: Mail) -> str:
        """Hand a message over; returns what the server called it. Errors: those of the port."""
        sender, to, content = self._ready(mail)
        if os.getpid() != self._pid:
            self._begin()  # after a fork: the parent's connections are the parent's
        self._wait()
        link: Link | None = getattr(self._local, "link", None)
        if link is not None:
            link.answers.clear()
            try:
                return self._transfer(link, sender, to, content)
            except _StaleError:
                self._forget(link)
        return self._transfer(self._connected(), sender, to, content)

    def was_sent(self, key: str) -> bool | None:
        """Nobody can tell."""
        return None

    def trial(self, mail: Mail) -> list[MailStep]:
        """Send a message over a new connection and report each step with the server's answer."""
        link, fault = Link(self.settings), None
        try:
            ready = self._ready(mail)
            link.open()
            self._transfer(link, *ready)
        except (LeadflowError, _StaleError) as error:
            fault = error
        finally:
            link.quit()
        steps = [MailStep(each.step, f"{each.code} {each.text}", each.is_good) for each in link.answers]
        if fault is not None:
            name = getattr(fault, "operation", "") or "send"
            if steps and steps[-1].name == name and not steps[-1].is_ok:
                return steps
            steps.append(MailStep(name, str(fault), is_ok=False))
        return steps

    def close(self) -> None:
        """End all connections."""
        with self._lock:
            links, self._links = self._links, set()
        for link in links:
            if os.getpid() == self._pid:
                link.quit()
        self._local = threading.local()

    # -- getting ready ------------------------------------------------------------------------------------

    def _ready(self, mail: Mail) -> tuple[str, str, bytes]:
        to = envelope(mail.to, smtputf8=True)
        content = wire(mail, smtputf8=True, date=datetime.now(UTC))
        sender = self.settings.bounces
        if sender is None:
            sender = envelope(parseaddr(str(mail.message["Sender"] or mail.message["From"]))[1], smtputf8=True)
        if self.settings.dkim is not None:
            from leadflow_adapters.smtp.signing import sign

            content = sign(content, self.settings.dkim)
        return sender, to, content

    def _wait(self) -> None:
        rate = self.settings.rate_per_s
        if rate is None:
            return
        with self._lock:
            now = self._clock()
            at = max(now, self._next)
            self._next = at + 1 / rate
        if at > now:
            self._sleep(at - now)

    def _connected(self) -> Link:
        """A new connection of this thread. A server that was just found away is not asked again for each message."""
        if self._away is not None and self._clock() < self._away[0]:
            raise TransientError(self._away[1].message, adapter="smtp", operation="connect", retry_after=_AWAY_S)
        link = Link(self.settings)
        try:
            link.open()
        except TransientError as error:
            self._away = (self._clock() + _AWAY_S, error)
            raise
        self._away = None
        self._local.link = link
        with self._lock:
            self._links.add(link)
        return link

    def _forget(self, link: Link) -> None:
        link.drop()
        with self._lock:
            self._links.discard(link)
        if getattr(self._local, "link", None) is link:
            self._local.link = None

    # -- handing over -------------------------------------------------------------------------------------

    def _transfer(self, link: Link, sender: str, to: str, content: bytes) -> str:
        """One message over one connection. Errors: those of the port; `_StaleError` when a used link had gone before."""
        try:
            answer = self._hand_over(link, sender, to, content)
        except (RejectedError, UnsupportedCapabilityError, TransientError):
            self._reset(link)
            raise
        except BaseException:
            self._forget(link)
            raise
        link.sent += 1
        if link.sent >= self.settings.reuse:
            link.quit()
            self._forget(link)
        return answer.text

    def _hand_over(self, link: Link, sender: str, to: str, content: bytes) -> Answer:
        options, heard = self._options(link, sender, to, content), len(link.answers)
        try:
            for step, words in (("sender", f"MAIL FROM:<{sender}>{options}"), ("recipient", f"RCPT TO:<{to}>")):
                answer = link.command(step, words)
                if not answer.is_good:
                    raise refusal(answer)
            answer = link.command("data", "DATA")
            if answer.code != 354:
                raise refusal(answer)
            link.write(stuffed(content))
            if not link.is_quiet():
                raise ConnectionResetError
        except BROKEN as error:
            # The final dot is not written: the server cannot have taken it.
            if link.sent and len(link.answers) == heard:
                raise _StaleError from error
            self._forget(link)
            raise TransientError(
                f"the link to {self.settings.host} broke before the end",
                adapter="smtp",
                operation="data",
                retry_after=_CUT_S,
            ) from error
        return self._end(link)

    def _end(self, link: Link) -> Answer:
        try:
            link.write(b".\r\n")
            answer = link.reply("accepted")
        except BaseException as error:
            self._forget(link)
            if isinstance(error, BROKEN):
                raise FateUnknownError(
                    f"the link to {self.settings.host} broke after the end of the message",
                    adapter="smtp",
                    operation="accepted",
                    hint="look for its Message-ID at the server or the recipient, before you send it again",
                ) from error
            raise
        if not answer.is_good:
            raise refusal(answer)
        return answer

    def _options(self, link: Link, sender: str, to: str, content: bytes) -> str:
        if is_international(content) or not (sender + to).isascii():
            if not link.offers("smtputf8"):
                raise UnsupportedCapabilityError(
                    f"{self.settings.host} takes no addresses that are not ASCII", adapter="smtp", operation="sender"
                )
            return " SMTPUTF8 BODY=8BITMIME"
        return ""

    def _reset(self, link: Link) -> None:
        """After a refusal the connection serves on, if the server lets it."""
        try:
            is_fine = link.reset()
        except BROKEN:
            is_fine = False
        if not is_fine:
            self._forget(link)


class _StaleError(Exception):
    """A connection that was used before had gone before this message began."""


def stuffed(content: bytes) -> bytes:
    """Content for DATA: dots at the start of lines doubled, the end of the last line there.

    >>> stuffed(b"a\\r\\n.b")
    b'a\\r\\n..b\\r\\n'
    """
    doubled = _DOT.sub(b"..", content)
    return doubled if doubled.endswith(b"\r\n") else doubled + b"\r\n"
