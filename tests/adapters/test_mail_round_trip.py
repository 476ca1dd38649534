"""There and back: sent over SMTP, bounced into a mailbox, read over IMAP, and nothing more is sent."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from email import message_from_bytes
from pathlib import Path

import pytest

import leadflow
from leadflow.engine.flow import Flow
from leadflow.engine.mailing.receiving import MailRead
from leadflow.ports.store import Scan
from leadflow.testing import contents, invariants
from leadflow_adapters.imap.plugin import open_imap
from leadflow_adapters.smtp.plugin import open_smtp

from .imap_server import SECRET, Door, MailServer
from .returned_mail import OURS, RETURNED
from .smtp_server import Server

SENDER = "Sales <sales@acme.example>"
FORMS = {name: content for name, content, _ in RETURNED}


@pytest.fixture(scope="module")
def running() -> Iterator[MailServer]:
    with MailServer() as server:
        yield server


@pytest.fixture
def mailbox(running: MailServer, monkeypatch: pytest.MonkeyPatch) -> MailServer:
    monkeypatch.setenv("IMAP_PASSWORD", SECRET)
    running.clear()
    return running


def write(flow: Flow, user: str, key: str) -> None:
    """Plan a letter to a user."""
    flow.ingest([{"type": "user", "key": f"user-{user}", "id": user, "email": f"{user}@sales.example"}])
    lead = flow.submit("demo-request", {"email": f"{key}@x.example"}, key=key).lead
    flow.do({"type": "assign", "key": f"assign-{key}", "lead": lead, "owner": user}).one().unwrap()


def sent(flow: Flow, server: Server) -> list[str]:
    """Deliver over SMTP; the Message-IDs that arrived."""
    before = len(server.arrived)
    mailer = open_smtp(server.url(bounces="back@acme.example"))
    flow.deliver(mailer, sender=SENDER)
    mailer.close()
    return [str(message_from_bytes(each.content)["Message-ID"]) for each in server.arrived[before:]]


def bounce_of(message_id: str, name: str, to: str, number: int = 0) -> bytes:
    """A server's report of a message."""
    own = b"20261122.A%d@mx.acme.example" % number
    content = FORMS[name].replace(OURS.encode(), message_id.encode()).replace(b"20261122.A1@mx.acme.example", own)
    return content.replace(b"bo@customer.example", to.encode())


def read(flow: Flow, url: str, **options: bool) -> MailRead:
    mailbox = open_imap(url)
    try:
        return flow.read_mail(mailbox, **options)
    finally:
        mailbox.close()


def states(flow: Flow) -> dict[str, str]:
    return {row.recipient: row.state for row in flow.store.scan(Scan(table="outbox"))}


def test_there_and_back(mailbox: MailServer, tmp_path: Path) -> None:
    with Server() as server, leadflow.open(f"sqlite:///{tmp_path / 'leads.db'}") as flow:
        for user in ("ana", "bo", "cy"):
            write(flow, user, f"k-{user}")
        ids = dict(zip(("ana", "bo", "cy"), sorted(sent(flow, server)), strict=True))
        who = {str(message_from_bytes(each.content)["Message-ID"]): each.recipients[0] for each in server.arrived}
        ids = {who[id_].partition("@")[0]: id_ for id_ in ids.values()}
        assert server.senders == ["back@acme.example"] * 3
        mailbox.put(
            bounce_of(ids["ana"], "postfix, unknown user", "ana@sales.example"),
            bounce_of(ids["bo"], "qmail, full", "bo@sales.example"),
            bounce_of(ids["cy"], "vacation, by RFC 3834", "cy@sales.example"),
            bounce_of("<somebody@else.example>", "postfix, unknown user", "ana@sales.example", 2),
        )
        done = read(flow, mailbox.url())
        assert done.kinds == {"bounced": 3, "automatic": 1}
        assert (done.reported, done.not_ours, done.faults) == (2, 1, [])
        assert states(flow) == {"ana": "bounced", "bo": "bounced", "cy": "handed_over"}
        for user in ("ana", "bo", "cy"):
            write(flow, user, f"second-{user}")
        sent(flow, server)
        assert sorted(each.recipients[0] for each in server.arrived[3:]) == ["bo@sales.example", "cy@sales.example"]
        assert read(flow, mailbox.url()).total == 0
        assert invariants(flow) == []


def test_a_recipient_that_the_server_does_not_know_is_not_asked_for_again(tmp_path: Path) -> None:
    """A bounce that comes at once, while we send."""
    with Server() as server, leadflow.open(f"sqlite:///{tmp_path / 'leads.db'}") as flow:
        write(flow, "ana", "k-1")
        server.next = "refused"
        assert sent(flow, server) == []
        assert states(flow) == {"ana": "refused"}
        write(flow, "ana", "k-2")
        assert sent(flow, server) == []
        write(flow, "bo", "k-3")
        assert len(sent(flow, server)) == 1
        assert invariants(flow) == []


_READ = """
import sys, leadflow
from leadflow_adapters.imap.plugin import open_imap
with leadflow.open(sys.argv[1]) as flow:
    flow.read_mail(open_imap(sys.argv[2]))
"""


def test_killed_half_way_and_read_again_each_counts_once(mailbox: MailServer, tmp_path: Path) -> None:
    """kill -9 while the sixth of ten pages is on its way; then everything from the start, too."""
    url, count = f"sqlite:///{tmp_path / 'leads.db'}", 10
    with Server() as server, leadflow.open(url) as flow:
        for number in range(count):
            write(flow, f"u{number}", f"k-{number}")
        ids = sent(flow, server)
        assert len(ids) == count
        to = [each.recipients[0] for each in server.arrived]
        mailbox.put(*(bounce_of(id_, "postfix, unknown user", to[number], number) for number, id_ in enumerate(ids)))
        is_there, go_on = threading.Event(), threading.Event()

        def hold(said: bytes, number: int) -> bytes:
            if b"20261122.A5@" in said and not go_on.is_set():
                is_there.set()
                go_on.wait(30)
            return said

        with Door(mailbox.port, change=hold) as door:
            reader = subprocess.Popen(
                [sys.executable, "-c", _READ, url, mailbox.url(port=door.port, page=1, timeout=30)],
                env=dict(os.environ),
            )
            assert is_there.wait(60)
            reader.send_signal(signal.SIGKILL)
            reader.wait(10)
            go_on.set()
            assert sorted(states(flow).values()) == ["bounced"] * 5 + ["handed_over"] * 5
            done = read(flow, mailbox.url(port=door.port, page=1))
            assert (done.total, done.reported, done.repeated) == (5, 5, 0)
        before = contents(flow)
        done = read(flow, mailbox.url(), again=True)
        assert (done.total, done.reported, done.repeated) == (count, 0, count)
        after = contents(flow)
        assert {table for table in before if before[table] != after[table]} <= {"setting"}
        reports = [row for row in after["input"].values() if row["type"] == "report_mail"]
        decided = [row for row in after["decision"].values() if row["type"] == "mail_reported"]
        assert (len(reports), len(decided), len(after["address"])) == (count, count, count)
        assert set(states(flow).values()) == {"bounced"}
        for number in range(count):
            write(flow, f"u{number}", f"more-{number}")
        assert sent(flow, server) == []
        assert invariants(flow) == []


@pytest.mark.extra
def test_from_the_command_line(mailbox: MailServer, tmp_path: Path) -> None:
    from typer.testing import CliRunner

    from leadflow.cli.app import app

    url = f"sqlite:///{tmp_path / 'leads.db'}"

    def run(*arguments: str, code: int = 0) -> str:
        given = ["mail", "read", "--from", mailbox.url(), "--store", url, *arguments]
        done = CliRunner().invoke(app, given)
        assert done.exit_code == code, done.output
        assert SECRET not in done.output
        return str(done.output)

    with Server() as server, leadflow.open(url) as flow:
        write(flow, "ana", "k-1")
        (message_id,) = sent(flow, server)
        mailbox.put(bounce_of(message_id, "office 365, no such mailbox", "ana@sales.example"), b"\xff\xfe\r\n")
        answer = json.loads(run("--dry-run", "--json"))
        assert (answer["reported"], answer["kinds"], answer["is_dry_run"]) == (1, {"bounced": 1, "other": 1}, True)
        assert states(flow) == {"ana": "handed_over"}
        told = run("--plain")
        assert told.splitlines()[0] == "2 messages read"
        assert "1 taken in as reports" in told
        assert states(flow) == {"ana": "bounced"}
        assert run("--plain").startswith("nothing new")
        answer = json.loads(run("--again", "--json"))
        assert (answer["repeated"], answer["reported"]) == (1, 0)
        assert "expected the URL of a mailbox" in run("--from", "outbox", code=2)
