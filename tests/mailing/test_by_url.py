"""Mail leaves by URL, from the library and from the command line, over a real server."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from email.utils import parseaddr
from pathlib import Path

import pytest

import leadflow
from leadflow.engine.mailing.choosing import mailer_for
from leadflow.errors import AuthenticationError

from ..adapters.smtp_server import Server
from .conftest import Post


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as server:
        yield server


def run(*words: str, folder: Path, code: int = 0) -> str:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("LEADFLOW_")}
    command = [sys.executable, "-m", "leadflow", *words]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout + done.stderr


def test_the_outbox_leaves_over_smtp(post: Post, server: Server) -> None:
    post.write(3)
    assert post.flow.deliver(server.url(), sender="Sales <sales@acme.example>").handed_over == 3
    assert post.flow.deliver(server.url()).total == 0
    assert sorted(parseaddr(str(each.message["To"]))[1] for each in server.arrived) == [
        "u0@sales.example", "u1@sales.example", "u2@sales.example"
    ]  # fmt: skip
    assert len(server.sessions) == 1
    assert {str(each.message["Auto-Submitted"]) for each in server.arrived} == {"auto-generated"}


@pytest.mark.parametrize("failure", ["busy", "refused", "cut_before_end", "cut_after_end"])
def test_each_failure_leaves_each_message_at_most_once(post: Post, server: Server, failure: str) -> None:
    post.write(3)
    server.next = failure
    post.flow.deliver(server.url())
    for _ in range(4):
        post.clock.advance("1d")
        post.flow.deliver(server.url())
    arrived = sorted(str(each.message["To"]) for each in server.arrived)
    states = sorted(post.states())
    assert len(set(arrived)) == len(arrived), "sent twice"
    assert states.count("handed_over") == {"busy": 3, "refused": 2, "cut_after_end": 2}.get(failure, len(arrived))
    assert states.count("unknown") == (3 - len(arrived) if failure == "cut_before_end" else failure == "cut_after_end")


def test_a_server_that_wants_another_sender_loses_nothing(post: Post, server: Server) -> None:
    post.write(3)
    server.answers["sender"] = "550 5.7.60 not allowed to send as this"
    with pytest.raises(AuthenticationError):
        post.flow.deliver(server.url())
    assert post.states() == ["planned"] * 3
    assert post.flow.deliver(server.url()).handed_over == 3


def test_a_mailer_made_for_a_delivery_is_closed_and_a_given_one_is_not(server: Server) -> None:
    with mailer_for(server.url()) as mailer:
        assert mailer.was_sent("k") is None
        with mailer_for(mailer) as same:
            assert same is mailer


@pytest.mark.extra
def test_deliver_from_the_command_line(server: Server, tmp_path: Path) -> None:
    with leadflow.open(f"sqlite:///{tmp_path}/leads.db") as flow:
        flow.ingest([{"type": "user", "key": "u", "id": "ana", "email": "ana@sales.example"}])
        lead = flow.submit("demo-request", {"email": "c@x.example"}, key="s").lead
        flow.do({"type": "assign", "key": "a", "lead": lead, "owner": "ana"}).one().unwrap()
    url = server.url()
    told = json.loads(run("deliver", "--via", url, "--json", folder=tmp_path))
    assert (told["handed_over"], told["via"]) == (1, url.partition("?")[0])
    assert len(server.arrived) == 1
    assert "--via" in run("deliver", "--via", "outbox", folder=tmp_path, code=2)


@pytest.mark.extra
def test_a_trial_tells_each_step(server: Server, tmp_path: Path) -> None:
    words = ("mail", "test", "--to", "bo@x.example", "--via", server.url(), "--sender", "sales@acme.example")
    told = json.loads(run(*words, "--json", folder=tmp_path))
    assert told["is_sent"]
    assert [step["step"] for step in told["steps"]] == ["connect", "hello", "sender", "recipient", "data", "accepted"]
    assert told["steps"][-1]["answer"] == "250 2.0.0 queued as Q1"
    server.next = "refused"
    said = run(*words, folder=tmp_path, code=1)
    assert "recipient  550 5.1.1 <bo@x.example> no such user" in said
    assert "not sent" in said
    assert len(server.arrived) == 1


@pytest.mark.extra
def test_a_trial_tells_what_is_wrong_before_it_connects(server: Server, tmp_path: Path) -> None:
    said = run("mail", "test", "--to", "bo x@x.example", "--via", server.url(), folder=tmp_path, code=1)
    assert "not of the form name@domain" in said
    secret = "canary-4711"
    for url in (f"smtp://ana:{secret}@localhost", f"smtp://ana@localhost?password={secret}", f"pigeon://{secret}@loft"):
        assert secret not in run("mail", "test", "--to", "b@x.example", "--via", url, folder=tmp_path, code=2)


@pytest.mark.extra
def test_a_trial_tells_that_nobody_is_there(tmp_path: Path) -> None:
    said = run(
        "mail", "test", "--to", "b@x.example", "--via", "smtp://127.0.0.1:1?security=none", folder=tmp_path, code=1
    )
    assert "connect" in said
