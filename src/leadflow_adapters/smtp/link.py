"""A connection to a mail server, with a limit on the time of each step and on what a server may say."""

from __future__ import annotations

import re
import smtplib
import socket
import ssl
import time
from typing import Final

from leadflow.errors import AuthenticationError, TransientError
from leadflow_adapters.secrets import read_secret
from leadflow_adapters.smtp.answers import Answer, refusal, text_of
from leadflow_adapters.smtp.settings import SmtpSettings
from leadflow_adapters.trust import trusting, untrusted

_ANSWER: Final = re.compile(rb"[2-5]\d\d(?:[ -]|$)")
_LONGEST_ANSWER: Final = 16_384
_AWAY_S: Final = 60.0
_NOT_SERVED_S: Final = 3600.0
BROKEN: Final = (OSError, EOFError, smtplib.SMTPServerDisconnected)
"""What smtplib and sockets raise when a link is no more. (SMTPException is an OSError; refusals are not raised here.)"""


class _Session(smtplib.SMTP):
    """Replies are read against a deadline, so that a server that drips cannot hold us."""

    _read = b""

    def getreply(self) -> tuple[int, bytes]:
        """The next answer. Errors: SMTPServerDisconnected, OSError."""
        deadline = time.monotonic() + self.timeout
        lines: list[bytes] = []
        size = 0
        while True:
            line = self._line(deadline)
            size += len(line)
            if size > _LONGEST_ANSWER or not _ANSWER.match(line):
                self.close()
                raise smtplib.SMTPServerDisconnected("not an answer of SMTP")
            lines.append(line[4:].strip())
            if line[3:4] != b"-":
                return int(line[:3]), b"\n".join(lines)

    def is_quiet(self) -> bool:
        """Whether the server has said nothing more and has not gone: looked at without waiting."""
        if self.sock is None:
            return False
        self.sock.settimeout(0.0)
        try:
            self._read += self.sock.recv(4096)
        except (BlockingIOError, ssl.SSLWantReadError):
            return not self._read
        except OSError:
            return False
        else:
            return False
        finally:
            self.sock.settimeout(self.timeout)

    def begin(self, sock: socket.socket) -> None:
        """Talk over this socket from now on; what was read before counts for nothing (a trick against STARTTLS)."""
        self.sock, self._read = sock, b""
        self.ehlo_resp = self.helo_resp = None
        self.esmtp_features = {}
        self.does_esmtp = False
        self.command_encoding = "utf-8"

    def _line(self, deadline: float) -> bytes:
        while b"\n" not in self._read:
            left = deadline - time.monotonic()
            if self.sock is None or left <= 0 or len(self._read) > _LONGEST_ANSWER:
                self.close()
                raise smtplib.SMTPServerDisconnected("no answer in time")
            self.sock.settimeout(left)
            try:
                some = self.sock.recv(4096)
            except OSError:
                self.close()
                raise
            if not some:
                self.close()
                raise smtplib.SMTPServerDisconnected("closed by the server")
            self._read += some
        if self.sock is not None:
            self.sock.settimeout(self.timeout)
        line, _, self._read = self._read.partition(b"\n")
        return line.rstrip(b"\r")


class Link:
    """One session with a server: opened, said hello, secured, logged in. `answers` keeps what the server said."""

    def __init__(self, settings: SmtpSettings) -> None:
        self.settings = settings
        self.answers: list[Answer] = []
        self.sent = 0
        self._smtp: _Session | None = None

    def open(self) -> None:
        """Connect and get ready to send. Errors: TransientError, AuthenticationError."""
        try:
            self._connect()
            self._hello()
            if self.settings.security == "starttls":
                self._secure()
            if self.settings.user is not None and self.settings.secret is not None:
                self._login(self.settings.user, read_secret(self.settings.secret, adapter="smtp"))
        except ssl.SSLError as error:
            self.drop()
            raise self._untrusted(error) from error
        except BROKEN as error:
            self.drop()
            raise TransientError(
                f"{self.settings.host}: no session ({type(error).__name__})",
                adapter="smtp",
                operation="connect",
                retry_after=_AWAY_S,
                hint="is it up, and are host, port and security right?",
            ) from error
        except BaseException:
            self.drop()
            raise

    def command(self, name: str, words: str) -> Answer:
        """Say something and hear the answer. Errors: those of `BROKEN`."""
        code, text = self._session.docmd(words)
        return self.heard(name, code, text)

    def write(self, content: bytes) -> None:
        """Hand bytes to the network. Errors: those of `BROKEN`."""
        self._session.send(content)

    def is_quiet(self) -> bool:
        """Whether the server has said nothing more and has not gone."""
        return self._session.is_quiet()

    def reply(self, name: str) -> Answer:
        """Hear what the server says next. Errors: those of `BROKEN`."""
        return self.heard(name, *self._session.getreply())

    def offers(self, extension: str) -> bool:
        """Whether the server offers an extension."""
        return bool(self._session.has_extn(extension))

    def heard(self, name: str, code: int, text: bytes) -> Answer:
        """Keep an answer."""
        answer = Answer(name, code, text_of(text))
        self.answers.append(answer)
        return answer

    def reset(self) -> bool:
        """Leave the message that was begun. Errors: those of `BROKEN`."""
        return self._session.docmd("RSET")[0] == 250

    def quit(self) -> None:
        """End the session in peace, if the server plays along."""
        if self._smtp is not None and self._smtp.sock is not None:
            try:
                self._smtp.docmd("QUIT")
            except (*BROKEN, ValueError):
                pass
        self.drop()

    def drop(self) -> None:
        """Close the socket."""
        smtp, self._smtp = self._smtp, None
        if smtp is not None:
            smtp.close()

    # -- getting ready ------------------------------------------------------------------------------------

    @property
    def _session(self) -> _Session:
        if self._smtp is None:
            raise smtplib.SMTPServerDisconnected("not connected")
        return self._smtp

    def _connect(self) -> None:
        sock = socket.create_connection((self.settings.host, self.settings.port), self.settings.timeout_s)
        # The final dot is written by itself: it must not wait until the content is acknowledged.
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._smtp = _Session(local_hostname=self.settings.hello or _own_name(), timeout=self.settings.timeout_s)
        self._smtp.begin(sock)
        if self.settings.security == "tls":
            self._smtp.begin(trusting(self.settings.ca, "smtp").wrap_socket(sock, server_hostname=self.settings.host))
        answer = self.heard("connect", *self._smtp.getreply())
        if answer.code != 220:
            raise TransientError(
                f"{self.settings.host} does not serve us: {answer.short}",
                adapter="smtp",
                operation="connect",
                retry_after=_NOT_SERVED_S if answer.code >= 500 else _AWAY_S,
            )

    def _hello(self) -> None:
        answer = self.heard("hello", *self._session.ehlo())
        if answer.code != 250:
            raise TransientError(
                f"{self.settings.host} takes no EHLO: {answer.short}",
                adapter="smtp",
                operation="hello",
                retry_after=_NOT_SERVED_S,
            )

    def _secure(self) -> None:
        if not self.offers("starttls"):
            raise AuthenticationError(
                f"{self.settings.host} offers no STARTTLS",
                adapter="smtp",
                operation="starttls",
                hint="nothing is sent in the clear; security=tls, or security=none on purpose",
            )
        code, text = self._session.docmd("STARTTLS")
        answer = self.heard("starttls", code, text)
        if code != 220:
            raise TransientError(
                f"{self.settings.host} does not begin TLS: {answer.short}",
                adapter="smtp",
                operation="starttls",
                retry_after=_AWAY_S,
            )
        smtp = self._session
        assert smtp.sock is not None  # noqa: S101 - it just answered
        smtp.begin(trusting(self.settings.ca, "smtp").wrap_socket(smtp.sock, server_hostname=self.settings.host))
        self._hello()

    def _login(self, user: str, secret: str) -> None:
        smtp = self._session
        if not smtp.has_extn("auth"):
            raise AuthenticationError(
                f"{self.settings.host} offers no login",
                adapter="smtp",
                operation="login",
                hint="check port and security",
            )
        try:
            self.heard("login", *smtp.login(user, secret))
        except smtplib.SMTPAuthenticationError as error:
            text = error.smtp_error if isinstance(error.smtp_error, bytes) else b""
            answer = self.heard("login", error.smtp_code, text)
            if 400 <= answer.code < 500:
                raise refusal(answer) from None
            raise AuthenticationError(
                f"{self.settings.host} refused our credentials: {answer.short}",
                adapter="smtp",
                operation="login",
                hint="check the user and what secret= refers to",
            ) from None
        except (smtplib.SMTPNotSupportedError, UnicodeError):
            raise AuthenticationError(
                f"{self.settings.host} and we have no way to log in in common", adapter="smtp", operation="login"
            ) from None

    def _untrusted(self, error: ssl.SSLError) -> AuthenticationError | TransientError:
        if isinstance(error, ssl.SSLCertVerificationError):
            return untrusted(error, self.settings.host, "smtp")
        return TransientError(
            f"{self.settings.host}: no TLS ({error.reason})",
            adapter="smtp",
            operation="tls",
            retry_after=_AWAY_S,
            hint="security=starttls and security=tls are not the same",
        )


def _own_name() -> str:
    name = socket.gethostname()
    return name if re.fullmatch(r"[A-Za-z0-9.-]+", name) else "localhost"
