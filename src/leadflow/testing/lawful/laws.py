"""The laws, each a question to a story: what is wrong with it, in words and as what a test would expect."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import Any, Final

from attrs import frozen

from leadflow.assignment.state import Handover
from leadflow.engine.mailing.messages import Message
from leadflow.engine.outcome import Result
from leadflow.model.lead import Lead
from leadflow.model.values import CONSENT_LEVELS
from leadflow.ports.store import Scan
from leadflow.process.rules import Process
from leadflow.scoring.state import Score
from leadflow.scoring.subject import score_id
from leadflow.testing import invariants
from leadflow.testing.lawful.code import value_code
from leadflow.testing.stories import Story

LAWS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "runs": "every record is answered: nothing raises, no filled form is lost, no cascade goes on for ever",
        "preview": "a preview says what doing does",
        "bounds": "every score is within the bounds of its model, and no rule alone gives more than they allow",
        "moves": "no lead is stuck: what may move by itself has moved, and every stage is left by somebody",
        "stages": "every stage is reached by somebody",
        "thresholds": "every threshold is reached by somebody",
        "owners": "every sales-ready lead gets an owner, or an alarm says that it has none",
        "consent": "nobody without consent is written to",
        "fold": "what is stored follows from the log alone",
    }
)
"""Every law by its name."""
Bounds = tuple[int | None, int | None]


@frozen
class Fault:
    """What is wrong: the law, the words, and the expectation that fails, as the arguments of a story's `then`."""

    law: str
    said: str
    then: str


Law = Callable[[Story, Mapping[str, Bounds]], Iterator[Fault]]


def _rows(story: Story, table: str) -> list[Any]:
    return list(story.flow.store.scan(Scan(table=table)))


def _leads(story: Story) -> list[Lead]:
    """Leads that stand for themselves, the story's first."""
    found = [lead for lead in _rows(story, "lead") if lead.merged_into is None]
    return sorted(found, key=lambda lead: lead.id != story.lead_id)


# -- while it happens -------------------------------------------------------------------------------------


def taken(story: Story, record: Mapping[str, Any], result: Result) -> Iterator[Fault]:
    """runs: what becomes of one record."""
    if result.status == "failed":
        code = next((code for code, _ in result.reasons), "") if result.refusal is None else result.refusal.code
        if code == "runaway" or (record["type"] == "submission" and _is_filled(story, record)):
            why = ", ".join(f"{code} {place}".strip() for code, place in result.reasons)
            yield Fault("runs", f"the {record['type']} was not taken: {why}", 'status="accepted"')


def _is_filled(story: Story, record: Mapping[str, Any]) -> bool:
    """Whether a form that there is has all that it requires."""
    form = story.flow.playbook.capture.forms.get(record["form"])
    fields = record.get("fields", {})
    return form is not None and all(str(fields.get(name) or "").strip() for name in form.required)


def bounds(story: Story, stated: Mapping[str, Bounds]) -> Iterator[Fault]:
    """Points within the bounds, and no rule that gives more than they allow."""
    models = story.flow.rulebook.rules["scoring"].models
    for lead in _leads(story):
        for name, compiled in models.items():
            least, most = stated.get(name, (compiled.model.floor, compiled.model.ceiling))
            subject = {"contact": lead.contact_id, "account": lead.account_id, "lead": lead.id}[compiled.model.target]
            row = None if subject is None else _score(story, subject, name)
            if row is None:
                continue
            asked = f'score("{name}")'
            if least is not None and row.points < least:
                yield Fault("bounds", f"{asked} is {row.points}, less than {least}", f"'{asked} >= {least}'")
            if most is not None and row.points > most:
                yield Fault("bounds", f"{asked} is {row.points}, more than {most}", f"'{asked} <= {most}'")
            yield from _alone(story, compiled, row, most)


def _score(story: Story, subject: str, model: str) -> Score | None:
    id_ = score_id(subject, model)
    found: Score | None = story.flow.store.load([("score", id_)]).rows["score", id_]
    return found


def _alone(story: Story, compiled: Any, row: Score, most: int | None) -> Iterator[Fault]:
    """A rule that has given more at once than its group or its model can take: some of its points are lost."""
    shares = compiled.program.contributions(row.signals, row.bits, story.flow.now())
    fired = {share.name: share for share in shares if share.by == "rule"}
    for rule in compiled.model.rules:
        if rule.name not in fired:
            continue
        group = compiled.model.groups.get(rule.group or "")
        for where, bound in (
            (f"the group {rule.group}", group and group.at_most),
            (f"the model {compiled.name}", most),
        ):
            if bound is not None and rule.points > bound:
                total = row.points + rule.points - bound
                said = f"the rule {rule.name!r} gives {rule.points} at once, and {where} takes at most {bound}"
                yield Fault("bounds", said, f"'score(\"{compiled.name}\") >= {total}'")


def moves(story: Story, stated: Mapping[str, Bounds]) -> Iterator[Fault]:
    """A lead for which an automatic move holds has moved, unless somebody put it where it is."""
    for name, process in story.flow.playbook.process.processes.items():
        here = {lead.id: lead for lead in _leads(story) if lead.is_open and lead.process == name}
        if here:
            yield from _stuck(story, name, process, here)


def _stuck(story: Story, name: str, process: Process, here: Mapping[str, Lead]) -> Iterator[Fault]:
    order = [stage.name for stage in process.stages]
    for position, stage in enumerate(process.stages):
        waiting = [lead for lead in here.values() if lead.stage == stage.name]
        for branch in stage.automatic if waiting else ():
            if order.index(branch.to) <= position:
                continue
            held = {each.lead.id for each in story.flow.leads(branch.when, limit=None)}
            for lead in waiting:
                if lead.id in held and _may_move(story, lead):
                    said = f"the lead stays at {stage.name}, although it may move to {branch.to}: {branch.when or 'always'}"
                    yield Fault("moves", said, f"stage={value_code(branch.to)}")


def _may_move(story: Story, lead: Lead) -> bool:
    """Whether its process is active, and nobody has put it back or set it by hand since it moved last."""
    query = Scan(table="decision", where=(("subject", "=", lead.id),), order="-seq")
    for recorded in story.flow.store.scan(query):
        decision = recorded.decision
        if decision.type == "process_ended":
            return False
        if decision.type in ("stage_changed", "process_started"):
            return getattr(decision, "how", "") not in ("back", "set")
    return True


# -- in the end -------------------------------------------------------------------------------------------


def owners(story: Story, stated: Mapping[str, Bounds]) -> Iterator[Fault]:
    """Nobody's leads, once pools have had the time to open."""
    for lead in _leads(story):
        if lead.sales_ready and lead.is_open and lead.owner_id is None and not _is_alarmed(story, lead):
            where = f" and waits in the queue {lead.queue}, which has no alarm" if lead.queue else ""
            yield Fault("owners", f"the lead is sales-ready, has no owner{where}", '"lead.owner is not None"')


def ownerless(story: Story) -> bool:
    """Whether some sales-ready lead has no owner now."""
    return any(lead.sales_ready and lead.is_open and lead.owner_id is None for lead in _leads(story))


def _is_alarmed(story: Story, lead: Lead) -> bool:
    """Whether somebody will be told, or was."""
    found: Handover | None = story.flow.store.load([("handover", lead.id)]).rows["handover", lead.id]
    if found is not None and found.alarm_us is not None:
        return True
    query = Scan(table="decision", where=(("subject", "=", lead.id), ("type", "=", "deadline_missed")))
    return any(recorded.decision.sla.startswith("queue ") for recorded in story.flow.store.scan(query))


def consent(story: Story, stated: Mapping[str, Bounds]) -> Iterator[Fault]:
    """Messages go to users; who is a contact has to have consented."""
    users = {user.id: user for user in _rows(story, "user")}
    contacts = [contact for contact in _rows(story, "contact") if contact.email is not None]
    message: Message
    for message in _rows(story, "outbox"):
        user = users.get(message.recipient)
        address = message.recipient if user is None else user.email
        for contact in contacts:
            is_meant = contact.id == message.recipient or contact.email == address
            if is_meant and contact.consent < CONSENT_LEVELS["consent"]:
                said = f"{message.template} is written to {address}, a contact who has not consented"
                yield Fault("consent", said, '"contact.consent >= 1"')


def fold(story: Story, stated: Mapping[str, Bounds]) -> Iterator[Fault]:
    """The invariants of the store."""
    for said in invariants(story.flow):
        yield Fault("fold", said, "")


ALL_THE_WAY: Mapping[str, Law] = {"bounds": bounds, "moves": moves}
IN_THE_END: Mapping[str, Law] = {"owners": owners, "consent": consent, "fold": fold}
