"""A connection to an IMAP server, with a limit on the time of each step; errors are leadflow's own, without what was said."""

from __future__ import annotations

import imaplib
import re
import socket
import ssl
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime, timedelta, timezone
from typing import Any, Final, TypeVar

from attrs import frozen

from leadflow.errors import AuthenticationError, RejectedError, TransientError
from leadflow.model.time import instant_us
from leadflow_adapters.imap.settings import ImapSettings, quoted
from leadflow_adapters.secrets import read_secret

T = TypeVar("T")

_AWAY_S: Final = 60.0
BROKEN: Final = (OSError, EOFError, imaplib.IMAP4.abort, ValueError, IndexError, AttributeError, TypeError)
"""What imaplib and sockets raise when a link is no more, or when it brought something that is not IMAP."""
_UID: Final = re.compile(rb"\bUID (\d{1,10})\b")
_DATE: Final = re.compile(rb'INTERNALDATE "([^"]{20,30})"')
_SIZE: Final = re.compile(rb"RFC822\.SIZE (\d{1,18})")


@frozen
class Fetched:
    """A message as the server gave it: the beginning of it, its whole size, and when it came (None: not told)."""

    uid: int
    content: bytes
    size: int
    at_us: int | None


class Link:
    """One session with a server: connected, secured, logged in, with the folder open."""

    def __init__(self, settings: ImapSettings) -> None:
        self.settings = settings
        self.validity = 0
        self._imap: imaplib.IMAP4 | None = None

    @property
    def is_open(self) -> bool:
        """Whether there is a session."""
        return self._imap is not None

    def open(self) -> None:
        """Connect, log in, open the folder. Errors: TransientError, AuthenticationError, RejectedError."""
        try:
            self._connect()
            if self.settings.security == "starttls":
                self._secure()
            self._login()
            self._select()
        except BaseException:
            self.drop()
            raise

    def uids(self, after: int) -> list[int]:
        """The messages that came after one, in order. Errors: TransientError."""
        lines = self._told("search", lambda imap: imap.uid("SEARCH", f"UID {after + 1}:*"))
        found = {int(each) for line in lines if isinstance(line, bytes) for each in line.split() if each.isdigit()}
        # `n:*` names the last message even where it came before n.
        return sorted(uid for uid in found if uid > after)

    def fetch(self, uids: Sequence[int]) -> list[Fetched]:
        """Messages, as far as the limit lets them be read; those that have gone are left out. Errors: TransientError."""
        items = f"(UID INTERNALDATE RFC822.SIZE BODY.PEEK[]<0.{self.settings.most_bytes}>)"
        wanted = ",".join(map(str, uids))
        found: dict[int, Fetched] = {}
        lines = self._told("fetch", lambda imap: imap.uid("FETCH", wanted, items))
        for place, line in enumerate(lines):
            if not isinstance(line, tuple) or len(line) < 2 or not isinstance(line[1], bytes):
                continue
            # What follows the literal may hold the items that did not come before it.
            after = lines[place + 1] if place + 1 < len(lines) else b""
            said = line[0] + b" " + (after if isinstance(after, bytes) else b"")
            uid, size, date = _UID.search(said), _SIZE.search(said), _DATE.search(said)
            if uid is not None:
                length = len(line[1]) if size is None else int(size[1])
                number = int(uid[1])
                found[number] = Fetched(number, line[1], length, None if date is None else _moment(date[1]))
        return [found[uid] for uid in uids if uid in found]

    def delete(self, uids: Sequence[int]) -> None:
        """Delete these messages and no others. Errors: TransientError."""
        wanted = ",".join(map(str, uids))
        self._told("delete", lambda imap: imap.uid("STORE", wanted, "+FLAGS.SILENT", r"(\Deleted)"))
        if "UIDPLUS" in self._session.capabilities:
            self._told("delete", lambda imap: imap.uid("EXPUNGE", wanted))

    def quit(self) -> None:
        """End the session in peace, if the server plays along."""
        if self._imap is not None:
            with suppress(*BROKEN, imaplib.IMAP4.error):
                self._bounded(lambda: self._session.logout())
        self.drop()

    def drop(self) -> None:
        """Close the socket."""
        imap, self._imap = self._imap, None
        if imap is not None:
            with suppress(*BROKEN):
                imap.shutdown()

    # -- getting ready ------------------------------------------------------------------------------------

    @property
    def _session(self) -> imaplib.IMAP4:
        if self._imap is None:
            raise imaplib.IMAP4.abort("not connected")
        return self._imap

    def _connect(self) -> None:
        host, port, timeout = self.settings.host, self.settings.port, self.settings.timeout_s
        try:
            if self.settings.security == "tls":
                self._imap = imaplib.IMAP4_SSL(host, port, ssl_context=self._trust(), timeout=timeout)
            else:
                self._imap = imaplib.IMAP4(host, port, timeout=timeout)
        except ssl.SSLError as error:
            raise self._untrusted(error) from error
        except (*BROKEN, imaplib.IMAP4.error) as error:
            raise self._broken("connect", error, "is it up, and are host, port and security right?") from error

    def _secure(self) -> None:
        if "STARTTLS" not in self._session.capabilities:
            raise AuthenticationError(
                f"{self.settings.host} offers no STARTTLS",
                adapter="imap",
                operation="starttls",
                hint="nothing is read in the clear; imaps://, or security=none on purpose",
            )
        try:
            self._bounded(lambda: self._session.starttls(self._trust()))
        except ssl.SSLError as error:
            raise self._untrusted(error) from error
        except (*BROKEN, imaplib.IMAP4.error) as error:
            raise self._broken("starttls", error) from error

    def _login(self) -> None:
        user, secret = self.settings.user, read_secret(self.settings.secret, adapter="imap")
        imap = self._session
        try:
            if "AUTH=PLAIN" in imap.capabilities:
                told = f"\0{user}\0{secret}".encode()
                self._bounded(lambda: imap.authenticate("PLAIN", lambda _: told))
            else:
                self._bounded(lambda: imap.login(user, secret))
        except imaplib.IMAP4.abort as error:
            raise self._broken("login", error) from None
        except imaplib.IMAP4.error as error:
            if "[UNAVAILABLE]" in str(error):
                raise self._broken("login", error) from None
            # What the server says may quote what we said.
            raise AuthenticationError(
                f"{self.settings.host} refused our credentials",
                adapter="imap",
                operation="login",
                hint="check the user and what secret= refers to",
            ) from None
        except UnicodeError:
            raise AuthenticationError(
                f"{self.settings.host} takes only ASCII credentials", adapter="imap", operation="login"
            ) from None
        except BROKEN as error:
            raise self._broken("login", error) from None

    def _select(self) -> None:
        try:
            name, is_readonly = quoted(self.settings.folder), not self.settings.deletes
            status, _ = self._bounded(lambda: self._session.select(name, readonly=is_readonly))
        except (*BROKEN, imaplib.IMAP4.error) as error:
            raise self._broken("select", error) from error
        if status != "OK":
            raise RejectedError(
                f"{self.settings.host} has no folder of that name, or it may not be opened",
                adapter="imap",
                operation="select",
                hint="check what follows the host in the URL",
            )
        told = self._session.response("UIDVALIDITY")[1]
        self.validity = int(told[0]) if told and isinstance(told[0], bytes) and told[0].isdigit() else 0

    # -- saying and hearing ---------------------------------------------------------------------------------

    def _told(self, operation: str, say: Callable[[imaplib.IMAP4], tuple[str, list[Any]]]) -> list[Any]:
        try:
            status, lines = self._bounded(lambda: say(self._session))
        except (*BROKEN, imaplib.IMAP4.error) as error:
            self.drop()
            raise self._broken(operation, error) from error
        if status != "OK":
            raise self._broken(operation, None)
        return lines

    def _bounded(self, work: Callable[[], T]) -> T:
        """Do something, for no longer than the limit: a server that drips is cut off."""
        imap, is_late = self._session, threading.Event()

        def cut() -> None:
            is_late.set()
            with suppress(OSError):
                imap.socket().shutdown(socket.SHUT_RDWR)

        watch = threading.Timer(self.settings.timeout_s, cut)
        watch.daemon = True
        watch.start()
        try:
            return work()
        finally:
            watch.cancel()

    def _broken(self, operation: str, error: BaseException | None, hint: str = "") -> TransientError:
        what = "it refused" if error is None else type(error).__name__
        return TransientError(
            f"{self.settings.host}: {operation} failed ({what})",
            adapter="imap",
            operation=operation,
            retry_after=_AWAY_S,
            hint=hint,
        )

    def _trust(self) -> ssl.SSLContext:
        context = ssl.create_default_context()
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        if self.settings.ca is not None:
            try:
                context.load_verify_locations(self.settings.ca)
            except (OSError, ssl.SSLError) as error:
                raise AuthenticationError(
                    f"{self.settings.ca} holds no certificates ({type(error).__name__})",
                    adapter="imap",
                    operation="tls",
                ) from error
        return context

    def _untrusted(self, error: ssl.SSLError) -> AuthenticationError | TransientError:
        if isinstance(error, ssl.SSLCertVerificationError):
            return AuthenticationError(
                f"the certificate of {self.settings.host} is not trusted: {error.verify_message}",
                adapter="imap",
                operation="tls",
                hint="check the host's name, or name a file of certificates with ca=",
            )
        return self._broken("tls", error, "imaps:// and security=starttls are not the same")


_MONTHS: Final = (b"jan", b"feb", b"mar", b"apr", b"may", b"jun", b"jul", b"aug", b"sep", b"oct", b"nov", b"dec")


def _moment(text: bytes) -> int | None:
    """A server's date, in microseconds since 1970; None when it is none.

    >>> _moment(b"22-Nov-2026 10:00:00 +0100")
    1795338000000000
    """
    found = re.fullmatch(rb" ?(\d{1,2})-(\w{3})-(\d{4}) (\d\d):(\d\d):(\d\d) ([+-])(\d\d)(\d\d)", text)
    if found is None or found[2].lower() not in _MONTHS:
        return None
    offset = timedelta(hours=int(found[8]), minutes=int(found[9])) * (-1 if found[7] == b"-" else 1)
    try:
        moment = datetime(
            int(found[3]), _MONTHS.index(found[2].lower()) + 1, int(found[1]), int(found[4]), int(found[5]), int(found[6]),
            tzinfo=timezone(offset),
        )  # fmt: skip
        return instant_us(moment)
    except (ValueError, OverflowError):
        return None
