"""The failed queue on the command line, and the other way to start it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from .conftest import lines

FAILING = [
    {"type": "submission", "key": "f-1", "form": "demo-request", "fields": {"email": "no address"}},
    {"type": "submission", "key": "f-2", "form": "demo-request", "fields": {"company": "Kos"}},
    {"type": "interaction", "id": "f-3", "kind": "page.visited"},
]


@pytest.fixture
def waiting(store: Path, run: Any) -> Path:
    """The store with three inputs that could not be taken."""
    run("ingest", "-", given=lines(FAILING), code=1)
    return store


def queue(run: Any) -> list[dict[str, Any]]:
    return [json.loads(line) for line in run("failed", "--json").stdout.splitlines()]


def test_the_queue_lists_key_form_and_reason(run: Any, waiting: Path) -> None:
    """Enough to mend each."""
    assert [(each["key"], each["reasons"][0][0]) for each in queue(run)] == [
        ("f-1", "invalid_email"), ("f-2", "missing_required"), ("f-3", "no_subject"),
    ]  # fmt: skip
    shown = run("failed").stdout
    assert "demo-request" in shown
    assert "invalid_email contact.email" in shown


@pytest.mark.parametrize(("mode", "made"), [("replace", "2026-11-20"), ("new", "2026-11-20")])
def test_a_submission_is_mended_and_retried(run: Any, waiting: Path, mode: str, made: str) -> None:
    """First without success, which leaves it waiting; then with what was missing."""
    assert "still failing" in run("failed", "--retry", "f-1", code=1).stdout
    assert run("failed", "--retry", "f-1", "-f", "email=eva@kos.example", "--mode", mode).stdout == "f-1: taken\n"
    assert [each["key"] for each in queue(run)] == ["f-2", "f-3"]
    assert "eva@kos.example" in run("leads", "--json").stdout


def test_all_are_retried_and_the_hopeless_dropped(run: Any, waiting: Path) -> None:
    """A retry of all leaves waiting what still fails; what is given up is gone."""
    told = json.loads(run("failed", "--retry-all", "--json", code=1).stdout)
    assert [(each["input"], each["status"]) for each in told] == [("f-1", "refused"), ("f-2", "refused")]
    run("failed", "--drop", "f-1", "--drop", "f-3", "--reason", "spam")
    assert [each["key"] for each in queue(run)] == ["f-2"]
    assert "not waiting" in run("failed", "--drop", "f-1", code=1).stdout


def test_nothing_waits(run: Any, store: Path) -> None:
    """An empty queue says so."""
    assert run("failed").stdout == "nothing waits\n"


def test_wrong_use(run: Any, waiting: Path) -> None:
    """A field to mend belongs to one submission."""
    assert "--retry" in run("failed", "-f", "email=x@y.example", code=2).stderr
    assert "FIELD=VALUE" in run("failed", "--retry", "f-1", "-f", "email", code=2).stderr


def test_python_m_leadflow(store: Path) -> None:
    """`python -m leadflow` is the command line."""
    done = subprocess.run(
        [sys.executable, "-m", "leadflow", "leads", "--json"], capture_output=True, text=True, check=True
    )
    assert len(done.stdout.splitlines()) == 3
