"""Undo of an import: the records that it made and nothing later used go, and what its rows told of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from attrs import evolve

from leadflow.capture.state import Failure
from leadflow.errors import InvalidInputError
from leadflow.model.commands import DropSubmission, RemoveRecords
from leadflow.model.decisions import RecordCreated
from leadflow.model.ids import derive_id
from leadflow.model.records import Input
from leadflow.model.rows import RECORDS
from leadflow.model.values import NOTHING
from leadflow.ports.store import ChangeSet, Scan

_CHUNK = 500
_BY_TIME = ("wake:", "rescore:", "moved:")
_ORDER = ("opportunity", "lead", "contact", "account", "user", "product")


def undo(flow: Any, batch: str) -> dict[str, list[str]]:
    """Remove what an import made and nothing later used. Returns the ids removed and kept.

    What the rows told of records that are gone is erased, and rows that wait in the failed queue are dropped; the same
    file can be imported again. Interrupted, it is run again. Errors: InvalidInputError (unknown_batch).
    """
    key = ("batch", batch)
    known = flow.store.load([key]).rows[key]
    if known is None:
        raise InvalidInputError(f"no import {batch!r}", code="unknown_batch")
    removed: list[str] = []
    kept: list[str] = []
    for chunk in _inputs(flow, batch):
        made = _made_by(flow, chunk)
        gone = _remove(flow, batch, made)
        removed += gone
        kept += [id_ for id_ in made if id_ not in gone]
    _drop_failed(flow, batch)
    for chunk in _inputs(flow, batch):
        _erase(flow, chunk)
    snapshot = flow.store.load([key])
    held = snapshot.rows[key]
    flow.store.commit(ChangeSet(snapshot, {key: evolve(held, state="undone", version=held.version + 1)}))
    return {"removed": removed, "kept": kept}


def _inputs(flow: Any, batch: str) -> Iterator[list[Input]]:
    """The rows of an import that have not been erased, the last first."""
    after = None
    while True:
        query = Scan(table="input", where=(("batch", "=", batch),), order="-seq", after=after, limit=_CHUNK)
        page = list(flow.store.scan(query))
        if not page:
            return
        yield [each for each in page if each.type != "erased"]
        after = (page[-1].seq, page[-1].id)


def _decisions_of(flow: Any, inputs: Iterable[Input]) -> Iterator[Any]:
    for record in inputs:
        between = (("id", ">", f"{record.id}#"), ("id", "<", f"{record.id}$"))
        yield from flow.store.scan(Scan(table="decision", where=between))


def _made_by(flow: Any, inputs: Iterable[Input]) -> dict[str, str]:
    """Records that the inputs made and that are still there, by id: leads before contacts before accounts."""
    found = [each.decision for each in _decisions_of(flow, inputs) if isinstance(each.decision, RecordCreated)]
    rows = flow.store.load([(each.record, each.subject) for each in found]).rows
    made: dict[str, str] = {}
    for record in _ORDER:
        made.update(
            (each.subject, record) for each in found if each.record == record and rows[record, each.subject] is not None
        )
    return made


def _remove(flow: Any, batch: str, made: Mapping[str, str]) -> set[str]:
    used = _used_later(flow, made, batch)
    unused = [(record, id_) for id_, record in made.items() if id_ not in used]
    rows = flow.store.load(unused).rows
    records = tuple((id_, rows[record, id_].version) for record, id_ in unused if rows[record, id_] is not None)
    if not records:
        return set()
    # What is asked for is part of the key: an undo that was interrupted asks for less the next time.
    asked = derive_id("batch", repr(records))
    command = RemoveRecords(key=f"{batch}:undo:{asked}", at_us=flow.now(), batch=batch, records=records)
    return {recorded.subject for recorded in flow.do(command).decisions}


def _used_later(flow: Any, made: Mapping[str, str], batch: str) -> set[str]:
    """Records that something outside the import decided about."""
    if not made:
        return set()
    query = Scan(table="decision", where=(("subject", "in", tuple(made)),), order="seq")
    mine = (f"{batch}:", *_BY_TIME)
    others = [(each.subject, each.command) for each in flow.store.scan(query) if not each.command.startswith(mine)]
    causes = flow.store.load({("input", command) for _, command in others}).rows
    used = set()
    for subject, command in others:
        cause = causes["input", command]
        if cause is None or cause.batch != batch:
            used.add(subject)
    contacts = [id_ for id_, record in made.items() if record == "contact"]
    for (_, id_), found in flow.store.load([("input.subject", id_) for id_ in contacts]).rows.items():
        if any(record.batch != batch for record in found):
            used.add(id_)
    return used


def _drop_failed(flow: Any, batch: str) -> None:
    """Rows that could not be taken are not waited for any more."""
    waiting: Sequence[Failure] = [
        each
        for each in flow.store.scan(Scan(table="failure", where=(("batch", "=", batch),)))
        if each.state == "waiting"
    ]
    for start in range(0, len(waiting), _CHUNK):
        flow.do(
            *(
                DropSubmission(
                    key=f"{batch}:drop:{derive_id('batch', each.id)}",
                    at_us=flow.now(),
                    submission=each.id,
                    reason="import undone",
                )
                for each in waiting[start : start + _CHUNK]
            )
        )


def _erase(flow: Any, inputs: list[Input]) -> None:
    """Inputs all of whose records are gone tell nothing any more; their keys stay, so that history keeps its order."""
    about: dict[str, set[tuple[str, str]]] = {record.id: set() for record in inputs}
    for each in _decisions_of(flow, inputs):
        record = getattr(each.decision, "record", None)
        if record is not None and record in RECORDS:
            about[each.command].add((record, each.subject))
    rows = flow.store.load({key for keys in about.values() for key in keys}).rows
    spent = [record for record in inputs if all(rows[key] is None for key in about[record.id])]
    snapshot = flow.store.load([("input", record.id) for record in spent])
    put = {("input", record.id): _emptied(record) for record in spent}
    if put:
        flow.store.commit(ChangeSet(snapshot, put))


def _emptied(record: Input) -> Input:
    return evolve(
        record, type="erased", kind=None, subject=None, account=None, lead=None, visitor=None, reference=None,
        properties=NOTHING, values=NOTHING, data=NOTHING,
    )  # fmt: skip
