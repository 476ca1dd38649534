"""Letters to users: what an outbox message says. Plain text, made from fixed templates and escaped values."""

from __future__ import annotations

from collections.abc import Mapping
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime
from types import MappingProxyType
from typing import Any, Final

from leadflow.engine.answers.reading import Reading
from leadflow.engine.mailing.messages import Message
from leadflow.model.business import User
from leadflow.model.contact import Contact
from leadflow.model.identity import standing_for
from leadflow.model.lead import Lead
from leadflow.model.time import to_datetime
from leadflow.ports.mail import Mail, message_id

_TEMPLATES: Final[Mapping[str, tuple[str, str]]] = MappingProxyType(
    {
        "lead-assigned": (
            "New lead: {who}",
            "{who} is now yours.\n\nInterest: {context}\nStage: {stage}\nLead: {lead}\n",
        ),
        "lead-ready": ("Sales-ready: {who}", "{who} is ready for sales.\n\nInterest: {context}\nLead: {lead}\n"),
        "lead-engaged": ("{who} is active", "{who}: {kind}.\n\nInterest: {context}\nStage: {stage}\nLead: {lead}\n"),
        "digest": ("Your active leads", "Active since the last digest:\n\n{list}\n"),
        "stage-overdue": ("Overdue: {who}", "{who} has been in {stage} for too long.\n\nLead: {lead}\n"),
        "queue-alarm": (
            "Unclaimed: {who}",
            "{who} waits in the queue {queue} and nobody has claimed it.\n\nInterest: {context}\nLead: {lead}\n",
        ),
        "sla-missed": ("Missed: {who}", "A service level was missed for {who}.\n\nLead: {lead}\n"),
    }
)
_OTHER: Final = ("{template}: {who}", "{who}\n\nInterest: {context}\nStage: {stage}\nLead: {lead}\n")


def letter(message: Message, view: Reading, sender: str) -> Mail | None:
    """The mail of an outbox message, or None when its recipient has no address."""
    address = address_of(message, view)
    if address is None:
        return None
    user = view.get(User, message.recipient)
    subject, body = _TEMPLATES.get(message.template, _OTHER)
    words = {**_words(message, view), **{name: _line(value) for name, value in message.parameters.items()}}
    mail = EmailMessage()
    mail["From"] = sender
    name, _, domain = address.rpartition("@")
    mail["To"] = Address(_line(user.name or "") if user is not None else "", name, domain)
    mail["Subject"] = subject.format_map(_Blank(words))
    mail["Message-ID"] = message_id(message.id, sender)
    mail["Date"] = format_datetime(to_datetime(message.planned_us))
    # Our own automatic mail: an auto-responder must not answer it (RFC 3834).
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content(body.format_map(_Blank(words)))
    return Mail(key=message.id, to=address, message=mail)


def address_of(message: Message, view: Reading) -> str | None:
    """Where a message goes: a user's address, or the recipient itself when it is one."""
    user = view.get(User, message.recipient)
    address = message.recipient if user is None else user.email
    return address if address is not None and "@" in address else None


class _Blank(dict[str, str]):
    def __missing__(self, key: str) -> str:
        return ""


def _words(message: Message, view: Reading) -> dict[str, str]:
    lead = standing_for(view, Lead, message.subject) if message.subject.startswith("l_") else None
    contact = None if lead is None or lead.contact_id is None else standing_for(view, Contact, lead.contact_id)
    who = "" if contact is None else contact.name or contact.email or contact.id
    words: dict[str, Any] = {"who": who or message.subject, "template": message.template, "lead": message.subject}
    if lead is not None:
        words["context"] = ", ".join(f"{name} {value}" for name, value in lead.context.items()) or "-"
        words["stage"] = lead.stage or "-"
        words["queue"] = lead.queue or "-"
    return {name: _line(value) for name, value in words.items()}


def _line(value: Any) -> str:
    """A value on one line: what somebody typed into a form must not become a header or a second line."""
    return " ".join("".join(c if c.isprintable() else " " for c in str(value)).split())[:200]
