"""A mailbox read over IMAP from a real server: pages, places, broken links, bad messages, TLS, secrets."""

from __future__ import annotations

import ssl
import time
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import trustme

from leadflow.errors import (
    AdapterError,
    AuthenticationError,
    InvalidInputError,
    RejectedError,
    TransientError,
)
from leadflow.ports.mail import Returned
from leadflow_adapters.imap.mailbox import ImapMailbox
from leadflow_adapters.imap.plugin import open_imap
from leadflow_adapters.imap.settings import quoted, read_settings

from .imap_server import SECRET, Door, MailServer, free_port
from .returned_mail import OURS, RETURNED, mail
from .smtp_server import speaking


@pytest.fixture(scope="module")
def running() -> Iterator[MailServer]:
    with MailServer() as server:
        yield server


@pytest.fixture
def server(running: MailServer, monkeypatch: pytest.MonkeyPatch) -> MailServer:
    """The server with an empty mailbox."""
    monkeypatch.setenv("IMAP_PASSWORD", SECRET)
    running.clear()
    return running


@pytest.fixture
def open_mailbox() -> Iterator[Callable[[str], ImapMailbox]]:
    opened: list[ImapMailbox] = []

    def make(url: str) -> ImapMailbox:
        opened.append(open_imap(url))
        return opened[-1]

    yield make
    for mailbox in opened:
        mailbox.close()


Open = Callable[[str], ImapMailbox]


def letter(number: int, body: str = "Yes.\n") -> bytes:
    return mail(
        f"From: bo@x.example\nMessage-ID: <{number}@x.example>\nIn-Reply-To: {OURS}\nSubject: Re: {number}", body
    )


def everything(mailbox: ImapMailbox, after: str | None = None) -> list[Returned]:
    return [each for page in mailbox.read(after) for each in page.returned]


# -- reading ------------------------------------------------------------------------------------------------------


def test_all_that_lies_there_is_read_page_by_page(server: MailServer, open_mailbox: Open) -> None:
    some = RETURNED[::5]
    server.put(*(content for _, content, _ in some))
    pages = list(open_mailbox(server.url(page=4)).read(None))
    read = [each for page in pages for each in page.returned]
    assert [(each.kind, each.bounce, each.status) for each in read] == [expected for _, _, expected in some]
    assert [len(page.returned) for page in pages] == [4, 4, len(some) - 8]
    assert {page.total for page in pages} == {len(some)}
    assert {each.at_us for each in read} == {1795338000000000}, "when the server got it: 22 November 2026, 9:00 UTC"
    assert all(OURS in each.messages for each in read if each.kind in ("bounced", "replied"))


def test_reading_leaves_no_trace(server: MailServer, open_mailbox: Open) -> None:
    server.put(letter(1))
    mailbox = open_mailbox(server.url())
    for page in mailbox.read(None):
        mailbox.settle([each.key for each in page.returned])
    assert (server.count(), server.flags()) == (1, set())


def test_it_goes_on_where_it_stopped(server: MailServer, open_mailbox: Open) -> None:
    server.put(*(letter(number) for number in range(5)))
    mailbox = open_mailbox(server.url(page=2))
    first = next(iter(mailbox.read(None)))
    rest = list(mailbox.read(first.place))
    assert [len(page.returned) for page in rest] == [2, 1]
    assert everything(mailbox, rest[-1].place) == [], "the last message is not named again"
    server.put(letter(6))
    assert [each.kind for each in everything(mailbox, rest[-1].place)] == ["replied"]


def test_a_folder_that_is_too_full_for_one_search(
    server: MailServer, open_mailbox: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a search finds comes on one line, which may be too long to be read."""
    server.put(*(letter(number) for number in range(9)))
    mailbox = open_mailbox(server.url(page=2))
    pages = list(mailbox.read(None))
    monkeypatch.setattr("leadflow_adapters.imap.link._MANY", 3)
    monkeypatch.setattr("leadflow_adapters.imap.link._WINDOW", 2)
    assert list(mailbox.read(None)) == pages
    for number, page in enumerate(pages):
        assert [each.place for each in mailbox.read(page.place)] == [each.place for each in pages[number + 1 :]]
    server.put(letter(10))
    assert len(everything(mailbox, pages[-1].place)) == 1


def test_messages_that_have_new_numbers_are_read_anew(server: MailServer, open_mailbox: Open) -> None:
    """A place counts for one UIDVALIDITY only; the keys are the same, so that nothing follows twice."""
    server.put(letter(1), letter(2))
    mailbox = open_mailbox(server.url())
    before = everything(mailbox)
    assert everything(mailbox, "77:4000000000") == everything(mailbox, "nonsense") == before
    server.stop()
    server.start()
    server.put(letter(2), letter(1), letter(3))
    mailbox = open_mailbox(server.url())
    (page,) = mailbox.read("1:999")
    assert {each.key for each in before} < {each.key for each in page.returned}


def test_only_what_was_reported_is_deleted_and_only_when_asked(server: MailServer, open_mailbox: Open) -> None:
    server.put(letter(1), mail("From: ana@x.example\nSubject: Hello", "Hello\n"), letter(2))
    mailbox = open_mailbox(server.url(delete="yes", page=2))
    for page in mailbox.read(None):
        mailbox.settle([each.key for each in page.returned if each.kind == "replied"])
    assert [each.kind for each in everything(open_mailbox(server.url()))] == ["other"]


def test_a_folder_may_have_any_name(server: MailServer, open_mailbox: Open) -> None:
    server.own.create(quoted("Rückläufer & mehr"))
    server.put(letter(1), folder=quoted("Rückläufer & mehr"))
    url = server.url().replace("/INBOX", "/R%C3%BCckl%C3%A4ufer%20%26%20mehr")
    assert len(everything(open_mailbox(url))) == 1
    with pytest.raises(RejectedError, match="no folder of that name"):
        everything(open_mailbox(server.url().replace("/INBOX", "/nowhere")))


# -- messages that are bad ------------------------------------------------------------------------------------------


def test_of_a_huge_message_only_the_beginning_travels(server: MailServer, open_mailbox: Open) -> None:
    bounce = RETURNED[0][1]
    server.put(bounce + b"x" * 3_000_000, letter(1, "y" * 3_000_000))
    passed: list[int] = []

    def count(said: bytes, number: int) -> bytes:
        passed.append(len(said))
        return said

    with Door(server.port, change=count) as door:
        read = everything(open_mailbox(server.url(port=door.port, bytes=20_000)))
    assert [(each.kind, each.fault) for each in read] == [("bounced", ""), ("replied", "")]
    assert sum(passed) < 60_000


def test_a_report_that_was_cut_before_it_said_what_it_is_about_is_told(server: MailServer, open_mailbox: Open) -> None:
    head, _, rest = RETURNED[0][1].partition(b"--=_b\r\nContent-Type: message/rfc822")
    server.put(head + b"--=_b\r\nContent-Type: text/plain\r\n\r\n" + b"padding " * 4000 + b"\r\n--=_b" + rest)
    (read,) = everything(open_mailbox(server.url(bytes=4000)))
    assert (read.kind, read.fault, read.messages) == ("bounced", "too_large", ())


def test_a_message_that_breaks_the_link_is_told_alone(server: MailServer, open_mailbox: Open) -> None:
    server.put(letter(1), letter(2, "P0ISON"), letter(3))
    with Door(server.port, change=lambda said, number: None if b"P0ISON" in said else said) as door:
        read = everything(open_mailbox(server.url(port=door.port)))
    assert [(each.kind, each.fault) for each in read] == [("replied", ""), ("other", "unreadable"), ("replied", "")]


def test_a_server_may_give_short_messages_without_a_literal(server: MailServer, open_mailbox: Open) -> None:
    server.put(b"In-Reply-To: <a@b>\r\n")
    spoken = {b"BODY[]<0> {20}\r\nIn-Reply-To: <a@b>\r\n": b'BODY[]<0> "In-Reply-To: <\\a@b>"'}

    def shorten(said: bytes, number: int) -> bytes:
        for literal, quoted_ in spoken.items():
            said = said.replace(literal, quoted_)
        return said

    with Door(server.port, change=shorten) as door:
        (read,) = everything(open_mailbox(server.url(port=door.port)))
    assert (read.kind, read.messages) == ("replied", ("<a@b>",))


def test_a_message_that_the_server_does_not_give_is_told(server: MailServer, open_mailbox: Open) -> None:
    server.put(letter(1), letter(2, "z" * 5000), letter(3))

    def withhold(said: bytes, number: int) -> bytes:
        return said[:10] if b"zzzz" in said else said

    with Door(server.port, change=withhold) as door:
        read = everything(open_mailbox(server.url(port=door.port, page=1)))
    assert [(each.kind, each.fault) for each in read] == [("replied", ""), ("other", "unreadable"), ("replied", "")]


@pytest.mark.parametrize("content", [b"\r\n", b"\xff\xfe\x00\r\n\r\n", b"Subject: x", b"\r\n\r\n\r\n", b"a" * 5000])
def test_whatever_lies_there_is_read(server: MailServer, open_mailbox: Open, content: bytes) -> None:
    server.put(content, letter(1))
    assert [each.kind for each in everything(open_mailbox(server.url()))] == ["other", "replied"]


# -- links that are bad ---------------------------------------------------------------------------------------------


def test_a_link_that_breaks_is_made_again(server: MailServer, open_mailbox: Open) -> None:
    """On its first connections the server's answers end in the middle of the second page."""
    server.put(*(letter(number) for number in range(6)))
    broken: list[int] = []

    def cut(said: bytes, number: int) -> bytes | None:
        if b"Re: 3" in said and len(broken) < 1:
            broken.append(number)
            return None
        return said

    with Door(server.port, change=cut) as door:
        read = everything(open_mailbox(server.url(port=door.port, page=2)))
        assert (door.connections, broken) == (2, [1]), "one connection serves many pages"
    assert [each.kind for each in read] == ["replied"] * 6
    assert len({each.key for each in read}) == 6


def test_a_server_that_drips_cannot_hold_us(server: MailServer, open_mailbox: Open) -> None:
    server.put(letter(1, "z" * 5000))

    begun = time.monotonic()
    with Door(server.port, drips=b"zzzz") as door:
        read = everything(open_mailbox(server.url(port=door.port, timeout="1")))
    assert [each.fault for each in read] == ["unreadable"]
    assert time.monotonic() - begun < 10


@pytest.mark.parametrize(
    "said", [b"", b"220 mail.example ESMTP\r\n", b"* BYE busy\r\n", b"* OK hello\r\n* nonsense\r\n", b"\0" * 200_000]
)
def test_who_speaks_no_imap_is_away(server: MailServer, open_mailbox: Open, said: bytes) -> None:
    with speaking(lambda connection: connection.sendall(said)) as port, pytest.raises(TransientError) as raised:
        everything(open_mailbox(server.url(port=port, timeout="1")))
    assert raised.value.retry_after


def test_a_server_that_is_away_is_told(server: MailServer, open_mailbox: Open) -> None:
    with pytest.raises(TransientError, match="connect failed"):
        everything(open_mailbox(server.url(port=free_port())))


def test_a_server_that_goes_away_in_the_middle_is_told(server: MailServer, open_mailbox: Open) -> None:
    server.put(letter(1), letter(2))
    with Door(server.port) as door:
        pages = open_mailbox(server.url(port=door.port, page=1)).read(None)
        place = next(pages).place
        door.close()
        with pytest.raises(TransientError):
            next(pages)
    assert len(everything(open_mailbox(server.url()), place)) == 1


# -- TLS and secrets --------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


def test_tls_from_the_first_byte(server: MailServer, open_mailbox: Open, authority: trustme.CA, tmp_path: Path) -> None:
    server.put(letter(1))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    ca = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(str(ca))
    with Door(server.port, tls=context) as door:
        assert len(everything(open_mailbox(server.url(scheme="imaps", port=door.port, ca=ca)))) == 1
        with pytest.raises(AuthenticationError, match="is not trusted"):
            everything(open_mailbox(server.url(scheme="imaps", port=door.port)))
    with pytest.raises(TransientError):
        everything(open_mailbox(server.url(scheme="imaps", ca=ca)))


def test_starttls(authority: trustme.CA, open_mailbox: Open, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IMAP_PASSWORD", SECRET)
    issued = authority.issue_cert("localhost")
    for name, blob in (
        ("key", issued.private_key_pem),
        ("cert", issued.cert_chain_pems[0]),
        ("ca", authority.cert_pem),
    ):
        blob.write_to_path(str(tmp_path / name))
    with MailServer("--cert", str(tmp_path / "cert"), "--key", str(tmp_path / "key")) as secured:
        secured.put(letter(1))
        url = secured.url(security="starttls", ca=tmp_path / "ca")
        assert len(everything(open_mailbox(url))) == 1
        with pytest.raises(AuthenticationError, match="is not trusted"):
            everything(open_mailbox(secured.url(security="starttls")))


def test_nothing_is_said_where_starttls_is_not_offered(server: MailServer, open_mailbox: Open) -> None:
    with pytest.raises(AuthenticationError, match="offers no STARTTLS"):
        everything(open_mailbox(server.url(security="starttls")))


@pytest.mark.parametrize("wrong", ["wrong-canary-9", "pässwörd-canary-9", 'quo"te\\canary-9'])
def test_a_wrong_password_is_told_and_not_shown(
    server: MailServer, open_mailbox: Open, monkeypatch: pytest.MonkeyPatch, wrong: str
) -> None:
    monkeypatch.setenv("IMAP_PASSWORD", wrong)
    with pytest.raises(AuthenticationError, match="refused our credentials") as raised:
        everything(open_mailbox(server.url()))
    assert "canary-9" not in "".join(traceback.format_exception(raised.value))


def test_a_secret_that_is_not_there_is_told(
    server: MailServer, open_mailbox: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("IMAP_PASSWORD")
    with pytest.raises(AuthenticationError, match="the environment has no IMAP_PASSWORD"):
        everything(open_mailbox(server.url()))


def test_a_login_that_is_given_in_the_old_way(server: MailServer, open_mailbox: Open) -> None:
    """A server that offers no AUTH=PLAIN."""
    server.put(letter(1))
    with Door(server.port, change=lambda said, number: said.replace(b"AUTH=PLAIN", b"AUTH=OTHER")) as door:
        assert len(everything(open_mailbox(server.url(port=door.port)))) == 1


@pytest.mark.parametrize(
    "url",
    [
        "imaps://mail.example/INBOX?secret=env:P",
        "imaps://back@mail.example/INBOX",
        f"imaps://back:{SECRET}@mail.example/INBOX",
        f"imaps://back@mail.example/INBOX?secret={SECRET}",
        "imap://back@mail.example/INBOX?secret=env:P&security=none",
        "imaps://back@mail.example/INBOX?secret=env:P&security=none",
        "imaps://back@mail.example/INBOX?secret=env:P&page=0",
        "imaps://back@mail.example/INBOX?secret=env:P&bytes=1e9",
        "imaps://back@mail.example/INBOX?secret=env:P&delete=all",
        "imaps://back@mail.example/INBOX?secret=env:P&folder=x",
        "imaps://back@mail.example/IN%0D%0ABOX?secret=env:P",
        "imaps://ba%0D%0Ack@mail.example/INBOX?secret=env:P",
        "imaps://",
    ],
)
def test_a_url_that_is_wrong_is_refused_and_not_repeated(url: str) -> None:
    with pytest.raises(InvalidInputError) as raised:
        read_settings(url)
    assert SECRET not in f"{raised.value} {raised.value.hint}"


def test_the_name_of_a_mailbox_holds_no_secret() -> None:
    settings = read_settings("imaps://back@mail.example/In/Bounces?secret=file:/run/secret")
    assert settings.name == "imap://back@mail.example:993/In/Bounces"


@pytest.mark.slow
def test_wherever_the_link_breaks_errors_are_of_our_own(server: MailServer, open_mailbox: Open) -> None:
    """The server's answers cut at every place: leadflow's errors, or all that was there."""
    server.put(letter(1))
    ends: set[str] = set()
    for place in range(0, 1500, 19):
        passed: dict[int, int] = {}

        def cut(said: bytes, number: int) -> bytes | None:
            before = passed.get(number, 0)  # noqa: B023 - called in this round only
            passed[number] = before + len(said)  # noqa: B023
            return said[: max(0, place - before)] or None  # noqa: B023

        with Door(server.port, change=cut) as door:
            try:
                read = everything(open_mailbox(server.url(port=door.port, timeout="0.5")))
            except AdapterError as error:
                ends.add(type(error).__name__)
            else:
                ends.add(f"{len(read)} {read[0].kind}")
    assert ends >= {"TransientError", "1 replied"}
    assert ends <= {"TransientError", "AuthenticationError", "RejectedError", "_StuckError", "1 other", "1 replied"}
