"""Assignment's reactions: a sales-ready lead gets an owner, who is told; people assign, claim and credit. Pure."""

from __future__ import annotations

from typing import Any

from leadflow.assignment.choosing.choice import Choice, Request
from leadflow.assignment.choosing.choose import choose
from leadflow.assignment.choosing.territory import Place
from leadflow.assignment.knowing import has_free_mail, input_told
from leadflow.assignment.lines import Division, divided, lines_decided, users_of
from leadflow.assignment.pools.returns import returned
from leadflow.assignment.prepare import LookUp, Prepared, holds
from leadflow.assignment.sla import deadline, may_claim
from leadflow.assignment.state import Handover
from leadflow.assignment.telling import told
from leadflow.model.business import User
from leadflow.model.commands import Assign, Claim, Credit
from leadflow.model.decisions import (
    DeadlineSet,
    Decision,
    LeadFlagged,
    LeadQueued,
    LeadStateChanged,
    LinesAssigned,
    OwnerAssigned,
    Refusal,
)
from leadflow.model.lead import Lead
from leadflow.room import Step, View


def on_flagged(view: View, decision: LeadFlagged, prepared: Prepared, now_us: int) -> Step | None:
    """A lead that became sales-ready is handed over by the rules."""
    if decision.flag == "sales_accepted" and decision.value:
        settled = _settled(view, decision.subject)
        return Step(settled) if settled else None
    if decision.flag not in prepared.rules.triggers or not decision.value:
        return None
    lead = view.get(Lead, decision.subject)
    return None if lead is None else Step(handed_over(view, lead, prepared, now_us))


def on_lines(view: View, decision: LinesAssigned, prepared: Prepared, now_us: int) -> Step | None:
    """A lead that was divided from another gets an owner of its own, if its marks have not given it one."""
    lead = view.get(Lead, decision.subject)
    if decision.of is None or lead is None or lead.owner_id is not None or lead.queue is not None:
        return None
    return Step(handed_over(view, lead, prepared, now_us))


def on_state(view: View, decision: LeadStateChanged, prepared: Prepared, now_us: int) -> Step | None:
    """A closed or qualified lead has no deadlines any more; one that was no lead at all gives its owner the turn back."""
    settled = _settled(view, decision.subject)
    is_invalid = decision.after == "disqualified" and decision.reason in prepared.rules.credit_reasons
    turned = returned(view, view.get(Handover, decision.subject), {}) if is_invalid else ()
    return Step((*settled, *turned)) if settled or turned else None


def _settled(view: View, lead_id: str) -> tuple[DeadlineSet, ...]:
    handover = view.get(Handover, lead_id)
    names = [] if handover is None else [name for name, _ in handover.deadlines]
    return tuple(DeadlineSet(subject=lead_id, sla=name, due_us=None, because="settled") for name in names)


def handed_over(
    view: View,
    lead: Lead,
    prepared: Prepared,
    now_us: int,
    *,
    target: str | None = None,
    former: tuple[str, ...] = (),
    hops: int = 0,
    gives_back: bool = True,
) -> tuple[Decision, ...]:
    """Who gets a lead by the rules, as decisions; `former` owners do not get it again.

    A pool member who loses it has his turn back, unless he leaves (`gives_back` False).
    """
    choice, division = _chosen(view, lead, prepared, now_us, target, former)
    return _decided(view, lead, choice, division, prepared, now_us, hops, gives_back)


def lines_handed_over(view: View, lead: Lead, prepared: Prepared, now_us: int) -> tuple[Decision, ...]:
    """Who gets the product lines of an owned lead that had to wait; the lead's own owner stays."""
    choice, division = _chosen(view, lead, prepared, now_us)
    return (*returned(view, None, choice.pools), *_lines(view, lead, choice, division, now_us))


def _chosen(
    view: View,
    lead: Lead,
    prepared: Prepared,
    now_us: int,
    target: str | None = None,
    former: tuple[str, ...] = (),
) -> tuple[Choice, Division]:
    view.require(prepared.reads)
    asked = view.asked(lead=lead, signals=prepared.signals)
    division = divided(view, lead, view.get(Handover, lead.id), prepared)
    choice = choose(
        prepared.rules,
        _request(view, lead, asked, former, division),
        LookUp(view, lead, asked, prepared.rules),
        now_us,
        holds=holds(prepared, asked, now_us),
        target=target,
        strategies=prepared.strategies,
    )
    return choice, division


def _request(view: View, lead: Lead, asked: Any, former: tuple[str, ...], division: Division) -> Request:
    contact, account = asked.contact, asked.account
    source = contact if contact is not None and contact.country is not None else account
    place = (
        Place()
        if source is None
        else Place(postcode=source.postcode, city=source.city, region=source.region, country=source.country)
    )
    return Request(
        owner=None if lead.owner_id in former else lead.owner_id,
        is_duplicate=view.command.key in input_told(view, lead, contact),
        has_free_mail=has_free_mail(None if contact is None else contact.email),
        place=place,
        interests=division.interests,
        former_owners=frozenset(former),
        lines=division.known,
    )


def _decided(
    view: View,
    lead: Lead,
    choice: Choice,
    division: Division,
    prepared: Prepared,
    now_us: int,
    hops: int,
    gives_back: bool,
) -> tuple[Decision, ...]:
    handover = view.get(Handover, lead.id) if gives_back and choice.owner != lead.owner_id else None
    decisions: list[Decision] = [*returned(view, handover, choice.pools)]
    candidates = tuple((each.user, each.reason) for each in choice.candidates)
    if choice.owner is not None:
        if choice.owner != lead.owner_id:
            decisions.append(
                OwnerAssigned(
                    subject=lead.id,
                    owner=choice.owner,
                    former=lead.owner_id,
                    rule=choice.rule,
                    strategy=choice.strategy,
                    pool=choice.pool,
                    candidates=candidates,
                    hops=hops,
                )
            )
    else:
        queue = choice.queue or choice.pool or "unassigned"
        decisions.append(
            LeadQueued(
                subject=lead.id, queue=queue, rule=choice.rule, until_us=choice.hold_until_us, candidates=candidates
            )
        )
    decisions += _lines(view, lead, choice, division, now_us)
    for name in choice.slas:
        sla = prepared.slas[name]
        due_us = deadline(sla, prepared.schedules.get(sla.schedule or ""), now_us)
        if due_us is not None:
            decisions.append(DeadlineSet(subject=lead.id, sla=name, due_us=due_us, because="assigned"))
    recipient = choice.owner
    if recipient is not None:
        templates = choice.notify or (("lead-ready",) if recipient == lead.owner_id else ())
        kind = "lead.ready" if recipient == lead.owner_id else "lead.assigned"
        for template in templates:
            decisions += told(view, lead.id, recipient, template, kind)
    return tuple(decisions)


def _lines(view: View, lead: Lead, choice: Choice, division: Division, now_us: int) -> list[Decision]:
    """Who has which product line, and word to those who have one of somebody else's lead since now."""
    decided = lines_decided(lead, choice, division, now_us)
    before = {*users_of(division.known), choice.owner}
    users = [user for each in decided for user in users_of(each.lines) if user not in before]
    template = next(iter(choice.notify), "lead-assigned")
    messages = [message for user in users for message in told(view, lead.id, user, template, "lead.assigned")]
    return [*decided, *messages]


# -- commands ---------------------------------------------------------------------------------------------


def on_assign(view: View, command: Assign, prepared: Prepared, now_us: int) -> Step | None:
    """By hand to an owner, or by the rules."""
    lead = view.get(Lead, command.lead)
    if lead is None:
        return Step(refusal=Refusal("unknown_id", {"record": "lead", "id": command.lead}))
    if command.owner is None:
        return Step(handed_over(view, lead, prepared, now_us))
    user = view.get(User, command.owner)
    if user is not None and not user.is_active:
        return Step(refusal=Refusal("user_inactive", {"user": command.owner}))
    if lead.owner_id == command.owner:
        return None
    assigned = OwnerAssigned(
        subject=lead.id, owner=command.owner, former=lead.owner_id, rule="by hand", strategy="by hand"
    )
    turned = returned(view, view.get(Handover, lead.id), {})
    messages = told(view, lead.id, command.owner, prepared.rules.notify or "lead-assigned", "lead.assigned")
    return Step((*turned, assigned, *messages))


def on_claim(view: View, command: Claim, prepared: Prepared, now_us: int) -> Step | None:
    """The first claim takes a lead out of its queue."""
    lead = view.get(Lead, command.lead)
    handover = view.get(Handover, command.lead)
    if lead is None:
        return Step(refusal=Refusal("unknown_id", {"record": "lead", "id": command.lead}))
    if lead.queue is None or handover is None:
        return Step(refusal=Refusal("not_queued", {"lead": lead.id, "owner": lead.owner_id or ""}))
    queue = prepared.queues.get(lead.queue)
    if queue is not None and not may_claim(queue, command.user):
        return Step(refusal=Refusal("not_a_member", {"queue": lead.queue, "user": command.user}))
    return Step(
        (
            OwnerAssigned(
                subject=lead.id, owner=command.user, former=lead.owner_id, rule=f"queue {lead.queue}", strategy="claim"
            ),
        )
    )


def on_credit(view: View, command: Credit, prepared: Prepared, now_us: int) -> Step | None:
    """The owner of a rejected lead gets his turn in the pool back."""
    handover = view.get(Handover, command.lead)
    turned = returned(view, handover, {})
    if not turned:
        return Step(refusal=Refusal("no_turn", {"lead": command.lead}))
    return Step(turned)
