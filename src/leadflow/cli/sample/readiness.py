"""When the sample's salespeople see a lead: the default playbook's points, reckoned by hand.

The story needs it before anything has been ingested: people accept the leads that they are told of.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from leadflow.cli.sample.people import Person
from leadflow.model.time import DAY_US, parse_instant

THRESHOLD: Final = 60
_RULES: Final = (
    # what, points, limit, days, whether it is of the group of mails
    ("demo-request", 35, 1, 90, False),
    ("pricing", 8, 3, 30, False),
    ("email.clicked", 5, 4, 60, True),
    ("email.opened", 1, 10, 60, True),
    ("event.registered", 15, 2, 180, False),
    ("event.attended", 20, 1, 30, False),
)
_MOST_BY_MAIL: Final = 20


def ready_at(person: Person, since_us: int, told: Sequence[Mapping[str, Any]]) -> int | None:
    """The first moment from `since_us` on at which the points of what is told about a person reach the threshold."""
    done = sorted((parse_instant(record["at"]), _what(record)) for record in told)
    fixed = 0
    if any(what == "demo-request" for _, what in done):  # the only form that asks for these
        fixed = {"c-level": 15, "manager": 15, "student": -25}.get(person.job or "", 0)
        fixed += 15 if person.company.employees >= 50 else 0
    for at_us, _ in done:
        if at_us + DAY_US >= since_us and fixed + _points(done, max(at_us, since_us)) >= THRESHOLD:
            return max(at_us, since_us)
    return None


def _what(record: Mapping[str, Any]) -> str:
    """What a rule would count the record as."""
    if record["type"] == "submission":
        return "event.registered" if record["form"] == "event-registration" else str(record["form"])
    page = record["properties"].get("page")
    return "pricing" if page == "pricing" else str(record["kind"])


def _points(done: Sequence[tuple[int, str]], now_us: int) -> int:
    points = by_mail = 0
    for what, each, limit, days, is_mail in _RULES:
        count = sum(1 for at_us, kind in done if kind == what and now_us - days * DAY_US < at_us <= now_us)
        earned = each * min(count, limit)
        by_mail += earned if is_mail else 0
        points += 0 if is_mail else earned
    return points + min(by_mail, _MOST_BY_MAIL)
