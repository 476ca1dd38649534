"""Given, when, then: what a playbook does, told so that a marketer can read it.

>>> story().given(
...     submits("demo-request", email="ana@example.si", job_level="manager", employees="120"),
... ).then(
...     'lead.stage == "sales-acceptance" and score("interest") == 65', sales_ready=True, owner="ana"
... ).when(
...     says("advance", how="back"), after="1h"
... ).then(status="accepted", stage="teleprospecting-qualification")
<a story of 5 steps>
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import attrs

from leadflow.engine.flow import Flow
from leadflow.engine.opening import open_flow
from leadflow.engine.outcome import Result
from leadflow.errors import InvalidInputError, LeadflowError
from leadflow.model.lead import Lead
from leadflow.playbook.playbook import Playbook
from leadflow.testing.clock import VirtualClock

Record = Mapping[str, Any]
START = "2026-01-15T12:00:00Z"
_BESIDE = ("key", "at", "visitor", "context")
_SHORT = {"owner": "owner_id", "contact": "contact_id", "account": "account_id"}
_RESULTS = ("status", "refusal")


class StoryError(AssertionError):
    """A story does not hold; the message tells it."""


# -- what happens -----------------------------------------------------------------------------------------


def submits(form: str, **fields: Any) -> Record:
    """Somebody fills a form. `key`, `at`, `visitor` and `context` are the submission's, the rest are fields.

    >>> submits("newsletter", email="ana@example.si")
    {'type': 'submission', 'form': 'newsletter', 'fields': {'email': 'ana@example.si'}}
    """
    beside: dict[str, Any] = {name: fields.pop(name) for name in _BESIDE if name in fields}
    return {"type": "submission", "form": form, "fields": fields, **beside}


def does(kind: str, email: str | None = None, **properties: Any) -> Record:
    """Somebody does something, known by an address or a `visitor`; the rest are properties.

    >>> does("page.visited", "ana@example.si", page="pricing")["properties"]
    {'page': 'pricing'}
    """
    beside: dict[str, Any] = {name: properties.pop(name) for name in ("key", "at", "visitor") if name in properties}
    who: dict[str, Any] = {} if email is None else {"email": email}
    return {"type": "interaction", "kind": kind, "contact": who, "properties": properties, **beside}


def says(command: str, **fields: Any) -> Record:
    """Somebody at work says something; a command that needs a lead and names none is about the story's.

    >>> says("claim", user="ana")
    {'type': 'claim', 'user': 'ana'}
    """
    return {"type": command, **fields}


# -- the story --------------------------------------------------------------------------------------------


class Story:
    """A flow with a clock that obeys, what happened in it, and what is expected of it.

    "The lead" is that of the latest record that had one. `flow` and `clock` are there to be used directly too.
    """

    def __init__(self, flow: Flow, clock: VirtualClock) -> None:
        self.flow = flow
        self.clock = clock
        self.steps: list[str] = []
        self.results: list[Result] = []
        self._lead: str | None = None

    def given(self, *records: Record, after: str | None = None) -> Story:
        """What happened before: every record has to be taken. Errors: StoryError."""
        for result, line in self._happen("given", records, after):
            if not result.is_ok:
                raise self.error(f"{line}, but that was {_told_result(result)}")
        return self

    def when(self, *records: Record, after: str | None = None) -> Story:
        """What happens; rules may refuse it. `after` lets time pass first, and what falls due is done."""
        self._happen("when", records, after)
        return self

    def after(self, span: str) -> Story:
        """Time passes (e.g. "3d"), and what falls due is done."""
        self._happen("when", (), span)
        return self

    def then(self, *conditions: str, **expected: Any) -> Story:
        """What holds of the lead now. Errors: StoryError with the story, InvalidInputError for a field no lead has.

        `conditions` are in the language of the playbook. `expected` are fields of the lead (`stage`, `owner`, `state`,
        `sales_ready` ...), or `status` and `refusal` (its code) of what was said last.
        """
        wanted = [*conditions, *(f"{name} is {_word(value)}" for name, value in expected.items())]
        self._tell("then", ", and ".join(wanted) or "nothing is wrong")
        for condition in conditions:
            if not self.holds(condition):
                raise self.error(f"{condition} does not hold")
        for name, value in expected.items():
            found = self._found(name)
            if found != value:
                raise self.error(f"{name} is {_word(found)}, not {_word(value)}")
        return self

    def holds(self, condition: str) -> bool:
        """Whether a condition holds of the lead now. Errors: ExpressionError, InvalidInputError (no lead)."""
        lead = self.lead
        return any(each.lead.id == lead.id for each in self.flow.leads(condition, limit=None))

    @property
    def lead(self) -> Lead:
        """The lead of the latest record that had one. Errors: InvalidInputError when there is none."""
        if self._lead is None:
            raise InvalidInputError("this story has no lead yet", hint="give it a form that makes one")
        found = self.flow.store.load([("lead", self._lead)]).rows["lead", self._lead]
        if found is None:
            raise InvalidInputError(f"the lead {self._lead} is gone")
        return found if found.merged_into is None else self._about(found.merged_into)

    @property
    def lead_id(self) -> str | None:
        """The id of the story's lead, if it has one yet."""
        return self._lead

    def _about(self, id_: str) -> Lead:
        self._lead = id_
        return self.lead

    def _found(self, name: str) -> Any:
        if name in _RESULTS:
            if not self.results:
                raise InvalidInputError(f"{name}: nothing was said yet")
            last = self.results[-1]
            return last.status if name == "status" else None if last.refusal is None else last.refusal.code
        column = _SHORT.get(name, name)
        known = [each.name for each in attrs.fields(Lead)]
        if column not in known:
            raise InvalidInputError(f"a lead has no {name}", hint=f"one of {', '.join([*_RESULTS, *_SHORT, *known])}")
        return getattr(self.lead, column)

    # -- telling ------------------------------------------------------------------------------------------

    def _happen(self, word: str, records: tuple[Record, ...], after: str | None) -> list[tuple[Result, str]]:
        if after is not None:
            self.clock.advance(after)
            self._tell(word, f"{after} pass")
            self.flow.tick()
        happened = []
        for record in records:
            line = _told(record)
            self._tell(word, line)
            result = self.carry_out(self.completed(record))
            self.results.append(result)
            self._lead = result.lead or record.get("lead") or self._lead
            happened.append((result, line))
        return happened

    def carry_out(self, record: Record) -> Result:
        """One record, whole, is handed to the flow."""
        return self.flow.do(record).one()

    def completed(self, record: Record) -> Record:
        """A record with a key, and with the story's lead if it needs one and names none."""
        key = "id" if record["type"] in ("interaction", "order", "opportunity") else "key"
        whole = {key: f"{record['type']}-{len(self.results) + 1}", **record}
        if record["type"] in OF_A_LEAD and "lead" not in record and self._lead is not None:
            whole["lead"] = self._lead
        return whole

    def _tell(self, word: str, line: str) -> None:
        repeats = bool(self.steps) and _word_of(self.steps, word)
        self.steps.append(f"{'  and' if repeats else f'{word:>5}'}  {line}")

    def error(self, but: str) -> StoryError:
        """The story so far as an error: what happened, what is wrong, and how the lead stands."""
        return StoryError("\n".join(["this story does not hold:", *self.steps, f"  but  {but}", *self.stands()]))

    def stands(self) -> list[str]:
        """How the lead stands, and what its points are made of."""
        if self._lead is None:
            return []
        try:
            lead, explained = self.lead, self.flow.explain(self._lead)
        except LeadflowError:
            return []
        who = (
            f"owned by {lead.owner_id}" if lead.owner_id else f"in the queue {lead.queue}" if lead.queue else "nobody's"
        )
        ready = ", sales-ready" if lead.sales_ready else ""
        lines = [f"       the lead is {lead.state}, at {lead.stage or 'no stage'}, {who}{ready}"]
        for score in explained.scores:
            shares = ", ".join(f"{points:+d} {name}" for name, points, _, _ in score.shares)
            grade = f" ({score.grade})" if score.grade else ""
            lines.append(f"       {score.model} {score.points}{grade}{': ' if shares else ''}{shares}")
        return lines

    def __str__(self) -> str:
        return "\n".join(self.steps)

    def __repr__(self) -> str:
        return f"<a story of {len(self.steps)} steps>"


def story(
    playbook: Playbook | str | Path | None = None,
    *,
    at: int | str | datetime = START,
    opened: Callable[..., Flow] = open_flow,
) -> Story:
    """Begin a story under a playbook (a value, a file, or the default one), on a store in memory, at a moment.

    `opened` opens the flow: `opened(playbook=..., now=...)`; another store, for example.
    """
    clock = VirtualClock(at)
    return Story(opened(playbook=playbook, now=clock), clock)


def _word_of(steps: list[str], word: str) -> bool:
    """Whether the latest word that was told is this one."""
    told = next((step[:5].strip() for step in reversed(steps) if step[:5].strip() != "and"), "")
    return told == word


def _word(value: Any) -> str:
    return "nothing" if value is None else str(value)


def _pairs(values: Mapping[str, Any]) -> str:
    return ", ".join(f"{name} {value}" for name, value in values.items() if value is not None)


def _told(record: Record) -> str:
    """A record as a line of a story."""
    rest = {name: value for name, value in record.items() if name not in ("type", "key", "id", "batch")}
    if record["type"] == "submission":
        fields = dict(rest.pop("fields", {}))
        who = fields.pop("email", None) or rest.pop("visitor", None) or "somebody"
        line = f"{who} submits {rest.pop('form')}"
    elif record["type"] == "interaction":
        fields = dict(rest.pop("properties", {}))
        contact = rest.pop("contact", {})
        who = contact.get("email") or contact.get("id") or rest.pop("visitor", None) or "somebody"
        line = f"{who} does {rest.pop('kind')}"
    else:
        fields, line = {}, f"{rest.pop('actor', 'somebody')} says {record['type']}"
    said = _pairs({**fields, **rest.pop("context", {}), **rest})
    return f"{line} ({said})" if said else line


def _told_result(result: Result) -> str:
    if result.refusal is not None:
        return f"{result.status}: {result.refusal}"
    reasons = ", ".join(f"{code} {place}".strip() for code, place in result.reasons)
    return f"{result.status}: {reasons}" if reasons else result.status


def _of_a_lead() -> frozenset[str]:
    from leadflow.engine.intake.records import COMMANDS

    return frozenset(name for name, cls in COMMANDS.items() if any(each.name == "lead" for each in attrs.fields(cls)))


OF_A_LEAD = _of_a_lead()
"""Commands that are about a lead."""
