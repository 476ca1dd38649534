"""Decisions in plain English; a host translates by type and fields."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from leadflow.model.decisions import Recorded
from leadflow.model.time import to_datetime


def sentence(recorded: Recorded) -> str:
    """One decision as a sentence: what, about what, why.

    >>> from leadflow.model.decisions import LeadFlagged
    >>> flagged = LeadFlagged(subject="l_1", flag="sales_ready", value=True, because="interest")
    >>> sentence(Recorded("k#0", flagged, 0, 0, "k", None, "d"))
    'l_1 marked sales_ready because of interest'
    """
    decision = recorded.decision
    write = _SENTENCES.get(decision.type)
    return write(decision) if write is not None else f"{decision.subject} {decision.type}"


def _created(d: Any) -> str:
    by = f", nobody had the key of {d.strategy}" if d.strategy else ""
    links = f" with {', '.join(f'{name} {id_}' for name, id_ in d.links.items())}" if d.links else ""
    return f"{d.record} {d.subject} created from {d.input}{links}{by}"


def _matched(d: Any) -> str:
    if d.outcome == "given":
        return f"{d.record} {d.subject} named by {d.input}"
    among = f" among {len(d.candidates)} candidates, the {d.tie}" if d.tie else ""
    return f"{d.record} {d.subject} matched by {d.strategy} ({' + '.join(d.key)}){among}, from {d.input}"


def _updated(d: Any) -> str:
    parts = [*(f"{name}" for name in d.fields), *(f"{name} = {id_}" for name, id_ in d.links.items())]
    return f"{d.record} {d.subject} took {', '.join(parts)} from {d.input}"


def _stage(d: Any) -> str:
    passed = f", passing over {', '.join(d.skipped)}" if d.skipped else ""
    why = f": {d.reason}" if d.reason else ""
    return f"{d.subject} moved from {d.before} to {d.after} ({d.how}{passed}){why}"


def _assigned(d: Any) -> str:
    former = f" after {d.former}" if d.former else ""
    skipped = "; ".join(f"{user}: {reason}" for user, reason in d.candidates if user != d.owner)
    others = f" (others: {skipped})" if skipped else ""
    by = d.rule if d.rule == "by hand" else f"by {d.rule}, {d.strategy}"
    return f"{d.subject} given to {d.owner}{former} {by}{others}"


def _queued(d: Any) -> str:
    skipped = "; ".join(f"{user}: {reason}" for user, reason in d.candidates)
    return f"{d.subject} waits in {d.queue} by {d.rule}" + (f" ({skipped})" if skipped else "")


def _lines(d: Any) -> str:
    if d.of is not None:
        return f"{d.subject} divided from {d.of}"
    return f"{d.subject} by product line: {', '.join(f'{line} {has}' for line, has in d.lines.items())}"


def _turned(d: Any) -> str:
    returned = f": the turn of {d.returned} was given back" if d.returned else ""
    return f"pool {d.subject} moved on{returned}"


def _paused(d: Any) -> str:
    until = "takes part again" if d.until_us is None else f"out of rotation until {to_datetime(d.until_us).isoformat()}"
    return f"{d.subject} {until}: {d.because}"


def _reported(d: Any) -> str:
    said = " ".join(part for part in (d.bounce, d.status) if part)
    return f"{d.kind} of {d.message or d.subject}" + (f" ({said})" if said else "")


def _because(cause: str) -> str:
    return cause if cause == "by hand" else f"because of {cause}"


_SENTENCES: Mapping[str, Callable[[Any], str]] = {
    "record_created": _created,
    "record_matched": _matched,
    "record_updated": _updated,
    "records_merged": lambda d: f"{d.record} {d.subject} now stands for {d.loser} too",
    "records_unmerged": lambda d: f"{d.record} {d.loser} stands for itself again, apart from {d.subject}",
    "record_removed": lambda d: f"{d.record} {d.subject} removed: the import that made it was undone",
    "visitor_identified": lambda d: f"visitor {d.visitor} is contact {d.subject}, says {d.input}",
    "input_failed": lambda d: f"{d.subject} could not be taken: {', '.join(' '.join(r) for r in d.reasons)}",
    "input_settled": lambda d: f"{d.subject} {d.how} by {d.input}",
    "scored": lambda d: f"{d.subject} scored for the first time by {d.model}: {d.points}",
    "grade_changed": lambda d: f"{d.subject} is now {d.after or 'without grade'} by {d.model} ({d.points} points)",
    "threshold_reached": lambda d: f"{d.subject} reached {d.threshold} by {d.model} with {d.points} points",
    "threshold_left": lambda d: f"{d.subject} fell below {d.bound} by {d.model} to {d.points} points",
    "lead_flagged": lambda d: f"{d.subject} {'' if d.value else 'no longer '}marked {d.flag} {_because(d.because)}",
    "lead_state_changed": lambda d: f"{d.subject} is {d.after} (was {d.before}){f': {d.reason}' if d.reason else ''}",
    "process_started": lambda d: f"{d.subject} entered process {d.process} at {d.stage}",
    "stage_changed": _stage,
    "step_answered": lambda d: f"{d.subject} step {d.step} answered by {d.input}",
    "process_ended": lambda d: f"{d.subject} process {d.process}: {d.how} at {d.stage}",
    "owner_assigned": _assigned,
    "lead_queued": _queued,
    "lines_assigned": _lines,
    "pool_turned": _turned,
    "user_left": lambda d: f"{d.subject} is inactive, {d.open} open leads need an owner",
    "user_paused": _paused,
    "alerts_chosen": lambda d: (
        f"{d.subject} hears of {', '.join(f'{k}: {w}' for k, w in d.kinds.items()) or 'everything'}"
    ),
    "view_seen": lambda d: f"{d.subject} has seen the list {d.view}",
    "deadline_set": lambda d: f"{d.subject} deadline {d.sla} {'ended' if d.due_us is None else 'started'}: {d.because}",
    "deadline_missed": lambda d: f"{d.subject} missed {d.sla}: {d.action}",
    "mail_reported": _reported,
    "address_allowed": lambda d: f"an address may be sent to again: {d.because or d.subject}",
    "message_planned": lambda d: f"{d.recipient} is told: {d.template} about {d.subject}",
}
