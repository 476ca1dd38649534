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
    plugins = load(only=["acme"], strict=True)
    mailer = plugins.find("mailers", "acme-maildir").make(f"acme-maildir://{tmp_path / 'mail'}")
    with leadflow.open() as flow:
        flow.do({"type": "user", "key": "u-1", "id": "ana", "email": "ana@acme.example", "name": "Ana"})
        flow.do({"type": "user", "key": "u-2", "id": "bo", "email": "bo@acme.example", "name": "Bo"})
        fields = {"email": "cy@kos.example", "company": "Kos", "job_level": "manager", "employees": "120"}
        flow.submit("demo-request", fields, key="s-1")
        assert flow.deliver(to=mailer).handed_over == 1
        assert flow.deliver(to=mailer).handed_over == 0
    (message,) = mailbox.Maildir(tmp_path / "mail")
    assert "@acme.example" in message["To"]
