"""A connection to an IMAP server, with a limit on the time of each step; errors are leadflow's own, without what was said."""

from __future__ import annotations

import imaplib
import socket
import ssl
import threading
from bisect import bisect_right
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any, Final, TypeVar

from leadflow.errors import AuthenticationError, RejectedError, TransientError
from leadflow_adapters.imap.lines import Fetched, fetched, number, uid_in
from leadflow_adapters.imap.settings import ImapSettings, quoted
from leadflow_adapters.secrets import read_secret
from leadflow_adapters.trust import trusting, untrusted

T = TypeVar("T")

_AWAY_S: Final = 60.0
_MANY: Final = 100_000
_WINDOW: Final = 10_000
BROKEN: Final = (OSError, EOFError, imaplib.IMAP4.abort, ValueError, IndexError, AttributeError, TypeError)
"""What imaplib and sockets raise when a link is no more, or when it brought something that is not IMAP."""


class Link:
    """One session with a server: connected, secured, logged in, with the folder open."""

    def __init__(self, settings: ImapSettings) -> None:
        self.settings = settings
        self.validity = self._count = 0
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
        self._told("noop", lambda imap: imap.noop())  # else an open folder need not show what has come since
        count = self._count = number(self._session.untagged_responses.get("EXISTS")) or self._count
        if count > _MANY:
            # What a search finds comes on one line, which imaplib reads up to a million bytes of.
            first = bisect_right(range(1, count + 1), after, key=lambda place: self._numbered(place, place)[0])
            windows = range(first + 1, count + 1, _WINDOW)
            return [uid for start in windows for uid in self._numbered(start, min(count, start + _WINDOW - 1))]
        # `n:*` names the last message even where it came before n.
        return [uid for uid in self._found(f"UID {after + 1}:*") if uid > after]

    def _numbered(self, first: int, last: int) -> list[int]:
        """The UIDs of the messages from one place in the folder to another; they rise with the places."""
        lines = self._told("fetch", lambda imap: imap.fetch(f"{first}:{last}", "(UID)"))
        found = [uid for line in lines if (uid := uid_in(line)) is not None]
        if not found:
            raise self._broken("fetch", None)
        return found

    def _found(self, wanted: str) -> list[int]:
        lines = self._told("search", lambda imap: imap.uid("SEARCH", wanted))
        return sorted(
            {int(each) for line in lines if isinstance(line, bytes) for each in line.split() if each.isdigit()}
        )

    def present(self, uids: Sequence[int]) -> list[int]:
        """Those that are still there. Errors: TransientError."""
        found = self._found(f"UID {','.join(map(str, uids))}")
        return [uid for uid in uids if uid in found]

    def fetch(self, uids: Sequence[int]) -> list[Fetched]:
        """Messages, as far as the limit lets them be read; some may be lacking, gone or not given. Errors: TransientError."""
        items = f"(UID INTERNALDATE RFC822.SIZE BODY.PEEK[]<0.{self.settings.most_bytes}>)"
        wanted = ",".join(map(str, uids))
        found = {each.uid: each for each in fetched(self._told("fetch", lambda imap: imap.uid("FETCH", wanted, items)))}
        return [found[uid] for uid in uids if uid in found]

    def delete(self, uids: Sequence[int]) -> None:
        """Delete these messages and no others. Errors: TransientError."""
        wanted = ",".join(map(str, uids))
        self._told("delete", lambda imap: imap.uid("STORE", wanted, "+FLAGS.SILENT", r"(\Deleted)"))
        # What a server can do is told anew after the login. Without UIDPLUS others' deleted messages would go too.
        told = self._told("capability", lambda imap: imap.capability())
        if any(isinstance(line, bytes) and b"UIDPLUS" in line.upper().split() for line in told):
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
                self._imap = imaplib.IMAP4_SSL(
                    host, port, ssl_context=trusting(self.settings.ca, "imap"), timeout=timeout
                )
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
            self._bounded(lambda: self._session.starttls(trusting(self.settings.ca, "imap")))
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
            status, said = self._bounded(lambda: self._session.select(name, readonly=is_readonly))
        except (*BROKEN, imaplib.IMAP4.error) as error:
            raise self._broken("select", error) from error
        if status != "OK":
            raise RejectedError(
                f"{self.settings.host} has no folder of that name, or it may not be opened",
                adapter="imap",
                operation="select",
                hint="check what follows the host in the URL",
            )
        self._count = number(said)
        self.validity = number(self._session.response("UIDVALIDITY")[1])

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

    def _untrusted(self, error: ssl.SSLError) -> AuthenticationError | TransientError:
        if isinstance(error, ssl.SSLCertVerificationError):
            return untrusted(error, self.settings.host, "imap")
        return self._broken("tls", error, "imaps:// and security=starttls are not the same")
