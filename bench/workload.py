"""A made-up firm's leads, the same for every run of one seed: people, what they do, and the rules that judge them."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from attrs import evolve, field, frozen

from leadflow.assignment.rules import AssignmentRules, Entry, Member, Pool, Queue
from leadflow.playbook import Attribute, Playbook
from leadflow.playbook.default import default_playbook
from leadflow.scoring.rules import Grade, Model, Rule, ScoringRules

SEED = 7
MARK = "x0x"
"""Stands in every address, company and key, so that a template's rows can be copied under other names."""
START = datetime(2026, 3, 1, tzinfo=UTC)
START_US = int(START.timestamp()) * 1_000_000
DAY_US = 86_400_000_000

_FIRST = (
    "ana bojan cene dana emil fani goran hana ivo jana karl lena miha nika oto pia rok sara tim urška vid zala žiga"
)
_LAST = (
    "kos novak zupan hribar müller schmidt rossi bianchi dubois martin silva costa jensen olsen kowalski wójcik šega"
)
_FREE_MAIL = ("gmail.com", "yahoo.com", "outlook.com", "gmx.de")
_COUNTRIES = ("US", "DE", "FR", "GB", "ES", "IT", "NL", "SE", "PL", "BR", "IN", "JP")
_INDUSTRIES = ("software", "finance", "retail", "health", "energy", "education", "media", "public")
_TITLES = ("ceo", "cto", "cfo", "vp sales", "manager", "engineer", "analyst", "intern", "student", "owner")
_SOURCES = ("web", "event", "referral", "ads", "cold", "partner")
_DOES = {
    "page.visited": 40,
    "page.priced": 6,
    "form.submitted": 8,
    "email.opened": 20,
    "email.clicked": 9,
    "asset.downloaded": 6,
    "webinar.attended": 3,
    "demo.booked": 2,
    "call.held": 4,
    "email.unsubscribed": 2,
}

_STATIC = (
    (10, 'contact.country in ["US", "DE", "GB"]'),
    (5, 'contact.country in ["FR", "NL", "SE"]'),
    (-5, 'contact.country == "BR"'),
    (15, 'contact.title in ["ceo", "cto", "cfo", "owner"]'),
    (10, 'contact.title in ["vp sales", "manager"]'),
    (-20, 'contact.title in ["student", "intern"]'),
    (10, 'account.industry in ["software", "finance"]'),
    (5, 'account.industry == "health"'),
    (15, "account.employees >= 1000"),
    (10, "200 <= account.employees <= 999"),
    (5, "50 <= account.employees <= 199"),
    (10, "contact.budget >= 50000"),
    (-10, "contact.budget < 1000"),
    (5, 'contact.source in ["referral", "partner"]'),
)
_BEHAVIOUR = (
    (5, "page.visited", 5, "60d"),
    (10, "page.visited", 20, None),
    (8, "page.priced", 1, "30d"),
    (12, "page.priced", 3, "90d"),
    (10, "form.submitted", 1, "60d"),
    (5, "form.submitted", 3, None),
    (3, "email.opened", 3, "60d"),
    (6, "email.clicked", 2, "60d"),
    (6, "asset.downloaded", 1, "90d"),
    (12, "webinar.attended", 1, "90d"),
    (25, "demo.booked", 1, "90d"),
    (15, "call.held", 1, "90d"),
    (-30, "email.unsubscribed", 1, None),
    (10, "*", 1, "7d"),
)
_SILENT = ((-10, "60d"), (-20, "180d"))


def playbook() -> Playbook:
    """Thirty rules (14 on who somebody is, 16 on what they did), the ready-made process, a pool of five."""
    rules = [Rule(name=f"is {number}", points=points, when=text) for number, (points, text) in enumerate(_STATIC)]
    rules += [
        Rule(name=f"does {number}", points=points, of=kind, at_least=least, within=within)
        for number, (points, kind, least, within) in enumerate(_BEHAVIOUR)
    ]
    rules += [Rule(name=f"silent {within}", points=points, none="*", within=within) for points, within in _SILENT]
    grades = (Grade(name="cold", at_least=0), Grade(name="warm", at_least=65), Grade(name="hot", at_least=95))
    model = Model(target="contact", threshold=85, rearm=10, floor=0, rules=tuple(rules), grades=grades)
    members = tuple(Member(user=user) for user in ("ana", "bo", "cene", "dana", "emil"))
    base = default_playbook()
    return evolve(
        base,
        attributes={**base.attributes, "contact": {**base.attributes["contact"], "budget": Attribute(type="number")}},
        scoring=ScoringRules(models={"interest": model}),
        assignment=AssignmentRules(
            default_owner="queue:unassigned",
            entries=(Entry(name="everybody", target="pool:inbound", notify="lead-assigned"),),
            pools=(Pool(name="inbound", members=members),),
            queues=(Queue(name="unassigned"),),
        ),
    )


@frozen
class Person:
    """Somebody known: how they are entered, and the address they are written by."""

    email: str
    record: dict[str, Any] = field(repr=False)


def people(count: int, seed: int = SEED) -> Iterator[Person]:
    """Contacts with a lead each; two thirds belong to one of count / 8 companies."""
    rng = random.Random(seed)
    companies = max(1, count // 8)
    first, last = _FIRST.split(), _LAST.split()
    for number in range(count):
        given, family = rng.choice(first), rng.choice(last)
        company = int(companies * rng.random() ** 2)
        is_private = rng.random() < 0.33
        domain = rng.choice(_FREE_MAIL) if is_private else f"firm{MARK}{company}.example"
        local = f"{given}.{family}{MARK}{number}".encode("ascii", "ignore").decode()
        email = f"{local}@{domain}"
        facts = random.Random(company)
        record: dict[str, Any] = {
            "type": "lead",
            "key": f"l{MARK}{number}",
            "at": START.isoformat(),
            "contact": {
                "email": email,
                "first_name": given.title(),
                "last_name": family.title(),
                "country": rng.choice(_COUNTRIES),
                "title": rng.choice(_TITLES),
                "source": rng.choice(_SOURCES),
                "budget": int(10 ** rng.uniform(2, 6)),
            },
            "page": rng.choice(("pricing", "demo", "blog", "start")),
        }
        if not is_private:
            record["account"] = {
                "name": f"Firm{MARK}{company} Ltd",
                "domain": domain,
                "industry": facts.choice(_INDUSTRIES),
                "employees": int(10 ** facts.uniform(0, 4.5)),
            }
        yield Person(email, record)


def interactions(
    emails: list[str], count: int, *, prefix: str, start_us: int, pace_us: int, seed: int = SEED
) -> Iterator[dict[str, Any]]:
    """What known people do, as an application hands it over, one every `pace_us`.

    Some people do much, most little; addresses come as they were typed. `prefix` starts the records' ids.
    """
    rng = random.Random(f"{seed}{prefix}")
    kinds, weights = list(_DOES), list(_DOES.values())
    among = len(emails)
    for number in range(count):
        email = emails[int(among * rng.random() ** 2)]
        typed = rng.random()
        if typed < 0.3:
            email = email.title()
        elif typed < 0.4:
            email = f" {email.upper()} "
        yield {
            "type": "interaction",
            "id": f"{prefix}{number}",
            "kind": rng.choices(kinds, weights)[0],
            "at": datetime.fromtimestamp((start_us + pace_us * number) / 1e6, UTC).isoformat(),
            "contact": {"email": email},
            "properties": {"campaign": f"c{rng.randrange(20)}", "url": f"/p/{rng.randrange(500)}"},
        }


class Clock:
    """Time that passes with the records: each reading is one batch later."""

    def __init__(self, start_us: int, step_us: int) -> None:
        self._now_us = start_us
        self._step_us = step_us

    def __call__(self) -> int:
        self._now_us += self._step_us
        return self._now_us
