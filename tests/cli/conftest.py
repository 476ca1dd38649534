"""The command line, run in this process; a small store that tests of reading commands share."""

from __future__ import annotations

import importlib.util
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

# Without the extra there is no command line to test; its absence is tested where it needs no typer.
collect_ignore_glob = [] if importlib.util.find_spec("typer") else ["test_*.py"]

NOW = "2026-11-20T12:00:00Z"
RECORDS: list[dict[str, Any]] = [
    {"type": "user", "id": "ana", "name": "Ana Horvat", "email": "ana@sales.example", "at": "2026-11-01T00:00:00Z"},
    {"type": "user", "id": "bo", "name": "Bo Lind", "email": "bo@sales.example", "at": "2026-11-01T00:00:00Z"},
    {"type": "interaction", "id": "i-1", "kind": "page.visited", "visitor": "cookie-1", "at": "2026-11-09T09:00:00Z",
     "properties": {"page": "pricing"}},
    {"type": "submission", "key": "s-1", "form": "demo-request", "at": "2026-11-10T09:00:00Z", "visitor": "cookie-1",
     "fields": {"email": "nina@kos.example", "first_name": "Nina", "last_name": "Kos", "company": "Kos d.o.o.",
                "employees": "120", "job_level": "manager", "country": "SI"},
     "context": {"page": "demo", "source": "fair"}},
    {"type": "submission", "key": "s-2", "form": "demo-request", "at": "2026-11-12T09:00:00Z",
     "fields": {"email": "paul@weiss.example", "first_name": "=Paul", "company": "Weiß GmbH", "country": "DE"},
     "context": {"page": "demo", "source": "web"}},
    {"type": "submission", "key": "s-3", "form": "event-registration", "at": "2026-11-13T09:00:00Z",
     "fields": {"email": "paul@weiss.example"}, "context": {"event": "open day", "source": "web"}},
    {"type": "opportunity", "id": "d-1", "contact": {"email": "nina@kos.example"}, "status": "open",
     "at": "2026-11-15T09:00:00Z", "amount": "1200.00", "currency": "EUR"},
]  # fmt: skip


@pytest.fixture(autouse=True)
def _alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Nothing of the machine's settings, and a folder of its own."""
    for name in ("LEADFLOW_STORE", "LEADFLOW_PLAYBOOK", "LEADFLOW_NOW", "LEADFLOW_DEBUG"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.chdir(tmp_path)


Run = Callable[..., Any]


@pytest.fixture
def run() -> Run:
    """`run("leads", "--json", code=0)`: the result, after its exit code has been checked."""
    from typer.testing import CliRunner

    from leadflow.cli.app import app

    def run_(*words: object, code: int = 0, given: str | None = None) -> Any:
        result = CliRunner().invoke(app, [str(word) for word in words], input=given)
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        assert result.exit_code == code, result.output
        assert "Traceback" not in result.output
        return result

    return run_


def lines(records: list[dict[str, Any]]) -> str:
    """Records as JSON lines."""
    return "".join(json.dumps(record) + "\n" for record in records)


@pytest.fixture(scope="session")
def _template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The store below, made once."""
    from typer.testing import CliRunner

    from leadflow.cli.app import app

    folder = tmp_path_factory.mktemp("template")
    (folder / "records.jsonl").write_text(lines(RECORDS), encoding="utf-8")
    words = ["--now", NOW, "--store", f"sqlite:///{folder}/leads.db", "ingest", f"{folder}/records.jsonl"]
    result = CliRunner().invoke(app, [*words, "--clock", "record"])
    assert result.exit_code == 0, result.output
    return folder


@pytest.fixture
def store(_template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A store with the records above, judged at their own times; it is the default store, and now is NOW."""
    monkeypatch.setenv("LEADFLOW_NOW", NOW)
    for name in ("leads.db", "records.jsonl"):
        shutil.copy(_template / name, tmp_path / name)
    return tmp_path / "leads.db"


@pytest.fixture
def ids(store: Path, run: Run) -> dict[str, str]:
    """The ids of Nina's lead and contact, and of Paul's."""
    found = [json.loads(line) for line in run("leads", "--json").stdout.splitlines()]
    nina = next(lead for lead in found if lead["contact"]["first_name"] == "Nina")
    paul = next(lead for lead in found if lead["page"] == "demo" and lead is not nina)
    return {
        "lead": nina["id"],
        "contact": nina["contact_id"],
        "account": nina["account_id"],
        "paul": paul["id"],
        "paul_contact": paul["contact_id"],
    }
