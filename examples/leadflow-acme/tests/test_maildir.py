"""The whole test of a mailer is leadflow's kit; and that leadflow finds it."""

from __future__ import annotations

import mailbox
from collections.abc import Sequence
from pathlib import Path

import pytest
from leadflow_acme.maildir import MaildirMailer

import leadflow
from leadflow.plugins import load
from leadflow.testing.mailing import Arrived, MailerConformance


class TestMaildir(MailerConformance):
    claims = frozenset({"smtputf8", "keeps_keys", "tells_sent"})
    failures = frozenset({"busy"})

    @pytest.fixture(autouse=True)
    def folder(self, tmp_path: Path) -> None:
        self.path = tmp_path / "mail"
        self.order: list[Path] = []

    def make(self) -> MaildirMailer:
        return MaildirMailer(str(self.path))

    def arrived(self) -> Sequence[Arrived]:
        if self.path.is_file():
            self.path.unlink()
        self.order += sorted({*self.path.glob("new/*")} - {*self.order}, key=lambda path: path.stat().st_mtime_ns)
        return [Arrived(path.read_bytes()) for path in self.order]

    def fail(self, failure: str) -> None:
        self.path.touch()


def test_leadflow_delivers_through_it(tmp_path: Path) -> None:
    plugins = load(strict=True)
    mailer = plugins.find("mailers", "acme-maildir").make(f"acme-maildir://{tmp_path / 'mail'}")
    with leadflow.open() as flow:
        flow.submit("demo-request", {"email": "ana@kos.example", "job_level": "manager"}, key="s-1")
        flow.ingest([{"type": "order", "id": "o-1", "contact": {"email": "ana@kos.example"}, "lines": []}])
        lead = flow.leads()[0].lead.id
        flow.do({"type": "assign", "key": "a-1", "lead": lead, "owner": "bo@acme.example"})
        handed_over = flow.deliver(to=mailer).handed_over
    assert handed_over == len(mailbox.Maildir(tmp_path / "mail"))
