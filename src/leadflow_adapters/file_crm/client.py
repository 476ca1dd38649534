"""The CRM in a folder."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from hashlib import blake2b
from pathlib import Path
from typing import Final

from attrs import define, field

from leadflow.errors import InvalidInputError, RejectedError, TransientError
from leadflow.ports.crm import (
    CAPABILITIES,
    FIELDS,
    KINDS,
    LINKS,
    Change,
    Changes,
    Conflict,
    CrmRecord,
    Gone,
    Offer,
    Outcome,
    Refused,
    Written,
    check_records,
)
from leadflow_adapters.file_crm.journal import Journal, read_journal
from leadflow_adapters.file_crm.locking import locked
from leadflow_adapters.file_crm.sheet import OURS, REMOTE, Sheet, cells_of, read_rows, read_sheet

_OFFER: Final = Offer(
    capabilities=frozenset(CAPABILITIES), fields={kind: frozenset(fields) for kind, fields in FIELDS.items()}
)
_RETRY_S: Final = 10


class FileCrm:
    """Contacts, accounts, leads, opportunities and users as CSV files in a folder: contacts.csv, accounts.csv ...

    People edit the files, add rows (an empty `id` is filled in) and delete rows; or they drop a file such as
    `contacts-fair.csv` into the folder `in`, whose rows change the records that they name and add the others. A version
    is made from what a row says. `timeout` (seconds) bounds the wait for another process; `fault(name)` is called before
    each write.
    """

    def __init__(
        self, folder: str | Path, *, timeout: float = 10.0, fault: Callable[[str], None] | None = None
    ) -> None:
        self.folder = Path(folder)
        self._timeout_s = timeout
        self._fault = fault

    @property
    def offer(self) -> Offer:
        """See Crm.offer."""
        return _OFFER

    def close(self) -> None:
        """See Crm.close."""

    # -- out ----------------------------------------------------------------------------------------------

    def upsert(self, records: Sequence[CrmRecord]) -> list[Outcome]:
        """See Crm.upsert."""
        check_records(records, _OFFER, "file")
        with self._opened("upsert") as books:
            outcomes = [books.put(record) for record in records]
            self._save(books)
        return outcomes

    def delete(self, records: Sequence[CrmRecord]) -> list[Outcome]:
        """See Crm.delete."""
        check_records(records, _OFFER, "file")
        with self._opened("delete") as books:
            outcomes = [books.take(record) for record in records]
            self._save(books)
        return outcomes

    # -- in -----------------------------------------------------------------------------------------------

    def changes(self, since: str | None = None, limit: int = 100) -> Changes:
        """See Crm.changes. A cursor is the number of the last change that was told."""
        with self._opened("changes") as books:
            self._save(books)
        journal = books.journal
        after = self._read_cursor(since, journal)
        numbered = [
            (seq, kind, remote, version, at_us)
            for kind, rows in journal.rows.items()
            for remote, (version, seq, at_us) in rows.items()
            if seq > after and (version is not None or since is not None)
        ]
        numbered.sort()
        page = numbered[:limit]
        changes = tuple(books.change(kind, remote, version, at_us) for _, kind, remote, version, at_us in page)
        is_last = len(numbered) <= limit
        last = journal.seq if is_last else page[-1][0]
        return Changes(changes=changes, cursor=f"{journal.name}:{last}", is_last=is_last)

    def _read_cursor(self, since: str | None, journal: Journal) -> int:
        if since is None:
            return 0
        name, _, number = since.partition(":")
        if name != journal.name or not number.isdigit() or int(number) > journal.seq:
            raise InvalidInputError("this cursor is not of this folder", code="unknown_cursor", hint="start anew")
        return int(number)

    # -- the files ----------------------------------------------------------------------------------------

    @contextmanager
    def _opened(self, operation: str) -> Iterator[_Books]:
        """All files as they stand now, what somebody changed taken note of."""
        try:
            with locked(self.folder, self._timeout_s):
                journal = read_journal(self.folder)
                sheets = {kind: read_sheet(kind, self.folder / f"{_plural(kind)}.csv") for kind in KINDS}
                books = _Books(sheets, journal)
                dropped = self._take_dropped(sheets)
                for sheet in sheets.values():
                    journal.take_in(sheet, _moment_us(sheet.path))
                if dropped:
                    self._save(books)
                    for path in dropped:
                        path.replace(_done(path))
                yield books
        except PermissionError as error:
            raise RejectedError(
                f"{self.folder}: {error.strerror}",
                adapter="file",
                operation=operation,
                hint="check the folder's rights",
            ) from error
        except OSError as error:
            raise TransientError(
                f"{self.folder}: {error.strerror}", adapter="file", operation=operation, retry_after=_RETRY_S
            ) from error

    def _take_dropped(self, sheets: dict[str, Sheet]) -> list[Path]:
        """Rows of files that somebody dropped: they change what they name, and are new otherwise."""
        taken = []
        for kind in KINDS:
            for path in sorted((self.folder / "in").glob(f"{_plural(kind)}*.csv")):
                stamp = blake2b(path.read_bytes(), digest_size=4).hexdigest()
                known = {row[OURS]: remote for remote, row in sheets[kind].rows.items() if row.get(OURS)}
                for number, row in enumerate(read_rows(path)[1], 1):
                    # Named after the file's content, so that a file that is taken twice adds nothing twice.
                    named = row.get(REMOTE, "").strip() or known.get(row.get(OURS, "")) or f"{stamp}-{number}"
                    sheets[kind].put(named, {name: cell for name, cell in row.items() if name != REMOTE})
                taken.append(path)
        return taken

    def _save(self, books: _Books) -> None:
        for kind, sheet in books.sheets.items():
            if sheet.is_changed:
                self._point(f"write {kind}")
                sheet.write()
        if books.journal.is_changed:
            self._point("write journal")
            books.journal.save()

    def _point(self, name: str) -> None:
        if self._fault is not None:
            self._fault(name)


@define
class _Books:
    """All files of a folder at one moment."""

    sheets: dict[str, Sheet]
    journal: Journal
    _ours: dict[str, dict[str, str]] = field(factory=dict)

    def find(self, record: CrmRecord) -> str | None:
        """The id of a record that is there."""
        rows = self.sheets[record.kind].rows
        if record.remote is not None:
            return record.remote if record.remote in rows else None
        if record.kind not in self._ours:
            self._ours[record.kind] = {row[OURS]: remote for remote, row in rows.items() if row.get(OURS)}
        return self._ours[record.kind].get(record.id)

    def _write(self, record: CrmRecord, remote: str, cells: dict[str, str]) -> None:
        self.sheets[record.kind].put(remote, {OURS: record.id, **cells})
        self._ours.setdefault(record.kind, {})[record.id] = remote

    def put(self, record: CrmRecord) -> Outcome:
        sheet = self.sheets[record.kind]
        for role, remote in record.links.items():
            if remote not in self.sheets[LINKS[record.kind][role]].rows:
                return Refused(code="unknown_link", field=role, words="it is not in its file")
        found = self.find(record)
        if found is None and record.remote is not None:
            return Gone(remote=record.remote)
        cells = cells_of(record.fields, record.links)
        if found is None:
            found = self.journal.new_id(sheet)
        elif all(sheet.rows[found].get(name, "") == cell for name, cell in cells.items()):
            if sheet.rows[found].get(OURS) != record.id:
                self._write(record, found, {})
            return Written(remote=found, version=sheet.version(found))
        elif record.seen != sheet.version(found):
            return self._conflict(record.kind, found)
        self._write(record, found, cells)
        version = sheet.version(found)
        self.journal.note(record.kind, found, version, _moment_us(sheet.path))
        return Written(remote=found, version=version)

    def take(self, record: CrmRecord) -> Outcome:
        sheet, found = self.sheets[record.kind], self.find(record)
        if found is None:
            return Gone(remote=record.remote or "")
        if record.seen is not None and record.seen != sheet.version(found):
            return self._conflict(record.kind, found)
        self._ours.get(record.kind, {}).pop(sheet.rows[found].get(OURS, ""), None)
        del sheet.rows[found]
        sheet.is_changed = True
        self.journal.note(record.kind, found, None, _moment_us(sheet.path))
        return Gone(remote=found)

    def _conflict(self, kind: str, remote: str) -> Conflict:
        sheet = self.sheets[kind]
        return Conflict(
            remote=remote,
            version=sheet.version(remote),
            fields=sheet.values(remote),
            links=sheet.links(remote),
            at_us=self.journal.rows[kind][remote][2],
        )

    def change(self, kind: str, remote: str, version: str | None, at_us: int) -> Change:
        sheet = self.sheets[kind]
        if version is None:
            return Change(kind=kind, remote=remote, version="", at_us=at_us, is_deleted=True)
        return Change(
            kind=kind,
            remote=remote,
            version=version,
            at_us=at_us,
            id=sheet.rows[remote].get(OURS) or None,
            fields=sheet.values(remote),
            links=sheet.links(remote),
        )


def _plural(kind: str) -> str:
    return "opportunities" if kind == "opportunity" else f"{kind}s"


def _moment_us(path: Path) -> int:
    """When a file was changed last; the folder's own moment before it is there."""
    return (path if path.exists() else path.parent).stat().st_mtime_ns // 1000


def _done(path: Path) -> Path:
    folder = path.parent / "done"
    folder.mkdir(exist_ok=True)
    return folder / path.name
