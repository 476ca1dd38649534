"""What the made-up people did in ninety days: visits, mails, forms, events, and how sales worked their leads."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from random import Random
from typing import Any, Final

from leadflow.cli.sample.people import Person, companies, people
from leadflow.cli.sample.readiness import Interest, ready_at, size_known
from leadflow.model.ids import derive_id
from leadflow.model.time import DAY_US, HOUR_US, MINUTE_US, instant_us, to_datetime

Record = dict[str, Any]
DAYS: Final = 90
END_US: Final = instant_us(datetime(2026, 11, 20, 17, tzinfo=UTC))
"""The sample's present moment: a Friday evening."""
START_US: Final = END_US - DAYS * DAY_US

_SOURCES: Final = (("organic search", 30), ("paid search", 24), ("partner", 14), ("social", 18), ("trade fair", 14))
_PAGES: Final = ("home", "product", "blog", "pricing", "references", "pricing")
_EVENTS: Final = (("webinar-september", 26), ("open-day-october", 55), ("webinar-november", 80))
_MAILS: Final = tuple((f"letter-{number}", 4 + 7 * number) for number in range(12))
_HOT_SHARE = {"partner": 0.55, "trade fair": 0.4, "organic search": 0.3, "paid search": 0.22, "social": 0.1}


def records() -> Iterator[Record]:
    """All records in the order of time; the same at every call."""
    story = _Story(Random(2026))  # noqa: S311 - a sample, not a secret
    yield from story.users()
    story.tell()
    yield from sorted(story.told, key=lambda record: (record["at"], record.get("key") or record["id"]))


class _Story:
    def __init__(self, random: Random) -> None:
        self.random = random
        self.told: list[Record] = []
        self._numbers = {"i": 0, "s": 0, "p": 0}
        self._interests: list[Interest] = []

    def users(self) -> Iterator[Record]:
        """The two salespeople."""
        start = _iso(START_US)
        yield {"type": "user", "id": "ana", "name": "Ana Horvat", "email": "ana@leadflow.example", "at": start}
        yield {"type": "user", "id": "bo", "name": "Bo Lind", "email": "bo@leadflow.example", "at": start}

    def tell(self) -> None:
        """Everything that happened, in no order yet."""
        everybody = people(self.random, 392, companies(self.random, 120))
        for person in everybody:
            self._person(person)
        known = size_known(self._interests)
        for interest in self._interests:
            self._work(interest, ready_at(interest, known))
        self._passers_by(45)
        self._twins()
        self._broken(everybody)
        # What a form sends twice, and a queue delivers again.
        submissions = [record for record in self.told if record["type"] == "submission"]
        self.told.extend(dict(record) for record in self.random.sample(submissions, 14))

    # -- people -------------------------------------------------------------------------------------------

    def _person(self, person: Person) -> None:
        random = self.random
        first = len(self.told)
        since_us = START_US + int(random.triangular(0, DAYS - 0.5, DAYS * 0.7) * DAY_US)
        source = random.choices([name for name, _ in _SOURCES], [weight for _, weight in _SOURCES])[0]
        visitor = f"cookie-{random.randrange(16**10):010x}"
        for _ in range(random.choice((0, 1, 1, 2, 3, 4))):
            at_us = since_us - int(random.random() * 6 * DAY_US)
            self._visit(at_us, visitor)
        chance = random.random()
        lead: str | None = None
        if chance < 0.36:
            self._form("newsletter", person, since_us, visitor, {"page": "blog", "source": source})
        elif chance < 0.78:
            page = random.choice(("demo", "demo", "pricing", "contact"))
            lead = self._form("demo-request", person, since_us, visitor, {"page": page, "source": source})
        else:
            event, day = random.choice(_EVENTS)
            since_us = min(since_us, START_US + day * DAY_US - HOUR_US)
            lead = self._form("event-registration", person, since_us, visitor, {"event": event, "source": source})
            if random.random() < 0.6:
                self._did(START_US + day * DAY_US + 15 * HOUR_US, "event.attended", person, {"event": event})
        is_keen = random.random() < _HOT_SHARE[source]
        self._mails(person, since_us, is_keen)
        for _ in range(random.randrange(1, 6) if is_keen else random.choice((0, 0, 1, 2))):
            self._visit(since_us + int(random.expovariate(1 / 8) * DAY_US), visitor)
        if lead is not None:
            self._interests.append(Interest(lead, person, since_us, is_keen, tuple(self.told[first:])))

    def _mails(self, person: Person, since_us: int, is_keen: bool) -> None:
        random = self.random
        for campaign, day in _MAILS:
            sent_us = START_US + day * DAY_US + 8 * HOUR_US
            if sent_us < since_us or random.random() > (0.52 if is_keen else 0.2):
                continue
            opened_us = sent_us + int(random.expovariate(1 / 5) * HOUR_US)
            self._did(opened_us, "email.opened", person, {"campaign": campaign})
            if random.random() < (0.5 if is_keen else 0.14):
                url = f"https://leadflow.example/{random.choice(_PAGES)}"
                self._did(opened_us + 2 * MINUTE_US, "email.clicked", person, {"campaign": campaign, "url": url})

    def _passers_by(self, count: int) -> None:
        """Visitors who never say who they are."""
        for number in range(count):
            at_us = START_US + int(self.random.random() * DAYS * DAY_US)
            for _ in range(self.random.randrange(1, 4)):
                at_us += int(self.random.random() * HOUR_US)
                self._visit(at_us, f"cookie-passer-by-{number}")

    def _twins(self) -> None:
        """The same people from another address: what `leadflow duplicates` finds."""
        asked = [record for record in self.told if record.get("form") == "demo-request"]
        some = [record for record in asked if record["fields"].get("job_level") == "specialist"]
        for record in some[:40:5]:
            at_us = START_US + int((0.5 + 0.45 * self.random.random()) * DAYS * DAY_US)
            name, _, domain = record["fields"]["email"].partition("@")
            fields = {**record["fields"], "email": f"{name.partition('.')[2]}@{domain}"}
            fields["first_name"] = fields["first_name"].upper()
            self._submission("demo-request", fields, at_us, None, {"page": "demo", "source": "organic search"})

    def _broken(self, everybody: list[Person]) -> None:
        """Forms that cannot be taken; they wait in the failed queue with their reasons."""
        faults: tuple[Record, ...] = (
            {"email": ""}, {"email": "ana at example"}, {"job_level": "wizard"}, {"email": None},
            {"employees": "many"}, {"email": "kos@@example"}, {"job_level": "boss"}, {"email": "   "},
        )  # fmt: skip
        for number, fault in enumerate(faults):
            fields = {**_fields(everybody[-1 - number], "demo-request"), **fault}
            at_us = START_US + (9 + 10 * number) * DAY_US
            self._submission("demo-request", fields, at_us, None, {"page": "demo", "source": "social"})
        self._submission("demo-requst", _fields(everybody[0], "demo-request"), START_US + 33 * DAY_US, None, {})

    # -- sales --------------------------------------------------------------------------------------------

    def _work(self, interest: Interest, ready_us: int | None) -> None:
        """How marketing, the callers and the salespeople work a lead by hand."""
        random, lead, is_keen = self.random, interest.lead, interest.is_keen
        if ready_us is None:
            if random.random() > (0.7 if is_keen else 0.2):
                return
            at_us = interest.since_us + int(random.uniform(0.1, 3) * DAY_US)
            ready_us = self._call(lead, at_us, random.random() < (0.75 if is_keen else 0.35))
            if ready_us is None:
                return
        at_us = ready_us + int(random.triangular(0.1, 6, 1) * DAY_US)
        if at_us > END_US - 3 * DAY_US:
            return  # sales has been at a trade fair since Tuesday
        self._people(at_us + MINUTE_US, "set_flag", lead, flag="sales_accepted")
        self._people(at_us + 2 * MINUTE_US, "end_process", lead, how="finish")
        if random.random() < 0.75:
            self._deal(lead, at_us + int(random.uniform(4, 24) * DAY_US), is_keen)

    def _call(self, lead: str, at_us: int, is_good: bool) -> int | None:
        """Teleprospecting: the moment from which sales has the lead, None when it gets no further."""
        random = self.random
        at_us = self._people(at_us, "set_flag", lead, flag="teleprospect_ready")
        if random.random() < 0.2:
            return None
        at_us += int(random.uniform(0.1, 4) * DAY_US)
        at_us = self._people(at_us, "set_flag", lead, flag="teleprospect_accepted")
        at_us += int(random.uniform(0.5, 9) * DAY_US)
        if not is_good:
            if random.random() < 0.6:
                self._people(at_us, "set_lead_state", lead, state="disqualified", reason="no budget")
            return None
        for step, value in (
            ("purchase_need", random.choice(("replaces a spreadsheet", "first tool", "second site"))),
            ("purchase_process", random.choice(("committee", "individual", "unknown"))),
            ("purchase_time_frame", random.choice(("immediate", "this quarter", "next quarter"))),
            ("budget", random.randrange(2, 60) * 1000),
        ):
            self._people(at_us, "set_step", lead, step=step, value=value)
            at_us += MINUTE_US
        return self._people(at_us, "set_flag", lead, flag="sales_ready")

    def _deal(self, lead: str, at_us: int, is_keen: bool) -> None:
        random = self.random
        if at_us >= END_US:
            return
        status = random.choices(("won", "lost", "open"), (6, 3, 2) if is_keen else (2, 6, 2))[0]
        amount = f"{random.randrange(15, 480) * 100}.00"
        deal = {"type": "opportunity", "id": f"deal-{lead[2:10]}", "lead": {"id": lead}, "at": _iso(at_us)}
        self.told.append({**deal, "status": status, "amount": amount, "currency": "EUR"})

    # -- records ------------------------------------------------------------------------------------------

    def _key(self, kind: str) -> str:
        self._numbers[kind] += 1
        return f"{kind}-{self._numbers[kind]:04d}"

    def _visit(self, at_us: int, visitor: str) -> None:
        if START_US < at_us < END_US:
            page = self.random.choice(_PAGES)
            self.told.append(
                {"type": "interaction", "id": self._key("i"), "kind": "page.visited", "at": _iso(at_us),
                 "visitor": visitor, "properties": {"page": page}}
            )  # fmt: skip

    def _did(self, at_us: int, kind: str, person: Person, properties: Record) -> None:
        if at_us < END_US:
            self.told.append(
                {"type": "interaction", "id": self._key("i"), "kind": kind, "at": _iso(at_us),
                 "contact": {"email": person.email}, "properties": properties}
            )  # fmt: skip

    def _form(self, form: str, person: Person, at_us: int, visitor: str, context: Record) -> str:
        """A filled form; returns the id of the lead that it makes."""
        return derive_id("lead", self._submission(form, _fields(person, form), at_us, visitor, context))

    def _submission(self, form: str, fields: Record, at_us: int, visitor: str | None, context: Record) -> str:
        key = self._key("s")
        record = {"type": "submission", "key": key, "form": form, "at": _iso(at_us), "fields": fields}
        self.told.append({**record, "context": context, **({} if visitor is None else {"visitor": visitor})})
        return key

    def _people(self, at_us: int, kind: str, lead: str, **what: Any) -> int:
        """What somebody did with a lead, unless that lies after the sample's end; returns the moment."""
        if at_us < END_US:
            self.told.append({"type": kind, "key": self._key("p"), "at": _iso(at_us), "lead": lead, **what})
        return at_us


def _fields(person: Person, form: str) -> Record:
    """What a person types into a form."""
    fields: Record = {"email": person.email, "first_name": person.first_name}
    if form == "newsletter":
        return fields
    fields["last_name"] = person.last_name
    fields["company"] = person.company.name
    if form == "demo-request":
        fields |= {"phone": person.phone, "country": person.country}
        if person.job is not None:
            fields["job_level"] = person.job
        fields["employees"] = str(person.company.employees)
    return fields


def _iso(at_us: int) -> str:
    return to_datetime(at_us // MINUTE_US * MINUTE_US).isoformat()
