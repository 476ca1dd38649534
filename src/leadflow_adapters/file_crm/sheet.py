"""One CSV file: its columns and rows, read leniently and written whole."""

from __future__ import annotations

import csv
import os
from collections.abc import Iterable, Mapping
from hashlib import blake2b
from io import StringIO
from pathlib import Path
from typing import Final

from attrs import define, field

from leadflow.capture.reading import Decoded, Row, RowFault, read_csv
from leadflow.errors import InvalidInputError, RejectedError
from leadflow.ports.crm import FIELDS, LINKS, Value
from leadflow_adapters.file_crm.cells import of_cell, to_cell

REMOTE: Final = "id"
OURS: Final = "leadflow_id"


@define
class Sheet:
    """The records of one kind. `rows` are the cells by column, by the record's id in the file's order."""

    kind: str
    path: Path
    columns: list[str] = field(factory=list)
    rows: dict[str, dict[str, str]] = field(factory=dict)
    nameless: list[dict[str, str]] = field(factory=list)
    """Rows that somebody added: they have no id yet, or that of another row."""
    is_changed: bool = False

    def values(self, remote: str) -> dict[str, Value]:
        """A record's fields."""
        cells, links = self.rows[remote], LINKS[self.kind]
        return {
            name: of_cell(name, cells.get(name, ""))
            for name in self.columns
            if name not in (REMOTE, OURS) and name not in links
        }

    def links(self, remote: str) -> dict[str, str]:
        """The ids that a record refers to, by role."""
        cells = self.rows[remote]
        return {role: cells[role] for role in LINKS[self.kind] if cells.get(role)}

    def version(self, remote: str) -> str:
        """A name for what a record says: the same content has the same name. Whose it is, is no part of it."""
        cells = self.rows[remote]
        said = [f"{name}={cells[name]}" for name in sorted(cells) if cells[name] and name not in (REMOTE, OURS)]
        return blake2b("\0".join(said).encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()

    def put(self, remote: str, cells: Mapping[str, str]) -> None:
        """Set cells of a record, new or known."""
        row = self.rows.setdefault(remote, {REMOTE: remote})
        row.update(cells)
        self.columns += [name for name in cells if name not in self.columns]
        self.is_changed = True

    def write(self) -> None:
        """Put the file in the place of the old one, whole."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        text = StringIO()
        writer = csv.writer(text)
        writer.writerow(self.columns)
        writer.writerows([row.get(column, "") for column in self.columns] for row in self.rows.values())
        replace(self.path, text.getvalue().encode("utf-8-sig"))
        self.is_changed = False


def cells_of(fields: Mapping[str, Value], links: Mapping[str, str] | None = None) -> dict[str, str]:
    """Values as cells."""
    return {**{role: to_cell(id_) for role, id_ in (links or {}).items()}, **{n: to_cell(v) for n, v in fields.items()}}


def read_sheet(kind: str, path: Path) -> Sheet:
    """The file of a kind; one that is not there is empty. Errors: RejectedError for a file that cannot be read whole."""
    sheet = Sheet(kind, path, [REMOTE, OURS, *LINKS[kind], *FIELDS[kind]])
    header, rows = read_rows(path)
    sheet.columns += [column for column in header if column not in sheet.columns]
    for row in rows:
        remote = row.get(REMOTE, "").strip()
        if remote and remote not in sheet.rows:
            sheet.rows[remote] = {**row, REMOTE: remote}
        else:
            # A row that was copied is a new record: what it was copied from stays itself.
            sheet.nameless.append({**row, OURS: "" if remote else row.get(OURS, "")})
    return sheet


def read_rows(path: Path) -> tuple[tuple[str, ...], list[dict[str, str]]]:
    """Header and rows of a CSV file, as a spreadsheet saves it. Errors: RejectedError that names the line."""
    if not path.exists():
        return (), []
    rows: list[dict[str, str]] = []
    try:
        found = read_csv(Decoded([path.read_bytes()]))
        for each in found:
            if isinstance(each, RowFault):
                raise InvalidInputError(f"line {each.line} {each.message}")
            if isinstance(each, Row):
                rows.append(dict(each.cells))
    except InvalidInputError as error:
        if error.code == "empty_file":
            return (), []
        raise RejectedError(
            f"{path.name}: {error.message}", adapter="file", operation="read", hint="mend the file; nothing was touched"
        ) from error
    return found.header, rows


def replace(path: Path, content: bytes) -> None:
    """Write a file durably, and only under its name when it is whole."""
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    with part.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)


def removed(rows: Iterable[str], known: Iterable[str]) -> list[str]:
    """Ids that were known and are no longer among the rows."""
    there = set(rows)
    return [remote for remote in known if remote not in there]
