"""advance, assign, merge, unmerge, duplicates, tick, deliver, preview, replay, fit: what changes, and what only says so."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from leadflow.playbook.default import default_text


def test_a_stage_is_completed_by_its_step_and_the_bar_shows_where_the_lead_is(run: Any, ids: dict[str, str]) -> None:
    """S003-16, S003-21: a step's answer moves the lead on."""
    run("advance", ids["paul"], "--step", "teleprospect_ready=yes")
    result = run("advance", ids["paul"], "--step", "teleprospect_accepted=yes", "--as", "ana")
    assert "the lead moved from teleprospecting-acceptance to teleprospecting-qualification" in " ".join(
        result.stdout.split()
    )
    assert "╭─ Teleprospecting qualification ──" in result.stdout
    assert "[ana]" in result.stdout


def test_a_lead_goes_back_by_hand(run: Any, ids: dict[str, str]) -> None:
    """S003-17: any stage can be made active."""
    run("advance", ids["paul"], "--how", "set", "--to", "teleprospecting-qualification")
    run("advance", ids["paul"], "--how", "back", "--reason", "wrong number")
    text = run("show", ids["paul"]).stdout
    assert "╭─ Teleprospecting acceptance ──" in text
    assert "‹" in text


def test_no_is_an_answer_and_does_not_open_the_gate(run: Any, ids: dict[str, str]) -> None:
    run("advance", ids["paul"], "--how", "set", "--to", "teleprospecting-acceptance")
    result = run("advance", ids["paul"], "--step", "teleprospect_accepted=no", code=1)
    assert "refused, step missing: stage teleprospecting-acceptance, steps teleprospect_accepted" in result.output
    assert "the answers are kept" in result.output


def test_a_refusal_is_a_code_with_parameters_for_programs(run: Any, ids: dict[str, str]) -> None:
    result = run("advance", ids["paul"], "--to", "moon", "--json", code=1)
    error = json.loads(result.output)["error"]
    assert error["code"] == "unknown_stage"
    assert error["parameters"]["stage"] == "moon"
    assert "did you mean sales_accepted?" in run("advance", ids["lead"], "--step", "sales_acepted=1", code=2).output
    assert "expected STEP=VALUE" in run("advance", ids["lead"], "--step", "sales_accepted", code=2).output


def test_the_last_stage_is_finished_and_a_process_abandoned(run: Any, ids: dict[str, str]) -> None:
    done = json.loads(run("advance", ids["lead"], "--how", "finish", "--json").stdout)
    assert [each["type"] for each in done["results"][-1]["decisions"]] == ["process_ended"]
    run("advance", ids["paul"], "--how", "abandon", "--reason", "no answer")
    figures = json.loads(run("report", "--json").stdout)
    assert (figures["finished"], figures["abandoned"]) == (1, 1)


def test_a_lead_is_given_to_somebody_by_hand_or_by_the_rules(run: Any, ids: dict[str, str]) -> None:
    run("assign", ids["paul"], "--owner", "bo", "--reason", "knows him", "--as", "ana")
    assert json.loads(run("show", ids["paul"], "--json").stdout)["lead"]["owner_id"] == "bo"
    run("assign", ids["paul"])
    decided = json.loads(run("explain", ids["paul"], "--json").stdout)["decisions"]
    rules = [each["rule"] for each in decided if each["type"] == "owner_assigned"]
    assert rules[0] == "by hand"
    assert all(rule != "by hand" for rule in rules[1:])
    assert "refused, unknown id: record lead, id l_nobody" in run("assign", "l_nobody", code=1).output


def test_duplicates_are_found_merged_and_taken_apart_again(run: Any, store: Path, tmp_path: Path) -> None:
    """S003-8 and merge then un-merge: both contacts stand for themselves again."""
    people = [("Ivo", "Pirc"), ("Maja", "Turk"), ("Jan", "Cerar"), ("Eva", "Lah"), ("Tine", "Rus"), ("Neja", "Bric")]
    with (tmp_path / "more.csv").open("w", encoding="utf-8") as file:
        file.write("email,first name,last name,phone,company\n")
        for number, (first, last) in enumerate([*people, ("Ivo", "Pirc")]):
            phone = f"+386 1 555 00{number % 6:02d}"
            file.write(f"{first}{number}@x{number % 6}.example,{first},{last},{phone},Firm {number % 6}\n".lower())
    run("import", "more.csv")
    found = [json.loads(line) for line in run("duplicates", "--json").stdout.splitlines()]
    pair = next(pair for pair in found if {pair["left"]["last_name"], pair["right"]["last_name"]} == {"pirc"})
    assert pair["evidence"]["phone"][0] == "exact"
    left, right = pair["left"]["id"], pair["right"]["id"]
    assert f"leadflow unmerge {right}" in run("merge", left, right, "--keep", "email=loser").stdout
    merged = json.loads(run("show", left, "--json").stdout)["contact"]
    assert merged["email"] == pair["right"]["email"]
    run("unmerge", right)
    assert json.loads(run("show", left, "--json").stdout)["contact"]["email"] == pair["left"]["email"]
    assert json.loads(run("show", right, "--json").stdout)["contact"]["state"] == "active"
    assert "expected FIELD=winner" in run("merge", left, right, "--keep", "email=mine", code=2).output
    assert "refused" in run("unmerge", right, code=1).output


def test_tick_does_what_is_due_and_nothing_twice(run: Any, store: Path) -> None:
    first = json.loads(run("tick", "--until", "2027-03-01T00:00:00Z", "--json").stdout)
    assert first["done"] > 0
    assert json.loads(run("tick", "--until", "2027-03-01T00:00:00Z", "--json").stdout)["done"] == 0
    assert "nothing was due" in run("tick", "--until", "2027-03-01T00:00:00Z").stdout


def test_messages_are_written_into_a_folder_once(run: Any, store: Path, tmp_path: Path) -> None:
    """S003-14: crossing the threshold alerts a salesperson."""
    sent = json.loads(run("deliver", "--to", "post", "--json").stdout)
    letters = list((tmp_path / "post").glob("*.eml"))
    assert sent["handed_over"] == len(letters) > 0
    assert "nothing was waiting" in run("deliver", "--to", "post").stdout
    assert "Nina Kos" in "".join(letter.read_text(encoding="utf-8") for letter in letters)


def test_a_preview_says_what_would_be_decided_and_writes_nothing(run: Any, store: Path) -> None:
    before = run("leads", "--json").stdout
    words = ["preview", "--form", "demo-request", "-f", "email=new@new.example", "--context", "page=demo"]
    assert "created from preview" in run(*words).stdout
    plain = json.loads(run(*words, "--json").stdout)
    assert plain["status"] == "accepted"
    assert "record_created" in [each["type"] for each in plain["decisions"]]
    assert run("leads", "--json").stdout == before
    failed = run("preview", "--form", "demo-request", "-f", "email=nobody", code=1).stdout
    assert "invalid_email contact.email" in failed
    given = json.dumps({"type": "assign", "lead": "l_nobody", "owner": "bo"})
    assert "unknown id: record lead" in run("preview", "-", given=given, code=1).stdout


def test_a_preview_needs_no_store(run: Any, tmp_path: Path) -> None:
    result = run("preview", '{"type": "interaction", "kind": "page.visited", "visitor": "v"}')
    assert "previewed against an empty one" in result.output
    assert list(tmp_path.iterdir()) == []
    assert "say what" in run("preview", code=2).output
    assert "character 8" in run("preview", '{"type"}', code=2).output
    assert "expected NAME=VALUE" in run("preview", "--form", "demo-request", "-f", "email", code=2).output


def test_replay_compares_the_history_under_another_playbook(run: Any, store: Path, tmp_path: Path) -> None:
    (tmp_path / "strict.toml").write_text(default_text().replace("threshold = 60", "threshold = 90"), encoding="utf-8")
    plain = json.loads(run("replay", "--playbook", "strict.toml", "--json").stdout)
    assert (plain["before"]["ready"], plain["after"]["ready"]) == (1, 0)
    text = run("replay", "--playbook", "strict.toml").stdout
    assert "1 no longer sales-ready" in text
    assert "strict.toml" in text
    assert "Missing option" in run("replay", code=2).output


def test_fit_needs_won_and_lost_leads(run: Any, store: Path) -> None:
    assert run("fit", code=2).output.startswith("leadflow: ")
    assert "there is no field 'lead.colour'" in run("fit", "--field", "lead.colour", code=2).output
