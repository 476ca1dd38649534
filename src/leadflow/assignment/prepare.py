"""Assignment rules with their conditions compiled, and what they look up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from attrs import frozen

from leadflow.assignment.choosing.choice import AccountClaim
from leadflow.assignment.pools.schedule import Schedule
from leadflow.assignment.pools.turns import PoolState
from leadflow.assignment.rules import AssignmentRules, Entry, Pool, Queue, Sla
from leadflow.assignment.state import Handover, Pause, PoolRow, Workload
from leadflow.assignment.views.rules import ListView
from leadflow.errors import NotFoundError
from leadflow.expr import Condition, Schema, SignalTable, compile_condition
from leadflow.model.business import User
from leadflow.model.lead import Lead
from leadflow.model.rows import value_of
from leadflow.model.time import parse_duration
from leadflow.room import Key, Policies, View


@frozen
class Prepared:
    """The rules, ready to use."""

    rules: AssignmentRules
    conditions: Mapping[str, Condition]
    criteria: Mapping[str, Condition]
    signals: SignalTable
    pools: Mapping[str, Pool]
    queues: Mapping[str, Queue]
    slas: Mapping[str, Sla]
    schedules: Mapping[str, Schedule]
    views: Mapping[str, ListView]
    reads: tuple[Key, ...]
    alert_every_us: int
    assigning: frozenset[tuple[str, str, str]]
    strategies: Mapping[str, Any]


def _reads(rules: AssignmentRules) -> tuple[Key, ...]:
    """Every pool and everybody in it: few rows, asked for together when a lead is handed over."""
    users = {member.user for pool in rules.pools for member in pool.members}
    keys: list[Key] = [("pool", pool.name) for pool in rules.pools]
    for user in sorted(users):
        keys += [("user", user), ("workload", user), ("pause", user), ("preference", user)]
    return tuple(keys)


def prepare(playbook: Any, schema: Schema, policies: Policies) -> Prepared:
    """Compile the entries' conditions and the service levels' criteria."""
    rules: AssignmentRules = playbook.assignment
    signals = SignalTable()
    conditions = {
        entry.name: compile_condition(entry.when, schema, signals) for entry in rules.entries if entry.when is not None
    }
    criteria = {
        sla.name: compile_condition(sla.criterion, schema, signals) for sla in rules.slas if sla.criterion is not None
    }
    return Prepared(
        rules,
        conditions,
        criteria,
        signals,
        {pool.name: pool for pool in rules.pools},
        {queue.name: queue for queue in rules.queues},
        {sla.name: sla for sla in rules.slas},
        {schedule.name: schedule for schedule in rules.schedules},
        {view.name: view for view in rules.views},
        _reads(rules),
        parse_duration(rules.alert_every),
        _assigning(playbook.process.processes),
        _strategies(rules, policies),
    )


def _strategies(rules: AssignmentRules, policies: Policies) -> Mapping[str, Any]:
    for pool in rules.pools:
        if "." in pool.strategy and pool.strategy not in policies.strategies:
            raise NotFoundError(
                f"pool {pool.name!r}: nobody has handed in a strategy {pool.strategy!r}",
                code="strategy_unknown",
                hint="install the plugin that registers it; see leadflow plugins",
            )
    return policies.strategies


def _assigning(processes: Any) -> frozenset[tuple[str, str, str]]:
    """(process, stage, "entry" or "exit") of every place whose actions say "assign"."""
    return frozenset(
        (name, stage.name, why)
        for name, process in processes.items()
        for stage in process.stages
        for why, actions in (("entry", stage.on_entry), ("exit", stage.on_exit))
        if any(action.do == "assign" for action in actions)
    )


class LookUp:
    """What the choice asks about the world, answered from the plan's view."""

    def __init__(self, view: View, lead: Lead, asked: Any, rules: AssignmentRules) -> None:
        self._view = view
        self._rules = rules
        self._lead = lead
        self._asked = asked

    def is_active(self, user: str) -> bool:
        """Users that were never reported are taken to be active: the playbook names them."""
        row = self._view.get(User, user)
        return row is None or row.is_active

    def is_available(self, user: str) -> bool:
        """A user takes part unless somebody paused him."""
        row = self._view.get(User, user)
        return row is None or not row.custom.get("is_paused", False)

    def paused_until(self, user: str) -> int | None:
        """Until when the user is out of rotation, None when he never was or is back."""
        row = self._view.get(Pause, user)
        return None if row is None else row.until_us

    def open_leads(self, user: str) -> int:
        """How many open leads the user owns."""
        row = self._view.get(Workload, user)
        return 0 if row is None else row.open

    def pool_state(self, pool: str) -> PoolState:
        """Where the pool's rotation stands."""
        row = self._view.get(PoolRow, pool)
        return PoolState() if row is None else PoolState.from_plain(row.state)

    def owner_of(self, relation: str) -> str | None:
        """The owner by a relation: of the account, a field, the same person, or the person's lead of a product line."""
        if relation == "account":
            account = self._asked.account
            return None if account is None else account.owner_id
        record, dot, field = relation.partition(".")
        if dot and record in ("lead", "contact", "account"):
            row = getattr(self._asked, record)
            value = None if row is None else value_of(row, field)
            return value if isinstance(value, str) else None
        if relation == "person":
            return self._owner_of_person()
        kind, _, line = relation.partition(":")
        return self._owner_of_line(line) if kind == "product_line" else None

    def _owner_of_person(self) -> str | None:
        """The contact's owner, else of its latest other lead; where each line has a lead, only of a lead of the same."""
        contact = self._asked.contact
        if contact is None:
            return None
        if contact.owner_id is not None:
            return contact.owner_id  # type: ignore[no-any-return]
        others = [lead for lead in self._others() if lead.owner_id is not None]
        lines = self._lines(self._lead)
        if self._rules.product_mode == "duplicate" and lines:
            others = [lead for lead in others if not (found := self._lines(lead)) or lines & found]
        return max(others, key=lambda lead: (lead.updated_us, lead.id)).owner_id if others else None

    def _owner_of_line(self, line: str) -> str | None:
        """Who has the line of the person's latest other lead that is about it."""
        found: list[tuple[int, str, str]] = []
        for lead in self._others():
            held = self._view.get(Handover, lead.id)
            kind, _, user = ("" if held is None else held.lines.get(line, "")).partition(":")
            owner = user if kind == "user" else lead.owner_id if line in self._lines(lead) else None
            if owner is not None:
                found.append((lead.updated_us, lead.id, owner))
        return max(found)[2] if found else None

    def _lines(self, lead: Lead) -> set[str]:
        """The product lines that a lead is about: those it was divided into, else its product's."""
        held = self._view.get(Handover, lead.id)
        own = set() if held is None else {line for line, has in held.lines.items() if not has.startswith("lead:")}
        line = self._rules.line_of(lead.product)
        return own or ({line} if line is not None else set())

    def _others(self) -> list[Lead]:
        contact = self._asked.contact
        found = () if contact is None else self._view.find(Lead, "contact_id", contact.id)
        return [lead for lead in found if lead.id != self._lead.id]

    def accounts(self) -> Sequence[AccountClaim]:
        """The account that matching linked the lead or its contact to."""
        account = self._asked.account
        if account is None:
            return ()
        contact = self._asked.contact
        host = "" if contact is None or contact.email is None else contact.email.rpartition("@")[2].lower()
        by = "domain" if account.domain is not None and account.domain.lower() == host else "link"
        return (AccountClaim(account=account.id, owner=account.owner_id, by=by, active_us=account.updated_us),)


def holds(prepared: Prepared, asked: Any, now_us: int) -> Any:
    """Whether an entry's condition holds for what is asked about."""

    def held(entry: Entry) -> bool:
        return prepared.conditions[entry.name].value(asked, now_us)

    return held
