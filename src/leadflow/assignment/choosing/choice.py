"""What `choose` is asked, what it may look up, and what it answers: plain values and one small Protocol."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, Protocol

from attrs import field, frozen, validators

from leadflow.assignment.choosing.territory import NOWHERE, Place
from leadflow.assignment.pools.eligibility import Params
from leadflow.assignment.pools.turns import PoolState
from leadflow.model.values import NOTHING

CLAIMED_BY: Final = ("link", "domain", "name")
"""How an account was found, surest first."""


@frozen(kw_only=True)
class Interest:
    """A product the person is interested in, and how much (points)."""

    product: str
    score: int = 0


@frozen(kw_only=True)
class AccountClaim:
    """An account the lead may belong to: linked to it, of the same e-mail domain, or of the same name."""

    account: str
    owner: str | None
    by: str = field(default="link", validator=validators.in_(CLAIMED_BY))
    open_deals: int = 0
    active_us: int = 0


@frozen(kw_only=True)
class Request:
    """A lead that needs an owner.

    `owner` is the one it has; `is_duplicate` says that it came in again; `has_free_mail` that the address is
    of a free-mail domain; `former_owners` must not get it (again). `lines` says who has which of its product lines
    already, as targets; those whose user can keep them do.
    """

    owner: str | None = None
    is_duplicate: bool = False
    has_free_mail: bool = False
    place: Place = NOWHERE
    interests: tuple[Interest, ...] = ()
    skills: frozenset[str] = frozenset()
    former_owners: frozenset[str] = frozenset()
    lines: Mapping[str, str] = NOTHING


class Lookup(Protocol):
    """What the rules ask about the world; reads only."""

    def is_active(self, user: str) -> bool:
        """Whether the account of the user is on."""

    def is_available(self, user: str) -> bool:
        """Whether the user takes part in rotations for now."""

    def paused_until(self, user: str) -> int | None:
        """Until when the user is out of rotation; None or a past moment: he is not."""

    def open_leads(self, user: str) -> int:
        """How many leads the user has open."""

    def pool_state(self, pool: str) -> PoolState:
        """Where the pool's rotation stands; `PoolState()` at the beginning."""

    def owner_of(self, relation: str) -> str | None:
        """The owner by a relation.

        "person" is the owner of the same person (contact or earlier lead), "product_line:<name>" of the
        person's earlier lead of that line; entries may name others ("account", "form", "campaign" ...).
        """

    def accounts(self) -> Sequence[AccountClaim]:
        """The accounts that the lead may belong to."""


@frozen(kw_only=True)
class Candidate:
    """A user who came into question under a rule: chosen or skipped, with a reason code and its parameters."""

    user: str
    is_chosen: bool
    reason: str
    rule: str
    params: Params = NOTHING


@frozen(kw_only=True)
class Considered:
    """A rule that was asked and what came of it, as a code and its parameters."""

    rule: str
    reason: str
    params: Params = NOTHING


@frozen(kw_only=True)
class LineChoice:
    """Who gets the lead's interest in one product line."""

    line: str
    score: int
    owner: str | None = None
    queue: str | None = None
    pool: str | None = None
    strategy: str = ""
    hold_until_us: int | None = None


@frozen(kw_only=True)
class Choice:
    """Who gets the lead, and why.

    Exactly one of three: `owner`; `queue`; or held by `pool` until `hold_until_us` (then `queue` is where it
    waits, if the pool names one). `rule` is the entry or chain step that decided, `stage` says which:
    "entry", "chain", "kept", "duplicate" or "target". `pools` are the rotations that moved, to be written in
    the same commit. `notify` are templates, `slas` what starts now, `lines` the owners per product line.
    """

    at_us: int
    owner: str | None = None
    queue: str | None = None
    pool: str | None = None
    hold_until_us: int | None = None
    rule: str = ""
    stage: str = ""
    strategy: str = ""
    candidates: tuple[Candidate, ...] = ()
    considered: tuple[Considered, ...] = ()
    notify: tuple[str, ...] = ()
    slas: tuple[str, ...] = ()
    lines: tuple[LineChoice, ...] = ()
    pools: Mapping[str, PoolState] = NOTHING


REASONS: Final[Mapping[str, str]] = {
    # why chosen
    "turn": "their turn in pool {pool} ({strategy})",
    "named": "named by the rule",
    "related": "owner by the relation {relation}",
    "kept": "owns it already",
    "default": "the default owner",
    "default_inactive": "the default owner, though inactive: there is no queue to fall back on",
    # why skipped
    "inactive": "the account is inactive",
    "unavailable": "out of rotation for now",
    "paused": "paused in the pool",
    "paused_until": "out of rotation until {until}",
    "on_leave": "on leave until {until}",
    "off_hours": "outside the hours of {schedule}",
    "cap_reached": "{open} leads open, the cap is {cap}",
    "day_cap_reached": "had the {cap} leads of the day",
    "period_cap_reached": "had the {cap} leads of the {period}",
    "missing_skill": "lacks the skill {skill}",
    "former_owner": "had this lead before",
    "not_next": "could take it, but it was somebody else's turn",
    # what came of a rule
    "assigned": "found an owner",
    "queued": "puts it into queue {queue}",
    "held": "pool {pool} holds it until somebody can take it",
    "notified": "only notifies",
    "condition_false": "the condition does not hold",
    "already_owned": "the lead has an owner and the rule does not reassign",
    "no_owner": "nobody is the owner by the relation {relation}",
    "owner_cannot": "the owner it found cannot take it",
    "no_account": "no account matches",
    "unowned_account": "account {account} has no owner",
    "free_mail": "account {account} matches by a free-mail domain, which says nothing",
    "in_territory": "in territory {territory} by {level}",
    "no_territory": "in no territory",
    "no_interest": "no interest in a product",
    "no_line": "product {product} belongs to no line",
    "no_pool": "there is no pool",
    "no_queue": "there is no queue",
    "nobody_eligible": "nobody of pool {pool} can take it",
    "nobody": "nobody is left; see faults(rules)",
}
"""Every reason code with an English text; hosts translate by code."""


def reason_text(reason: str, params: Params = NOTHING) -> str:
    """A reason in English.

    >>> reason_text("off_hours", {"schedule": "office"})
    'outside the hours of office'
    """
    return REASONS[reason].format(**params)
