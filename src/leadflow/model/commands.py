"""What people (and the clock) tell leadflow to do. Imperative; each is kept as an input under its `key`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from attrs import frozen

from leadflow.model.making import quick
from leadflow.model.values import NOTHING


@quick
@frozen(kw_only=True, weakref_slot=False)
class Command:
    """The common part: `key` makes a repeat harmless, `actor` is the user id of the person who says it."""

    type: ClassVar[str] = "command"

    key: str
    at_us: int
    actor: str | None = None


@quick
@frozen(kw_only=True, weakref_slot=False)
class RetrySubmission(Command):
    """Take a failed submission (entry, order, deal) again with corrected fields.

    `mode` "new" keeps both interactions, "replace" one. Fields of others than submissions are named with their record:
    `contact.email`.
    """

    type: ClassVar[str] = "retry_submission"
    submission: str
    fields: Mapping[str, Any] = NOTHING
    mode: str = "replace"


@quick
@frozen(kw_only=True, weakref_slot=False)
class DropSubmission(Command):
    """Give a failed submission up, with a reason."""

    type: ClassVar[str] = "drop_submission"
    submission: str
    reason: str = ""


@quick
@frozen(kw_only=True, weakref_slot=False)
class Merge(Command):
    """Make two contacts (or accounts, or leads) one; `fields` chooses per field "winner" or "loser"."""

    type: ClassVar[str] = "merge"
    winner: str
    loser: str
    fields: Mapping[str, str] = NOTHING


@quick
@frozen(kw_only=True, weakref_slot=False)
class Unmerge(Command):
    """Take a merge back: `loser` stands for itself again."""

    type: ClassVar[str] = "unmerge"
    loser: str


@quick
@frozen(kw_only=True, weakref_slot=False)
class Identify(Command):
    """Say who a visitor is."""

    type: ClassVar[str] = "identify"
    visitor: str
    contact: str


@quick
@frozen(kw_only=True, weakref_slot=False)
class RemoveRecords(Command):
    """Take records away that an import made; `records` are (id, version): one that has changed since stays."""

    type: ClassVar[str] = "remove_records"
    batch: str
    records: tuple[tuple[str, int], ...] = ()


@quick
@frozen(kw_only=True, weakref_slot=False)
class SetFlag(Command):
    """Set a flag of a lead by hand, e.g. teleprospect_ready."""

    type: ClassVar[str] = "set_flag"
    lead: str
    flag: str
    value: bool = True


@quick
@frozen(kw_only=True, weakref_slot=False)
class SetStep(Command):
    """Answer a step of the lead's active stage."""

    type: ClassVar[str] = "set_step"
    lead: str
    step: str
    value: Any = None


@quick
@frozen(kw_only=True, weakref_slot=False)
class Advance(Command):
    """Complete the active stage; the engine picks the next by the branches. `to` asks for a certain stage.

    `how` is "complete" (gates hold), "skip" (over gates, recorded as skipped), "back" or "set" (any stage).
    """

    type: ClassVar[str] = "advance"
    lead: str
    to: str | None = None
    how: str = "complete"
    reason: str = ""


@quick
@frozen(kw_only=True, weakref_slot=False)
class Rescore(Command):
    """Make some subjects' scores by a model anew; said by a changed model, not by people."""

    type: ClassVar[str] = "rescore"
    model: str
    subjects: tuple[str, ...] = ()


@quick
@frozen(kw_only=True, weakref_slot=False)
class Relocate(Command):
    """Take a lead out of a stage that the playbook no longer has; said by a changed playbook, not by people."""

    type: ClassVar[str] = "relocate"
    lead: str
    process: str
    to: str


@quick
@frozen(kw_only=True, weakref_slot=False)
class SwitchProcess(Command):
    """Put the lead into another process; the one it leaves keeps its stage in the background."""

    type: ClassVar[str] = "switch_process"
    lead: str
    process: str


@quick
@frozen(kw_only=True, weakref_slot=False)
class EndProcess(Command):
    """Finish (at the last stage) or abandon (anywhere) the lead's active process."""

    type: ClassVar[str] = "end_process"
    lead: str
    how: str = "finish"
    reason: str = ""


@quick
@frozen(kw_only=True, weakref_slot=False)
class Reactivate(Command):
    """Make a finished or abandoned process active again at the stage where it stood."""

    type: ClassVar[str] = "reactivate"
    lead: str


@quick
@frozen(kw_only=True, weakref_slot=False)
class SetLeadState(Command):
    """Qualify, disqualify (with a reason), recycle or reopen a lead."""

    type: ClassVar[str] = "set_lead_state"
    lead: str
    state: str
    reason: str | None = None


@quick
@frozen(kw_only=True, weakref_slot=False)
class Assign(Command):
    """Give a lead an owner by hand (`owner`), or by the rules when `owner` is None."""

    type: ClassVar[str] = "assign"
    lead: str
    owner: str | None = None
    reason: str = ""


@quick
@frozen(kw_only=True, weakref_slot=False)
class Claim(Command):
    """Take a lead out of a queue; the first claim wins."""

    type: ClassVar[str] = "claim"
    lead: str
    user: str


@quick
@frozen(kw_only=True, weakref_slot=False)
class Credit(Command):
    """Give the owner of a rejected or invalid lead his turn back."""

    type: ClassVar[str] = "credit"
    lead: str
    reason: str = ""


@quick
@frozen(kw_only=True, weakref_slot=False)
class DeactivateUser(Command):
    """Take a user out of every rotation; their open leads are assigned anew by the rules."""

    type: ClassVar[str] = "deactivate_user"
    user: str


@quick
@frozen(kw_only=True, weakref_slot=False)
class PauseUser(Command):
    """Take a user out of rotation until an instant (ISO 8601); without `until` he takes part again at once."""

    type: ClassVar[str] = "pause_user"
    user: str
    until: str | None = None
    reason: str = ""


@quick
@frozen(kw_only=True, weakref_slot=False)
class SeeView(Command):
    """A user has seen a list view: what is in it now is not new to him any more."""

    type: ClassVar[str] = "see_view"
    view: str
    user: str


@quick
@frozen(kw_only=True, weakref_slot=False)
class SetAlerts(Command):
    """What a user wants to hear: by kind ("email.*", "lead.assigned", "digest") "now", "digest" or "off".

    Replaces what the user chose before; the closest pattern counts, and what nothing is said of comes as the playbook says.
    """

    type: ClassVar[str] = "set_alerts"
    user: str
    kinds: Mapping[str, str] = NOTHING


@quick
@frozen(kw_only=True, weakref_slot=False)
class ReportMail(Command):
    """Say what became of a message that left: `kind` is email.bounced, email.delayed, email.delivered, email.complained,
    email.unsubscribed or email.replied.

    `message` is its key in the outbox, `address` where it went (or the id that the outbox keeps of it), `contact` and
    `lead` whom it was about. `bounce` is "hard", "soft", "blocked" or "policy", `status` the code by RFC 3463.
    """

    type: ClassVar[str] = "report_mail"
    kind: str
    message: str | None = None
    address: str | None = None
    contact: str | None = None
    lead: str | None = None
    bounce: str | None = None
    status: str | None = None


@quick
@frozen(kw_only=True, weakref_slot=False)
class AllowAddress(Command):
    """Send to an address again although messages to it came back; a complaint is not taken back by this."""

    type: ClassVar[str] = "allow_address"
    address: str
    reason: str = ""


@quick
@frozen(weakref_slot=False)
class Wake:
    """A due row: something could change at `due_us` without new input. Made by tick; never stored."""

    type: ClassVar[str] = "wake"
    table: str
    id: str
    due_us: int
    version: int = 0

    @property
    def key(self) -> str:
        """Stable, so that a tick planned twice makes the same decisions; the row's version tells two wakes apart."""
        return f"wake:{self.table}:{self.id}:{self.version}"

    @property
    def at_us(self) -> int:
        """The moment it was due."""
        return self.due_us

    @property
    def actor(self) -> str | None:
        """Nobody: time itself."""
        return None
