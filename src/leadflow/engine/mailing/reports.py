"""Reports: what is told of messages that left, and what follows. Pure.

A report marks its message and the address that it went to. Where it went to a contact, it is an interaction too: scored,
told to the lead's owner, and the end of the contact's consent when it is a complaint.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from leadflow.engine.mailing.addresses import Address, address_id, is_address
from leadflow.engine.mailing.addresses import apply_reported as apply_to_address
from leadflow.engine.mailing.messages import LEFT, REPORTED, Message
from leadflow.model.coding import to_plain
from leadflow.model.commands import AllowAddress, ReportMail
from leadflow.model.contact import Contact
from leadflow.model.decisions import AddressAllowed, Decision, MailReported, Recorded, RecordUpdated, Refusal
from leadflow.model.facts import InteractionReceived
from leadflow.model.identity import standing_for
from leadflow.model.making import replaced
from leadflow.model.records import Input
from leadflow.ports.mail import mark_in
from leadflow.room import Hush, Key, Step, View

KINDS: Final = (
    "email.bounced", "email.delayed", "email.delivered", "email.complained", "email.unsubscribed", "email.replied"
)  # fmt: skip
BOUNCES: Final = ("hard", "blocked", "policy", "soft")
_WITHDRAWN: Final = ("email.complained", "email.unsubscribed")
_SENT: Final = "email.sent"
_BASE: Final = frozenset({"key", "at_us", "actor"})


def report_keys(command: ReportMail, rules: Any) -> list[Key]:
    """What a report will read."""
    named = (("outbox", command.message), ("contact", command.contact))
    keys = [(table, id_) for table, id_ in named if id_ is not None]
    return keys if command.address is None else [*keys, ("address", address_id(command.address))]


def allow_keys(command: AllowAddress, rules: Any) -> list[Key]:
    """The address."""
    return [("address", address_id(command.address))]


def on_report(view: View, command: ReportMail, rules: Any, now_us: int) -> Step | None:
    """A report: what it decides, and what it is as an interaction of a contact."""
    if command.kind not in KINDS:
        return Step(refusal=Refusal("unknown_kind", {"kind": command.kind[:60]}))
    if (command.bounce in BOUNCES) != (command.kind in ("email.bounced", "email.delayed")):
        return Step(refusal=Refusal("unknown_bounce", {"known": ", ".join(BOUNCES)}))
    if command.address is not None and not is_address(command.address):
        return Step(refusal=Refusal("invalid_address"))
    contact = None if command.contact is None else standing_for(view, Contact, command.contact)
    if contact is None and command.message is None and command.address is None:
        return Step(refusal=Refusal("no_subject", {"field": "message"}))
    at_us = min(command.at_us, now_us)
    told = {"message": command.message, "bounce": command.bounce, "status": command.status}
    properties = {name: value for name, value in told.items() if value is not None}
    is_withdrawn = contact is not None and command.kind in _WITHDRAWN and contact.consent > 0
    record = Input(
        command.key, command.type, at_us, now_us, None if contact is None else command.kind,
        None if contact is None else command.contact, None, command.lead if contact is not None else None, None,
        command.actor, None, None, properties if contact is not None else {},
        {"contact": {"consent": 0}} if is_withdrawn else {}, to_plain(command, _BASE),
    )  # fmt: skip
    decisions: list[Decision] = [
        MailReported(
            subject=contact.id if contact is not None else command.message or command.key,
            kind=command.kind,
            message=command.message,
            bounce=command.bounce,
            status=command.status,
        )
    ]
    if contact is None:
        return Step(tuple(decisions), inputs=(record,))
    if is_withdrawn:
        decisions.append(RecordUpdated(subject=contact.id, record="contact", input=command.key, fields=("consent",)))
    fact = InteractionReceived(command.key, command.kind, at_us, contact.id, command.lead, properties)
    return Step(tuple(decisions), inputs=(record,), facts=(fact,))


def on_allow(view: View, command: AllowAddress, rules: Any, now_us: int) -> Step | None:
    """Somebody says that an address works again."""
    if not is_address(command.address):
        return Step(refusal=Refusal("invalid_address"))
    row = view.get(Address, address_id(command.address))
    if row is None:
        return Step(refusal=Refusal("unknown_address"))
    if row.complained_us is not None:
        return Step(refusal=Refusal("complained"))
    record = Input(
        command.key,
        command.type,
        min(command.at_us, now_us),
        now_us,
        actor=command.actor,
        data=to_plain(command, _BASE),
    )
    return Step((AddressAllowed(subject=command.key, because=command.reason),), inputs=(record,))


def apply_reported(view: View, recorded: Recorded, rules: Any) -> Iterable[Any]:
    """The message's state, if it left, and what is known of its address."""
    decision = recorded.decision
    assert isinstance(decision, MailReported)  # noqa: S101 - the plan dispatches by type
    puts = list(apply_to_address(view, recorded))
    message = None if decision.message is None else view.get(Message, decision.message)
    if message is None or message.state not in LEFT:
        return puts
    state = decision.kind.partition(".")[2]
    error = " ".join(filter(None, (decision.bounce, decision.status))) or None if state == "bounced" else None
    if state in REPORTED and _weight(state, error) > _weight(message.state, message.error):
        after = replaced(message, state=state, error=error)
    elif message.state in ("claimed", "unknown"):
        after = replaced(message, state="handed_over", error=None)  # it was told of, so it left
    else:
        return puts
    settled_us = message.settled_us or recorded.at_us
    return [*puts, replaced(after, due_us=None, settled_us=settled_us, version=message.version + 1)]


def _weight(state: str, error: str | None) -> tuple[int, int, str]:
    """Of several reports the one that says most stands, in whatever order they come."""
    said = (error or "").partition(" ")[0] if state == "bounced" else ""
    return REPORTED.get(state, 0), -BOUNCES.index(said) if said in BOUNCES else -len(BOUNCES), error or ""


# -- mail that the application sends itself -------------------------------------------------------------------


def on_interaction(view: View, fact: InteractionReceived, rules: Any, now_us: int) -> Step | None:
    """Mail that the application sent itself, told with its Message-ID: what comes back of it is understood too."""
    told = _message_id_of(fact)
    contact = None if fact.contact is None or told is None else standing_for(view, Contact, fact.contact)
    if contact is None or told is None or view.get(Message, fact.input) is not None:
        return None
    message = Message(
        fact.input, "mail", "", contact.id, fact.lead or contact.id, "handed_over", 1, fact.at_us, None, fact.at_us,
        mark=mark_in(told), address=None if contact.email is None else address_id(contact.email), version=1,
    )  # fmt: skip
    return Step(puts=(message,))


def quiet_interaction(rows: Mapping[Key, Any], fact: InteractionReceived, rules: Any, now_us: int, hush: Hush) -> bool:
    """The short form of `on_interaction`: nothing that was sent by somebody else."""
    return fact.kind != _SENT or _message_id_of(fact) is None


def _message_id_of(fact: InteractionReceived) -> str | None:
    told = fact.properties.get("message_id") if fact.kind == _SENT else None
    return told if isinstance(told, str) and told else None
