"""Importing files: CSV, JSON lines and vCards; dry run, row by row or all or nothing, and undo."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from hashlib import blake2b
from itertools import islice
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from attrs import define, evolve, field

from leadflow.capture.importing import ImportSpec, entry_of
from leadflow.capture.reading import (
    Decoded,
    Row,
    RowFault,
    date_order,
    map_columns,
    read_csv,
    read_jsonl,
    read_vcards,
)
from leadflow.capture.reading.rows import RowNote
from leadflow.capture.state import Batch, Staged
from leadflow.engine.intake.undoing import undo
from leadflow.errors import InvalidInputError, LeadflowError
from leadflow.expr.values import is_kept, read_values
from leadflow.model.coding import from_plain, to_plain
from leadflow.model.ids import derive_id
from leadflow.model.records import Entry
from leadflow.ports.store import ChangeSet, Scan, Snapshot

_CHUNK = 500
_SAMPLE = 200
_MOST_ERRORS = 1_000
FORMATS = ("csv", "jsonl", "vcard")


@define
class ImportReport:
    """What an import did, or (dry) would do.

    `errors` are (line, column, code, message) of the first 1,000; `counts` say created, updated, matched, failed ... by
    record and in all; `mapping` says what each column was taken for.
    """

    batch: str
    mode: str
    is_dry: bool
    rows: int = 0
    counts: dict[str, int] = field(factory=dict)
    errors: list[tuple[int, str, str, str]] = field(factory=list)
    notes: list[str] = field(factory=list)
    mapping: dict[str, str] = field(factory=dict)
    unmapped: tuple[str, ...] = ()

    def __getitem__(self, name: str) -> int:
        return self.counts.get(name, 0)

    @property
    def is_ok(self) -> bool:
        """Whether every row was good."""
        return self.problem_rows() == 0

    def problem_rows(self) -> int:
        """How many rows were not good."""
        return sum(self[name] for name in ("failed", "invalid", "refused", "conflict"))

    def fault(self, line: int, column: object, code: str, message: str) -> None:
        """Count a faulty row, and keep it if there are not too many."""
        if len(self.errors) < _MOST_ERRORS:
            self.errors.append((line, "" if column is None else str(column), code, message))


class Importer:
    """Imports into one flow."""

    def __init__(self, flow: Any) -> None:
        self._flow = flow

    def run(
        self,
        path: str | Path,
        *,
        record: str = "contact",
        mapping: Mapping[str, str] | None = None,
        kind: str | None = None,
        mode: str = "row",
        dry_run: bool = False,
        policy: str | None = None,
        strategy: str | None = None,
        dates: str | None = None,
        time_zone: str | None = None,
        clock: str = "receipt",
        progress: Callable[[int], None] | None = None,
    ) -> ImportReport:
        """See Flow.import_file."""
        path = Path(path)
        if mode not in ("row", "all"):
            raise InvalidInputError(f"mode: {mode!r} is neither row nor all")
        kind = kind or _kind_of(path)
        batch = self._batch(path, repr((record, sorted((mapping or {}).items()), policy, strategy, dates, time_zone)))
        report = ImportReport(batch, mode, dry_run)
        zone = ZoneInfo(time_zone or self._flow.playbook.time_zone)
        spec = ImportSpec(
            record=record, batch=batch, targets=mapping or {}, policy=policy, strategy=strategy, order=dates, zone=zone
        )
        entries = self._entries(path, kind, spec, report, mapping)
        if mode == "all" and not dry_run:
            return self._all(entries, report, path, record, clock, progress)
        if not dry_run:
            self._keep(Batch(batch, path.name, mode, "applying", record, 0, self._flow.now()))
        self._apply(entries, report, clock, progress)
        if not dry_run:
            self._keep(
                Batch(batch, path.name, mode, "done", record, report.rows, self._flow.now(), dict(report.counts))
            )
        return report

    # -- reading ------------------------------------------------------------------------------------------

    def _batch(self, path: Path, settings: str) -> str:
        """An id from the file's content: the same file again repeats, and changes nothing."""
        digest = blake2b(settings.encode(), digest_size=16)
        try:
            with path.open("rb") as file:
                while chunk := file.read(1 << 20):
                    digest.update(chunk)
        except OSError as error:
            raise InvalidInputError(f"cannot read {path}: {error.strerror}", code="file_unreadable") from None
        content = digest.hexdigest()
        for attempt in range(10_000):
            id_ = derive_id("batch", content, attempt)
            known = self._flow.store.load([("batch", id_)]).rows["batch", id_]
            if known is None or known.state not in ("undone", "refused"):
                return id_
        raise InvalidInputError("this file was imported and undone too often", code="batch_exhausted")

    def _entries(
        self, path: Path, kind: str, spec: ImportSpec, report: ImportReport, mapping: Mapping[str, str] | None
    ) -> Iterator[Entry]:
        schema = self._flow.schema
        at_us = self._flow.now()
        with path.open("rb") as file:
            texts = Decoded(iter(lambda: file.read(1 << 16), b""))
            if kind == "csv":
                found: Iterable[Any] = self._csv(texts, spec, report, mapping)
            elif kind == "jsonl":
                found = read_jsonl(texts)
            else:
                found = read_vcards(texts)
            for each in found:
                report.rows += not isinstance(each, RowNote)
                if isinstance(each, RowNote):
                    report.notes.append(f"line {each.line}: {each.message}")
                    continue
                if isinstance(each, RowFault):
                    report.fault(each.line, each.column, each.code, each.message)
                    report.counts["invalid"] = report["invalid"] + 1
                    continue
                entry, faults = self._entry(each, kind, spec, schema, at_us)
                if entry is None:
                    report.counts["invalid"] = report["invalid"] + 1
                    for fault in faults:
                        report.fault(fault.line, fault.column, fault.code, fault.message)
                else:
                    yield entry

    def _entry(
        self, each: Any, kind: str, spec: ImportSpec, schema: Any, at_us: int
    ) -> tuple[Entry | None, list[RowFault]]:
        if kind == "csv":
            return entry_of(each.line, each.cells, self._spec or spec, schema, at_us)
        if kind == "vcard":
            known = {name: name for name in each.cells if name.partition(".")[0] in schema.records or name == "key"}
            return entry_of(each.line, each.cells, evolve(spec, targets=known), schema, at_us)
        from leadflow.engine.intake.records import read_record

        value = {"type": spec.record, "key": f"{spec.batch}:{each.line}", **each.value}
        try:
            read = read_record(value, at_us)
        except LeadflowError as error:
            return None, [RowFault(each.line, None, error.code, error.message)]
        if not isinstance(read, Entry):
            return None, [RowFault(each.line, None, "not_an_entry", "is not a record to import; use ingest")]
        return evolve(read, batch=spec.batch, line=each.line, policy=read.policy or spec.policy), []

    _spec: ImportSpec | None = None

    def _csv(
        self, texts: Iterable[str], spec: ImportSpec, report: ImportReport, mapping: Mapping[str, str] | None
    ) -> Iterator[Any]:
        rows = read_csv(texts)
        iterator = iter(rows)
        head = list(islice(iterator, _SAMPLE))
        samples = [row.cells for row in head if isinstance(row, Row)]
        columns = map_columns(rows.header, samples, mapping)
        targets = columns.targets
        for column in [each for each in targets if self._is_kept(targets[each]) and each not in (mapping or {})]:
            report.notes.append(f"{column}: left out; {targets.pop(column)} follows from what leadflow decides")
            report.unmapped += (column,)
        unknown = [f"{column}: {target}" for column, target in targets.items() if not self._is_target(target)]
        if unknown:
            raise InvalidInputError(
                f"no such field: {', '.join(unknown)}", code="unknown_field", hint="map to e.g. contact.email"
            )
        report.mapping, report.unmapped = targets, columns.unmapped + report.unmapped
        report.notes += [f"{finding.column}: {finding.message}" for finding in columns.findings]
        order = spec.order
        if order is None:
            order = self._order(targets, [row for row in head if isinstance(row, Row)])
        self._spec = evolve(spec, targets=targets, order=order)
        yield from head
        yield from iterator

    def _order(self, targets: Mapping[str, str], rows: list[Row]) -> str | None:
        dated = [column for column, target in targets.items() if target == "at" or target.endswith("_at")]
        values = [(row.line, row.cells[column]) for column in dated for row in rows if row.cells.get(column)]
        return date_order(values).order if values else None

    def _is_target(self, target: str) -> bool:
        record, _, name = target.partition(".")
        if target in ("key", "at", "contact.name") or target.startswith("lead.context."):
            return True
        return name == "id" or (name in self._flow.schema.records.get(record, {}) and not self._is_kept(target))

    def _is_kept(self, target: str) -> bool:
        record, _, name = target.partition(".")
        return is_kept(self._flow.schema.records.get(record, {}).get(name))

    # -- applying -----------------------------------------------------------------------------------------

    def _apply(
        self, entries: Iterable[Entry], report: ImportReport, clock: str, progress: Callable[[int], None] | None
    ) -> None:
        iterator = iter(entries)
        again = self._has_undone()
        while chunk := list(islice(iterator, _CHUNK)):
            if again:
                chunk = self._anew(chunk)
            for status, lines, decisions, why in self._flow.carry_entries(chunk, clock, dry_run=report.is_dry):
                _tally(report, status, decisions)
                if why:
                    report.fault(lines, why[1], why[0], f"{why[0]} {why[1]}".strip())
            if progress is not None:
                progress(report.rows)

    def _has_undone(self) -> bool:
        query = Scan(table="batch", where=(("state", "in", ("undone", "refused")),), limit=1)
        return next(iter(self._flow.store.scan(query)), None) is not None

    def _anew(self, chunk: list[Entry]) -> list[Entry]:
        """Rows whose own key was taken by an import that has been undone get the next one: they are not repeats."""
        keys = {entry.key: entry.key for entry in chunk}
        todo = set(keys)
        for attempt in range(1, 10_000):
            rows = self._flow.store.load([("input", keys[key]) for key in todo]).rows
            todo = {key for key in todo if (row := rows["input", keys[key]]) is not None and row.type == "erased"}
            if not todo:
                break
            keys.update((key, f"{key}~{attempt}") for key in todo)
        return [entry if keys[entry.key] == entry.key else evolve(entry, key=keys[entry.key]) for entry in chunk]

    def _all(
        self,
        entries: Iterator[Entry],
        report: ImportReport,
        path: Path,
        record: str,
        clock: str,
        progress: Callable[[int], None] | None,
    ) -> ImportReport:
        """Stage the whole file beside the tables, then apply it; one bad row and nothing goes in."""
        state = Batch(report.batch, path.name, "all", "staging", record, 0, self._flow.now())
        self._clear(report.batch)
        self._keep(state)
        for chunk in _chunks(entries):
            good = []
            for entry in chunk:
                faults = self._check(entry)
                for place, code in faults:
                    report.fault(entry.line or 0, place, code, f"{code} {place}")
                report.counts["invalid"] = report["invalid"] + bool(faults)
                good.append(entry)
            self._stage(report.batch, good)
        if report.problem_rows():
            self._clear(report.batch)
            self._keep(evolve(state, state="refused", rows=report.rows))
            return report
        self._keep(evolve(state, state="applying", rows=report.rows))
        self._apply(self._staged(report.batch), report, clock, progress)
        if report.problem_rows():
            undo(self._flow, report.batch)
            report.counts["undone"] = 1
            self._keep(evolve(state, state="refused", rows=report.rows))
        else:
            self._keep(evolve(state, state="done", rows=report.rows, counts=dict(report.counts)))
        self._clear(report.batch)
        return report

    def _check(self, entry: Entry) -> list[tuple[str, str]]:
        found = []
        for record, content in entry.values.items():
            plain = {name: value for name, value in content.items() if name not in ("id", "context")}
            _, faults = read_values(record, plain, self._flow.schema)
            found += [(fault.field, fault.code) for fault in faults]
        return found

    def _stage(self, batch: str, entries: list[Entry]) -> None:
        rows = [Staged(entry.key, batch, entry.line or 0, to_plain(entry), 1) for entry in entries]
        self._flow.store.commit(ChangeSet(Snapshot({}), {("staged", row.id): row for row in rows}))

    def _staged(self, batch: str) -> Iterator[Entry]:
        after = None
        while True:
            query = Scan(table="staged", where=(("batch", "=", batch),), order="line", after=after, limit=_CHUNK)
            page = list(self._flow.store.scan(query))
            if not page:
                return
            yield from (from_plain(Entry, row.entry) for row in page)
            after = (page[-1].line, page[-1].id)

    def _clear(self, batch: str) -> None:
        while True:
            query = Scan(table="staged", where=(("batch", "=", batch),), limit=_CHUNK)
            page = list(self._flow.store.scan(query))
            if not page:
                return
            drop = frozenset(("staged", row.id) for row in page)
            self._flow.store.commit(ChangeSet(Snapshot({}), {}, drop))

    def _keep(self, batch: Batch) -> None:
        key = ("batch", batch.id)
        snapshot = self._flow.store.load([key])
        held = snapshot.rows[key]
        version = 1 if held is None else held.version + 1
        self._flow.store.commit(ChangeSet(snapshot, {key: evolve(batch, version=version)}))


def _tally(report: ImportReport, status: str, decisions: Iterable[Any]) -> None:
    report.counts[status] = report[status] + 1
    changed = Counter(
        {"record_created": "created", "record_matched": "matched", "record_updated": "updated"}.get(each.type, "")
        + f" {each.decision.record}"
        for each in decisions
        if each.type in ("record_created", "record_matched", "record_updated")
    )
    for name, count in changed.items():
        report.counts[name] = report[name] + count


def _kind_of(path: Path) -> str:
    suffix = path.suffix.lower()
    return {".jsonl": "jsonl", ".ndjson": "jsonl", ".vcf": "vcard", ".vcard": "vcard"}.get(suffix, "csv")


def _chunks(items: Iterable[Any]) -> Iterator[list[Any]]:
    iterator = iter(items)
    while chunk := list(islice(iterator, _CHUNK)):
        yield chunk
