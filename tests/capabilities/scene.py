"""A flow with a clock that obeys, and short words for what people do; every scenario ends with the laws being checked."""

from __future__ import annotations

from itertools import count
from typing import Any

import attrs

from leadflow.assignment.rules import AssignmentRules, Member, Pool, Queue
from leadflow.capture.rules import CaptureRules, Form
from leadflow.engine.flow import Flow
from leadflow.engine.outcome import Result
from leadflow.matching.rules import MatchingRules, Strategy
from leadflow.model.account import Account
from leadflow.model.contact import Contact
from leadflow.model.lead import Lead
from leadflow.playbook.codec import parse_playbook
from leadflow.playbook.default import default_playbook, default_text
from leadflow.playbook.playbook import Playbook
from leadflow.ports.store import Scan
from leadflow.process.rules import Process, ProcessRules, Stage
from leadflow.scoring.rules import Model, Rule, ScoringRules
from leadflow.testing import VirtualClock

START = "2026-11-02T09:00:00Z"
"""A Monday morning."""

STAGES = (
    "inquiry",
    "automated-qualification",
    "teleprospecting-acceptance",
    "teleprospecting-qualification",
    "sales-acceptance",
)


class Scene:
    """A flow, its clock, and what people do in it."""

    def __init__(self, flow: Flow, clock: VirtualClock) -> None:
        self.flow = flow
        self.clock = clock
        self._numbers = count(1)

    def key(self, kind: str = "k") -> str:
        """A key nobody has used."""
        return f"{kind}-{next(self._numbers)}"

    # -- what comes in ------------------------------------------------------------------------------------

    def submit(self, form: str = "demo-request", email: str | None = "ana@kos.example", **more: Any) -> Result:
        """A filled form; `context`, `visitor` and `key` are given as such, everything else is a field."""
        given = {name: more.pop(name) for name in ("context", "visitor", "key") if name in more}
        fields = more if email is None else {"email": email, **more}
        return self.flow.submit(form, fields, **{"key": self.key("s"), **given}).one()

    def did(self, kind: str, email: str | None = "ana@kos.example", **more: Any) -> Result:
        """An interaction; `visitor`, `at` and `contact` are given as such, everything else is a property."""
        given = {name: more.pop(name) for name in ("visitor", "at", "contact") if name in more}
        contact = given.pop("contact", {} if email is None else {"email": email})
        record = {"type": "interaction", "id": self.key("i"), "kind": kind, "contact": contact, "properties": more}
        return self.flow.do({**record, **given}).one()

    def say(self, kind: str, **fields: Any) -> Result:
        """A command, or a record of any type."""
        return self.flow.do({"type": kind, "key": self.key("p"), **fields}).one()

    def user(self, id_: str, **fields: Any) -> None:
        """A user as the host reports him."""
        self.say("user", id=id_, name=id_.title(), email=f"{id_}@sales.example", **fields).unwrap()

    # -- what there is ------------------------------------------------------------------------------------

    def row(self, table: str, id_: str | None) -> Any:
        """A stored row, or None."""
        assert id_ is not None
        return self.flow.store.load([(table, id_)]).rows[table, id_]

    def rows(self, table: str) -> list[Any]:
        """All rows of a table."""
        return list(self.flow.store.scan(Scan(table=table)))

    def lead(self, id_: str | None) -> Lead:
        """A lead that is there."""
        found = self.row("lead", id_)
        assert isinstance(found, Lead)
        return found

    def contact(self, id_: str | None) -> Contact:
        """A contact that is there."""
        found = self.row("contact", id_)
        assert isinstance(found, Contact)
        return found

    def account(self, id_: str | None) -> Account:
        """An account that is there."""
        found = self.row("account", id_)
        assert isinstance(found, Account)
        return found

    def points(self, id_: str | None, model: str = "m") -> int | None:
        """The points of a lead, contact or account by a model, as `explain` tells them; the shares add up."""
        assert id_ is not None
        for score in self.flow.explain(id_).scores:
            if score.model == model:
                assert score.points == sum(points for _, points, _, _ in score.shares)
                return score.points
        return None

    def grade(self, id_: str, model: str = "m") -> str | None:
        """The grade of a lead, contact or account by a model."""
        return next(score.grade for score in self.flow.explain(id_).scores if score.model == model)

    def visits(self, lead: str | None) -> list[tuple[str, str | None]]:
        """(stage, how it was left) of a lead, in order."""
        assert lead is not None
        return [(stage, how) for stage, _, _, how in self.flow.explain(lead).stages]

    def decided(self, type_: str, subject: str | None = None) -> list[Any]:
        """The decisions of a type (about a subject), in order."""
        where = [("type", "=", type_), *([("subject", "=", subject)] if subject is not None else [])]
        return [each.decision for each in self.flow.store.scan(Scan(table="decision", where=tuple(where), order="seq"))]

    def messages(self) -> list[tuple[str, str]]:
        """(template, recipient) of everything in the outbox."""
        return [(each.template, each.recipient) for each in self.rows("outbox")]


def default(**sections: Any) -> Playbook:
    """The default playbook with whole sections replaced."""
    return attrs.evolve(default_playbook(), **sections)


def extended(text: str, *, drop: str | None = None) -> Playbook:
    """The default playbook with more TOML after it."""
    base = default_text() if drop is None else default_text().replace(drop, "")
    return parse_playbook(f"{base}\n{text}")


def scoring(*rules: Rule, also: dict[str, Model] | None = None, **model: Any) -> Playbook:
    """The default playbook whose only model is "m" with these rules, and `also` others."""
    return default(scoring=ScoringRules(models={"m": Model(rules=rules, **model), **(also or {})}))


def forms(**given: Form) -> Playbook:
    """The default playbook with more forms; underscores in names become hyphens."""
    known = dict(default_playbook().capture.forms)
    return default(capture=CaptureRules(forms={**known, **{n.replace("_", "-"): form for n, form in given.items()}}))


def form(**settings: Any) -> Form:
    """A form with the usual fields."""
    fields = {
        "email": "contact.email",
        "first_name": "contact.first_name",
        "last_name": "contact.last_name",
        "phone": "contact.phone",
        "company": "account.name",
        "budget": "lead.budget",
    }
    return Form(**{"fields": fields, **settings})


def matching(target: str, strategy: Strategy, **forms_: Form) -> Playbook:
    """The default playbook in which a strategy "s" is the default of its target."""
    rules = default_playbook().matching
    strategies = {**rules.strategies, "s": strategy}
    changed: MatchingRules = attrs.evolve(rules, strategies=strategies, **{target: "s"})
    return attrs.evolve(forms(**forms_), matching=changed)


def process(*stages: Stage, **more: Process) -> Playbook:
    """The default playbook with one process "p" of these stages, then `more`; nothing is scored."""
    return default(process=ProcessRules(processes={"p": Process(stages=stages), **more}), scoring=ScoringRules())


def assignment(**rules: Any) -> Playbook:
    """The default playbook with these assignment rules; what is not said is: pool "inbound" of ana and bo, queue "q"."""
    usual: dict[str, Any] = {
        "default_owner": "queue:q",
        "queues": (Queue(name="q"),),
        "pools": (Pool(name="inbound", members=(Member(user="ana"), Member(user="bo"))),),
        "notify": "lead-assigned",
    }
    return default(assignment=AssignmentRules(**{**usual, **rules}))
