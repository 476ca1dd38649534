"""demo: what a new user sees first. It takes the sample through the whole job, the same on every machine."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from leadflow.cli.sample import records


def test_the_demo_shows_counts_funnel_best_leads_and_one_explanation(run: Any, tmp_path: Path) -> None:
    """The issue, 1: progress, the funnel as a picture, the best leads and one full explanation."""
    text = run("demo", "--folder", "here").stdout
    total = len(list(records()))
    assert f"{total:,} records" in text
    assert "14 repeats that changed nothing, 9 broken" in text
    for said in (
        "█",
        "░",
        "Won",
        "The best sales-ready leads",
        "Score interest:",
        "What was decided",
        "Go on from here",
    ):
        assert said in text
    assert max(len(line) for line in text.splitlines()) <= 80
    names = {path.name for path in (tmp_path / "here").iterdir()}
    assert names >= {"leads.db", "playbook.toml", "records.jsonl", "report.html", "report.svg", "outbox"}
    assert list((tmp_path / "here" / "outbox").glob("*.eml"))
    assert "has a store in it" in run("demo", "--folder", "here", code=2).output


def test_the_demo_is_the_same_every_time_and_all_its_records_are_taken(run: Any) -> None:
    first = json.loads(run("demo", "--folder", "one", "--json").stdout)
    assert first["records"]["counts"] == {"accepted": first["records"]["total"] - 23, "failed": 9, "repeated": 14}
    assert first["stored"]["failed"] == 9
    assert first["funnel"]["won"] > 0
    assert first["explained"]["record"] == "lead"
    second = json.loads(run("demo", "--folder", "two", "--json").stdout)
    assert {**first, "folder": ""} == {**second, "folder": ""}


def test_the_sample_can_be_taken_in_again_from_its_file(run: Any) -> None:
    first = json.loads(run("demo", "--folder", "one", "--json").stdout)
    result = run("ingest", "one/records.jsonl", "--clock", "record", "--json", code=1)
    assert json.loads(result.stdout)["counts"] == first["records"]["counts"]


def test_nobody_in_the_sample_can_be_reached() -> None:
    text = json.dumps(list(records()), ensure_ascii=False)
    addresses = {word.strip('",{}') for word in text.split() if "@" in word and "." in word}
    assert len(addresses) > 300
    assert all(address.endswith((".example", "@@kos.example")) or "@@" in address for address in addresses)
