"""Mail over SMTP against a real server: the kit, every answer, broken links, TLS, secrets, signatures."""

from __future__ import annotations

import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest
import trustme

from leadflow.errors import (
    AdapterError,
    AdapterUnavailableError,
    AuthenticationError,
    FateUnknownError,
    InvalidInputError,
    RejectedError,
    TransientError,
)
from leadflow.ports.mail import Mailer, message_id
from leadflow.testing import Arrived, MailerConformance
from leadflow.testing.mailing import FAILURES, letter
from leadflow_adapters.smtp.client import SmtpMailer
from leadflow_adapters.smtp.plugin import open_smtp
from leadflow_adapters.smtp.settings import read_settings

from .smtp_server import Server, speaking

SECRET = "canary-s3cret-4711"


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as server:
        yield server


@pytest.fixture
def open_mailer() -> Iterator[Callable[..., SmtpMailer]]:
    opened: list[SmtpMailer] = []

    def make(url: str, **options: object) -> SmtpMailer:
        opened.append(SmtpMailer(read_settings(url), **options))  # type: ignore[arg-type]
        return opened[-1]

    yield make
    for mailer in opened:
        mailer.close()


Open = Callable[..., SmtpMailer]


class TestSmtp(MailerConformance):
    """The kit, on a server that takes addresses in every script."""

    claims = frozenset({"smtputf8"})
    failures = frozenset(FAILURES)
    is_international = True

    @pytest.fixture(autouse=True)
    def end(self) -> Iterator[None]:
        self.mailers: list[SmtpMailer] = []
        with Server(enable_SMTPUTF8=self.is_international) as self.server:
            yield
            for mailer in self.mailers:
                mailer.close()

    def make(self) -> Mailer:
        self.mailers.append(open_smtp(self.server.url()))
        return self.mailers[-1]

    def arrived(self) -> Sequence[Arrived]:
        return list(self.server.arrived)

    def fail(self, failure: str) -> None:
        self.server.next = failure


class TestSmtpOfOld(TestSmtp):
    """The kit, on a server without SMTPUTF8."""

    claims = frozenset()
    is_international = False


# -- answers ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("step", "answer", "error", "told"),
    [
        ("sender", "452 4.3.1 no space", TransientError, "refused at sender: 452 4.3.1"),
        ("sender", "550 5.7.1 not yours", AuthenticationError, "refused at sender: 550 5.7.1"),
        ("sender", "530 5.7.0 log in", AuthenticationError, "refused at sender: 530 5.7.0"),
        ("sender", "553 5.1.8 bad sender", RejectedError, "refused at sender: 553 5.1.8"),
        ("recipient", "450 4.2.1 <bo@x.example> later", TransientError, "refused at recipient: 450 4.2.1"),
        ("recipient", "421 4.7.0 too many", TransientError, "refused at recipient: 421 4.7.0"),
        ("recipient", "550 5.7.515 not signed", RejectedError, "refused at recipient: 550 5.7.515"),
        ("recipient", "550 no such user", RejectedError, "refused at recipient: 550"),
        ("accepted", "451 4.7.1 scanning", TransientError, "refused at accepted: 451 4.7.1"),
        ("accepted", "554 5.6.0 bad content", RejectedError, "refused at accepted: 554 5.6.0"),
    ],
)
def test_each_answer_has_its_error_and_the_link_serves_on(
    server: Server, open_mailer: Open, step: str, answer: str, error: type[AdapterError], told: str
) -> None:
    mailer = open_mailer(server.url())
    mailer.send(letter("k-0"))
    server.answers[step] = answer
    with pytest.raises(error) as raised:
        mailer.send(letter("k-1"))
    assert raised.value.message == told, "codes only: answers quote addresses"
    if isinstance(raised.value, TransientError):
        assert raised.value.retry_after
    assert "queued as Q1" in mailer.send(letter("k-2"))
    assert len(server.arrived) == 2


def test_a_connection_serves_many_messages_and_not_too_many(server: Server, open_mailer: Open) -> None:
    mailer = open_mailer(server.url(reuse=3))
    for number in range(7):
        mailer.send(letter(f"k-{number}"))
    assert (len(server.arrived), len(server.sessions)) == (7, 3)


def test_a_connection_that_the_server_closed_in_the_meantime_is_replaced(open_mailer: Open) -> None:
    with Server(timeout=0.2) as server:
        mailer = open_mailer(server.url())
        mailer.send(letter("k-1"))
        time.sleep(0.5)
        mailer.send(letter("k-2"))
        assert len(server.arrived) == 2


def test_bounces_go_where_they_are_wanted(server: Server, open_mailer: Open) -> None:
    open_mailer(server.url(bounces="back@acme.example")).send(letter("k-1"))
    open_mailer(server.url()).send(letter("k-2"))
    assert server.senders == ["back@acme.example", "sales@acme.example"]


def test_the_rate_is_kept_by_all_threads_together(server: Server, open_mailer: Open) -> None:
    slept: list[float] = []
    mailer = open_mailer(server.url(rate=4), clock=lambda: 100.0, sleep=slept.append)
    for number in range(4):
        mailer.send(letter(f"k-{number}"))
    assert slept == [0.25, 0.5, 0.75]


def test_a_message_without_date_and_id_gets_both(server: Server, open_mailer: Open) -> None:
    mail = letter("k-1")
    del mail.message["Date"], mail.message["Message-ID"]
    open_mailer(server.url()).send(mail)
    assert server.arrived[0].message["Date"]
    assert server.arrived[0].message["Message-ID"] == message_id("k-1", "sales@acme.example")
    assert "Date" not in mail.message


# -- links that break ---------------------------------------------------------------------------------------


def says(*lines: str, after: Callable[[socket.socket], None] = lambda link: None) -> Callable[[socket.socket], None]:
    """A server that gives these answers in turn, one for each line heard, then does something else."""

    def script(link: socket.socket) -> None:
        reader = link.makefile("rb")
        for line in lines:
            link.sendall(line.encode() + b"\r\n")
            heard = reader.readline()
            if line.startswith("354"):
                while heard not in (b".\r\n", b""):
                    heard = reader.readline()
        after(link)

    return script


def hangs(link: socket.socket) -> None:
    """Hear everything, say nothing."""
    while link.recv(1000):
        pass


def drips(link: socket.socket) -> None:
    """Say something, ever so slowly."""
    for _ in range(40):
        link.sendall(b"2")
        time.sleep(0.1)


HELLO = ("220 here", "250 hello")
READY = (*HELLO, "250 sender", "250 recipient", "354 go on")


@pytest.mark.parametrize(
    ("script", "error"),
    [
        (says(), TransientError),
        (says(after=hangs), TransientError),
        (says(after=drips), TransientError),
        (says("554 not you"), TransientError),
        (says("HTTP/1.1 400 Bad Request"), TransientError),
        (says("220 here"), TransientError),
        (says("220 here", "500 what"), TransientError),
        (says(*HELLO), TransientError),
        (says(*HELLO, "250 sender", after=drips), TransientError),
        (says(*HELLO, "250 sender", "999 recipient"), TransientError),
        (says(*HELLO, "250 sender", "250 recipient", "250 not 354"), AdapterError),
        (says(*READY), FateUnknownError),
        (says(*READY, after=hangs), FateUnknownError),
        (says(*READY, after=drips), FateUnknownError),
        (says(*READY, "garbage"), FateUnknownError),
        (says(*READY, "250-queued", after=hangs), FateUnknownError),
        (says(*READY, "250-" + "q" * 20000), FateUnknownError),
        (says(*READY, "250 queued"), None),
        (says(*READY, "451 later"), TransientError),
    ],
)
def test_a_link_that_breaks_is_judged_by_the_final_dot(
    open_mailer: Open, script: Callable[[socket.socket], None], error: type[AdapterError] | None
) -> None:
    """Before it, nothing has left; after it, nobody can tell. And nothing lasts longer than its time."""
    with speaking(script) as port:
        mailer = open_mailer(f"smtp://127.0.0.1:{port}?security=none&timeout=0.6")
        begun = time.monotonic()
        if error is None:
            mailer.send(letter("k-1"))
        else:
            with pytest.raises(error) as raised:
                mailer.send(letter("k-1"))
            assert type(raised.value) in (error, RejectedError, TransientError)
            assert "bo@" not in str(raised.value)
        assert time.monotonic() - begun < 3


def test_a_server_that_speaks_before_the_end_gets_no_end(open_mailer: Open) -> None:
    """An early answer cannot be mistaken for the one to the message; and the message is surely not taken."""
    heard: list[bytes] = []

    def early(link: socket.socket) -> None:
        reader = link.makefile("rb")
        for line in READY:
            link.sendall(line.encode() + b"\r\n" + (b"421 bye\r\n" if line.startswith("354") else b""))
            heard.append(reader.readline())
        while line := reader.readline():
            heard.append(line)

    with speaking(early) as port:
        with pytest.raises(TransientError):
            open_mailer(f"smtp://127.0.0.1:{port}?security=none&timeout=1").send(letter("k-1"))
        time.sleep(0.1)
    assert b".\r\n" not in heard


def test_a_server_that_is_away_is_not_asked_for_each_message(open_mailer: Open) -> None:
    now = [0.0]
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound and not listening: refused
        mailer = open_mailer(f"smtp://127.0.0.1:{taken.getsockname()[1]}?security=none", clock=lambda: now[0])
        causes = []
        for _ in range(3):
            with pytest.raises(TransientError, match="no session") as raised:
                mailer.send(letter("k-1"))
            causes.append(type(raised.value.__cause__))
            now[0] += 20
    assert causes == [ConnectionRefusedError, type(None), ConnectionRefusedError]


# -- TLS and secrets ----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def trusted(authority: trustme.CA, tmp_path: Path) -> Path:
    path = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(str(path))
    return path


def context_for(authority: trustme.CA, name: str = "localhost") -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(name).configure_cert(context)
    return context


@pytest.fixture
def secret(monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("SMTP_SECRET", SECRET)
    return "env:SMTP_SECRET"


def test_starttls_and_login(authority: trustme.CA, trusted: Path, secret: str, open_mailer: Open) -> None:
    with Server(tls=context_for(authority), password=SECRET) as server:
        mailer = open_mailer(server.url(security="starttls", ca=trusted, secret=secret))
        mailer.send(letter("k-1"))
        mailer.send(letter("k-2", to="žiga@x.example"))
        assert len(server.arrived) == 2
        with pytest.raises(AuthenticationError):
            open_mailer(server.url(security="starttls", secret=secret)).send(letter("k-3"))


def test_tls_from_the_first_byte(authority: trustme.CA, trusted: Path, tmp_path: Path, open_mailer: Open) -> None:
    context = context_for(authority)

    def script(link: socket.socket) -> None:
        with context.wrap_socket(link, server_side=True) as secure:
            says(*READY, "250 queued", "221 bye")(secure)

    with speaking(script) as port:
        mailer = open_mailer(f"smtp://localhost:{port}?security=tls&ca={trusted}&timeout=3")
        assert mailer.send(letter("k-1")) == "queued"


@pytest.mark.parametrize("security", ["tls", "starttls"])
def test_a_certificate_of_somebody_else_is_refused(
    authority: trustme.CA, trusted: Path, open_mailer: Open, security: str
) -> None:
    context = context_for(authority, "evil.example")

    def script(link: socket.socket) -> None:
        if security == "starttls":
            says("220 here", "250-hello\r\n250 STARTTLS")(link)
            link.sendall(b"220 go on\r\n")
        context.wrap_socket(link, server_side=True).close()

    with (
        speaking(script) as port,
        pytest.raises(AuthenticationError, match="certificate of localhost is not trusted") as raised,
    ):
        open_mailer(f"smtp://localhost:{port}?security={security}&ca={trusted}&timeout=3").send(letter("k-1"))
    assert "ca=" in raised.value.hint


def test_nothing_is_sent_in_the_clear_when_starttls_is_stripped(server: Server, open_mailer: Open, secret: str) -> None:
    with pytest.raises(AuthenticationError, match="offers no STARTTLS"):
        open_mailer(f"smtp://ana@localhost:{server.port}?secret={secret}").send(letter("k-1"))
    assert not server.arrived


def test_what_is_said_before_tls_does_not_count_after_it(
    authority: trustme.CA, trusted: Path, open_mailer: Open
) -> None:
    """A man in the middle appends an answer to that of STARTTLS."""
    context = context_for(authority)
    heard: list[bytes] = []

    def script(link: socket.socket) -> None:
        says("220 here", "250-hello\r\n250 STARTTLS")(link)
        link.sendall(b"220 go on\r\n250-evil\r\n250 AUTH PLAIN\r\n")
        with context.wrap_socket(link, server_side=True) as secure:
            heard.append(secure.recv(1000))
            secure.sendall(b"250 hello\r\n")
            heard.append(secure.recv(1000))

    with speaking(script) as port, pytest.raises(TransientError):
        open_mailer(f"smtp://localhost:{port}?ca={trusted}&timeout=3").send(letter("k-1"))
    assert [words.split()[0] for words in heard] == [b"ehlo", b"MAIL"]


def test_a_wrong_password_is_told_without_it(
    authority: trustme.CA, trusted: Path, secret: str, open_mailer: Open
) -> None:
    with Server(tls=context_for(authority), password="another") as strict:
        mailer = open_mailer(strict.url(security="starttls", ca=trusted, secret=secret))
        with pytest.raises(AuthenticationError, match=r"535 5\.7\.8") as raised:
            mailer.send(letter("k-1"))
        steps = mailer.trial(letter("k-1"))
    seen = f"{raised.value} {raised.value!r} {raised.value.__cause__} {mailer!r} {mailer.settings} {steps}"
    assert SECRET not in seen
    assert steps[-1].name == "login"
    assert not steps[-1].is_ok


def test_a_secret_may_stand_in_a_file_and_must_be_there(
    authority: trustme.CA, trusted: Path, tmp_path: Path, open_mailer: Open
) -> None:
    path = tmp_path / "secret"
    with Server(tls=context_for(authority), password=SECRET) as server:
        mailer = open_mailer(server.url(security="starttls", ca=trusted, secret=f"file:{path}"))
        with pytest.raises(AuthenticationError, match="cannot be read"):
            mailer.send(letter("k-1"))
        path.write_text(SECRET + "\n", encoding="utf-8")
        mailer.send(letter("k-1"))
        with pytest.raises(AuthenticationError, match="no NOBODY_SET_THIS"):
            open_mailer(server.url(security="starttls", ca=trusted, secret="env:NOBODY_SET_THIS")).send(letter("k-1"))


@pytest.mark.parametrize(
    ("url", "told"),
    [
        (f"smtp://ana:{SECRET}@mail.example", "holds a password"),
        (f"smtp://ana@mail.example?secret={SECRET}", "expected a reference"),
        (f"smtp://ana@mail.example?password={SECRET}", "'password' is no parameter"),
        ("smtp://ana@mail.example", "a user needs a secret"),
        ("smtp://mail.example?secret=env:X", "a user needs a secret"),
        ("smtp://ana@mail.example?secret=env:X&security=none", "in the clear"),
        ("smtp://mail.example?security=ssl", "expected one of none, starttls, tls"),
        ("smtp://mail.example?timeout=never", "timeout: expected a positive number"),
        ("smtp://mail.example?timeout=-1", "timeout: expected a positive number"),
        ("smtp://mail.example?timeout=1&timeout=2", "given twice"),
        ("smtp://mail.example:port", "cannot be read"),
        ("smtp://", "names no host"),
        ("smtp://mail.example/folder", "nothing may follow"),
        ("smtp://mail.example?dkim_domain=acme.example", "signing needs all of"),
    ],
)
def test_a_wrong_url_is_refused_and_never_repeated(url: str, told: str) -> None:
    with pytest.raises(InvalidInputError, match=told) as raised:
        read_settings(url)
    assert SECRET not in str(raised.value)
    assert SECRET not in repr(raised.value)


# -- signatures ---------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, bytes]:
    from base64 import b64encode

    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import rsa

    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    path = tmp_path_factory.mktemp("dkim") / "key.pem"
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
        )
    )
    public = key.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    return path, b"v=DKIM1; k=rsa; p=" + b64encode(public)


@pytest.mark.extra
def test_what_is_signed_verifies_and_cannot_be_changed(
    server: Server, open_mailer: Open, keys: tuple[Path, bytes]
) -> None:
    dkim = pytest.importorskip("dkim")
    path, record = keys
    url = server.url(dkim_domain="acme.example", dkim_selector="s1", dkim_key=f"file:{path}")
    mail = letter("k-1", subject="Grüße " * 30, text=".dots\n" + "ž" * 2000 + "\n  \n\n")
    mail.message["List-Unsubscribe"] = "<https://acme.example/u/1>"
    mail.message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    open_mailer(url).send(mail)
    content = server.arrived[0].content
    asked: list[bytes] = []

    def records(name: bytes, **options: object) -> bytes:
        asked.append(name)
        return record

    assert dkim.verify(content, dnsfunc=records)
    assert asked == [b"s1._domainkey.acme.example."]
    signed = content.partition(b"\r\n\r\n")[0].lower()
    assert b"list-unsubscribe-post" in signed.partition(b"h=")[2].partition(b";")[0]
    for changed in (
        content.replace(b"One-Click", b"Two-Click"),
        b"Subject: another\r\n" + content,
        content + b"more\r\n",
        content.replace(b"sales@acme", b"boss@acme"),
    ):
        assert not dkim.verify(changed, dnsfunc=records)


@pytest.mark.extra
def test_a_key_that_is_none_stops_the_delivery_and_is_not_told(
    server: Server, open_mailer: Open, tmp_path: Path
) -> None:
    path = tmp_path / "key.pem"
    path.write_text(SECRET, encoding="utf-8")
    url = server.url(dkim_domain="acme.example", dkim_selector="s1", dkim_key=f"file:{path}")
    with pytest.raises(AuthenticationError, match="cannot be used") as raised:
        open_mailer(url).send(letter("k-1"))
    assert SECRET not in f"{raised.value!r} {raised.value.__cause__}"


def test_signing_without_its_package_is_told(
    monkeypatch: pytest.MonkeyPatch, server: Server, open_mailer: Open
) -> None:
    monkeypatch.setitem(sys.modules, "dkim", None)
    url = server.url(dkim_domain="acme.example", dkim_selector="s1", dkim_key="env:PATH")
    with pytest.raises(AdapterUnavailableError, match="dkimpy"):
        open_mailer(url).send(letter("k-1"))


# -- the plugin ---------------------------------------------------------------------------------------------


def test_loading_the_plugin_loads_nothing_heavy() -> None:
    script = (
        "import sys; import leadflow_adapters.smtp.plugin\n"
        "print(*sorted({'smtplib', 'imaplib', 'ssl', 'socket', 'dkim', 'email'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""
