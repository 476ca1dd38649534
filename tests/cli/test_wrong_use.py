"""Wrong use and what cannot be opened: one readable message, exit code 2, never a traceback."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from leadflow.playbook.default import default_text


def test_an_unknown_command_is_wrong_use(run: Any) -> None:
    assert "No such command 'lead'" in run("lead", code=2).output


def test_an_unknown_option_and_a_wrong_value_are_wrong_use(run: Any) -> None:
    assert "No such option" in run("leads", "--lmit", "3", code=2).output
    assert "--limit" in run("leads", "--limit", "many", code=2).output
    assert "LEAD" in run("advance", code=2).output


def test_a_bad_condition_shows_where_and_what_was_meant(run: Any, store: Path) -> None:
    """House: a fault names the column and a suggestion."""
    output = run("leads", "--where", 'lead.sales_ready and contact.contry == "SI"', code=2).output
    assert "leadflow: contact has no field contry" in output
    text, marks = output.splitlines()[1:3]
    assert text[marks.index("^") : marks.rindex("^") + 1] == "contact.contry"
    assert "did you mean country?" in output
    plain = json.loads(run("leads", "--json", "--where", "score(", code=2).output)["error"]
    assert plain["code"] == "invalid_expression"
    assert plain["text"] == "score("


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--columns", "id,contact.emial"], "did you mean contact.email?"),
        (["--columns", "score(intrest)"], "did you mean interest?"),
        (["--order", "height"], "cannot order by 'height'"),
        (["--since", "yesterday"], "since: not an ISO 8601 date and time"),
        (["--since", "2026-11-01T00:00:00"], "has no time zone"),
    ],
)
def test_a_wrong_list_says_what_would_be_right(words: list[str], said: str, run: Any, store: Path) -> None:
    assert said in run("leads", *words, code=2).output


def test_a_reading_command_never_makes_a_store(run: Any, tmp_path: Path) -> None:
    for words in (["leads"], ["show", "l_1"], ["report"], ["tick"], ["deliver"], ["export", "leads"], ["duplicates"]):
        assert "there is no store at leads.db" in run(*words, code=2).output
    assert list(tmp_path.iterdir()) == []


def test_what_is_not_a_store_is_refused(run: Any, tmp_path: Path) -> None:
    """The issue, 10: a foreign file is refused."""
    (tmp_path / "text.db").write_text("not a database, but long enough to have a header\n" * 4, encoding="utf-8")
    (tmp_path / "empty.db").touch()
    with sqlite3.connect(tmp_path / "other.db") as other:
        other.execute("CREATE TABLE theirs (id)")
    other.close()
    for name, said in (
        ("text.db", "is not a SQLite database"),
        ("empty.db", "is empty"),
        ("other.db", "is a SQLite database of another program"),
    ):
        assert said in run("leads", "--store", f"sqlite:///{name}", code=2).output
    assert "names no store" in run("leads", "--store", "leads.db", code=2).output


def test_a_folder_that_cannot_be_written_is_said(run: Any, tmp_path: Path) -> None:
    given = json.dumps({"type": "interaction", "id": "i", "kind": "page.visited", "visitor": "v"})
    (tmp_path / "records.jsonl").write_text(given, encoding="utf-8")
    for place in ("/proc/leads.db", "nowhere/leads.db"):
        output = run("ingest", "records.jsonl", "--store", f"sqlite:///{place}", code=2).output
        assert output.count("leadflow:") == 1
        assert place.rpartition("/")[0] in output


def test_errors_are_json_too(run: Any) -> None:
    error = json.loads(run("show", "l_1", "--json", code=2).output)["error"]
    assert error["code"] == "no_store"
    assert error["hint"]


def test_an_id_that_nobody_has_is_not_found(run: Any, store: Path) -> None:
    for command in ("show", "explain"):
        assert "nothing is known by the id 'l_nobody'" in run(command, "l_nobody", code=2).output


def test_a_moment_that_cannot_be_read_is_said_before_anything_is_opened(run: Any, tmp_path: Path) -> None:
    assert "now: not an ISO 8601" in run("--now", "noon", "leads", code=2).output


def test_a_fault_of_our_own_is_one_line_unless_asked_for_more(run: Any, store: Path, monkeypatch: Any) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("something that should not happen")

    monkeypatch.setattr("leadflow.engine.flow.Flow.each_lead", broken)
    assert "RuntimeError: something that should not happen" in run("leads", code=2).output
    monkeypatch.setenv("LEADFLOW_DEBUG", "1")
    with pytest.raises(RuntimeError):
        run("leads", code=2)


def test_without_typer_one_line_says_what_to_install() -> None:
    """The command line is an extra: without it, `leadflow` says which pip command adds it."""
    code = "import sys; sys.modules['typer'] = None; from leadflow.cli import main; main()"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert "pip install 'leadflow[cli]'" in done.stderr
    assert done.stdout == ""


def test_a_reader_that_goes_away_is_no_fault(store: Path) -> None:
    (store.parent / "playbook.toml").write_text(default_text(), encoding="utf-8")
    main = "from leadflow.cli import main; main()"
    command = f'{sys.executable} -c "{main}" export leads --format jsonl | {sys.executable} -c "pass"'
    done = subprocess.run(command, shell=True, cwd=store.parent, capture_output=True, text=True, check=False)  # noqa: S602
    assert "Traceback" not in done.stderr
    assert "fault in leadflow itself" not in done.stderr


def test_an_ascii_terminal_gets_ascii(store: Path) -> None:
    import os

    done = subprocess.run(
        [sys.executable, "-c", "from leadflow.cli import main; main()", "report"],
        cwd=store.parent, capture_output=True, check=False,
        env={**os.environ, "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout.isascii()
    assert b"####" in done.stdout
