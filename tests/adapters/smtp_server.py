"""A real SMTP server in this process that can be told to fail, and a plain socket that says what it is told."""

from __future__ import annotations

import asyncio
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword

from leadflow.testing import Arrived


class _Scripted(SMTP):
    """aiosmtpd, with links that break."""

    async def smtp_DATA(self, arg: str) -> None:
        handler: Server = self.event_handler
        if handler.next == "cut_before_end":
            handler.next = None
            await self.push("354 go on")
            self.transport.abort()
            return
        await super().smtp_DATA(arg)


class Server:
    """Takes mail on a port of its own; `next` is a failure to show once, or an answer to give to a step once."""

    def __init__(self, *, tls: ssl.SSLContext | None = None, password: str | None = None, **options: Any) -> None:
        self.arrived: list[Arrived] = []
        self.senders: list[str] = []
        self.sessions: set[int] = set()
        self.next: str | None = None
        self.answers: dict[str, str] = {}
        self.password = password
        self._options = {"enable_SMTPUTF8": True, "hostname": "mail.example", **options}
        if tls is not None:
            self._options["tls_context"] = tls
        if password is not None:
            self._options |= {"authenticator": self._check, "auth_required": True, "auth_require_tls": tls is not None}
        self.controller = Controller(
            self, hostname="127.0.0.1", port=0, server_hostname="mail.example", ready_timeout=10
        )
        self._live: list[_Scripted] = []
        self.controller.factory = self._serve  # type: ignore[method-assign]

    def __enter__(self) -> Server:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.controller.port = free.getsockname()[1]
        self.controller.start()
        return self

    def __exit__(self, *error: object) -> None:
        asyncio.run_coroutine_threadsafe(self._hang_up(), self.controller.loop).result(5)
        self.controller.stop()

    def _serve(self) -> _Scripted:
        self._live.append(_Scripted(self, **self._options))
        return self._live[-1]

    async def _hang_up(self) -> None:
        for each in self._live:
            if each.transport is not None:
                each.transport.abort()
        await asyncio.sleep(0)

    @property
    def port(self) -> int:
        return int(self.controller.port)

    def url(self, **parameters: object) -> str:
        given = {"security": "none", "timeout": "5", **parameters}
        user = "" if self.password is None else "ana@"
        return f"smtp://{user}localhost:{self.port}?" + "&".join(f"{name}={value}" for name, value in given.items())

    # -- hooks of aiosmtpd --------------------------------------------------------------------------------

    def _check(self, server: Any, session: Any, envelope: Any, mechanism: str, data: LoginPassword) -> AuthResult:
        return AuthResult(success=data.password == (self.password or "").encode(), handled=False)

    async def handle_MAIL(self, server: Any, session: Any, envelope: Envelope, address: str, options: Any) -> str:
        if "sender" in self.answers:
            return self.answers.pop("sender")
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 OK"

    async def handle_RCPT(self, server: Any, session: Any, envelope: Envelope, address: str, options: Any) -> str:
        if "recipient" in self.answers:
            return self.answers.pop("recipient")
        failure = self.next
        if failure in ("busy", "refused"):
            self.next = None
            return f"451 4.7.1 <{address}> greylisted" if failure == "busy" else f"550 5.1.1 <{address}> no such user"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Envelope) -> str | None:
        if "accepted" in self.answers:
            return self.answers.pop("accepted")
        assert isinstance(envelope.original_content, bytes)
        self.arrived.append(Arrived(envelope.original_content, tuple(envelope.rcpt_tos)))
        self.senders.append(str(envelope.mail_from))
        self.sessions.add(id(session))
        if self.next == "cut_after_end":
            self.next = None
            server.transport.abort()
        return "250 2.0.0 queued as Q1"


@contextmanager
def speaking(script: Callable[[socket.socket], None]) -> Iterator[int]:
    """A server made of one function for each connection; gives its port."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        stop = threading.Event()

        def serve() -> None:
            while not stop.is_set():
                try:
                    connection, _ = listening.accept()
                except OSError:
                    return
                with connection:
                    connection.settimeout(1.5)
                    with suppress(OSError):  # the client left
                        script(connection)

        worker = threading.Thread(target=serve, daemon=True)
        worker.start()
        try:
            yield int(listening.getsockname()[1])
        finally:
            stop.set()
            with socket.socket() as last:
                last.settimeout(1)
                last.connect_ex(listening.getsockname())
            worker.join(10)
