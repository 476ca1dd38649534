"""tick --every and deliver --every: workers that go on until they are told to stop, and then stop in order."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import leadflow


@pytest.fixture
def url(tmp_path: Path) -> str:
    """A store with a salesperson."""
    url = f"sqlite:///{tmp_path}/leads.db"
    with leadflow.open(url) as flow:
        flow.ingest([{"type": "user", "key": "u", "id": "ana", "email": "ana@sales.example"}])
    return url


def worker(url: str, *words: str) -> subprocess.Popen[str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("LEADFLOW_")}
    command = [sys.executable, "-m", "leadflow", "--store", url, *words, "--every", "1s", "--plain"]
    return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def assigned(url: str, number: int) -> None:
    """A lead is given to the salesperson, who is told by mail."""
    with leadflow.open(url) as flow:
        lead = flow.submit("demo-request", {"email": f"c{number}@x.example"}, key=f"s-{number}").lead
        flow.do({"type": "assign", "key": f"a-{number}", "lead": lead, "owner": "ana"}).one().unwrap()


def eventually(holds: Callable[[], Any]) -> None:
    end = time.monotonic() + 30
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.05)


@pytest.mark.parametrize("with_what", [signal.SIGTERM, signal.SIGINT])
def test_a_worker_delivers_what_comes_and_stops_when_told(url: str, tmp_path: Path, with_what: int) -> None:
    """A11: what is in hand is finished, the exit is soon and its code says that all is well."""
    assigned(url, 1)
    process = worker(url, "deliver", "--to", str(tmp_path / "post"), "--json")
    try:
        eventually(lambda: len(list(tmp_path.glob("post/*.eml"))) == 1)
        assigned(url, 2)
        eventually(lambda: len(list(tmp_path.glob("post/*.eml"))) == 2)
        process.send_signal(with_what)
        said, fault = process.communicate(timeout=10)
    finally:
        process.kill()
    assert (process.returncode, fault) == (0, "")
    told = json.loads(said)
    assert (told["handed_over"], told["is_interrupted"]) == (2, True)


def test_a_worker_ticks_until_told(url: str) -> None:
    """What came due is done, once, and told."""
    assigned(url, 1)
    with leadflow.open(url) as flow:
        due_us = flow.due(2**62, 1)[0].due_us
    moment = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(due_us / 1e6 + 60))
    process = worker(url, "--now", moment, "tick")
    try:
        assert process.stdout is not None
        assert "due, done by" in process.stdout.readline()
        process.send_signal(signal.SIGTERM)
        rest, fault = process.communicate(timeout=10)
    finally:
        process.kill()
    assert (process.returncode, rest, fault) == (0, "", "")


def test_a_worker_does_what_is_due_now(run: Any, url: str) -> None:
    assert "--until" in run("--store", url, "tick", "--every", "5s", "--until", "2027-01-01T00:00:00Z", code=2).output
    assert "every" in run("--store", url, "deliver", "--every", "often", code=2).output
    assert "lease" in run("--store", url, "tick", "--lease", "0s", code=2).output
