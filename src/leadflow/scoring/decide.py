"""Scoring's reactions: behaviour moves scores, scores cross grades and thresholds, thresholds mark leads. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from leadflow.model.commands import Rescore, Wake
from leadflow.model.contact import Contact
from leadflow.model.decisions import (
    Decision,
    LeadFlagged,
    RecordCreated,
    RecordsMerged,
    RecordsUnmerged,
    RecordUpdated,
    Refusal,
    ThresholdLeft,
    ThresholdReached,
    VisitorIdentified,
)
from leadflow.model.facts import InteractionReceived
from leadflow.model.lead import Lead
from leadflow.model.making import replaced
from leadflow.model.records import Input
from leadflow.room import Step, View
from leadflow.scoring import loading
from leadflow.scoring.prepare import Compiled, Prepared
from leadflow.scoring.rescore import fresh, rescore
from leadflow.scoring.state import Score
from leadflow.scoring.subject import leads_of, require_inputs, score_id, subject_of

# -- behaviour --------------------------------------------------------------------------------------------


def on_interaction(view: View, fact: InteractionReceived, prepared: Prepared, now_us: int) -> Step | None:
    """An interaction counts in every model whose signals it matches: of its contact, its account, its leads."""
    contact = fact.contact
    if contact is None:
        return None
    puts: list[Any] = []
    decisions: list[Decision] = []
    facts: list[Any] = []
    for compiled, subject_id in _scored_by(view, contact, prepared):
        touched = compiled.signals.matching(fact.kind, fact.properties)
        row = view.get(Score, score_id(subject_id, compiled.name))
        if not touched and row is not None:
            continue
        if row is None or row.program != compiled.digest:
            row = fresh(view, subject_id, compiled, row, now_us)
            if row is None:
                continue
        elif compiled.consent and subject_of(view, subject_id, compiled) is None:
            # Consent was withdrawn: the score stands still, and is counted from inputs if it is given again.
            continue
        changed = compiled.signals.observe(row.signals, fact.kind, fact.properties, fact.at_us)
        signals = {**row.signals, **changed}
        rescore(view, compiled, row, signals, now_us, puts, decisions, facts)
    if not puts:
        return None
    return Step(tuple(decisions), tuple(puts), (), tuple(facts))


def _scored_by(view: View, contact_id: str, prepared: Prepared) -> Iterator[tuple[Compiled, str]]:
    """Every (model, subject) that an interaction of a contact counts for."""
    by_target = prepared.by_target
    for compiled in by_target["contact"]:
        yield compiled, contact_id
    if by_target["account"]:
        contact = view.get(Contact, contact_id)
        if contact is not None and contact.account_id is not None:
            for compiled in by_target["account"]:
                yield compiled, contact.account_id
    if by_target["lead"]:
        for lead in view.find(Lead, "contact_id", contact_id):
            for compiled in by_target["lead"]:
                yield compiled, lead.id


# -- records ----------------------------------------------------------------------------------------------


def on_record(view: View, decision: RecordCreated | RecordUpdated, prepared: Prepared, now_us: int) -> Step | None:
    """A contact, account or lead was made or changed: the static parts of its scores are judged anew."""
    if decision.record not in ("contact", "account", "lead"):
        return None
    puts: list[Any] = []
    decisions: list[Decision] = []
    facts: list[Any] = []
    for compiled, subject_id in _read_by(view, decision, prepared):
        row = view.get(Score, score_id(subject_id, compiled.name))
        if row is None or row.program != compiled.digest or _counts_anew(decision, compiled):
            row = fresh(view, subject_id, compiled, row, now_us)
            if row is None:
                continue
            bits = (row.bits, row.bits_until_us)
        else:
            subject = subject_of(view, subject_id, compiled)
            if subject is None:
                continue
            bits = compiled.program.static(subject, now_us)
            if bits == (row.bits, row.bits_until_us):
                continue
        rescore(view, compiled, row, row.signals, now_us, puts, decisions, facts, bits)
    if decision.record == "lead" and (isinstance(decision, RecordCreated) or _LINKS.intersection(_changed(decision))):
        decisions.extend(_already_ready(view, decision.subject, prepared))
    if not (puts or decisions):
        return None
    return Step(tuple(decisions), tuple(puts), (), tuple(facts))


_LINKS = frozenset({"contact_id", "account_id"})


def _changed(decision: RecordCreated | RecordUpdated) -> set[str]:
    return {*decision.fields, *decision.links}


def _counts_anew(decision: RecordCreated | RecordUpdated, compiled: Compiled) -> bool:
    """Whether other behaviour counts now: the record belongs to somebody else, or may be scored again."""
    if isinstance(decision, RecordCreated):
        return False
    changed = _changed(decision)
    if compiled.consent and "consent" in changed:
        return True
    target = compiled.model.target
    return (target == "lead" and decision.record == "lead" and not _LINKS.isdisjoint(changed)) or (
        target == "account" and decision.record == "contact" and "account_id" in changed
    )


def _read_by(view: View, decision: RecordCreated | RecordUpdated, prepared: Prepared) -> Iterator[tuple[Compiled, str]]:
    """Every (model, subject) whose static rules may read the record, or whose behaviour the change makes another."""
    by_target = prepared.by_target
    id_ = decision.subject
    if decision.record == "lead":
        for compiled in by_target["lead"]:
            yield compiled, id_
        return
    contacts = [id_]
    if decision.record == "account":
        for compiled in by_target["account"]:
            yield compiled, id_
        contacts = [contact.id for contact in view.find(Contact, "account_id", id_)]
    elif by_target["account"] and "account_id" in decision.links and isinstance(decision, RecordUpdated):
        for compiled in by_target["account"]:
            yield compiled, str(decision.links["account_id"])
    for contact in contacts:
        for compiled in by_target["contact"]:
            yield compiled, contact
        if by_target["lead"]:
            for lead in view.find(Lead, "contact_id", contact):
                for compiled in by_target["lead"]:
                    yield compiled, lead.id


def on_identified(view: View, decision: VisitorIdentified, prepared: Prepared, now_us: int) -> Step | None:
    """What the visitor did counts for the contact from now on, and no more for whom an earlier one has replaced."""
    if decision.subject == decision.former or all(
        record.kind is None for record in view.find(Input, "subject", decision.visitor)
    ):
        return None
    puts: list[Any] = []
    decisions: list[Decision] = []
    facts: list[Any] = []
    concerned = [decision.subject] if decision.former is None else [decision.subject, decision.former]
    # Two contacts of one account share its scores.
    touched = {(each[0].name, each[1]): each for contact in concerned for each in _scored_by(view, contact, prepared)}
    for compiled, subject_id in touched.values():
        row = fresh(view, subject_id, compiled, view.get(Score, score_id(subject_id, compiled.name)), now_us)
        if row is not None:
            rescore(view, compiled, row, row.signals, now_us, puts, decisions, facts)
    return Step(tuple(decisions), tuple(puts), (), tuple(facts)) if puts else None


def on_merged(view: View, decision: RecordsMerged | RecordsUnmerged, prepared: Prepared, now_us: int) -> Step | None:
    """After a merge or its undo, every score that the moved behaviour counts for is made anew from inputs."""
    puts: list[Any] = []
    decisions: list[Decision] = []
    facts: list[Any] = []
    touched = [
        (compiled, subject_id)
        for compiled in prepared.models.values()
        for subject_id in _touched_by(view, decision, compiled)
    ]
    require_inputs(view, touched)
    for compiled, subject_id in touched:
        anew = fresh(view, subject_id, compiled, view.get(Score, score_id(subject_id, compiled.name)), now_us)
        if anew is not None:
            rescore(view, compiled, anew, anew.signals, now_us, puts, decisions, facts)
    for compiled in prepared.models.values():
        if isinstance(decision, RecordsMerged) and compiled.model.target == decision.record:
            # The loser's score waits for nothing; what it had reached is kept for the case that the merge is undone.
            old = view.get(Score, score_id(decision.loser, compiled.name))
            if old is not None:
                puts.append(replaced(old, valid_until_us=None, version=old.version + 1))
    return Step(tuple(decisions), tuple(puts), (), tuple(facts)) if puts else None


def _touched_by(view: View, decision: RecordsMerged | RecordsUnmerged, compiled: Compiled) -> list[str]:
    """The subjects of a model whose score a merge (or its undo) changes."""
    ids = [decision.subject] if isinstance(decision, RecordsMerged) else [decision.subject, decision.loser]
    target, record = compiled.model.target, decision.record
    if target == record:
        return ids
    if record == "contact" and target == "account":
        rows = [view.get(Contact, id_) for id_ in (decision.subject, decision.loser)]
        return sorted({row.account_id for row in rows if row is not None and row.account_id is not None})
    if record == "contact" and target == "lead":
        return [lead.id for id_ in ids for lead in view.find(Lead, "contact_id", id_)]
    if record == "account":
        contacts = [contact.id for id_ in ids for contact in view.find(Contact, "account_id", id_)]
        if target == "contact":
            return contacts
        leads = [lead.id for id_ in ids for lead in view.find(Lead, "account_id", id_)]
        leads += [lead.id for contact in contacts for lead in view.find(Lead, "contact_id", contact)]
        return list(dict.fromkeys(leads))
    return []


# -- time -------------------------------------------------------------------------------------------------


def on_wake(view: View, wake: Wake, prepared: Prepared, now_us: int) -> Step | None:
    """A score changes by itself: something left its window, faded a step, or a date passed."""
    if wake.table != "score":
        return None
    row = view.get(Score, wake.id)
    if row is None or row.valid_until_us is None or row.valid_until_us > now_us:
        return None
    puts: list[Any] = []
    decisions: list[Decision] = []
    facts: list[Any] = []
    compiled = prepared.models.get(row.model)
    # Where the model is not live any more, or consent was withdrawn: the score stays as it was and waits for nothing.
    stale = replaced(row, valid_until_us=None, version=row.version + 1)
    if compiled is None:
        return Step(puts=(stale,))
    anew = row if row.program == compiled.digest else fresh(view, row.subject, compiled, row, now_us)
    if anew is not None:
        rescore(view, compiled, anew, anew.signals, now_us, puts, decisions, facts)
    return Step(tuple(decisions), tuple(puts), (), tuple(facts)) if puts else Step(puts=(stale,))


def on_rescore(view: View, command: Rescore, prepared: Prepared, now_us: int) -> Step | None:
    """A new or changed model: the subjects are scored by it as of now."""
    compiled = prepared.models.get(command.model)
    if compiled is None:
        return Step(refusal=Refusal("unknown_model", {"model": command.model}))
    view.require(loading.rescore_keys(command, prepared))
    puts: list[Any] = []
    decisions: list[Decision] = []
    facts: list[Any] = []
    for subject_id in command.subjects:
        row = view.get(Score, score_id(subject_id, compiled.name))
        if row is not None and row.program == compiled.digest:
            continue
        anew = fresh(view, subject_id, compiled, row, now_us)
        if anew is not None:
            rescore(view, compiled, anew, anew.signals, now_us, puts, decisions, facts)
    return Step(tuple(decisions), tuple(puts), (), tuple(facts)) if puts else None


# -- leads ------------------------------------------------------------------------------------------------


def on_crossing(view: View, decision: ThresholdReached | ThresholdLeft, prepared: Prepared, now_us: int) -> Step | None:
    """A threshold marks the subject's open leads sales-ready; leaving a `leave` bound takes the mark away."""
    if not prepared.rules.marks_sales_ready:
        return None
    compiled = prepared.models[decision.model]
    reached = isinstance(decision, ThresholdReached)
    if not reached and compiled.model.leave is None:
        return None
    leads = leads_of(view, decision.subject, compiled)
    flags = tuple(
        LeadFlagged(subject=lead.id, flag="sales_ready", value=reached, because=decision.model)
        for lead in leads
        if lead.is_open and lead.sales_ready is not reached
    )
    return Step(flags) if flags else None


def _already_ready(view: View, lead_id: str, prepared: Prepared) -> list[Decision]:
    """A new lead of somebody whose score is over the threshold is sales-ready at once."""
    lead = view.get(Lead, lead_id)
    if lead is None or not prepared.rules.marks_sales_ready:
        return []
    basis = {"contact": lead.contact_id, "account": lead.account_id}
    for compiled in prepared.models.values():
        subject_id = basis.get(compiled.model.target)
        if subject_id is None or compiled.model.target != lead.basis:
            continue
        score = view.get(Score, score_id(subject_id, compiled.name))
        if score is not None and score.is_ready:
            return [LeadFlagged(subject=lead_id, flag="sales_ready", value=True, because=compiled.name)]
    return []
