"""Why: everything that was decided about a record, with its reasons, and what its scores are made of now."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from attrs import frozen

from leadflow.assignment.state import Handover
from leadflow.engine.answers.reading import Reading
from leadflow.engine.answers.wording import sentence
from leadflow.engine.mailing.addresses import Address, address_id, why_not
from leadflow.engine.mailing.messages import Message
from leadflow.engine.planning.rulebook import Rulebook
from leadflow.errors import NotFoundError
from leadflow.model.business import User
from leadflow.model.coding import to_plain
from leadflow.model.contact import Contact
from leadflow.model.decisions import MailReported, MessagePlanned, Recorded
from leadflow.model.identity import group_of
from leadflow.model.lead import Lead
from leadflow.model.records import TOLD, Input
from leadflow.model.rows import RECORDS
from leadflow.model.time import NEVER_US, to_datetime
from leadflow.ports.store import Scan, Store
from leadflow.process.state import Instance, instance_id
from leadflow.scoring.rescore import fresh
from leadflow.scoring.state import Score
from leadflow.scoring.subject import score_id


@frozen
class ScoreExplained:
    """A score taken apart: (rule, points, evidence as ISO times, until when or None) whose points add up to `points`."""

    model: str
    subject: str
    points: int
    grade: str | None
    threshold: int | None
    is_ready: bool
    shares: tuple[tuple[str, int, tuple[str, ...], str | None], ...]


@frozen
class Explained:
    """What is known of a record and why: its fields, its scores taken apart, its stages, and its decisions in order.

    `lines` says who has which product line of a lead: "user:hana", "queue:dach", or "lead:l_2", a lead of its own.
    `messages` are (template, recipient, state, when it is tried again or None, why it stays or failed or None).
    """

    id: str
    record: str
    fields: dict[str, Any]
    scores: tuple[ScoreExplained, ...]
    stages: tuple[tuple[str, str, str | None, str | None], ...]
    decisions: tuple[Recorded, ...]
    lines: tuple[tuple[str, str], ...] = ()
    messages: tuple[tuple[str, str, str, str | None, str | None], ...] = ()

    def to_plain(self) -> dict[str, Any]:
        """As JSON can hold it."""
        return {
            "id": self.id,
            "record": self.record,
            "fields": self.fields,
            "scores": [to_plain(score) for score in self.scores],
            "stages": [list(stage) for stage in self.stages],
            "lines": dict(self.lines),
            "messages": [list(message) for message in self.messages],
            "decisions": [
                {
                    "id": each.id,
                    "type": each.type,
                    "at": to_datetime(each.at_us).isoformat(),
                    "by": each.actor,
                    "rules": each.digest,
                    "says": sentence(each),
                    **to_plain(each.decision),
                }
                for each in self.decisions
            ],
        }

    def __str__(self) -> str:
        lines = [f"{self.record} {self.id}"]
        lines += [f"  {name}: {value}" for name, value in self.fields.items()]
        for score in self.scores:
            ready = f", threshold {score.threshold}" if score.threshold is not None else ""
            lines.append(f"score {score.model} = {score.points} ({score.grade or 'no grade'}{ready})")
            for name, points, times, until in score.shares:
                seen = f", last seen {times[0]}" if times else ""
                ends = f", until {until}" if until else ""
                lines.append(f"  {points:+d} {name}{seen}{ends}")
        for stage, entered, left, how in self.stages:
            lines.append(f"stage {stage}: {entered} to {left or 'now'}{f' ({how})' if how else ''}")
        lines += [f"line {line}: {has}" for line, has in self.lines]
        for template, recipient, state, again, why in self.messages:
            lines.append(f"message {template} to {recipient}: {state}")
            lines[-1] += (f", tried again from {again}" if again and why else "") + (f" ({why})" if why else "")
        lines.append("decisions")
        for each in self.decisions:
            lines.append(f"  {to_datetime(each.at_us):%Y-%m-%d %H:%M} {sentence(each)}")
        return "\n".join(lines)


def explain(store: Store, rulebook: Rulebook, id_: str, now_us: int) -> Explained:
    """Explain a contact, account, lead, opportunity, input or failed input. Errors: NotFoundError."""
    view = Reading(store, rulebook)
    names = [*RECORDS, "input"]
    view.require([(name, id_) for name in names])
    found = [(name, row) for name in names if (row := view.get(RECORDS.get(name, Input), id_)) is not None]
    if not found:
        raise NotFoundError(
            f"nothing is known by the id {id_[:60]!r}", hint="leadflow leads lists leads with their ids"
        )
    record, row = found[0]
    subjects = _subjects(view, record, row)
    scores = tuple(
        each
        for name in rulebook.rules["scoring"].models
        if (each := _score(view, record, row, name, rulebook, now_us)) is not None
    )
    decisions = _decisions(store, subjects if record != "input" else [])
    if record == "input":
        decisions = tuple(
            store.scan(Scan(table="decision", where=(("id", ">=", f"{id_}#"), ("id", "<", f"{id_}$")), order="seq"))
        )
    messages = _messages(view, decisions)
    fields = {**_fields(row), **_mail_stopped(view, row, now_us)}
    return Explained(id_, record, fields, scores, _stages(view, row), decisions, _lines(view, row), messages)


def _subjects(view: Reading, record: str, row: Any) -> list[str]:
    """Under which ids decisions about a record were written: its own, and those it stands for."""
    subjects = list(group_of(view, row.id))
    if record == "lead" and row.contact_id is not None:
        subjects += group_of(view, row.contact_id)
    return subjects


def _decisions(store: Store, subjects: Iterable[str]) -> tuple[Recorded, ...]:
    found = store.scan(Scan(table="decision", where=(("subject", "in", tuple(subjects)),), order="seq"))
    return tuple(found)


def _fields(row: Any) -> dict[str, Any]:
    plain = to_plain(row, frozenset({"id", "version"}))
    if isinstance(row, Input) and row.told_us != row.at_us:
        plain["data"].pop(TOLD)
        plain[TOLD] = row.told_us
    for name in [name for name in plain if name.endswith("_us")]:
        plain[name.removesuffix("_us") + "_at"] = to_datetime(plain.pop(name)).isoformat()
    return plain


def _score(view: Reading, record: str, row: Any, name: str, rulebook: Rulebook, now_us: int) -> ScoreExplained | None:
    compiled = rulebook.rules["scoring"].models[name]
    target = compiled.model.target
    subject = {"contact": getattr(row, "contact_id", None), "account": getattr(row, "account_id", None)}.get(target)
    subject = row.id if record == target else subject if record == "lead" else None
    score = None if subject is None else view.get(Score, score_id(subject, name))
    if score is not None and score.program != compiled.digest:
        # Measured by another version of the model: it is counted anew, or there is none by this one.
        score = fresh(view, score.subject, compiled, score, now_us)
    if score is None:
        return None
    shares = tuple(
        (
            each.name or each.by,
            each.points,
            tuple(to_datetime(time).isoformat() for time in each.times[:5]),
            None if each.until_us >= NEVER_US else to_datetime(each.until_us).isoformat(),
        )
        for each in compiled.program.contributions(score.signals, score.bits, max(now_us, score.updated_us))
    )
    return ScoreExplained(
        name, score.subject, sum(share[1] for share in shares), score.grade, compiled.model.threshold, score.is_ready,
        shares,
    )  # fmt: skip


def _stages(view: Reading, row: Any) -> tuple[tuple[str, str, str | None, str | None], ...]:
    if not isinstance(row, Lead) or row.process is None:
        return ()
    instance = view.get(Instance, instance_id(row.id, row.process))
    if instance is None:
        return ()
    return tuple(
        (stage, _iso(entered), None if left is None else _iso(left), how)
        for stage, entered, left, how in instance.visits
    )


def _lines(view: Reading, row: Any) -> tuple[tuple[str, str], ...]:
    handover = view.get(Handover, row.id) if isinstance(row, Lead) else None
    return () if handover is None else tuple(handover.lines.items())


def _messages(view: Reading, decisions: Iterable[Recorded]) -> tuple[tuple[str, str, str, str | None, str | None], ...]:
    keys: dict[str, None] = {}
    for each in decisions:
        if isinstance(each.decision, MessagePlanned):
            keys[each.decision.key] = None
        elif isinstance(each.decision, MailReported) and each.decision.message is not None:
            keys[each.decision.message] = None
    view.require([(Message.table, key) for key in keys])
    found = [message for key in keys if (message := view.get(Message, key)) is not None]
    return tuple(
        (
            each.template or "mail",
            each.recipient,
            each.state,
            None if each.due_us is None else _iso(each.due_us),
            each.error,
        )
        for each in found
    )


def _mail_stopped(view: Reading, row: Any, now_us: int) -> dict[str, str]:
    """Why nothing is sent to a contact's or a user's address, if so."""
    address = row.email if isinstance(row, (Contact, User)) else None
    why = None if not address else why_not(view.get(Address, address_id(address)), now_us)
    return {} if why is None else {"mail_stopped": why}


def _iso(at_us: int) -> str:
    return to_datetime(at_us).isoformat()
