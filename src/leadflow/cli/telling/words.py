"""Scores, decisions and people in lines of text."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from leadflow.cli.shell.output import Output
from leadflow.engine.answers.explain import ScoreExplained
from leadflow.engine.answers.wording import sentence
from leadflow.model.decisions import Recorded
from leadflow.model.time import to_datetime
from leadflow.reporting.pieces import Piece, clean, fitted, wrapped

_STAMP = 18
_ROLES = {
    "threshold_reached": "good",
    "lead_flagged": "good",
    "stage_changed": "active",
    "owner_assigned": "strong",
    "deadline_missed": "warn",
    "threshold_left": "warn",
    "input_failed": "bad",
}


def contact_text(contact: Any) -> str:
    """A contact on one line."""
    if contact is None:
        return ""
    job = contact.title or contact.custom.get("job_level")
    return ", ".join(clean(str(part)) for part in (contact.name or contact.email, job, contact.country) if part)


def account_text(account: Any) -> str:
    """An account on one line."""
    if account is None:
        return ""
    size = f"{account.employees:,} employees" if account.employees is not None else None
    return ", ".join(clean(str(part)) for part in (account.name or account.domain, size) if part)


def say_scores(output: Output, scores: Iterable[ScoreExplained]) -> None:
    """Each score with what it is made of: points, rule, when last seen, until when it counts."""
    for score in scores:
        ready = f", sales-ready from {score.threshold}" if score.threshold is not None else ""
        output.say()
        output.say(f"Score {score.model}: {score.points} ({score.grade or 'no grade'}{ready})", "title")
        for name, points, times, until in score.shares:
            seen = f"last {_day(times[0])}" if times else ""
            ends = f"counts until {_day(until)}" if until else ""
            role = "good" if points > 0 else "bad"
            tail = f"{fitted(seen, 17)}{ends}".rstrip()
            output.lines([(Piece(f"  {points:+5d}  ", role), Piece(fitted(clean(name), 31)), Piece(tail, "dim"))])


def say_decisions(output: Output, decisions: Iterable[Recorded], names: Mapping[str, str]) -> None:
    """One decision after another, with its moment; ids that have a name here are told by it."""
    width = max(output.width - _STAMP - 2, 30)
    stamp = ""
    for recorded in decisions:
        moment = f"{to_datetime(recorded.at_us):%Y-%m-%d %H:%M}"
        said = told(sentence(recorded), names)
        by = f" [{recorded.actor}]" if recorded.actor else ""
        for place, line in enumerate(wrapped(clean(f"{said}{by}"), width)):
            shown = moment if place == 0 and moment != stamp else ""
            hang = "" if place == 0 else "  "
            role = _ROLES.get(recorded.type, "")
            output.lines([(Piece(fitted(shown, _STAMP), "dim"), Piece(f"{hang}{line}", role))])
        stamp = moment


def told(said: str, names: Mapping[str, str]) -> str:
    """A sentence in which known ids are told by their names, underscores and all read as words.

    >>> told("contact c_1 created from s-1 with account_id a_1", {"c_1": "the contact", "a_1": "the account"})
    'the contact created from s-1 with the account'
    """
    for id_, name in names.items():
        said = said.replace(id_, name)
    said = re.sub(r"\b(contact|account|lead|owner)_id\b", r"\1", said)
    return re.sub(r"\b(\w+) the \1\b", r"the \1", said)


def _day(iso: str) -> str:
    return f"{datetime.fromisoformat(iso):%Y-%m-%d}"
