"""What all commands are made with: line numbers that survive, moments, options, help."""

from __future__ import annotations

import json
import signal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leadflow.cli.app import COMMANDS
from leadflow.cli.shell.numbered import NumberedRecords
from leadflow.cli.shell.session import Session, store_path
from leadflow.cli.shell.stopping import Stopped, Stopping
from leadflow.errors import InvalidValueError
from leadflow.model.time import DAY_US, parse_instant

NOW = "2026-11-20T12:00:00Z"


@settings(deadline=None, max_examples=60)
@given(st.lists(st.sampled_from(["good", "blank", "broken"]), max_size=40), st.integers(1, 30))
def test_a_problem_is_told_with_the_line_it_stands_on(kinds: list[str], size: int) -> None:
    told = {"good": json.dumps({"a": 1}), "blank": "", "broken": '{"a"'}
    text = "".join(told[kind] + "\n" for kind in kinds)
    records = NumberedRecords([text[start : start + size] for start in range(0, len(text), size)])
    taken = list(records)
    good = [number for number, kind in enumerate(kinds, 1) if kind == "good"]
    broken = [number for number, kind in enumerate(kinds, 1) if kind == "broken"]
    assert (len(taken), records.fault_count) == (len(good), len(broken))
    found = records.problems((position, "", "failed", "why") for position in range(len(good)))
    assert sorted(line for line, _, status, _ in found if status == "failed") == good
    assert sorted(line for line, _, status, _ in found if status == "invalid") == broken


def session(**given: Any) -> Session:
    asked = {"store": None, "playbook": None, "now": NOW, "is_json": False, "is_plain": False, **given}
    return Session.of(**asked)


def test_moments_are_instants_or_durations_back_from_now() -> None:
    here = session()
    assert here.instant_us("7d", "since") == parse_instant(NOW) - 7 * DAY_US
    assert here.instant_us("2026-11-01T00:00:00Z", "since") == parse_instant("2026-11-01T00:00:00Z")
    for wrong in ("7 parsecs", "soon", "2026"):
        with pytest.raises(InvalidValueError):
            here.instant_us(wrong, "since")


def test_the_nearer_setting_wins(monkeypatch: pytest.MonkeyPatch) -> None:
    assert session().store == "sqlite:///leads.db"
    monkeypatch.setenv("LEADFLOW_STORE", "sqlite:///env.db")
    assert session().store == "sqlite:///env.db"
    assert session(store="memory:").store == "memory:"
    assert store_path("memory:") is None
    assert str(store_path("sqlite:////var/x.db")) == "/var/x.db"


def test_the_first_ctrl_c_asks_and_the_second_stops_at_once() -> None:
    before = signal.getsignal(signal.SIGINT)
    with Stopping() as stopping:
        items = stopping.until_asked(iter([1, 2, 3]))
        assert next(items) == 1
        signal.raise_signal(signal.SIGINT)
        assert stopping.is_asked
        assert list(items) == []
        with pytest.raises(Stopped):
            stopping.stop_if_asked()
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
    assert signal.getsignal(signal.SIGINT) is before


def test_every_command_has_help_and_takes_the_shared_options(run: Any) -> None:
    """The issue, 11: every command with `--json`."""
    names = {work.__name__.rstrip("_").replace("_", "-") for works in COMMANDS.values() for work in works}
    asked = (
        "init check diff import ingest tick deliver leads show explain preview replay duplicates merge unmerge advance"
    )
    assert names >= {*asked.split(), "assign", "report", "export", "demo"}
    top = run("--help").output
    for name in sorted(names):
        assert name in top
        shown = run(name, "--help").output
        for option in ("--store", "--playbook", "--json", "--plain"):
            assert option in shown
    assert run("--version").output.startswith("leadflow ")
