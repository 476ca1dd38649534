"""Undo of an import: what it made goes, with what its rows told; what somebody used stays; the file goes in again."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from leadflow.ports.store import Scan
from leadflow.testing import VirtualClock, contents, invariants

START = "2026-01-15T12:00:00Z"
ROWS = "id,email,first_name,company\n" + "".join(f"{n},p{n}@kos{n % 3}.example,P{n},Kos {n % 3}\n" for n in range(700))


def imported(flow: Any, folder: Path, text: str, **more: Any) -> Any:
    path = folder / "people.csv"
    path.write_text(text, encoding="utf-8")
    return flow.import_file(path, mapping={"id": "key", "company": "account.name"}, **more)


def test_an_undone_import_leaves_nothing_of_its_people(opened: Any, tmp_path: Path) -> None:
    """B: with keys of its own rows, over several transactions, with accounts that many rows share; and in again."""
    with opened(now=VirtualClock(START)) as flow:
        report = imported(flow, tmp_path, ROWS)
        assert report["created contact"] == 700
        undone = flow.undo_import(report.batch)
        assert (len(undone["removed"]), undone["kept"]) == (703, [])
        held = contents(flow)
        assert (held["contact"], held["account"], held["matchkey"]) == ({}, {}, {})
        assert "p1@" not in str(list(flow.store.scan(Scan(table="input"))))
        assert invariants(flow) == []
        again = imported(flow, tmp_path, ROWS)
        assert again["created contact"] == 700
        assert imported(flow, tmp_path, ROWS).counts == {"repeated": 700}
        flow.replay(flow.playbook)
        assert invariants(flow) == []


def test_what_somebody_used_stays_with_what_was_told_of_it(opened: Any, tmp_path: Path) -> None:
    """Its row is not erased, and it is listed."""
    with opened(now=VirtualClock(START)) as flow:
        report = imported(flow, tmp_path, ROWS.split("3,p3")[0])
        used = flow.submit("newsletter", {"email": "p1@kos1.example"}).contact
        undone = flow.undo_import(report.batch)
        assert used in undone["kept"]
        rows = [kept.values for kept in flow.store.scan(Scan(table="input", where=(("batch", "=", report.batch),)))]
        told = [values["contact"]["email"] for values in rows if values]
        assert told == ["p1@kos1.example"]
        assert invariants(flow) == []


def test_rows_that_failed_are_not_waited_for(opened: Any, tmp_path: Path) -> None:
    """They leave the failed queue, and can come again."""
    with opened(now=VirtualClock(START)) as flow:
        report = imported(flow, tmp_path, "id,email,first_name,company\n1,,Ana,\n2,bo@kos.example,Bo,\n")
        assert (report["failed"], report["accepted"]) == (1, 1)
        flow.undo_import(report.batch)
        assert [each.state for each in flow.store.scan(Scan(table="failure"))] == ["dropped"]
        assert imported(flow, tmp_path, "id,email,first_name,company\n1,ana@kos.example,Ana,\n")["accepted"] == 1
        assert invariants(flow) == []


def test_an_undo_that_was_interrupted_goes_on(opened: Any, tmp_path: Path) -> None:
    """Half of it done, then all: as if done at once."""
    with opened(now=VirtualClock(START)) as flow:
        report = imported(flow, tmp_path, ROWS)
        commit, calls = flow.store.commit, iter(range(2))

        def failing(change: Any) -> None:
            if next(calls, None) is None:
                raise OSError("the power is gone")
            commit(change)

        flow.store.commit = failing
        with pytest.raises(OSError, match="power"):
            flow.undo_import(report.batch)
        flow.store.commit = commit
        flow.undo_import(report.batch)
        assert contents(flow)["contact"] == {}
        assert invariants(flow) == []
