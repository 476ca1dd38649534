"""When the sample's salespeople see a lead: the default playbook's points, reckoned by hand.

The story needs it before anything has been ingested: people accept the leads that they are told of.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from attrs import frozen

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
)
_MOST_BY_MAIL: Final = 20
_ATTENDED, _HALF_LIFE_DAYS = 20, 45
_BY_JOB: Final[Mapping[str | None, int]] = {"c-level": 15, "manager": 15, "student": -25}


@frozen
class Interest:
    """A lead in the making: whose it is, since when, and all that is told of the person."""

    lead: str
    person: Person
    since_us: int
    is_keen: bool
    told: tuple[Mapping[str, Any], ...]


def size_known(interests: Iterable[Interest]) -> dict[str, int]:
    """Since when the size of each company is known, by domain: only the demo form asks for it."""
    known: dict[str, int] = {}
    for interest in interests:
        domain = interest.person.company.domain
        for record in interest.told:
            if record.get("form") == "demo-request":
                at_us = parse_instant(record["at"])
                known[domain] = min(at_us, known.get(domain, at_us))
    return known


def ready_at(interest: Interest, known: Mapping[str, int]) -> int | None:
    """The first moment from the lead's making on at which the person's points reach the threshold."""
    done = sorted((parse_instant(record["at"]), _what(record)) for record in interest.told)
    company = interest.person.company
    known_us = known.get(company.domain)
    moments = [max(at_us, interest.since_us) for at_us, _ in done]
    if known_us is not None:
        moments.append(max(known_us, interest.since_us))
    for now_us in sorted(moments):
        points = _points(done, now_us)
        if company.employees >= 50 and known_us is not None and known_us <= now_us:
            points += 15
        if any(what == "demo-request" and at_us <= now_us for at_us, what in done):
            points += _BY_JOB.get(interest.person.job, 0)
        if points >= THRESHOLD:
            return now_us
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
    attended = [now_us - at_us for at_us, kind in done if kind == "event.attended" and at_us <= now_us]
    if attended:
        points += int(_ATTENDED * 0.5 ** (min(attended) // DAY_US / _HALF_LIFE_DAYS))
    return points + min(by_mail, _MOST_BY_MAIL)
