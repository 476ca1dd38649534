"""sync and conflicts: what a person sees, and what a program does."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

from leadflow.playbook.default import default_text


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def edit(path: Path, **fields: str) -> None:
    found = [{**row, **fields} if row["first_name"] == "Nina" else row for row in rows(path)]
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.DictWriter(file, list(found[0]))
        writer.writeheader()
        writer.writerows(found)


def test_a_folder_is_kept_in_step(run: Any, store: Path, tmp_path: Path) -> None:
    text = run("sync", "--plain").stdout
    assert "sent" in text
    names = {row["first_name"] for row in rows(tmp_path / "crm" / "contacts.csv")}
    assert names == {"Nina", "'=Paul"}, "what a spreadsheet would run is made harmless"
    assert "both sides agree" in run("sync", "--plain").stdout
    edit(tmp_path / "crm" / "contacts.csv", phone="+386 1 2")
    assert json.loads(run("sync", "--json").stdout)["taken"] == 1


def test_what_is_asked_is_listed_and_decided(run: Any, ids: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "playbook.toml").write_text(default_text() + '\n[crm]\npolicy = "ask"\n', encoding="utf-8")
    run("sync")
    ours = {"type": "contact", "key": "k-1", "policy": "overwrite", "contact": {"id": ids["contact"], "phone": "ours"}}
    run("ingest", "-", given=json.dumps(ours) + "\n")
    edit(tmp_path / "crm" / "contacts.csv", phone="theirs")
    assert "wait for a decision" in run("sync", "--plain", code=1).stdout
    (conflict,) = json.loads(run("conflicts", "--json").stdout)
    assert conflict["fields"] == {"phone": {"ours": "ours", "theirs": "theirs"}}
    assert "phone: ours 'ours', theirs 'theirs'" in run("conflicts", "--plain").stdout
    assert "expected FIELD=SIDE" in run("conflicts", "--settle", conflict["id"], "-f", "phone", code=2).output
    assert "go together" in run("conflicts", "--settle", conflict["id"], code=2).output
    assert "nothing waits" in run("conflicts", "--settle", conflict["id"], "-f", "phone=theirs", "--plain").stdout
    assert json.loads(run("show", ids["contact"], "--json").stdout)["contact"]["phone"] == "theirs"


def test_a_scheme_that_nobody_brings_is_told(run: Any, store: Path) -> None:
    assert "no plugin registers 'acme' among crms (there are: csv, file, tryton+http, tryton+https)" in " ".join(
        run("sync", "--to", "acme://crm.example", code=2).output.split()
    )
