"""What a folder remembers beside its files: which record changed in which order, so that a cursor is a number."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

from attrs import define, field

from leadflow.errors import RejectedError
from leadflow_adapters.file_crm.sheet import Sheet, removed, replace

NAME: Final = ".leadflow.json"


@define
class Journal:
    """`rows` are (version or None when it went, number of the change, its moment) by kind and id; `next` is a new id."""

    path: Path
    name: str
    seq: int = 0
    next: int = 1
    rows: dict[str, dict[str, tuple[str | None, int, int]]] = field(factory=dict)
    is_changed: bool = False

    def take_in(self, sheet: Sheet, at_us: int) -> None:
        """Compare a file with what is remembered; number what changed."""
        known = self.rows.setdefault(sheet.kind, {})
        for row in sheet.nameless:
            sheet.put(self.new_id(sheet), {name: cell for name, cell in row.items() if name != "id"})
        sheet.nameless.clear()
        for remote in sheet.rows:
            version = sheet.version(remote)
            held = known.get(remote)
            if held is None or held[0] != version:
                self.note(sheet.kind, remote, version, at_us)
        for remote in removed(sheet.rows, known):
            if known[remote][0] is not None:
                self.note(sheet.kind, remote, None, at_us)

    def note(self, kind: str, remote: str, version: str | None, at_us: int) -> None:
        """A record changed, or went."""
        self.seq += 1
        self.rows.setdefault(kind, {})[remote] = (version, self.seq, at_us)
        self.is_changed = True

    def new_id(self, sheet: Sheet) -> str:
        """An id that no record of the kind has or had."""
        known = self.rows.get(sheet.kind, {})
        while str(self.next) in known or str(self.next) in sheet.rows:
            self.next += 1
        self.next += 1
        self.is_changed = True
        return str(self.next - 1)

    def save(self) -> None:
        """Write it, whole."""
        plain: dict[str, Any] = {"name": self.name, "seq": self.seq, "next": self.next, "rows": self.rows}
        replace(self.path, json.dumps(plain, separators=(",", ":")).encode())
        self.is_changed = False


def read_journal(folder: Path) -> Journal:
    """The journal of a folder, or a new one. Errors: RejectedError for one that somebody damaged."""
    path = folder / NAME
    try:
        plain = json.loads(path.read_bytes())
        rows = {kind: {id_: (v[0], v[1], v[2]) for id_, v in found.items()} for kind, found in plain["rows"].items()}
        return Journal(path, plain["name"], plain["seq"], plain["next"], rows)
    except FileNotFoundError:
        return Journal(path, uuid4().hex[:8], is_changed=True)
    except (ValueError, KeyError, TypeError, IndexError, AttributeError) as error:
        raise RejectedError(
            f"{NAME} is damaged", adapter="file", operation="read", hint="delete it: everything is then told anew"
        ) from error
