"""ingest: records as JSON lines, from a file or standard input; wrong lines are named, nothing is lost."""

from __future__ import annotations

import contextlib
import json
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

MAIN = [sys.executable, "-c", "from leadflow.cli import main; main()"]


def test_every_record_is_counted_and_a_repeat_changes_nothing(store: Path, run: Any) -> None:
    again = json.loads(run("ingest", "records.jsonl", "--clock", "record", "--json").stdout)
    assert again["counts"] == {"repeated": 7}
    assert again["is_interrupted"] is False


def test_a_broken_line_names_its_line_and_character_and_the_others_go_in(run: Any, tmp_path: Path) -> None:
    """The issue: a clear error that names file, line, column and the way out, and nothing lost."""
    good = {"type": "interaction", "id": "i-1", "kind": "page.visited", "visitor": "v"}
    text = f'\n{json.dumps(good)}\n{{"type": "interaction", "id"\n\n{{"type": "intercation", "id": "i-2"}}\n'
    (tmp_path / "records.jsonl").write_text(text, encoding="utf-8")
    result = run("ingest", "records.jsonl", code=1)
    assert "3 records: 2 invalid, 1 accepted" in result.stdout
    assert "line 3: invalid: not JSON" in result.stdout
    assert "(character 29)" in result.stdout
    assert "line 5: invalid: unknown_type: type: 'intercation' is not a type of record" in result.stdout
    plain = json.loads(run("ingest", "records.jsonl", "--json", code=1).stdout)
    assert plain["counts"] == {"repeated": 1, "invalid": 2}
    assert [problem["line"] for problem in plain["problems"]] == [3, 5]


def test_a_form_that_cannot_be_taken_is_told_with_its_reason(run: Any) -> None:
    record = {"type": "submission", "key": "s-1", "form": "demo-request", "fields": {"email": "nobody"}}
    result = run("ingest", "-", given=json.dumps(record), code=1)
    assert "line 1: failed s-1: invalid_email contact.email" in result.stdout


def test_standard_input_is_a_file_too(run: Any) -> None:
    record = {"type": "interaction", "id": "i-1", "kind": "page.visited", "visitor": "v"}
    plain = json.loads(run("ingest", "-", "--json", given=json.dumps(record) + "\n").stdout)
    assert plain["counts"] == {"accepted": 1}


def test_history_is_judged_at_its_own_time(store: Path, ids: dict[str, str], run: Any) -> None:
    decided = json.loads(run("explain", ids["lead"], "--json").stdout)["decisions"]
    assert {
        each["at"][:10] for each in decided if each["type"] == "lead_flagged" and each["flag"] == "sales_ready"
    } == {"2026-11-10"}


def test_a_missing_file_is_said_and_makes_no_store(run: Any, tmp_path: Path) -> None:
    result = run("ingest", "nope.jsonl", code=2)
    assert "leadflow: cannot read nope.jsonl: No such file or directory" in result.output
    assert not (tmp_path / "leads.db").exists()


def test_ctrl_c_finishes_the_running_batch_says_how_to_go_on_and_the_next_run_takes_the_rest(tmp_path: Path) -> None:
    """The issue: long work can be interrupted and resumed."""
    records = [
        json.dumps({"type": "interaction", "id": f"i-{number}", "kind": "page.visited", "visitor": "v"}) + "\n"
        for number in range(3_000)
    ]
    command = [*MAIN, "ingest", "-", "--json"]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen(command, cwd=tmp_path, text=True, **pipes) as process:  # type: ignore[call-overload]
        process.stdin.write("".join(records[:2_500]))
        process.stdin.flush()
        _wait_for_inputs(tmp_path / "leads.db", 1_000)
        process.send_signal(signal.SIGINT)
        time.sleep(0.2)
        out, err = process.communicate("".join(records[2_500:]), timeout=60)
    assert process.returncode == 130, err
    assert "run the same command again" in err
    first = json.loads(out)
    taken = first["counts"]["accepted"]
    assert first["is_interrupted"]
    assert 1_000 <= taken < 3_000
    done = subprocess.run(
        command, cwd=tmp_path, input="".join(records), capture_output=True, text=True, timeout=120, check=True
    )
    assert json.loads(done.stdout)["counts"] == {"repeated": taken, "accepted": 3_000 - taken}


def _wait_for_inputs(path: Path, count: int) -> None:
    until = time.monotonic() + 60
    while time.monotonic() < until:
        time.sleep(0.05)
        if path.exists():
            with contextlib.closing(sqlite3.connect(path)) as store, contextlib.suppress(sqlite3.Error):
                if store.execute("SELECT count(*) FROM leadflow_input").fetchone()[0] >= count:
                    return
    raise AssertionError("nothing was taken in a minute")
