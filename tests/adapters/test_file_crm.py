"""A folder of CSV files as a CRM: the kit, and how people and their spreadsheets treat it."""

from __future__ import annotations

import csv
import os
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import Any

import pytest

from leadflow.errors import InvalidInputError, RejectedError, TransientError
from leadflow.ports.crm import CAPABILITIES, Change, Crm, CrmRecord, Gone, Value, Written
from leadflow.testing import CrmConformance
from leadflow_adapters.file_crm.client import FileCrm
from leadflow_adapters.file_crm.locking import locked
from leadflow_adapters.file_crm.plugin import opened


def read(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def write(path: Path, rows: list[dict[str, str]]) -> None:
    """As a spreadsheet saves it: all columns of all rows."""
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.DictWriter(file, list(dict.fromkeys(name for row in rows for name in row)))
        writer.writeheader()
        writer.writerows(rows)


class TestFileCrm(CrmConformance):
    """The embedded CRM claims everything; somebody else holds the folder when it is busy."""

    claims = frozenset(CAPABILITIES)
    failures = frozenset({"busy", "cut", "late"})

    @pytest.fixture(autouse=True)
    def folder(self, tmp_path: Path) -> Any:
        self.path = tmp_path / "crm"
        self.holder: Any = None
        self.is_cut = self.is_late = False
        yield
        self.there("contact")

    def make(self) -> Crm:
        return FileCrm(self.path, timeout=0.01, fault=self.cut)

    def cut(self, point: str) -> None:
        if self.is_cut and point == "write journal":
            self.is_cut = False
            raise TransientError("cut off", adapter="file", operation="upsert", retry_after=1)

    def there(self, kind: str) -> Collection[str]:
        if self.holder is not None:
            self.holder.__exit__(None, None, None)
            self.holder = None
        path = self.path / ("opportunities.csv" if kind == "opportunity" else f"{kind}s.csv")
        return [row["id"] for row in read(path) if row["id"]] if path.exists() else []

    def add(self, *contacts: Mapping[str, Value]) -> list[str]:
        path = self.path / "contacts.csv"
        self.path.mkdir(exist_ok=True)
        before = read(path) if path.exists() else []
        moment = path.stat().st_mtime_ns if path.exists() else None
        write(path, [*before, *({name: str(value) for name, value in each.items()} for each in contacts)])
        if self.is_late and moment is not None:
            os.utime(path, ns=(moment - 1_000_000, moment - 1_000_000))
        FileCrm(self.path).changes()  # ids are given when somebody looks
        known = {row["id"] for row in before}
        return [row["id"] for row in read(path) if row["id"] not in known]

    def edit(self, remote: str, fields: Mapping[str, Value]) -> None:
        path = self.path / "contacts.csv"
        change = {name: "" if value is None else str(value) for name, value in fields.items()}
        write(path, [{**row, **change} if row["id"] == remote else row for row in read(path)])

    def remove(self, remote: str) -> None:
        path = self.path / "contacts.csv"
        rows = read(path)
        write(path, [row for row in rows if row["id"] != remote] or [dict.fromkeys(rows[0], "")])

    def fail(self, failure: str) -> None:
        if failure == "busy":
            self.holder = locked(self.path, 1)
            self.holder.__enter__()
        self.is_cut, self.is_late = failure == "cut", failure == "late"


# -- people and their spreadsheets ----------------------------------------------------------------------------


@pytest.fixture
def crm(tmp_path: Path) -> FileCrm:
    return FileCrm(tmp_path / "crm")


def ana(**more: Any) -> CrmRecord:
    fields = {"first_name": "Ana", "last_name": "Kos", "phone": "+386 1 234"}
    return CrmRecord(kind="contact", id="c_1", fields=fields, **more)


def told(crm: FileCrm) -> dict[str, Change]:
    return {change.remote: change for change in crm.changes().changes}


def test_a_person_can_read_it(crm: FileCrm) -> None:
    crm.upsert([ana()])
    (row,) = read(crm.folder / "contacts.csv")
    assert (row["id"], row["leadflow_id"], row["first_name"]) == ("1", "c_1", "Ana")
    assert row["phone"] == "'+386 1 234", "a spreadsheet must not take it for a formula"


@pytest.mark.parametrize(
    "save",
    [
        lambda text: text.replace(",", ";").encode("utf-8-sig"),
        lambda text: text.replace(",", ";").encode("cp1252"),
        lambda text: text.replace(",", "\t").encode("utf-16"),
        lambda text: ("sep=;\r\n" + text.replace(",", ";")).encode(),
    ],
    ids=["semicolons", "old Windows", "Unicode text", "sep line"],
)
def test_it_is_read_as_spreadsheets_save_it(crm: FileCrm, save: Callable[[str], bytes]) -> None:
    crm.upsert([ana()])
    path = crm.folder / "contacts.csv"
    text = path.read_text("utf-8-sig").replace("Kos", "Müller")
    path.write_bytes(save(text))
    assert told(crm)["1"].fields["last_name"] == "Müller"
    assert isinstance(crm.upsert([CrmRecord(kind="contact", id="c_2", fields={"last_name": "Žagar"})])[0], Written)
    assert [row["last_name"] for row in read(path)] == ["Müller", "Žagar"]


def test_a_dropped_file_changes_what_it_names_and_adds_the_rest(crm: FileCrm) -> None:
    crm.upsert([ana()])
    cursor = crm.changes().cursor
    (crm.folder / "in").mkdir()
    (crm.folder / "in" / "contacts-fair.csv").write_text(
        "leadflow_id,last_name,hat\nc_1,Novak,red\n,Zupan,\n,Hribar,\n"
    )
    changes = crm.changes(cursor).changes
    assert [(change.id, change.fields["last_name"]) for change in changes] == [
        ("c_1", "Novak"),
        (None, "Zupan"),
        (None, "Hribar"),
    ]
    assert changes[0].fields["hat"] == "red"
    assert [path.name for path in (crm.folder / "in").rglob("*.csv")] == ["contacts-fair.csv"]
    assert (crm.folder / "in" / "done" / "contacts-fair.csv").exists()
    assert changes[0].fields["first_name"] == "Ana", "what the file does not say stays"


def test_a_dropped_file_that_is_taken_twice_adds_nothing_twice(crm: FileCrm) -> None:
    """Killed before the file was moved away."""
    (crm.folder / "in").mkdir(parents=True)
    for _ in range(2):
        (crm.folder / "in" / "contacts.csv").write_text("last_name\nZupan\nHribar\n")
        crm.changes()
    assert [row["last_name"] for row in read(crm.folder / "contacts.csv")] == ["Zupan", "Hribar"]


def test_a_copied_row_is_a_new_record(crm: FileCrm) -> None:
    crm.upsert([ana()])
    path = crm.folder / "contacts.csv"
    (row,) = read(path)
    write(path, [row, {**row, "first_name": "Bo"}])
    assert {change.fields["first_name"]: change.id for change in told(crm).values()} == {"Ana": "c_1", "Bo": None}
    assert len({row["id"] for row in read(path)}) == 2


def test_a_file_that_cannot_be_read_whole_is_left_alone(crm: FileCrm) -> None:
    crm.upsert([ana()])
    path = crm.folder / "contacts.csv"
    path.write_text(path.read_text("utf-8-sig") + "2,c_2\n")
    before = path.read_bytes()
    for call in (crm.changes, lambda: crm.upsert([ana()]), lambda: crm.upsert([CrmRecord(kind="lead", id="l_1")])):
        with pytest.raises(RejectedError, match=r"contacts\.csv: line 3 has 2 cells"):
            call()
    assert path.read_bytes() == before
    assert not (crm.folder / "leads.csv").exists()


def test_an_id_is_never_given_twice(crm: FileCrm) -> None:
    """Also after the record has gone."""
    crm.upsert([ana()])
    assert crm.delete([ana(remote="1")]) == [Gone(remote="1")]
    (written,) = crm.upsert([CrmRecord(kind="contact", id="c_2", fields={"last_name": "Novak"})])
    assert isinstance(written, Written)
    assert written.remote == "2"


def test_a_cursor_of_another_folder_is_refused(crm: FileCrm, tmp_path: Path) -> None:
    crm.upsert([ana()])
    with pytest.raises(InvalidInputError, match="not of this folder") as caught:
        FileCrm(tmp_path / "other").changes(crm.changes().cursor)
    assert caught.value.code == "unknown_cursor"


@pytest.mark.parametrize(
    ("url", "folder"),
    [("csv:crm", "crm"), ("csv:/var/crm", "/var/crm"), ("file:///var/crm", "/var/crm"), ("file:crm", "crm")],
)
def test_a_url_names_a_folder(url: str, folder: str) -> None:
    assert opened(url).folder == Path(folder)


@pytest.mark.parametrize("url", ["csv:", "file://", "file://host/crm"])
def test_a_url_that_names_no_folder_is_refused(url: str) -> None:
    with pytest.raises(InvalidInputError, match="names no folder"):
        opened(url)
