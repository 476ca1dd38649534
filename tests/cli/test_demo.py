"""demo: what a new user sees first. It takes the sample through the whole job, the same on every machine."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from leadflow.cli.app import app
from leadflow.cli.sample import END_US, records
from leadflow.model.time import parse_instant


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A demo that has been run for a person; what it said is in said.txt."""
    place = tmp_path_factory.mktemp("demo") / "one"
    result = CliRunner().invoke(app, ["demo", "--folder", str(place)], env={"COLUMNS": "80", "NO_COLOR": "1"})
    assert result.exit_code == 0, result.output
    (place / "said.txt").write_text(result.stdout, encoding="utf-8")
    return place


def test_it_shows_counts_funnel_best_leads_and_one_explanation(folder: Path) -> None:
    """The issue, 1: the funnel as a picture, the best leads and one full explanation."""
    text = (folder / "said.txt").read_text(encoding="utf-8").replace(str(folder), "FOLDER")
    assert f"{len(list(records())):,} records" in text
    assert "14 repeats that changed nothing, 9 broken" in text
    headings = ("The best sales-ready leads", "Score interest:", "What was decided", "Go on from here")
    for said in ("█", "░", "Won", "●━", *headings):
        assert said in text
    assert max(len(line) for line in text.splitlines()) <= 80


def test_it_leaves_everything_to_look_at_and_never_writes_over_a_store(folder: Path, run: Any) -> None:
    names = {path.name for path in folder.iterdir()}
    assert names >= {"leads.db", "playbook.toml", "records.jsonl", "report.html", "report.svg", "outbox"}
    assert list((folder / "outbox").glob("*.eml"))
    assert "has a store in it" in run("demo", "--folder", folder, code=2).output


def test_it_is_the_same_every_time_and_all_its_records_are_taken(folder: Path, run: Any) -> None:
    again = json.loads(run("demo", "--folder", "two", "--json").stdout)
    total = len(list(records()))
    assert again["records"]["counts"] == {"accepted": total - 23, "failed": 9, "repeated": 14}
    assert again["stored"]["failed"] == 9
    assert again["funnel"]["won"] > 0
    assert again["explained"]["record"] == "lead"
    listed = ["leads", "--limit", "0", "--order", "id", "--json", "--store"]
    assert run(*listed, f"sqlite:///{folder}/leads.db").stdout == run(*listed, "sqlite:///two/leads.db").stdout


def test_the_sample_is_in_the_order_of_time_and_a_file_of_it_says_the_same(folder: Path) -> None:
    told = [json.loads(line) for line in (folder / "records.jsonl").read_text(encoding="utf-8").splitlines()]
    assert told == list(records())
    moments = [parse_instant(record["at"]) for record in told]
    assert moments == sorted(moments)
    assert moments[-1] <= END_US


def test_nobody_in_the_sample_can_be_reached() -> None:
    addresses = [
        str(holder["email"])
        for record in records()
        for holder in (record.get("fields", {}), record.get("contact", {}), record)
        if "@" in str(holder.get("email") or "")
    ]
    assert len(set(addresses)) > 390
    assert {address.rpartition(".")[2] for address in addresses} <= {"example", "kos@@example"}
