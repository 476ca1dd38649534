"""Decisions are told in order, each at least once, whatever breaks where; the position is kept in the store."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.plugins.test_loading import plugin

import leadflow
from leadflow.engine.publishing.choosing import open_publisher, publisher_for
from leadflow.engine.publishing.jsonl import JsonlPublisher
from leadflow.errors import AdapterError, InvalidInputError, PluginValidationError, RejectedError, TransientError
from leadflow.plugins import load
from leadflow.ports.publisher import Notice
from leadflow.ports.store import Scan
from leadflow.testing.publishing import notices


class Answering:
    """A publisher that answers as it is told: so many of a batch, or an error; then everything."""

    def __init__(self, *answers: Any) -> None:
        self.answers, self.told = list(answers), list[str]()

    def publish(self, batch: Sequence[Notice]) -> Any:
        answer = self.answers.pop(0) if self.answers else len(batch)
        if isinstance(answer, BaseException):
            raise answer
        self.told += [each.key for each in batch[: answer if type(answer) is int else 0]]
        return min(answer, len(batch)) if type(answer) is int and 0 <= answer < 99 else answer

    def was_published(self, key: str) -> bool | None:
        return None


def filled(url: str = "memory:", count: int = 3) -> leadflow.Flow:
    flow = leadflow.open(url)
    for number in range(count):
        flow.submit("demo-request", {"email": f"p{number}@x.example"}, key=f"s-{number}")
    return flow


def wanted(flow: leadflow.Flow) -> list[str]:
    return [f"leadflow:{each.id}" for each in flow.store.scan(Scan(table="decision", order="seq"))]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(1, 4) | st.sampled_from([TransientError("busy"), OSError("down")]), max_size=12))
def test_whatever_is_taken_all_is_told_in_order(answers: list[Any]) -> None:
    """Once each, when the publisher counts rightly; an error leaves the rest for the next run."""
    flow, publisher = filled(), Answering(*answers)
    for _ in range(len(answers) + 1):
        try:
            flow.publish(publisher, name="p")
        except (TransientError, OSError):
            continue
    assert publisher.told == wanted(flow)
    assert flow.publish(publisher, name="p").count == 0


def test_the_next_run_goes_on_where_the_last_was(tmp_path: Path) -> None:
    """Also another process; each place has a position of its own."""
    url = f"sqlite:///{tmp_path}/leads.db"
    path = tmp_path / "decisions.jsonl"
    with filled(url) as flow:
        before = flow.publish(path)
        assert before.count == len(wanted(flow)) == before.position
        flow.submit("demo-request", {"email": "z@x.example"}, key="s-9")
    with leadflow.open(url) as flow:
        assert flow.publish(path).count == len(wanted(flow)) - before.count
        lines = [json.loads(line) for line in path.read_text().splitlines()]
        assert [each["id"] for each in lines] == wanted(flow)
        assert [each["sequence"] for each in lines] == sorted(each["sequence"] for each in lines)
        assert flow.publish(tmp_path / "other.jsonl", limit=2).count == 2


@pytest.mark.parametrize("answer", [None, True, -1, 99, "all"])
def test_an_odd_answer_is_told_and_nothing_is_passed_over(answer: Any) -> None:
    flow, publisher = filled(), Answering(answer)
    with pytest.raises(AdapterError, match="Answering says that it took"):
        flow.publish(publisher, name="p")
    flow.publish(publisher, name="p")
    assert publisher.told[-len(wanted(flow)) :] == wanted(flow)


def test_one_that_takes_nothing_does_not_turn_round_for_ever() -> None:
    with pytest.raises(TransientError, match="took nothing"):
        filled().publish(Answering(0), name="p")


def test_what_is_refused_for_good_waits_for_a_person() -> None:
    """Nothing after it is told, until somebody says to go on after exactly this one."""
    flow = filled()
    keys = wanted(flow)
    publisher = Answering(2, RejectedError("too large"))
    with pytest.raises(RejectedError):
        flow.publish(publisher, name="p")
    with pytest.raises(InvalidInputError, match="is not what waits"):
        flow.publish(publisher, name="p", skip=keys[5])
    flow.publish(publisher, name="p", skip=keys[2])
    assert publisher.told == [*keys[:2], *keys[3:]]


def test_another_process_that_publishes_meanwhile_loses_nothing() -> None:
    """The position never goes back."""
    flow = filled()

    class Meanwhile(Answering):
        def publish(self, batch: Sequence[Notice]) -> Any:
            if not self.told:
                flow.publish(other, name="p", limit=4)
            return super().publish(batch)

    other, publisher = Answering(), Meanwhile()
    flow.publish(publisher, name="p")
    assert list(dict.fromkeys([*other.told, *publisher.told])) == wanted(flow)
    assert flow.publish(other, name="p").count == 0


def test_a_publisher_of_a_plugin_is_found_by_its_scheme_and_closed() -> None:
    closed: list[int] = []

    class Closing(Answering):
        def close(self) -> None:
            closed.append(1)

    plugins = load(
        only=(), also={"acme": plugin("publishers", ("acme", lambda url: Closing()), ("odd", lambda url: 5))}
    )
    with publisher_for("acme://x", plugins=plugins) as publisher:
        assert publisher.was_published("k") is None
    assert closed == [1]
    with pytest.raises(PluginValidationError, match="without publish, was_published"):
        open_publisher("odd://x", plugins=plugins)
    with pytest.raises(InvalidInputError, match="'pigeon' among publishers"):
        open_publisher("pigeon://x:secret@y", plugins=plugins)
    with pytest.raises(InvalidInputError, match="needs a name"):
        filled().publish(Answering())


def test_a_flow_finds_what_its_own_plugins_bring() -> None:
    """Also those that a host hands over without an entry point."""
    told = Answering()
    with leadflow.open(plugins=load(only=(), also={"acme": plugin("publishers", ("acme", lambda url: told))})) as flow:
        flow.submit("demo-request", {"email": "ana@x.example"}, key="s")
        assert flow.publish("acme://x").count == len(told.told) == len(wanted(flow))


# -- the file ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("url", "path"), [("jsonl:///out.jsonl", "out.jsonl"), ("jsonl:////var/o", "/var/o"), ("file:///var/o", "/var/o")]
)
def test_a_file_by_url(url: str, path: str) -> None:
    publisher = open_publisher(url)
    assert isinstance(publisher, JsonlPublisher)
    assert publisher.path == Path(path)


@pytest.mark.parametrize("url", ["jsonl://", "file://host/x", "jsonl:///", "file:///"])
def test_a_url_without_a_file_is_refused(url: str) -> None:
    with pytest.raises(InvalidInputError):
        open_publisher(url)


@given(cut=st.integers(1, 400))
@settings(max_examples=30, deadline=None)
def test_what_a_crash_cut_off_is_taken_away(tmp_path_factory: pytest.TempPathFactory, cut: int) -> None:
    """The file holds whole lines only, once somebody has written to it again."""
    path = tmp_path_factory.mktemp("cut") / "d.jsonl"
    publisher = JsonlPublisher(path)
    publisher.publish(notices(1, 4))
    whole = path.read_bytes()
    path.write_bytes(whole[: max(0, len(whole) - cut)])
    kept = path.read_bytes().rpartition(b"\n")[0].count(b"\n") + (b"\n" in path.read_bytes())
    publisher.publish(notices(9, 11))
    told = [json.loads(line)["id"] for line in path.read_text().splitlines()]
    assert told == [*(each.key for each in notices(1, 1 + kept)), *(each.key for each in notices(9, 11))]


@pytest.mark.parametrize("point", ["append", "sync"])
def test_a_write_that_fails_leaves_the_file_as_it_was(tmp_path: Path, point: str) -> None:
    path = tmp_path / "d.jsonl"
    JsonlPublisher(path).publish(notices(1, 3))
    before = path.read_bytes()

    def full(name: str) -> None:
        if name == point:
            raise OSError(28, "No space left on device")

    with pytest.raises(TransientError, match="No space left"):
        JsonlPublisher(path, fault=full).publish(notices(3, 5))
    assert path.read_bytes() == before


KILLED = """
import sys, leadflow
from leadflow.engine.publishing.jsonl import JsonlPublisher
with leadflow.open(sys.argv[1]) as flow:
    print("go", flush=True)
    while True:
        flow.publish(JsonlPublisher(sys.argv[2]), name="p", limit=3)
"""


@pytest.mark.skipif(os.name != "posix", reason="kill -9")
def test_killed_at_any_moment_nothing_is_lost(tmp_path: Path) -> None:
    """A real process on a real file: every decision is there in order, repeats are of the last batch only."""
    url, path = f"sqlite:///{tmp_path}/leads.db", tmp_path / "d.jsonl"
    with filled(url, 40) as flow:
        keys = wanted(flow)
    for number in range(5):
        child = subprocess.Popen([sys.executable, "-c", KILLED, url, str(path)], stdout=subprocess.PIPE)
        assert child.stdout is not None
        child.stdout.readline()
        time.sleep(0.004 * number)
        child.send_signal(signal.SIGKILL)
        child.wait()
        child.stdout.close()
    with leadflow.open(url) as flow:
        flow.publish(path, name="p")
    told = [json.loads(line)["id"] for line in path.read_text().splitlines()]
    assert list(dict.fromkeys(told)) == keys
    assert len(told) <= len(keys) + 5 * 3


# -- the command line ----------------------------------------------------------------------------------------


@pytest.mark.extra
def test_publish_from_the_command_line(tmp_path: Path) -> None:
    filled(f"sqlite:///{tmp_path}/leads.db").close()
    environment = {name: value for name, value in os.environ.items() if not name.startswith("LEADFLOW_")}

    def run(*words: str, code: int = 0) -> str:
        command = [sys.executable, "-m", "leadflow", *words]
        done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout + done.stderr

    told = json.loads(run("publish", "--to", "out/d.jsonl", "--limit", "4", "--json"))
    assert (told["published"], told["position"], told["to"]) == (4, 4, "out/d.jsonl")
    run("publish", "--to", "out/d.jsonl")
    assert "nothing new was decided" in run("publish", "--to", "out/d.jsonl")
    assert len((tmp_path / "out" / "d.jsonl").read_text().splitlines()) > 4
    assert "secret" not in run("publish", "--to", "pigeon://ana:secret@loft", code=2)
