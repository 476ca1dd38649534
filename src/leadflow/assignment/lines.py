"""Product lines of a lead: what it is interested in, and who has which line, in one lead or in a lead per line. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from attrs import frozen

from leadflow.assignment.choosing.choice import Choice, Interest, LineChoice
from leadflow.assignment.prepare import Prepared
from leadflow.assignment.rules import split_target
from leadflow.assignment.state import Handover
from leadflow.model.decisions import Decision, LeadFlagged, LinesAssigned, RecordCreated
from leadflow.model.identity import group_of
from leadflow.model.ids import derive_id
from leadflow.model.lead import Lead
from leadflow.model.records import Input
from leadflow.model.values import FLAGS, NOTHING
from leadflow.room import View


@frozen
class Division:
    """How a lead is divided by its product lines.

    `interests` are those that the lead itself is about, `known` says who has which line already. Where each line gets a
    lead of its own, `own` is the line that this one keeps, and `others` are those for which leads are to be made.
    """

    interests: tuple[Interest, ...] = ()
    known: Mapping[str, str] = NOTHING
    own: str | None = None
    others: tuple[str, ...] = ()


def interests_of(view: View, lead: Lead) -> tuple[Interest, ...]:
    """The products that the lead's context and its person's inputs for it name, in order, with how many inputs do."""
    counts: dict[str, int] = dict.fromkeys((*_named(lead.context),), 0)
    for record in _inputs(view, lead):
        for product in _named(record.properties):
            counts[product] = counts.get(product, 0) + 1
    for product in _parts(lead.product):
        counts.setdefault(product, 0)
    return tuple(Interest(product=product, score=count) for product, count in counts.items())


def _inputs(view: View, lead: Lead) -> list[Input]:
    if lead.contact_id is None:
        return []
    leads = set(group_of(view, lead.id))
    people = group_of(view, lead.contact_id)
    view.require([("input.subject", person) for person in people])
    found = [record for person in people for record in view.find(Input, "subject", person) if record.lead in leads]
    return sorted(found, key=lambda record: (record.at_us, record.id))


def _named(properties: Mapping[str, Any]) -> Iterator[str]:
    """Products under `product` and `products`: a text, several with ; between them, or a list."""
    yield from dict.fromkeys((*_parts(properties.get("product")), *_parts(properties.get("products"))))


def _parts(value: Any) -> Iterator[str]:
    items: Iterable[Any] = (
        value.split(";") if isinstance(value, str) else value if isinstance(value, (list, tuple)) else ()
    )
    yield from (text for item in items if isinstance(item, str) and (text := item.strip()))


def divided(view: View, lead: Lead, handover: Handover | None, prepared: Prepared) -> Division:
    """What the lead is about. Where each line gets a lead of its own, it keeps one line and the others are split off."""
    rules = prepared.rules
    known = NOTHING if handover is None else handover.lines
    if not rules.product_lines:
        return Division(() if lead.product is None else (Interest(product=lead.product),), known)
    if handover is not None and handover.of is not None:
        return Division(tuple(Interest(product=product) for product in _parts(lead.product)), known)
    interests = interests_of(view, lead)
    if rules.product_mode == "single":
        return Division(interests, known)
    scores: dict[str, int] = {}
    for interest in interests:
        line = rules.line_of(interest.product)
        if line is not None:
            scores[line] = max(scores.get(line, 0), interest.score)
    kept = [line for line, has in known.items() if not has.startswith("lead:")] or [
        line for line in scores if line not in known
    ]
    if not kept:
        return Division(interests, known)
    own = kept[0] if rules.lead_owner == "first" else max(kept, key=lambda line: scores.get(line, 0))
    return Division(
        tuple(each for each in interests if rules.line_of(each.product) in (own, None)),
        known,
        own,
        tuple(line for line in scores if line != own and line not in known),
    )


def lines_decided(lead: Lead, choice: Choice, division: Division, now_us: int) -> tuple[LinesAssigned, ...]:
    """Who has which line now; nothing when that is as it was."""
    choices = choice.lines
    lines = {**division.known, **{each.line: _target(each) for each in choices}}
    if division.own is not None and division.own not in lines:
        lines[division.own] = _target(choice)
    lines.update({line: f"lead:{_id_of(lead, line)}" for line in division.others})
    waits = [each.hold_until_us for each in choices if each.owner is None and each.hold_until_us is not None]
    # A microsecond on: the leads of the other lines are made by a wake of their own, however deep this cascade is.
    waits += [now_us + 1] if division.others else []
    if lines == dict(division.known) and not waits:
        return ()
    return (LinesAssigned(subject=lead.id, lines=lines, until_us=min(waits, default=None)),)


def _target(choice: Choice | LineChoice) -> str:
    if choice.owner is not None:
        return f"user:{choice.owner}"
    return f"queue:{choice.queue}" if choice.hold_until_us is None else f"pool:{choice.pool}"


def _id_of(lead: Lead, line: str) -> str:
    return derive_id("lead", f"{lead.id}:{line}")


def split_off(view: View, lead: Lead, handover: Handover, prepared: Prepared) -> tuple[Decision, ...]:
    """The leads of the other lines: of the same person, about that line's product, with the marks of the first one."""
    wanted = {line: id_ for line, has in handover.lines.items() for kind, id_ in [split_target(has)] if kind == "lead"}
    view.require([("lead", id_) for id_ in wanted.values()])
    decisions: list[Decision] = []
    products = [each.product for each in interests_of(view, lead)]
    for line, id_ in wanted.items():
        product = next((product for product in products if prepared.rules.line_of(product) == line), None)
        if product is None or view.get(Lead, id_) is not None:
            continue
        links = {"contact_id": lead.contact_id, "account_id": lead.account_id, "product": product}
        known = {name: link for name, link in links.items() if link is not None}
        decisions.append(RecordCreated(subject=id_, record="lead", input=view.command.key, links=known))
        decisions.append(LinesAssigned(subject=id_, of=lead.id))
        decisions += [
            LeadFlagged(subject=id_, flag=flag, value=True, because=f"line {line}")
            for flag in FLAGS
            if getattr(lead, flag)
        ]
    decisions.append(LinesAssigned(subject=lead.id, lines=handover.lines))
    return tuple(decisions)


def users_of(lines: Mapping[str, str]) -> tuple[str, ...]:
    """The users who have a line each."""
    return tuple(dict.fromkeys(name for kind, name in map(split_target, lines.values()) if kind == "user"))
