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
        self.process.terminate()
        self.process.wait(10)

    def session(self) -> imaplib.IMAP4:
        """A session of the test's own."""
        imap = imaplib.IMAP4("127.0.0.1", self.port, timeout=10)
        if "STARTTLS" in imap.capabilities:
            context = ssl.create_default_context()
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
            imap.starttls(context)
        imap.login(USER, SECRET)
        return imap

    def put(self, *messages: bytes, folder: str = "INBOX") -> None:
        """Put messages into the mailbox, as a server would that takes mail in."""
        imap = self.session()
        for content in messages:
            status, said = imap.append(folder, "", '"22-Nov-2026 10:00:00 +0100"', content)
            assert status == "OK", said
        imap.logout()

    def count(self) -> int:
        """How many messages lie there."""
        imap = self.session()
        status, said = imap.select("INBOX", readonly=True)
        imap.logout()
        assert status == "OK"
        return int(said[0] or 0)

    def flags(self) -> set[bytes]:
        """What has been marked on any message."""
        imap = self.session()
        imap.select("INBOX", readonly=True)
        found = {bytes(flag) for line in imap.fetch("1:*", "(FLAGS)")[1] for flag in imaplib.ParseFlags(line or b"")}
        imap.logout()
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
    """A door before a server: `change` what it says, or speak TLS on the outside."""

    def __init__(self, port: int, *, change: Change = lambda said, number: said, tls: ssl.SSLContext | None = None):
        self._to, self._change, self._tls = port, change, tls
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listening.getsockname()[1])
        self.connections = 0
        self._open: list[socket.socket] = []

    def __enter__(self) -> Door:
        threading.Thread(target=self._serve, daemon=True).start()
        return self

    def __exit__(self, *error: object) -> None:
        with suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        for each in self._open:
            with suppress(OSError):
                each.close()

    def _serve(self) -> None:
        while True:
            try:
                outside, _ = self._listening.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self._pass, args=(outside, self.connections), daemon=True).start()

    def _pass(self, outside: socket.socket, number: int) -> None:
        with suppress(OSError):
            if self._tls is not None:
                outside = self._tls.wrap_socket(outside, server_side=True)
            inside = socket.create_connection(("127.0.0.1", self._to))
            self._open += [outside, inside]
            threading.Thread(target=self._copy, args=(outside, inside), daemon=True).start()
            while said := inside.recv(65536):
                passed = self._change(said, number)
                if passed is None:
                    break
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
