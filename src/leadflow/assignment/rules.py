"""What the user configures about assignment: frozen values of texts, numbers, tuples and mappings.

A target is written `kind:name`: `user:ana`, `pool:inbound`, `queue:dach`, `territory:north` (or bare
`territory`: the one the address falls in), `owner_of:account` (a relation the engine knows). Spans and
deadlines are durations such as `30min` or `4h`.

One wrong value raises at once and is named; names that point nowhere are all listed by `faults(rules)`.
"""

from __future__ import annotations

from typing import Any, Final

from attrs import Attribute, field, frozen, validators

from leadflow.assignment.checks import (
    any_target,
    final_target,
    has_unique,
    is_cap,
    is_span,
    is_text,
    is_texts,
    is_whole,
    is_zone,
    maybe_date,
    maybe_span,
    maybe_text,
    one_of,
    suggestion,
    wrong,
)
from leadflow.assignment.pools.schedule import Leave, Schedule
from leadflow.assignment.views.rules import ListView
from leadflow.errors import InvalidValueError
from leadflow.model.time import parse_duration

__all__ = [
    "AssignmentRules",
    "Entry",
    "Leave",
    "ListView",
    "Member",
    "Pool",
    "ProductLine",
    "Queue",
    "Schedule",
    "Sla",
    "Territory",
    "faults",
    "split_target",
]

STRATEGIES: Final = ("round_robin", "weighted", "least_loaded", "capacity")
PERIODS: Final = ("day", "week", "month")
NONE_ELIGIBLE: Final = ("hold", "queue", "default", "ignore_hours")
CHAIN: Final = ("existing_owner", "account_owner", "product_line", "territory", "pool", "queue", "default")
ON_BREACH: Final = ("alert", "reassign", "queue")


def split_target(target: str) -> tuple[str, str]:
    """Kind and name of a target.

    >>> split_target("pool:inbound"), split_target("territory")
    (('pool', 'inbound'), ('territory', ''))
    """
    kind, _, name = target.partition(":")
    return kind, name.strip()


# -- who can get a lead -----------------------------------------------------------------------------------


@frozen(kw_only=True)
class Member:
    """A user in a pool. Lower `order` comes first; ties go by user id.

    `cap` bounds leads open at once, `cap_per_day` and `cap_per_period` leads given per calendar day and per
    the pool's period. `schedule` overrides the pool's.
    """

    user: str = field(validator=is_text)
    weight: int = field(default=1, validator=is_whole(1, 10_000, "write paused = true for no leads"))
    order: int = 0
    cap: int | None = field(default=None, validator=is_cap)
    cap_per_day: int | None = field(default=None, validator=is_cap)
    cap_per_period: int | None = field(default=None, validator=is_cap)
    skills: tuple[str, ...] = field(default=(), validator=is_texts)
    schedule: str | None = field(default=None, validator=maybe_text)
    paused: bool = False
    leave: tuple[Leave, ...] = ()


@frozen(kw_only=True)
class Pool:
    """Users who take turns. `strategy` says how, `none_eligible` what happens when none of them can.

    A name with a dot (`acme.best_fit`) is a strategy the host supplies. Days, weeks (from Monday) and months
    are those of `time_zone`. `slas` start when the pool gives a lead to a member.
    """

    name: str = field(validator=is_text)
    members: tuple[Member, ...] = field(validator=has_unique("user"))
    strategy: str = field(default="round_robin", validator=one_of(STRATEGIES, custom=True))
    period: str = field(default="month", validator=one_of(PERIODS))
    time_zone: str = field(default="UTC", validator=is_zone)
    none_eligible: str = field(default="hold", validator=one_of(NONE_ELIGIBLE))
    schedule: str | None = field(default=None, validator=maybe_text)
    queue: str | None = field(default=None, validator=maybe_text)
    slas: tuple[str, ...] = field(default=(), validator=is_texts)

    def __attrs_post_init__(self) -> None:
        where = f"Pool {self.name!r}"
        if self.none_eligible == "queue" and self.queue is None:
            raise InvalidValueError(f"{where}.queue: none_eligible is 'queue' but no queue is named")
        for member in self.members:
            if self.strategy == "round_robin" and member.weight != 1:
                said = f"{where}.members: {member.user!r} has weight {member.weight}, unused by round_robin"
                raise InvalidValueError(said, hint='write strategy = "weighted"')
            if self.strategy == "capacity" and member.cap is None:
                raise InvalidValueError(f"{where}.members: {member.user!r} needs a cap for the strategy 'capacity'")


@frozen(kw_only=True)
class Queue:
    """Leads that wait for somebody to claim them; unclaimed longer than `alarm_after` they raise an alarm.

    No members: everybody may claim. Its members and its `manager` hear the alarm, and what happens to leads that nobody
    has claimed.
    """

    name: str = field(validator=is_text)
    members: tuple[str, ...] = field(default=(), validator=is_texts)
    alarm_after: str | None = field(default=None, validator=maybe_span)
    manager: str | None = field(default=None, validator=maybe_text)


@frozen(kw_only=True)
class Territory:
    """A piece of the map and who works it. All criteria that are set must hold; with none it is the default.

    Texts are compared without case, postcodes also without blanks and hyphens. Valid from and until are
    inclusive dates in the rules' time zone.
    """

    name: str = field(validator=is_text)
    target: str = field(validator=final_target)
    postcodes: tuple[str, ...] = field(default=(), validator=is_texts)
    cities: tuple[str, ...] = field(default=(), validator=is_texts)
    regions: tuple[str, ...] = field(default=(), validator=is_texts)
    countries: tuple[str, ...] = field(default=(), validator=is_texts)
    order: int = 0
    valid_from: str | None = field(default=None, validator=maybe_date)
    valid_until: str | None = field(default=None, validator=maybe_date)

    def __attrs_post_init__(self) -> None:
        if self.valid_from and self.valid_until and self.valid_until < self.valid_from:
            raise InvalidValueError(f"Territory {self.name!r}.valid_until: before valid_from")


@frozen(kw_only=True)
class ProductLine:
    """Products that one rep, pool or queue sells."""

    name: str = field(validator=is_text)
    products: tuple[str, ...] = field(validator=is_texts)
    target: str = field(validator=final_target)


@frozen(kw_only=True)
class Sla:
    """A deadline from assignment; met when `criterion` holds.

    `clock` "working" counts only hours of `schedule`. On breach: "alert" tells owner and manager,
    "reassign" gives the lead to the same pool without its former owners, at most `max_hops` times and then
    to `queue`, "queue" does that at once. `pause_owner` takes the owner who missed it out of every rotation for `pause_for`.
    """

    name: str = field(validator=is_text)
    within: str = field(validator=is_span)
    clock: str = field(default="always", validator=one_of(("always", "working")))
    schedule: str | None = field(default=None, validator=maybe_text)
    criterion: str | None = field(default=None, validator=maybe_text)
    on_breach: str = field(default="alert", validator=one_of(ON_BREACH))
    max_hops: int = field(default=3, validator=is_whole(1, 100))
    queue: str | None = field(default=None, validator=maybe_text)
    pause_owner: bool = False
    pause_for: str = field(default="1d", validator=is_span)

    def __attrs_post_init__(self) -> None:
        if self.clock == "working" and self.schedule is None:
            raise InvalidValueError(f"Sla {self.name!r}.schedule: the clock 'working' needs working hours")
        if self.on_breach != "alert" and self.queue is None:
            raise InvalidValueError(f"Sla {self.name!r}.queue: on_breach {self.on_breach!r} needs a queue to end in")

    @property
    def within_us(self) -> int:
        """The time allowed, in microseconds."""
        return parse_duration(self.within)


# -- the rules --------------------------------------------------------------------------------------------


@frozen(kw_only=True)
class Entry:
    """One assignment rule: when the condition holds, the target gets the lead.

    `when` None always holds. `target` None assigns nobody and only notifies. Without `reassign` an owned
    lead keeps its owner, who is notified. `stop` False lets later entries speak too; the first that finds
    an owner wins. `skills` are required of a pool's member.
    """

    name: str = field(validator=is_text)
    when: str | None = field(default=None, validator=maybe_text)
    target: str | None = field(default=None, validator=validators.optional(any_target))
    reassign: bool = False
    notify: str | None = field(default=None, validator=maybe_text)
    stop: bool = True
    skills: tuple[str, ...] = field(default=(), validator=is_texts)
    slas: tuple[str, ...] = field(default=(), validator=is_texts)

    def __attrs_post_init__(self) -> None:
        if self.target is None and self.notify is None:
            raise InvalidValueError(f"Entry {self.name!r}.target: without a target it must at least notify")


@frozen(kw_only=True)
class AssignmentRules:
    """All of it: entries are asked in order, then the steps of `chain`, then `default_owner` gets the lead.

    A chain step may name what it uses (`pool:inbound`, `queue:dach`); bare `pool` and `queue` mean the
    first one. `product_mode` "single" keeps one lead with an owner per product line, and the lead's own
    owner is that of the "first" interest or of the "highest", which most inputs name; "duplicate" makes a lead per line,
    with the next tick. `notify` is the
    template used for owners found by the chain. `triggers` are the flags of a lead that set assignment off.
    A lead that is disqualified for one of `credit_reasons` gives its owner the pool's turn back.
    `alerts` are kinds of interaction (`email.*` means all below the dot) that a lead's owner hears of, at most once in
    `alert_every` for each lead and kind;
    `digest` sends owners a daily list of their active leads. `views` are lists of leads with names.

    >>> rules = AssignmentRules(default_owner="queue:inbox", queues=(Queue(name="inbox"),))
    >>> rules.chain[0], faults(rules)
    ('existing_owner', ())
    """

    default_owner: str = field(validator=final_target)
    entries: tuple[Entry, ...] = field(default=(), validator=has_unique("name"))
    pools: tuple[Pool, ...] = field(default=(), validator=has_unique("name"))
    queues: tuple[Queue, ...] = field(default=(), validator=has_unique("name"))
    territories: tuple[Territory, ...] = field(default=(), validator=has_unique("name"))
    product_lines: tuple[ProductLine, ...] = field(default=(), validator=has_unique("name"))
    schedules: tuple[Schedule, ...] = field(default=(), validator=has_unique("name"))
    slas: tuple[Sla, ...] = field(default=(), validator=has_unique("name"))
    views: tuple[ListView, ...] = field(default=(), validator=has_unique("name"))
    chain: tuple[str, ...] = field(default=CHAIN, validator=is_texts)
    product_mode: str = field(default="single", validator=one_of(("single", "duplicate")))
    lead_owner: str = field(default="first", validator=one_of(("first", "highest")))
    time_zone: str = field(default="UTC", validator=is_zone)
    notify: str | None = field(default=None, validator=maybe_text)
    triggers: tuple[str, ...] = field(default=("sales_ready",), validator=is_texts)
    credit_reasons: tuple[str, ...] = field(default=(), validator=is_texts)
    alerts: tuple[str, ...] = field(default=(), validator=is_texts)
    alert_every: str = field(default="15min", validator=is_span)
    digest: bool = False

    @chain.validator
    def _known_steps(self, attribute: Attribute[Any], value: tuple[str, ...]) -> None:
        for step in value:
            kind, named, _ = step.partition(":")
            if kind not in CHAIN or (named and kind not in ("pool", "queue")):
                raise wrong(self, attribute, f"unknown step {step!r}", suggestion(kind, CHAIN))

    def line_of(self, product: str | None) -> str | None:
        """The product line that a product belongs to: the first that names it."""
        return next((line.name for line in self.product_lines if product in line.products), None)


def faults(rules: AssignmentRules) -> tuple[tuple[str, str], ...]:
    """Every name that points nowhere, as (path, what is wrong). Users are in the store: not checked.

    >>> faults(AssignmentRules(default_owner="pool:inbund", pools=(Pool(name="inbound", members=()),)))
    (('default_owner', "no pool 'inbund'; did you mean 'inbound'?"),)
    """
    known = {
        "pool": tuple(pool.name for pool in rules.pools),
        "queue": tuple(queue.name for queue in rules.queues),
        "territory": tuple(territory.name for territory in rules.territories),
        "schedule": tuple(schedule.name for schedule in rules.schedules),
        "sla": tuple(sla.name for sla in rules.slas),
    }
    found: list[tuple[str, str]] = []
    for path, kind, name in _references(rules):
        if name and kind in known and name not in known[kind]:
            found.append((path, f"no {kind} {name!r}; {suggestion(name, known[kind])}".removesuffix("; one of ")))
    kind, name = split_target(rules.default_owner)
    if kind == "pool" and any(pool.name == name and pool.queue is None for pool in rules.pools):
        found.append(
            (
                f"pools.{name}.queue",
                "the default owner's pool needs a queue for when nobody can take the lead",
            )
        )
    return tuple(found)


def _references(rules: AssignmentRules) -> list[tuple[str, str, str | None]]:
    found: list[tuple[str, str, str | None]] = [("default_owner", *split_target(rules.default_owner))]
    found += [("chain", *split_target(step)) for step in rules.chain]
    for entry in rules.entries:
        if entry.target is not None:
            found.append((f"entries.{entry.name}.target", *split_target(entry.target)))
        found += [(f"entries.{entry.name}.slas", "sla", name) for name in entry.slas]
    for territory in rules.territories:
        found.append((f"territories.{territory.name}.target", *split_target(territory.target)))
    for line in rules.product_lines:
        found.append((f"product_lines.{line.name}.target", *split_target(line.target)))
    for pool in rules.pools:
        path = f"pools.{pool.name}"
        found += [(f"{path}.schedule", "schedule", pool.schedule), (f"{path}.queue", "queue", pool.queue)]
        found += [(f"{path}.slas", "sla", name) for name in pool.slas]
        found += [(f"{path}.members.{member.user}", "schedule", member.schedule) for member in pool.members]
    for sla in rules.slas:
        path = f"slas.{sla.name}"
        found += [(f"{path}.schedule", "schedule", sla.schedule), (f"{path}.queue", "queue", sla.queue)]
    return found
