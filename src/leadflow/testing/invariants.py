"""What must hold of a store at any moment, whatever happened before: checked from the outside, told in words."""

from __future__ import annotations

import sqlite3
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping
from itertools import islice
from typing import Any

from attrs import frozen

from leadflow.capture.state import Failure
from leadflow.engine.answers.fold import fold, stored
from leadflow.engine.answers.reading import Reading
from leadflow.engine.flow import Flow
from leadflow.matching.filing import keys_of
from leadflow.model.records import Input
from leadflow.ports.store import Scan
from leadflow.process.state import Instance, instance_id
from leadflow.scoring.state import Score
from leadflow.scoring.subject import score_id, subject_of

_LEAD_MODES = ("contact-and-lead", "lead")


@frozen
class _Held:
    """All rows of a flow's store, by table and id."""

    flow: Flow
    rows: Mapping[str, Mapping[str, Any]]
    decisions: tuple[Any, ...]

    def root(self, id_: str) -> str:
        """Who stands for a record or a visitor now."""
        alias = self.rows["alias"].get(id_)
        return id_ if alias is None else str(alias.root)


def invariants(flow: Flow) -> list[str]:
    """What does not hold, in words with ids but without personal data; empty when all is well.

    Every accepted submission has its lead, its stored failure or a form that makes none; stages agree with leads;
    decisions are numbered without gaps under each command; state is the fold of decisions over inputs; match keys file
    exactly the records that have them; scores are what all inputs amount to, where no timer is due; the SQLite file is
    sound.

    >>> import leadflow
    >>> invariants(leadflow.open())
    []
    """
    rows = {table: {row.id: row for row in flow.store.scan(Scan(table=table))} for table in flow.rulebook.tables}
    held = _Held(flow, rows, tuple(flow.store.scan(Scan(table="decision", order="seq"))))
    return [fault for check in _CHECKS for fault in islice(check(held), 20)]


def _submissions(held: _Held) -> Iterator[str]:
    """Nothing lost: one lead, one stored failure, or a form that makes no lead."""
    forms = held.flow.playbook.capture.forms
    for kept in held.rows["input"].values():
        if kept.type != "submission":
            continue
        failure: Failure | None = held.rows["failure"].get(kept.id)
        form = forms.get(kept.data.get("form"))
        if failure is not None and failure.state == "waiting":
            if kept.lead is not None:
                yield f"submission {kept.id} has failed and has the lead {kept.lead}"
        elif failure is None and form is not None and form.mode in _LEAD_MODES:
            if kept.lead is None:
                yield f"submission {kept.id} has neither a lead nor a failure"
            elif kept.lead not in held.rows["lead"] and not _was_removed(held, kept.lead):
                yield f"submission {kept.id} names the lead {kept.lead}, which does not exist"


def _was_removed(held: _Held, id_: str) -> bool:
    return any(each.type == "record_removed" and each.subject == id_ for each in held.decisions)


def _stages(held: _Held) -> Iterator[str]:
    """The sum of stages is the leads in process, and each lead's row says what its instance says."""
    leads, instances = held.rows["lead"], held.rows["process"]
    by_lead = Counter((lead.process, lead.stage) for lead in leads.values() if lead.process is not None)
    active: list[Instance] = [
        row for row in instances.values() if row.lead_id in leads and leads[row.lead_id].process == row.process
    ]
    by_instance = Counter((row.process, row.stage) for row in active)
    for place in sorted({*by_lead, *by_instance}, key=str):
        if by_lead[place] != by_instance[place]:
            yield f"stage {place[0]}/{place[1]}: {by_lead[place]} leads, {by_instance[place]} instances"
    for lead in leads.values():
        instance = None if lead.process is None else instances.get(instance_id(lead.id, lead.process))
        if instance is not None and instance.stage != lead.stage:
            yield f"lead {lead.id} is at {lead.stage}, its instance at {instance.stage}"
    for row in instances.values():
        if row.lead_id not in leads:
            yield f"instance {row.id} belongs to no lead"


def _log(held: _Held) -> Iterator[str]:
    """Decisions are numbered from 0 without gaps under each command, and the command is known."""
    ordinals: dict[str, list[int]] = defaultdict(list)
    for recorded in held.decisions:
        command, _, ordinal = recorded.id.rpartition("#")
        if command != recorded.command:
            yield f"decision {recorded.id} says that it comes from {recorded.command}"
        ordinals[command].append(int(ordinal))
    for command, found in ordinals.items():
        if sorted(found) != list(range(len(found))):
            yield f"decisions of {command} are numbered {sorted(found)}"
        if command not in held.rows["input"] and not command.startswith("wake:"):
            yield f"decisions of {command} have no input"


def _fold(held: _Held) -> Iterator[str]:
    """State is the fold of decisions over inputs."""
    flow = held.flow
    inputs = sorted(held.rows["input"].values(), key=lambda kept: kept.seq)
    folded = fold(inputs, held.decisions, flow.rulebook)
    actual = stored(flow.store, flow.rulebook)
    for key in sorted({*folded, *actual}):
        if folded.get(key) != actual.get(key):
            what = "is not stored" if key not in actual else "is stored only" if key not in folded else "differs"
            yield f"fold: {_named(key)} {what}"


def _named(key: tuple[str, str]) -> str:
    """A row's name without personal data: a match key's value is left out."""
    table, id_ = key
    return f"{table} {id_.rpartition('|')[0]}|..." if table == "matchkey" else f"{table} {id_}"


def _keys(held: _Held) -> Iterator[str]:
    """Match keys file exactly the records that have them, each under who stands for it now."""
    ring = held.flow.rulebook.rules["matching"].ring
    wanted: dict[str, set[tuple[str, str]]] = defaultdict(set)
    for table in ("contact", "account", "lead"):
        for row in held.rows[table].values():
            for key in keys_of(row, ring):
                wanted[key].add((row.id, held.root(row.id)))
    for key in sorted({*wanted, *held.rows["matchkey"]}):
        filed = held.rows["matchkey"].get(key)
        found = set() if filed is None else set(filed.records)
        if found != wanted[key]:
            records = sorted({id_ for pair in found ^ wanted[key] for id_ in pair})
            yield f"{_named(('matchkey', key))} does not file what has it: {', '.join(records)}"


def _scores(held: _Held) -> Iterator[str]:
    """A score is what all inputs of its subject amount to, unless a timer is due."""
    flow = held.flow
    view = Reading(flow.store, flow.rulebook)
    models = flow.rulebook.rules["scoring"].models
    inputs: dict[str, list[Input]] = defaultdict(list)
    for kept in held.rows["input"].values():
        if kept.kind is not None and kept.subject is not None:
            inputs[held.root(kept.subject)].append(kept)
    for name, compiled in models.items():
        for subject_id in _subjects(held, compiled.model.target):
            subject = subject_of(view, subject_id, compiled)
            row: Score | None = held.rows["score"].get(score_id(subject_id, name))
            if subject is None:
                continue
            if row is None:
                yield f"{subject_id} has no score by {name}"
                continue
            now_us = max(flow.now(), row.updated_us)
            if row.program != compiled.digest or (row.valid_until_us is not None and row.valid_until_us <= now_us):
                continue
            contacts = _contacts(held, compiled.model.target, subject_id)
            signals: dict[int, Any] = {}
            for kept in (kept for contact in contacts for kept in inputs[contact]):
                signals.update(compiled.signals.observe(signals, kept.kind or "", kept.properties, kept.at_us))
            points = compiled.program.total(signals, compiled.program.static(subject, now_us)[0], now_us)[0]
            if points != row.points or compiled.grade(points) != row.grade:
                yield f"{subject_id} has {row.points} ({row.grade}) by {name}; its inputs amount to {points}"
            elif signals != row.signals:
                yield f"{subject_id}: what is remembered of its behaviour by {name} is not what its inputs say"


def _subjects(held: _Held, target: str) -> list[str]:
    rows = held.rows[target].values()
    return [row.id for row in rows if getattr(row, "merged_into", None) is None]


def _contacts(held: _Held, target: str, subject_id: str) -> list[str]:
    if target == "contact":
        return [subject_id]
    if target == "lead":
        contact = held.rows["lead"][subject_id].contact_id
        return [] if contact is None else [contact]
    return [row.id for row in held.rows["contact"].values() if row.account_id == subject_id and row.merged_into is None]


def _file(held: _Held) -> Iterator[str]:
    """SQLite's own checks, through a connection of our own."""
    path = getattr(held.flow.store, "path", None)
    if path is None:
        return
    connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    try:
        for verdict in connection.execute("PRAGMA integrity_check(5)"):
            if verdict[0] != "ok":
                yield f"integrity_check: {verdict[0]}"
        for broken in connection.execute("PRAGMA foreign_key_check"):
            yield f"foreign_key_check: {broken[0]} row {broken[1]}"
    finally:
        connection.close()


_CHECKS: tuple[Callable[[_Held], Iterator[str]], ...] = (_submissions, _stages, _log, _fold, _keys, _scores, _file)
