"""One record and those around it, told in full."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from leadflow.cli.shell.session import Session
from leadflow.cli.telling.columns import plain_record, text_of
from leadflow.cli.telling.process import LeadProcess
from leadflow.cli.telling.words import account_text, contact_text, say_decisions, say_scores
from leadflow.engine.answers.explain import Explained, ScoreExplained
from leadflow.engine.flow import Flow
from leadflow.model.coding import to_plain
from leadflow.model.time import to_datetime
from leadflow.model.values import FLAGS
from leadflow.reporting.pieces import wrapped


def card_of(flow: Flow, id_: str, now_us: int) -> tuple[Explained, dict[str, Any]]:
    """A record explained, and the records around it."""
    explained = flow.explain(id_)
    return explained, around(flow, explained, now_us)


def say_explained(session: Session, explained: Explained, card: Mapping[str, Any]) -> None:
    """Scores rule by rule, then decisions in order."""
    output = session.output
    names = _short_names(explained, card)
    about = "".join(
        f", {text}" for text in (contact_text(card.get("contact")), account_text(card.get("account"))) if text
    )
    for line in wrapped(f"{explained.record} {explained.id}{about}", output.width):
        output.say(line, "title")
    if explained.record == "input":
        for name, value in explained.fields.items():
            output.say(f"  {name}: {text_of(value)}")
    say_scores(output, explained.scores)
    output.say()
    output.say("What was decided", "title")
    say_decisions(output, explained.decisions, names)


def around(flow: Flow, explained: Explained, now_us: int) -> dict[str, Any]:
    """The record and those around it: for a lead contact, account, process, owner and hand-over; else its leads."""
    load, id_, record = flow.store.load, explained.id, explained.record
    row = load([(record, id_)]).rows[record, id_]
    card: dict[str, Any] = {record: row, "scores": [_score(flow, id_, score) for score in explained.scores]}
    if record in ("contact", "account"):
        column = f"lead.{record}_id"
        card["leads"] = list(load([(column, id_)]).rows[column, id_])
    if record == "account":
        card["contacts"] = list(load([("contact.account_id", id_)]).rows["contact.account_id", id_])
    if record == "contact" and row.account_id is not None:
        card["account"] = load([("account", row.account_id)]).rows["account", row.account_id]
    if record == "lead":
        contact = (
            None if row.contact_id is None else load([("contact", row.contact_id)]).rows["contact", row.contact_id]
        )
        account_id = row.account_id or (None if contact is None else contact.account_id)
        account = None if account_id is None else load([("account", account_id)]).rows["account", account_id]
        owner = None if row.owner_id is None else load([("user", row.owner_id)]).rows["user", row.owner_id]
        card |= {"contact": contact, "account": account, "owner": owner}
        card["handover"] = load([("handover", id_)]).rows["handover", id_]
        card["process"] = LeadProcess.of(flow, row, contact, account, now_us)
    return card


def _score(flow: Flow, id_: str, score: ScoreExplained) -> dict[str, Any]:
    """A score, and the moment at which it falls below the threshold by itself."""
    plain = to_plain(score)
    if score.threshold is not None and score.points >= score.threshold:
        moment = flow.falls_below(id_, score.threshold, model=score.model)
        if moment is not None:
            plain["falls_below_at"] = moment.isoformat()
    return plain


def plain_part(part: Any) -> Any:
    """A part of a card as JSON can hold it."""
    if isinstance(part, LeadProcess):
        return part.to_plain()
    if isinstance(part, list):
        return [each if isinstance(each, dict) else plain_record(each) for each in part]
    return plain_record(part)


def _short_names(explained: Explained, card: Mapping[str, Any]) -> dict[str, str]:
    """Names that read better than ids in sentences about this record."""
    names = {explained.id: f"the {explained.record}"}
    for record in ("contact", "account"):
        if card.get(record) is not None:
            names[card[record].id] = f"the {record}"
    return names


def say_lead(session: Session, card: Mapping[str, Any]) -> None:
    """A lead's card: who, how much, where in its process, whose."""
    output, lead = session.output, card["lead"]
    output.say(contact_text(card["contact"]) or "nobody known", "title")
    output.say(account_text(card["account"]) or "no account")
    context = ", ".join(f"{name} {text_of(value)}" for name, value in lead.context.items())
    output.say(f"interest: {context or 'no context'}", "dim")
    output.say(f"{lead.id}, since {to_datetime(lead.created_us):%Y-%m-%d}", "dim")
    output.say()
    flags = [flag.replace("_", " ") for flag in FLAGS if getattr(lead, flag)]
    state = f"{lead.state} ({lead.reason})" if lead.reason else lead.state
    for line in wrapped(", ".join([state, *flags]), output.width):
        output.say(line, "strong")
    output.say(_ownership(card))
    for score in card["scores"]:
        bound = score.get("threshold")
        ready = f", sales-ready from {bound}" if bound is not None else ""
        below = f"; falls below on {score['falls_below_at'][:10]} if idle" if "falls_below_at" in score else ""
        output.say(f"{score['model']} {score['points']} ({score.get('grade') or 'no grade'}{ready}{below})")
    process = card["process"]
    if process is not None:
        output.say()
        output.say(process.label or process.name, "title")
        output.lines(process.drawn(session))


def _ownership(card: Mapping[str, Any]) -> str:
    lead, owner, handover = card["lead"], card["owner"], card["handover"]
    if lead.owner_id is None:
        return f"waits in queue {lead.queue}" if lead.queue is not None else "nobody owns it yet"
    name = f"{owner.name} ({owner.id})" if owner is not None and owner.name else lead.owner_id
    if handover is None:
        return f"owner {name}"
    by = f"{handover.rule} {handover.pool}" if handover.pool is not None else handover.rule
    return f"owner {name}, since {to_datetime(handover.since_us):%Y-%m-%d} by {by or 'hand'}"


def say_other(session: Session, explained: Explained, card: Mapping[str, Any]) -> None:
    """Any other record: its fields, scores, contacts and leads."""
    output = session.output
    output.say(f"{explained.record} {explained.id}", "title")
    for name, value in explained.fields.items():
        output.say(f"  {name}: {text_of(value)}")
    say_scores(output, explained.scores)
    for contact in card.get("contacts", ()):
        output.say(f"contact {contact.id}: {contact_text(contact)}")
    for lead in card.get("leads", ()):
        output.say(
            f"lead {lead.id}: {lead.state}, {lead.stage or 'no stage'}, owner {lead.owner_id or lead.queue or 'none'}"
        )
