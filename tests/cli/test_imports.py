"""import, undo-import: files of records."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

CSV = "E-Mail;First Name;Company;Shoe\nana@a.example;Ana;A GmbH;44\nbroken;Bo;B;45\ncy@c.example;Cy;C;46\n"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "people.csv"
    path.write_text(CSV, encoding="utf-8")
    return path


def test_a_dry_run_says_all_and_writes_nothing(file: Path, run: Any) -> None:
    result = run("import", file, "--dry-run", code=1)
    assert "E-Mail → contact.email" in result.stdout
    assert "line 3, contact.email" in result.stdout
    assert "dry run, nothing written: 3 rows" in result.stdout
    assert "--map 'Shoe=FIELD'" in result.stdout
    assert run("export", "contacts", "--json").stdout == ""


def test_good_rows_go_in_the_same_file_changes_nothing_and_it_can_be_undone(file: Path, run: Any) -> None:
    first = json.loads(run("import", file, "--json", code=1).stdout)
    assert (first["rows"], first["counts"]["accepted"], first["counts"]["failed"]) == (3, 2, 1)
    assert first["errors"][0]["line"] == 3
    again = json.loads(run("import", file, "--json").stdout)
    assert again["counts"] == {"repeated": 3}
    assert len(run("export", "contacts", "--json").stdout.splitlines()) == 2
    undone = json.loads(run("undo-import", first["batch"], "--json").stdout)
    assert len(undone["removed"]) == 4
    assert run("export", "contacts", "--json").stdout == ""


def test_all_or_nothing(file: Path, run: Any) -> None:
    assert "nothing went in" in run("import", file, "--all", code=1).stdout
    assert run("export", "contacts", "--json").stdout == ""


def test_wrong_settings_are_said(file: Path, run: Any, tmp_path: Path) -> None:
    assert "no such field: Shoe: contact.shoe" in run("import", file, "--map", "Shoe=contact.shoe", code=2).output
    assert "expected COLUMN=FIELD" in run("import", file, "--map", "Shoe", code=2).output
    assert "cannot read nope.csv" in run("import", "nope.csv", code=2).output
    assert "no import 'b_nothing'" in run("undo-import", "b_nothing", code=2).output


@pytest.mark.parametrize(
    ("name", "head"),
    [
        ("people.csv", b"PK\x03\x04"),
        ("people.xlsx", b"PK\x03\x04"),
        ("people.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"),
        ("people.csv.gz", b"\x1f\x8b\x08"),
        ("people.pdf", b"%PDF-1.7"),
    ],
)
def test_archives_and_workbooks_are_refused_by_what_they_are(tmp_path: Path, run: Any, name: str, head: bytes) -> None:
    """G73: nothing is unpacked, whatever the file is called; the user hears what to do."""
    path = tmp_path / name
    path.write_bytes(head + bytes(range(256)) * 8)
    told = run("import", path, code=2).output
    assert "archive" in told or "workbook" in told or "PDF" in told
    assert "save the sheet as CSV" in told
    assert run("export", "contacts", "--json").stdout == ""


def test_a_link_and_a_path_upwards_are_files_like_any_other(file: Path, run: Any) -> None:
    """G73: the path is the caller's own; nothing that a file says is ever a path."""
    link = file.with_name("link.csv")
    link.symlink_to(file)
    (file.parent / "deep").mkdir()
    first = json.loads(run("import", link, "--json", code=1).stdout)
    again = json.loads(run("import", file.parent / "deep" / ".." / file.name, "--json").stdout)
    assert first["counts"]["accepted"] == 2
    assert again["counts"] == {"repeated": 3}
