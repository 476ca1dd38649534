"""Decisions about records: who somebody is, and what became of an input."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from attrs import frozen

from leadflow.model.decisions.base import Decision
from leadflow.model.making import quick
from leadflow.model.values import NOTHING


@quick
@frozen(kw_only=True, weakref_slot=False)
class RecordCreated(Decision):
    """A contact, account, lead, opportunity, user or product was made from an input."""

    type: ClassVar[str] = "record_created"
    record: str
    input: str
    fields: tuple[str, ...] = ()
    links: Mapping[str, str] = NOTHING
    strategy: str | None = None


@quick
@frozen(kw_only=True, weakref_slot=False)
class RecordMatched(Decision):
    """An input was found to be about a known record.

    `key` names the strategy's key that decided (field names, never values); `candidates` are all that matched;
    `outcome` is "same", "ask" (a person should look) or "given" (the input named the id).
    """

    type: ClassVar[str] = "record_matched"
    record: str
    input: str
    strategy: str | None = None
    key: tuple[str, ...] = ()
    candidates: tuple[str, ...] = ()
    outcome: str = "same"
    tie: str | None = None


@quick
@frozen(kw_only=True, weakref_slot=False)
class RecordUpdated(Decision):
    """Fields took the values of an input; `links` are ids that were set (account_id, contact_id ...)."""

    type: ClassVar[str] = "record_updated"
    record: str
    input: str
    fields: tuple[str, ...] = ()
    links: Mapping[str, str | None] = NOTHING


@quick
@frozen(kw_only=True, weakref_slot=False)
class RecordsMerged(Decision):
    """`subject` now stands for `loser` too; `fields` were taken from the loser."""

    type: ClassVar[str] = "records_merged"
    record: str
    loser: str
    input: str
    fields: tuple[str, ...] = ()
    children: tuple[str, ...] = ()


@quick
@frozen(kw_only=True, weakref_slot=False)
class RecordsUnmerged(Decision):
    """`loser` stands for itself again; `ambiguous` lists what could not be told apart."""

    type: ClassVar[str] = "records_unmerged"
    record: str
    loser: str
    input: str
    children: tuple[str, ...] = ()
    ambiguous: tuple[str, ...] = ()


@quick
@frozen(kw_only=True, weakref_slot=False)
class RecordRemoved(Decision):
    """An import was undone: the record it made, which nothing else used, is gone."""

    type: ClassVar[str] = "record_removed"
    record: str
    input: str


@quick
@frozen(kw_only=True, weakref_slot=False)
class VisitorIdentified(Decision):
    """Interactions of the visitor count for the contact from now on, earlier ones too.

    `since_us` is when somebody was identified: of several, the earliest stands. `former` stood for the visitor until an
    earlier identification came in.
    """

    type: ClassVar[str] = "visitor_identified"
    visitor: str
    input: str
    since_us: int | None = None
    former: str | None = None


@quick
@frozen(kw_only=True, weakref_slot=False)
class InputFailed(Decision):
    """An input could not be taken; `reasons` are (code, field) pairs. It waits to be mended and retried.

    The subject is the input's key, `record` its type; `form` is set for submissions.
    """

    type: ClassVar[str] = "input_failed"
    record: str
    form: str | None = None
    reasons: tuple[tuple[str, str], ...] = ()


@quick
@frozen(kw_only=True, weakref_slot=False)
class InputSettled(Decision):
    """A failed input was retried successfully (`how` "retried") or given up ("dropped")."""

    type: ClassVar[str] = "input_settled"
    how: str
    input: str
