"""init, check, diff: the playbook as a file."""

from __future__ import annotations

import json
import traceback
from pathlib import Path
from typing import Any

import pytest

import leadflow
from leadflow.errors import ExpressionError
from leadflow.playbook.default import default_text


def test_init_writes_the_commented_default_and_never_over_a_file(run: Any, tmp_path: Path) -> None:
    run("init")
    written = (tmp_path / "playbook.toml").read_text(encoding="utf-8")
    assert written == default_text()
    (tmp_path / "playbook.toml").write_text("mine", encoding="utf-8")
    result = run("init", code=2)
    assert "playbook.toml is already there" in result.output
    assert (tmp_path / "playbook.toml").read_text(encoding="utf-8") == "mine"
    assert "cannot write" in run("init", "nowhere/playbook.toml", code=2).output


def test_the_default_playbook_has_neither_fault_nor_warning(run: Any) -> None:
    assert "0 faults, 0 warnings" in run("check").output
    run("init")
    assert json.loads(run("check", "--json").stdout) == {"playbook": "playbook.toml", "is_ok": True, "faults": []}


def test_check_tells_every_fault_with_file_line_and_suggestion(run: Any, tmp_path: Path) -> None:
    """The issue, 9: `leadflow check` reports every fault and lint finding with its place."""
    text = default_text().replace('when = "account.employees >= 50"', 'when = "account.employes >= 50"')
    text = text.replace('to = "sales-acceptance", when = "lead.sales_ready"', 'to = "sales", when = "lead.sales_ready"')
    (tmp_path / "playbook.toml").write_text(text, encoding="utf-8")
    plain = json.loads(run("check", "playbook.toml", "--json", code=1).stdout)
    assert plain["is_ok"] is False
    assert len([fault for fault in plain["faults"] if fault["severity"] == "fault"]) >= 2
    assert all(fault["file"] == "playbook.toml" and fault["line"] > 0 for fault in plain["faults"])
    assert any("employees" in fault["hint"] for fault in plain["faults"])
    told = run("check", code=1).stdout
    for fault in plain["faults"]:
        assert f"playbook.toml:{fault['line']}:" in told


def test_what_is_no_playbook_is_told_in_one_message(run: Any, tmp_path: Path) -> None:
    (tmp_path / "playbook.toml").write_text("format = 1\nname = \n", encoding="utf-8")
    result = run("leads", "--store", "memory:", code=2)
    assert "playbook.toml:2" in result.output
    assert "cannot be read" in run("check", "nope.toml", code=1).output


def test_diff_says_what_changes_and_which_leads_would_strand(run: Any, store: Path, tmp_path: Path) -> None:
    """The issue, 9: `diff` counts the leads affected."""
    (tmp_path / "old.toml").write_text(default_text(), encoding="utf-8")
    text = default_text().replace("points = 35", "points = 40").replace('"sales-acceptance"', '"sales-accept"')
    (tmp_path / "new.toml").write_text(text, encoding="utf-8")
    result = run("diff", "old.toml", "new.toml")
    assert '~ model interest, rule "asks for a demo", points: 35 -> 40' in result.stdout
    assert "stage.marketing.sales-acceptance is gone, which 1 stored lead has" in result.stdout
    plain = json.loads(run("diff", "old.toml", "new.toml", "--json").stdout)
    assert plain["strands"] == {"stage.marketing.sales-acceptance": 1}
    assert "no difference" in run("diff", "old.toml", "old.toml").stdout


def test_a_playbook_that_would_strand_leads_is_refused_with_the_way_out(run: Any, store: Path, tmp_path: Path) -> None:
    text = default_text().replace('"sales-acceptance"', '"sales-accept"')
    (tmp_path / "playbook.toml").write_text(text, encoding="utf-8")
    result = run("tick", code=2)
    assert "would strand live leads" in result.output
    assert "[moved]" in result.output


@pytest.mark.parametrize("where", ["before", "after", "environment"])
def test_the_playbook_can_be_named_in_three_ways(
    where: str, run: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "mine.toml").write_text('format = 1\nname = "mine"\ncurency = "EUR"\n', encoding="utf-8")
    words = ["leads", "--store", "memory:"]
    if where == "environment":
        monkeypatch.setenv("LEADFLOW_PLAYBOOK", "mine.toml")
    elif where == "before":
        words = ["--playbook", "mine.toml", *words]
    else:
        words = [*words, "--playbook", "mine.toml"]
    assert "did you mean currency?" in run(*words, code=2).output


def test_rekey_files_all_records_anew(run: Any, store: Path) -> None:
    assert "all records are filed" in run("rekey").stdout
    assert len(run("leads", "--json").stdout.splitlines()) == 3


def test_check_marks_the_faulty_part_of_a_condition(run: Any, tmp_path: Path) -> None:
    """In a line and in a text of several lines: the marks stand under what is meant."""
    (tmp_path / "playbook.toml").write_text(
        "format = 1\n[process.processes.p]\n"
        """applies = 'contact.country == "DÉ" and contact.contry == "DE"'\n"""
        '[[process.processes.p.stages]]\nname = "a"\ngate = """\nlead.page == "x" and\n  lead.pge == "y"\n"""\n',
        encoding="utf-8",
    )
    shown = run("check", "playbook.toml", code=1).stdout.splitlines()
    for faulty in ("contact.contry", "lead.pge"):
        at = next(n for n, line in enumerate(shown) if line.startswith("  ") and faulty in line)
        assert shown[at + 1] == " " * shown[at].index(faulty) + "^" * len(faulty)


def test_a_traceback_shows_the_line_with_the_faulty_part(store: Path) -> None:
    """In Python, where nobody formats it."""
    with leadflow.open(f"sqlite:///{store}") as flow, pytest.raises(ExpressionError) as caught:
        flow.leads("lead.page == 'x' and contact.contry == 'DE'")
    *_, line, marks = "".join(traceback.format_exception_only(caught.value)).rstrip().split("\n")
    assert (line, marks) == ("  lead.page == 'x' and contact.contry == 'DE'", " " * 23 + "^" * 14)
