"""Personal data stays in state and inputs: never in decisions, errors or logs. Canaries tell.

reliability.md section 2 (PII in logs), house "What is stored".
"""

from __future__ import annotations

import logging
import sqlite3
import traceback
from pathlib import Path
from typing import Any

import pytest

import leadflow
from leadflow.errors import LeadflowError
from leadflow.testing import VirtualClock, contents

CANARIES = ("canary", "Kanarienvogel", "5557731", "Vogelweg")
PERSON = {
    "email": "canary@voliere.example",
    "first_name": "Kanarienvogel",
    "last_name": "Vogelweg",
    "phone": "+49 30 5557731",
    "country": "DE",
    "job_level": "manager",
    "company": "Voliere GmbH",
    "employees": "120",
}


def lived(flow: Any, clock: VirtualClock) -> None:
    """A person's whole life with us, refusals and failures too."""
    first = flow.submit("demo-request", PERSON, key="s-1", visitor="ck-1", context={"page": "pricing"})
    flow.submit("demo-request", {**PERSON, "email": "canary.two@voliere.example"}, key="s-2")
    flow.submit("demo-request", {**PERSON, "email": "canary not an address"}, key="s-3")
    flow.submit("no-such-form", PERSON, key="s-4")
    flow.submit("demo-request", {**PERSON, "first_name": "Kanarienvogel II"}, key="s-1")
    other = flow.submit("newsletter", {"email": "canary.three@voliere.example"}, key="s-5")
    lead = first.lead
    records = [
        {"type": "interaction", "id": "i-1", "kind": "email.clicked", "contact": {"email": PERSON["email"]}},
        {
            "type": "interaction",
            "id": "i-2",
            "kind": "page.visited",
            "visitor": "ck-1",
            "properties": {"q": "Vogelweg"},
        },
        {
            "type": "interaction",
            "id": "i-3",
            "kind": "email.clicked",
            "contact": {"email": "canary.four@voliere.example"},
        },
        {"type": "contact", "key": "e-1", "contact": {"email": "canary.five@voliere.example", "last_name": "Vogelweg"}},
        {"type": "contact", "key": "e-2", "contact": {"email": "canary(at)voliere"}},
        {"type": "order", "id": "o-1", "contact": {"email": PERSON["email"]}, "currency": "EUR", "lines": []},
        {"type": "set_step", "key": "p-1", "lead": lead, "step": "purchase_need", "value": "Vogelweg 7"},
        {"type": "set_flag", "key": "p-2", "lead": lead, "flag": "sales_accepted", "value": True},
        {"type": "assign", "key": "p-3", "lead": lead, "owner": "bo"},
        {"type": "advance", "key": "p-4", "lead": "l_nobody"},
        {"type": "merge", "key": "p-5", "winner": first.contact, "loser": other.contact},
        {"type": "unmerge", "key": "p-6", "loser": other.contact},
        {"type": "retry_submission", "key": "p-7", "submission": "s-3", "fields": PERSON},
    ]
    flow.ingest(records)
    clock.advance("100d")
    flow.tick()


def canaries_in(text: str) -> list[str]:
    return [canary for canary in CANARIES if canary.casefold() in text.casefold()]


def test_decisions_carry_no_personal_data(tmp_path: Path) -> None:
    """House: ids and codes only; a changed field names the input it came from, never its value."""
    clock = VirtualClock("2026-01-15T12:00:00Z")
    path = tmp_path / "leads.db"
    with leadflow.open(f"sqlite:///{path}", now=clock) as flow:
        lived(flow, clock)
    connection = sqlite3.connect(path)
    rows = connection.execute("SELECT * FROM leadflow_decision").fetchall()
    connection.close()
    assert len(rows) > 20
    assert [row for row in rows if canaries_in(repr(row))] == []


def test_the_canaries_sing_where_they_may(tmp_path: Path) -> None:
    """The test above can fail: the same search finds the person in state and inputs."""
    clock = VirtualClock("2026-01-15T12:00:00Z")
    with leadflow.open(now=clock) as flow:
        lived(flow, clock)
        held = contents(flow)
    assert set(canaries_in(repr(held["input"]))) == set(CANARIES)
    # The answer to a step stands on the lead and with its instance, addresses in match keys.
    allowed = {"input", "contact", "account", "lead", "matchkey", "process", "alias", "staged", "opportunity"}
    assert {table for table, rows in held.items() if canaries_in(repr(rows))} <= allowed


def test_errors_carry_no_personal_data(caplog: pytest.LogCaptureFixture) -> None:
    """Messages, hints, details and causes: what ends up in a log or a bug report."""
    caplog.set_level(logging.DEBUG)
    wrong: list[Any] = [
        {"type": "interaction", "id": "x", "kind": "k", "contact": ["canary@voliere.example"]},
        {"type": "interaction", "id": "x", "kind": "k", "visitor": ["canary"]},
        {"type": "interaction", "id": "x", "kind": "k", "at": "canary@voliere.example"},
        {"type": "submission", "key": "x", "form": "demo-request", "fields": "canary@voliere.example"},
        {"type": "order", "id": "x", "lines": "canary"},
        {"type": "set_step", "key": "x", "lead": "l", "canary": "Vogelweg"} | {"stepp": "Kanarienvogel"},
        "canary@voliere.example",
        ["canary@voliere.example"],
    ]
    told: list[str] = []
    with leadflow.open() as flow:
        for record in wrong:
            try:
                flow.do(record)
            except LeadflowError as error:
                told.append(f"{error} {error.hint} {error.details} {''.join(traceback.format_exception(error))}")
        for fields in (PERSON, {**PERSON, "email": "canary(at)voliere"}):
            result = flow.submit("demo-request", fields, key="s-1").one()
            told.append(f"{result.refusal} {result.reasons}")
            try:
                result.unwrap()
            except LeadflowError as error:
                told.append(f"{error} {error.details}")
        ingested = flow.ingest([*wrong, {"type": "contact", "key": "e", "contact": {"email": "canary(at)voliere"}}])
        told.append(repr(ingested.problems))
    assert len(told) > len(wrong)
    # Names of fields that do not exist are told, they are the caller's own; values are not.
    own_words = 'record: Any, at_us: int", "canary'
    assert [text for text in told if canaries_in(_without_source(text).replace(own_words, ""))] == []
    assert [record.getMessage() for record in caplog.records if canaries_in(record.getMessage())] == []


def _without_source(text: str) -> str:
    """A traceback without the lines of this test's own source, and without the name of the unknown field."""
    lines = [line for line in text.splitlines() if not line.startswith("    ")]
    return "\n".join(lines).replace("no field canary", "no field")


def test_a_whole_life_is_not_logged(caplog: pytest.LogCaptureFixture, tmp_path: Path) -> None:
    """V14: run everything with a canary, read every log record, message and arguments: no hit."""
    caplog.set_level(logging.DEBUG)
    clock = VirtualClock("2026-01-15T12:00:00Z")
    with leadflow.open(f"sqlite:///{tmp_path / 'leads.db'}", now=clock) as flow:
        lived(flow, clock)
    said = [f"{record.getMessage()} {record.args} {record.exc_text}" for record in caplog.records]
    assert [text for text in said if canaries_in(text)] == []
