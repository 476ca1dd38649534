"""What rules can know of whom a lead is: whether it came in again, whether its address is of a free-mail domain. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import Any, ClassVar

from attrs import frozen

from leadflow.assignment.prepare import Prepared
from leadflow.assignment.state import Handover
from leadflow.expr import Term, Type
from leadflow.model.contact import Contact
from leadflow.model.decisions import Recorded, RecordMatched, RecordsMerged
from leadflow.model.lead import Lead
from leadflow.model.making import replaced
from leadflow.model.time import NEVER_US
from leadflow.normalise.free_mail import is_impersonal
from leadflow.room import Dropped, Table, View


@frozen
class Doubt:
    """A contact that matching chose among several that have its key; `input` is the latest that asked so."""

    table: ClassVar[str] = "doubt"

    id: str
    input: str = ""
    version: int = 0


TABLES = (Table(Doubt),)


def apply_matched(view: View, recorded: Recorded, prepared: Prepared) -> Iterable[Any]:
    """A lead that was handed over came in again; a contact is one of several."""
    decision = recorded.decision
    assert isinstance(decision, RecordMatched)  # noqa: S101 - the plan dispatches by type
    if decision.record == "lead" and decision.outcome != "given":
        held = view.get(Handover, decision.subject)
        if held is not None and (held.owner is not None or held.queue is not None):
            return [replaced(held, again=decision.input, version=held.version + 1)]
    if decision.record == "contact" and decision.outcome == "ask":
        doubt = view.get(Doubt, decision.subject)
        return [Doubt(decision.subject, decision.input, 1 if doubt is None else doubt.version + 1)]
    return []


def apply_merged(view: View, recorded: Recorded, prepared: Prepared) -> Iterable[Any]:
    """Somebody looked: there is no doubt about these two any more."""
    decision = recorded.decision
    assert isinstance(decision, RecordsMerged)  # noqa: S101 - the plan dispatches by type
    if decision.record != "contact":
        return []
    ids = (decision.subject, decision.loser)
    view.require([("doubt", id_) for id_ in ids])
    return [Dropped(Doubt, id_) for id_ in ids if view.get(Doubt, id_) is not None]


def input_told(view: View, lead: Lead | None, contact: Contact | None) -> tuple[str, ...]:
    """The inputs of which matching told that the lead came in again, or that its contact is in doubt."""
    held = None if lead is None else view.get(Handover, lead.id)
    doubt = None if contact is None else view.get(Doubt, contact.id)
    again = () if held is None or held.again is None else (held.again,)
    return again if doubt is None else (*again, doubt.input)


@lru_cache(maxsize=8192)
def has_free_mail(email: str | None) -> bool:
    """Whether an address is of a domain where anybody can have one.

    >>> has_free_mail("ana@gmail.com"), has_free_mail("ana@acme.si"), has_free_mail(None)
    (True, False, False)
    """
    return email is not None and is_impersonal(email.rpartition("@")[2].lower())


def _is_duplicate(view: View, asked: Any, args: tuple[Any, ...], prepared: Prepared) -> tuple[Any, int]:
    return bool(input_told(view, asked.lead, asked.contact)), NEVER_US


def _has_free_mail(view: View, asked: Any, args: tuple[Any, ...], prepared: Prepared) -> tuple[Any, int]:
    contact = asked.contact
    return has_free_mail(None if contact is None else contact.email), NEVER_US


TERMS = {
    "is_duplicate": (Term("is_duplicate", (), Type.BOOLEAN), _is_duplicate),
    "has_free_mail": (Term("has_free_mail", (), Type.BOOLEAN), _has_free_mail),
}
