"""A real IMAP server (pymap) in a process of its own, and a door before it that speaks TLS, stalls or breaks."""

from __future__ import annotations

import imaplib
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress

_RUN = "from pymap.main import main; main()"
USER, SECRET = "back", "canary-s3cret-4711"


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


class MailServer:
    """One user's mailbox. `arguments` go to pymap, e.g. ("--cert", path, "--key", path) for STARTTLS."""

    def __init__(self, *arguments: str) -> None:
        self.port = free_port()
        self._arguments = arguments or ("--no-tls",)
        self._own: imaplib.IMAP4 | None = None

    def __enter__(self) -> MailServer:
        self.start()
        return self

    def __exit__(self, *error: object) -> None:
        self.stop()

    def start(self) -> None:
        """Start it, empty: messages get numbers of another kind each time."""
        place = ("--host", "127.0.0.1", "--port", str(self.port))
        user = ("dict", "--demo-user", USER, "--demo-password", SECRET)
        self.process = subprocess.Popen(
            [sys.executable, "-W", "ignore", "-c", _RUN, *place, *self._arguments, *user],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        until = time.monotonic() + 20
        while time.monotonic() < until:
            with suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 1):
                return
            time.sleep(0.05)
        raise AssertionError("the server does not start")

    def stop(self) -> None:
        """End it; what it held is gone."""
        own, self._own = self._own, None
        if own is not None:
            own.logout()
        self.process.terminate()
        self.process.wait(10)

    @property
    def own(self) -> imaplib.IMAP4:
        """A session of the test's own; there is one, because each login takes the server a while."""
        if self._own is None:
            self._own = imaplib.IMAP4("127.0.0.1", self.port, timeout=10)
            if "STARTTLS" in self._own.capabilities:
                context = ssl.create_default_context()
                context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
                self._own.starttls(context)
            self._own.login(USER, SECRET)
        return self._own

    def put(self, *messages: bytes, folder: str = "INBOX") -> None:
        """Put messages into the mailbox, as a server would that takes mail in."""
        for content in messages:
            status, said = self.own.append(folder, "", '"22-Nov-2026 10:00:00 +0100"', content)
            assert status == "OK", said

    def clear(self) -> None:
        """Empty the mailbox."""
        self.own.select("INBOX")
        self.own.store("1:*", "+FLAGS", r"(\Deleted)")
        self.own.expunge()
        self.own.close()

    def count(self) -> int:
        """How many messages lie there."""
        status, said = self.own.select("INBOX", readonly=True)
        self.own.close()
        assert status == "OK"
        return int(said[0] or 0)

    def flags(self) -> set[bytes]:
        """What has been marked on any message."""
        self.own.select("INBOX", readonly=True)
        found = {
            bytes(flag) for line in self.own.fetch("1:*", "(FLAGS)")[1] for flag in imaplib.ParseFlags(line or b"")
        }
        self.own.close()
        return found - {rb"\Recent"}

    def url(self, *, port: int | None = None, scheme: str = "imap", **parameters: object) -> str:
        given = {"secret": "env:IMAP_PASSWORD", "timeout": "5", **parameters}
        if scheme == "imap":
            given = {"security": "none", **given}
        query = "&".join(f"{name}={value}" for name, value in given.items())
        return f"{scheme}://{USER}@localhost:{port or self.port}/INBOX?{query}"


Change = Callable[[bytes, int], bytes | None]
"""What the door makes of bytes from the server on the n-th connection; None breaks the link."""


class Door:
    """A door before a server: `change` what it says, let what holds certain bytes drip, or speak TLS on the outside."""

    def __init__(
        self,
        port: int,
        *,
        change: Change = lambda said, number: said,
        drips: bytes | None = None,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._to, self._change, self._drips, self._tls = port, change, drips, tls
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listening.getsockname()[1])
        self.connections = 0
        self._open: list[socket.socket] = []

    def __enter__(self) -> Door:
        threading.Thread(target=self._serve, daemon=True).start()
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def close(self) -> None:
        """Shut it, and break every link through it."""
        with suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        for each in self._open:
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)

    def _serve(self) -> None:
        while True:
            try:
                outside, _ = self._listening.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self._pass, args=(outside, self.connections), daemon=True).start()

    def _pass(self, outside: socket.socket, number: int) -> None:
        inside = socket.create_connection(("127.0.0.1", self._to))
        with suppress(OSError):
            if self._tls is not None:
                outside = self._tls.wrap_socket(outside, server_side=True)
            self._open += [outside, inside]
            threading.Thread(target=self._copy, args=(outside, inside), daemon=True).start()
            while said := inside.recv(65536):
                passed = self._change(said, number)
                if passed is None:
                    break
                if self._drips is not None and self._drips in passed:
                    for place in range(len(passed)):
                        outside.sendall(passed[place : place + 1])
                        time.sleep(0.05)
                outside.sendall(passed)
        for each in (outside, inside):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()

    def _copy(self, outside: socket.socket, inside: socket.socket) -> None:
        with suppress(OSError):
            while told := outside.recv(65536):
                inside.sendall(told)
        with suppress(OSError):
            inside.shutdown(socket.SHUT_RDWR)
