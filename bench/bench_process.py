"""P18: one stage transition with guard, action and a history record, in memory, beside a bare table of transitions.

Judged is what the process itself does for a transition: decide on the command (steps, gate, branches), record the
decision, move the lead and its instance, run the entry action. The limit is a table of transitions that leaves the same
values behind (decision, record of it, lead, instance with its visits), and does nothing else. Not judged: the same table
that only sets an attribute, and the whole plan of the same commands (look-ups, undo journal, repeat check and kept input
on top). Nothing has to be attached: a stage is a column.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from bench.harness import Figure, Spent, Watch, compared, in_turns
from leadflow.engine.planning.ahead import first_keys
from leadflow.engine.planning.plan import plan
from leadflow.engine.preparing import rulebook_of
from leadflow.model.commands import Advance
from leadflow.model.decisions import LeadFlagged, Recorded, StageChanged
from leadflow.model.lead import Lead
from leadflow.model.making import changing
from leadflow.playbook import Playbook
from leadflow.ports.store import Snapshot
from leadflow.process.rules import Action, Process, ProcessRules, Stage
from leadflow.process.state import Instance, instance_id

AIM = 0.5
NOW_US = 1_780_000_000_000_000
STAGES = ("new", "working", "nurtured", "qualified", "accepted")
_GUARDS = ('lead.source == "web"', "lead.created_at is not None", 'lead.campaign in ["spring", "autumn"]', "True")


def _playbook() -> Playbook:
    stages = tuple(
        Stage(
            name=name,
            gate=_GUARDS[place] if place < 3 else None,
            on_entry=(Action(do="flag", value="marketing_qualified"),) if name == "qualified" else (),
        )
        for place, name in enumerate(STAGES)
    )
    return Playbook(process=ProcessRules(processes={"sales": Process(stages=stages)}))


def _leads(count: int) -> list[Lead]:
    return [
        Lead(
            f"l_{number}",
            f"c_{number}",
            process="sales",
            stage="new",
            source="web",
            campaign="spring",
            created_us=1,
            version=1,
        )
        for number in range(count)
    ]


# -- the limit --------------------------------------------------------------------------------------------


class _Bare:
    __slots__ = ("campaign", "created_us", "flag", "id", "source", "stage")

    def __init__(self, lead: Lead) -> None:
        self.id, self.stage, self.source, self.campaign = lead.id, "new", lead.source, lead.campaign
        self.created_us = lead.created_us
        self.flag = False


def _nothing(lead: _Bare) -> None:
    pass


def _flag(lead: _Bare) -> None:
    lead.flag = True


_TABLE: dict[tuple[str, str], tuple[Callable[[_Bare], bool], str, Callable[[_Bare], None]]] = {
    ("new", "advance"): (lambda lead: lead.source == "web", "working", _nothing),
    ("working", "advance"): (lambda lead: lead.created_us is not None, "nurtured", _nothing),
    ("nurtured", "advance"): (lambda lead: lead.campaign in ("spring", "autumn"), "qualified", _flag),
    ("qualified", "advance"): (lambda lead: True, "accepted", _nothing),
}


def _fire(lead: _Bare, trigger: str, history: list[tuple[str, str, str, int]], now_us: int) -> bool:
    found = _TABLE.get((lead.stage, trigger))
    if found is None:
        return False
    guard, target, action = found
    if not guard(lead):
        return False
    history.append((lead.id, lead.stage, target, now_us))
    lead.stage = target
    action(lead)
    return True


def _by_table(leads: list[Lead]) -> Spent:
    bare = [_Bare(lead) for lead in leads]
    history: list[tuple[str, str, str, int]] = []
    with Watch() as watch:
        for _ in STAGES[1:]:
            for lead in bare:
                _fire(lead, "advance", history, NOW_US)
    assert all(lead.stage == "accepted" and lead.flag for lead in bare)
    return watch.spent(len(history))


def _values_of(leads: list[Lead]) -> tuple[dict[str, Lead], dict[str, Instance]]:
    rows = _snapshot(leads)
    instances = {lead.id: rows["process", instance_id(lead.id, "sales")] for lead in leads}
    return {lead.id: lead for lead in leads}, instances


_ENTERED = changing(Instance, "stage", "entered_us", "visits", "version")
_MOVED = changing(Lead, "stage", "stage_since_us", "updated_us", "version")
_FLAGGED = changing(Lead, "marketing_qualified", "updated_us", "version")


def _by_values(leads: list[Lead]) -> Spent:
    rows, instances = _values_of(leads)
    history: list[Recorded] = []
    with Watch() as watch:
        for step in range(1, len(STAGES)):
            for id_ in rows:
                lead, instance = rows[id_], instances[id_]
                guard, target, _ = _TABLE[lead.stage or "", "advance"]
                if not guard(lead):  # type: ignore[arg-type]
                    continue
                moved = StageChanged(subject=id_, process="sales", before=instance.stage, after=target, how="completed")
                history.append(Recorded(f"{step}-{id_}#0", moved, NOW_US, NOW_US, f"{step}-{id_}", None, "digest"))
                *before, (stage, entered_us, _, _) = instance.visits
                visits = (*before, (stage, entered_us, NOW_US, "completed"), (target, NOW_US, None, None))
                instances[id_] = _ENTERED(instance, target, NOW_US, visits, instance.version + 1)
                rows[id_] = lead = _MOVED(lead, target, NOW_US, NOW_US, lead.version + 1)
                if target == "qualified":
                    flagged = LeadFlagged(subject=id_, flag="marketing_qualified", value=True, because="stage entry")
                    kept = Recorded(f"{step}-{id_}#1", flagged, NOW_US, NOW_US, f"{step}-{id_}", None, "digest")
                    history.append(kept)
                    rows[id_] = _FLAGGED(lead, True, NOW_US, lead.version + 1)
    _check(
        {("lead", id_): row for id_, row in rows.items()} | {("process", each.id): each for each in instances.values()},
        leads,
    )
    return watch.spent(len(STAGES[1:]) * len(leads))


# -- leadflow ---------------------------------------------------------------------------------------------


def _snapshot(leads: list[Lead]) -> dict[Any, Any]:
    rows: dict[Any, Any] = {("lead", lead.id): lead for lead in leads}
    for lead in leads:
        id_ = instance_id(lead.id, "sales")
        visits = (("new", 1, None, None),)
        rows["process", id_] = Instance(id_, lead.id, "sales", "new", entered_us=1, visits=visits, version=1)
    return rows


def _commands(leads: list[Lead]) -> list[list[Advance]]:
    return [
        [Advance(key=f"{step}-{lead.id}", at_us=NOW_US, lead=lead.id) for lead in leads]
        for step in range(1, len(STAGES))
    ]


class _Rows:
    """The least that a decision can be made on: rows by key."""

    def __init__(self, rows: dict[Any, Any]) -> None:
        self._rows = rows
        self.command: Any = None

    def get(self, row: Any, id_: str) -> Any:
        return self._rows.get((row.table, id_))

    def put_all(self, rows: Iterable[Any]) -> None:
        for row in rows:
            self._rows[row.table, row.id] = row

    def asked(self, *, lead: Any = None, **_: Any) -> Any:
        return _Question(lead)


class _Question:
    __slots__ = ("lead",)
    contact = account = opportunity = None
    signals: dict[int, Any] = {}  # noqa: RUF012

    def __init__(self, lead: Lead) -> None:
        self.lead = lead


def _by_process(leads: list[Lead], rulebook: Any) -> Spent:
    view = _Rows(_snapshot(leads))
    steps = _commands(leads)
    rules, digest = rulebook.rules["process"], rulebook.digest
    reacts = {cause: [decide for _, decide, own in found if own is rules] for cause, found in rulebook.reacts.items()}
    applies = {type_: [apply for apply, own in found if own is rules] for type_, found in rulebook.applies.items()}
    recorded: list[Recorded] = []
    with Watch() as watch:
        for commands in steps:
            for command in commands:
                view.command = command
                causes: list[Any] = [command]
                while causes:
                    cause = causes.pop()
                    for decide in reacts.get(type(cause), ()):
                        step = decide(view, cause, rules, NOW_US)
                        if step is None:
                            continue
                        assert step.refusal is None, step.refusal
                        for decision in step.decisions:
                            kept = Recorded(command.key, decision, NOW_US, NOW_US, command.key, None, digest)
                            recorded.append(kept)
                            for apply in applies.get(type(decision), ()):
                                view.put_all(apply(view, kept, rules))
                            causes.append(decision)
    _check(view._rows, leads)
    return watch.spent(len(steps) * len(leads))


def _by_plan(leads: list[Lead], rulebook: Any) -> Spent:
    rows = _snapshot(leads)
    steps = _commands(leads)
    with Watch() as watch:
        for commands in steps:
            wanted = first_keys(commands, rulebook)
            planned = plan(Snapshot({key: rows.get(key) for key in wanted}), commands, rulebook, lambda command: NOW_US)
            while planned.need:
                planned.learn({key: rows.get(key, () if "." in key[0] else None) for key in planned.need})
                planned.proceed()
            rows.update(planned.change.put)
    _check(rows, leads)
    return watch.spent(len(steps) * len(leads))


def _check(rows: dict[Any, Any], leads: list[Lead]) -> None:
    for lead in leads:
        row = rows["lead", lead.id]
        visits = rows["process", instance_id(lead.id, "sales")].visits
        assert row.stage == "accepted", row
        assert row.marketing_qualified, row
        assert [visit[0] for visit in visits] == list(STAGES), visits


def run(rounds: int = 11, count: int = 1000) -> list[Figure]:
    """P18."""
    leads = _leads(count)
    rulebook = rulebook_of(_playbook())
    variants = {
        "dictionary": lambda: _by_table(leads),
        "bare values": lambda: _by_values(leads),
        "process": lambda: _by_process(leads, rulebook),
        "plan": lambda: _by_plan(leads, rulebook),
    }
    measured = in_turns(variants, rounds, warm=1)
    return [
        compared(
            "P18", "stage transition: guard, action, history", measured, "process", "bare values",
            unit="transitions", aim=AIM, floor=AIM / 2,
        ),
        compared("P18/aside", "the same beside a table of attributes", measured, "process", "dictionary", unit="transitions"),
        compared("P18/aside", "the same by whole plans of 1000", measured, "plan", "bare values", unit="transitions"),
    ]  # fmt: skip
