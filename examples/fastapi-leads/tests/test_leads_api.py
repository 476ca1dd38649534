"""Over TestClient, and over a real server."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

import leads_api
import pytest
from fastapi.testclient import TestClient

import leadflow

FOLDER = Path(leads_api.__file__).parent
ANA = {"email": "ana@example.si", "company": "Ana d.o.o.", "job_level": "manager", "employees": "120"}


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'leads.db'}"


@pytest.fixture
def client(url: str) -> Iterator[TestClient]:
    with TestClient(leads_api.create_app(url)) as client:
        yield client


def test_a_form_becomes_a_lead(client: TestClient, url: str) -> None:
    answer = client.post("/forms/demo-request", json=ANA, headers={"Idempotency-Key": "f-1"})
    assert answer.status_code == 201
    lead = answer.json()["lead"]
    assert [each["id"] for each in client.get("/leads", params={"where": 'lead.state == "open"'}).json()] == [lead]
    assert client.get(f"/leads/{lead}").json()["id"] == lead
    assert client.get("/enquiries/count").json() == 1
    # What must leave waits for a worker with a flow of its own.
    with leadflow.open(url) as flow:
        assert flow.deliver(Path(url.removeprefix("sqlite:///")).with_name("outbox")).total == 1
        assert [each.lead.id for each in flow.leads()] == [lead]


def test_the_same_key_again_changes_nothing(client: TestClient) -> None:
    headers = {"Idempotency-Key": "f-1"}
    first, second = (client.post("/forms/demo-request", json=ANA, headers=headers).json() for _ in range(2))
    assert (first["status"], second["status"]) == ("accepted", "repeated")
    assert first["lead"] == second["lead"]
    assert client.get("/enquiries/count").json() == 1


def test_an_error_in_the_application_takes_the_lead_along(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    """The lead is in when the application's own statement fails: both are rolled back."""
    monkeypatch.setattr(leads_api, "insert", lambda table: leads_api.select(1 / 0))
    with pytest.raises(ZeroDivisionError):
        client.post("/forms/demo-request", json=ANA)
    monkeypatch.undo()
    assert client.get("/leads").json() == []
    assert client.post("/forms/demo-request", json=ANA).json()["status"] == "accepted"


def test_errors_have_a_status_and_a_code(client: TestClient) -> None:
    answer = client.get("/leads/l_nobody")
    assert answer.status_code == 404
    answer = client.get("/leads", params={"where": "scor > 1"})
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_expression")


def test_a_real_server_and_many_at_once(url: str) -> None:
    """One person's form from eight clients at once: one lead, and the application's rows are as many as forms taken."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = subprocess.Popen(
        [sys.executable, "-m", "uvicorn", "leads_api:app", "--port", str(port), "--log-level", "warning"],
        cwd=FOLDER,
        env={**os.environ, "DATABASE_URL": url},
    )
    base = f"http://127.0.0.1:{port}"
    try:
        _wait(base)

        def post(number: int) -> int:
            return _status(f"{base}/forms/demo-request", {**ANA, "phone": f"04012345{number}"})

        with ThreadPoolExecutor(8) as pool:
            statuses = list(pool.map(post, range(16)))
        assert set(statuses) <= {201, 503}
        taken = statuses.count(201)
        assert taken > 0
        assert json.load(urlopen(f"{base}/enquiries/count")) == taken
        assert len(json.load(urlopen(f"{base}/leads"))) == 1
    finally:
        server.terminate()
        server.wait(10)
    with leadflow.open(url) as flow:
        assert len(flow.leads()) == 1


def _status(url: str, body: dict[str, str]) -> int:
    request = Request(url, json.dumps(body).encode(), {"Content-Type": "application/json"})
    try:
        with urlopen(request, timeout=30) as answer:
            return int(answer.status)
    except HTTPError as error:
        return error.code


def _wait(base: str) -> None:
    for _ in range(300):
        try:
            urlopen(f"{base}/leads", timeout=5).close()
            return
        except (URLError, ConnectionError):
            time.sleep(0.1)
    raise AssertionError("the server did not come up")
