"""Choosing the owner of a lead: the entries in order, then the default chain, then the default owner.

Pure: what it needs to know comes through `Lookup`, what moves comes back in the `Choice`. A test run is the
same call whose result is dropped.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import TypeVar

from attrs import define, evolve, field, frozen

from leadflow.assignment.choosing.choice import CLAIMED_BY, Candidate, Choice, Considered, LineChoice, Lookup, Request
from leadflow.assignment.choosing.territory import match_territory
from leadflow.assignment.pools.eligibility import Params, Situation
from leadflow.assignment.pools.rotation import Pick, Strategy, pick
from leadflow.assignment.pools.turns import PoolState
from leadflow.assignment.rules import AssignmentRules, Entry, Pool, ProductLine, Queue, Territory, split_target
from leadflow.errors import NotFoundError
from leadflow.model.values import NOTHING

__all__ = ["choose"]

_Named = TypeVar("_Named", Pool, Queue, Territory)


def choose(
    rules: AssignmentRules,
    request: Request,
    lookup: Lookup,
    now_us: int,
    *,
    holds: Callable[[Entry], bool],
    target: str | None = None,
    strategies: Mapping[str, Strategy] = NOTHING,
) -> Choice:
    """Who gets the lead, and why.

    `holds` tells whether an entry's condition holds (asked only of entries that have one). `target`
    ("pool:inbound") takes the place of entries and chain, e.g. to give a lead to the same pool again.
    `strategies` are the host's own. Errors: NotFoundError for a name that `faults(rules)` would list.

    An owned lead keeps its owner unless an entry that holds says `reassign`; an owner who is inactive or a
    former owner does not count. A duplicate goes to the person's owner and uses no turn. An entry whose
    target finds nobody lets the next ones speak. With `faults(rules)` empty somebody, or some queue, is
    always found.
    """
    run = _Run(rules=rules, request=request, lookup=lookup, now_us=now_us, strategies=strategies)
    if target is not None:
        return run.choice(run.resolve(target, "target") or run.default("target"), "target", "target")
    owner = run.present_owner()
    if request.is_duplicate:
        same = run.kept(owner, "duplicate") if owner else run.related("duplicate", "person")
        if same is not None:
            run.later_lines()
            return run.choice(same, "duplicate", "duplicate")
    by_entry = _by_entries(run, holds, is_owned=owner is not None)
    if by_entry is not None:
        entry, found = by_entry
        return run.choice(found, entry.name, "entry", entry.slas)
    if owner is not None:
        run.later_lines()
        return run.choice(run.kept(owner, "owner"), "owner", "kept")
    step, found = run.chain((*rules.chain, "default"))
    if rules.notify is not None:
        run.notify.append(rules.notify)
    return run.choice(found, step, "chain")


def _by_entries(run: _Run, holds: Callable[[Entry], bool], is_owned: bool) -> tuple[Entry, _Found] | None:
    decided: tuple[Entry, _Found] | None = None
    for entry in run.rules.entries:
        if entry.when is not None and not holds(entry):
            run.note(entry.name, "condition_false")
            continue
        if entry.target is None:
            run.note(entry.name, "notified")
        elif decided is not None or (is_owned and not entry.reassign):
            run.note(entry.name, "already_owned")
        else:
            found = run.resolve(entry.target, entry.name, entry.skills)
            if found is None:
                continue
            decided = entry, found
        if entry.notify is not None:
            run.notify.append(entry.notify)
        if entry.stop:
            break
    return decided


@frozen(kw_only=True)
class _Found:
    owner: str | None = None
    queue: str | None = None
    pool: str | None = None
    strategy: str = ""
    hold_until_us: int | None = None
    slas: tuple[str, ...] = ()


@define(kw_only=True)
class _Run:
    """One choice in the making: the only thing here that changes, and nobody else sees it."""

    rules: AssignmentRules
    request: Request
    lookup: Lookup
    now_us: int
    strategies: Mapping[str, Strategy]
    candidates: list[Candidate] = field(factory=list)
    considered: list[Considered] = field(factory=list)
    notify: list[str] = field(factory=list)
    lines: tuple[LineChoice, ...] = ()
    pools: dict[str, PoolState] = field(factory=dict)

    def note(self, rule: str, reason: str, params: Params = NOTHING) -> None:
        self.considered.append(Considered(rule=rule, reason=reason, params=params))

    def candidate(self, user: str, is_chosen: bool, reason: str, rule: str, params: Params = NOTHING) -> None:
        self.candidates.append(Candidate(user=user, is_chosen=is_chosen, reason=reason, rule=rule, params=params))

    def choice(self, found: _Found, rule: str, stage: str, slas: tuple[str, ...] = ()) -> Choice:
        return Choice(
            at_us=self.now_us,
            owner=found.owner,
            queue=found.queue,
            pool=found.pool,
            hold_until_us=found.hold_until_us,
            rule=rule,
            stage=stage,
            strategy=found.strategy,
            candidates=tuple(self.candidates),
            considered=tuple(self.considered),
            notify=tuple(dict.fromkeys(self.notify)),
            slas=tuple(dict.fromkeys(slas + found.slas)),
            lines=self.lines,
            pools=dict(self.pools),
        )

    # -- people -------------------------------------------------------------------------------------------

    def obstacle(self, user: str) -> str | None:
        if not self.lookup.is_active(user):
            return "inactive"
        return "former_owner" if user in self.request.former_owners else None

    def person(self, user: str, rule: str, strategy: str, reason: str, params: Params = NOTHING) -> _Found | None:
        obstacle = self.obstacle(user)
        if obstacle is not None:
            self.candidate(user, False, obstacle, rule)
            return None
        self.candidate(user, True, reason, rule, params)
        return _Found(owner=user, strategy=strategy)

    def present_owner(self) -> str | None:
        owner = self.request.owner
        if owner is not None and (obstacle := self.obstacle(owner)) is not None:
            self.candidate(owner, False, obstacle, "owner")
            return None
        return owner

    def kept(self, owner: str, rule: str) -> _Found:
        self.candidate(owner, True, "kept", rule)
        return _Found(owner=owner, strategy="kept")

    def related(self, rule: str, relation: str) -> _Found | None:
        owner = self.lookup.owner_of(relation)
        if owner is None:
            self.note(rule, "no_owner", {"relation": relation})
            return None
        return self.person(owner, rule, "owner_of", "related", {"relation": relation})

    def account_owner(self, rule: str) -> _Found | None:
        claims = sorted(
            self.lookup.accounts(),
            key=lambda claim: (CLAIMED_BY.index(claim.by), -claim.open_deals, -claim.active_us, claim.account),
        )
        if not claims:
            self.note(rule, "no_account")
        for claim in claims:
            params = {"account": claim.account}
            if claim.by == "domain" and self.request.has_free_mail:
                self.note(rule, "free_mail", params)
            elif claim.owner is None:
                self.note(rule, "unowned_account", params)
            elif found := self.person(claim.owner, rule, "owner_of", "related", {"relation": "account"}):
                return found
        return None

    # -- targets ------------------------------------------------------------------------------------------

    def resolve(self, target: str, rule: str, skills: Collection[str] = ()) -> _Found | None:
        kind, name = split_target(target)
        if kind == "user":
            return self.person(name, rule, "user", "named")
        if kind == "queue":
            return self.queued(name, rule)
        if kind == "pool":
            return self.from_pool(_named(self.rules.pools, name, "pool"), rule, skills)
        if kind == "territory":
            return self.from_territory(name, rule, skills)
        return self.account_owner(rule) if name == "account" else self.related(rule, name)

    def queued(self, name: str, rule: str) -> _Found:
        queue = _named(self.rules.queues, name, "queue")
        self.note(rule, "queued", {"queue": queue.name})
        return _Found(queue=queue.name, strategy="queue")

    def from_territory(self, name: str, rule: str, skills: Collection[str]) -> _Found | None:
        if name:
            territory: Territory | None = _named(self.rules.territories, name, "territory")
            level: str | None = "name"
        else:
            match = match_territory(self.rules.territories, self.request.place, self.now_us, self.rules.time_zone)
            territory, level = match.territory, match.level
        if territory is None:
            self.note(rule, "no_territory")
            return None
        self.note(rule, "in_territory", {"territory": territory.name, "level": level or ""})
        return self.resolve(territory.target, rule, skills)

    def from_pool(self, pool: Pool, rule: str, skills: Collection[str] = (), is_last: bool = False) -> _Found | None:
        chosen = self._pick(pool, skills)
        for skip in chosen.skipped:
            self.candidate(skip.user, False, skip.reason, rule, skip.params)
        if chosen.user is not None:
            self.pools[pool.name] = chosen.state
            self.candidate(chosen.user, True, "turn", rule, {"pool": pool.name, "strategy": pool.strategy})
            return _Found(owner=chosen.user, pool=pool.name, strategy=pool.strategy, slas=pool.slas)
        if pool.none_eligible == "hold" and chosen.opens_us is not None:
            self.note(rule, "held", {"pool": pool.name})
            return _Found(
                queue=pool.queue, pool=pool.name, strategy="hold", hold_until_us=chosen.opens_us, slas=pool.slas
            )
        self.note(rule, "nobody_eligible", {"pool": pool.name})
        if pool.none_eligible == "default" and not is_last:
            return self.default(rule)
        return None if pool.queue is None else self.queued(pool.queue, rule)

    def _pick(self, pool: Pool, skills: Collection[str]) -> Pick:
        users = [member.user for member in pool.members]
        looks_at_load = [m.user for m in pool.members if m.cap is not None or "." in pool.strategy]
        situation = Situation(
            now_us=self.now_us,
            inactive=frozenset(user for user in users if not self.lookup.is_active(user)),
            unavailable=frozenset(user for user in users if not self.lookup.is_available(user)),
            paused={user: until for user in users if (until := self.lookup.paused_until(user)) is not None},
            open_counts={user: self.lookup.open_leads(user) for user in looks_at_load},
            schedules={schedule.name: schedule for schedule in self.rules.schedules},
            skills=self.request.skills.union(skills),
            former=self.request.former_owners,
        )
        state = self.pools.get(pool.name)
        if state is None:
            state = self.lookup.pool_state(pool.name)
        chosen = pick(pool, state, situation, self.strategies)
        if chosen.user is None and pool.none_eligible == "ignore_hours":
            chosen = pick(pool, state, evolve(situation, ignore_hours=True), self.strategies)
        return chosen

    # -- the chain ----------------------------------------------------------------------------------------

    def chain(self, steps: Sequence[str]) -> tuple[str, _Found]:
        for number, step in enumerate(steps):
            found = self.step(step, steps[number + 1 :])
            if found is not None:
                return step, found
        return "default", self.default("default")

    def step(self, step: str, later: Sequence[str]) -> _Found | None:
        kind, name = split_target(step)
        if kind == "existing_owner":
            return self.related(step, "person")
        if kind == "account_owner":
            return self.account_owner(step)
        if kind == "product_line":
            return self.product_lines(step, later)
        if kind == "default":
            return self.default(step)
        if kind == "territory" or name:
            return self.resolve(step, step)
        names = [one.name for one in (self.rules.pools if kind == "pool" else self.rules.queues)]
        if not names:
            self.note(step, f"no_{kind}")
            return None
        return self.resolve(f"{kind}:{names[0]}", step)

    def default(self, rule: str) -> _Found:
        kind, name = split_target(self.rules.default_owner)
        if kind == "queue":
            return self.queued(name, rule)
        if kind == "pool":
            found = self.from_pool(_named(self.rules.pools, name, "pool"), rule, is_last=True)
            if found is not None:
                return found
        elif self.lookup.is_active(name):
            self.candidate(name, True, "default", rule)
            return _Found(owner=name, strategy="default")
        else:
            self.candidate(name, False, "inactive", rule)
        if self.rules.queues:
            return self.queued(self.rules.queues[0].name, rule)
        if kind == "pool":
            self.note(rule, "nobody")
            return _Found(strategy="nobody")
        self.candidate(name, True, "default_inactive", rule)  # never nobody: a manager can see it there
        return _Found(owner=name, strategy="default")

    def product_lines(self, rule: str, later: Sequence[str]) -> _Found | None:
        """One owner per product line; the lead's own is that of the first or the highest that has one."""
        scores: dict[str, int] = {}
        for interest in self.request.interests:
            sold = [line.name for line in self.rules.product_lines if interest.product in line.products]
            if not sold:
                self.note(rule, "no_line", {"product": interest.product})
            for name in sold[:1]:
                scores[name] = max(scores.get(name, interest.score), interest.score)
        if not scores:
            if not self.request.interests:
                self.note(rule, "no_interest")
            return None
        lines = {line.name: line for line in self.rules.product_lines}
        found = {name: self.kept_line(name) or self.line_owner(lines[name], later) for name in scores}
        self.lines = tuple(
            LineChoice(
                line=name,
                score=scores[name],
                owner=one.owner,
                queue=one.queue,
                pool=one.pool,
                strategy=one.strategy,
                hold_until_us=one.hold_until_us,
            )
            for name, one in found.items()
        )
        owned = [name for name, one in found.items() if one.owner is not None] or list(found)
        return found[owned[0] if self.rules.lead_owner == "first" else max(owned, key=scores.__getitem__)]

    def later_lines(self) -> None:
        """Of a lead that was divided before and keeps its owner: the lines that nobody has yet."""
        if self.request.lines:
            steps = [split_target(step)[0] for step in self.rules.chain]
            later = self.rules.chain[steps.index("product_line") + 1 :] if "product_line" in steps else ()
            self.product_lines("product_line", (*later, "default"))

    def kept_line(self, line: str) -> _Found | None:
        kind, user = split_target(self.request.lines.get(line, ""))
        if kind != "user" or self.obstacle(user) is not None:
            return None
        return self.kept(user, f"product_line:{line}")

    def line_owner(self, line: ProductLine, later: Sequence[str]) -> _Found:
        rule = f"product_line:{line.name}"
        return self.related(rule, rule) or self.resolve(line.target, rule) or self.chain(later)[1]


def _named(records: Sequence[_Named], name: str, kind: str) -> _Named:
    for record in records:
        if record.name == name:
            return record
    raise NotFoundError(f"no {kind} {name!r}", code=f"{kind}_unknown", hint="faults(rules) lists such names")
