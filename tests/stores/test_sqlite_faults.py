"""A disk, a lock, a file that is not what it should be: a typed error that says where and what to do, and nothing lost.

reliability.md B15 to B24.
"""

from __future__ import annotations

import os
import re
import shutil
import sqlite3
import threading
import time
from pathlib import Path
from tempfile import gettempdir
from typing import Any

import pytest

import leadflow
from leadflow.engine.flow import Flow
from leadflow.engine.rooms import TABLES
from leadflow.errors import CorruptionError, LeadflowError, SchemaVersionError, StoreBusyError, StoreError
from leadflow.stores.schema import SCHEMA_VERSION
from leadflow.stores.sqlite import SqliteStore
from leadflow.testing import Client, VirtualClock, contents, invariants

NOBODY = 65534


def demo(key: str, email: str = "ana@kos.example", **more: Any) -> dict[str, Any]:
    fields = {"email": email, "company": "Kos d.o.o.", "job_level": "manager", "employees": "120", **more}
    return {"type": "submission", "key": key, "form": "demo-request", "fields": fields}


def opened(path: Path, **options: Any) -> Flow:
    return leadflow.open(f"sqlite:///{path}", now=VirtualClock("2026-01-15T12:00:00Z"), **options)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A closed store with something in it."""
    path = tmp_path / "leads.db"
    with opened(path) as flow:
        flow.ingest([demo(f"k{n}", f"p{n}@x{n}.example") for n in range(40)])
    return path


def refused(path: Path, kind: type[LeadflowError]) -> LeadflowError:
    """Opening is refused, and the file stays as it was, byte for byte."""
    before = path.read_bytes()
    with pytest.raises(kind) as caught:
        opened(path)
    assert path.read_bytes() == before
    assert str(path) in str(caught.value)
    assert caught.value.hint
    return caught.value


# -- B15: space ------------------------------------------------------------------------------------------


def test_a_full_disk_is_a_typed_error_and_what_was_there_stays(path: Path) -> None:
    """B15: the write fails whole, earlier data can be read, and the service goes on when there is space again."""
    with opened(path) as flow:
        held = contents(flow)
    client = Client(url=f"sqlite:///{path}", limits={"file_bytes": 60_000})
    calls = [["do", demo(f"big{n}", f"q{n}@kos.example", first_name="x" * 90_000)] for n in range(3)]
    finished = client.run(*calls)
    assert [answer.get("error") for answer in finished.answers] == ["StoreError"] * 3
    assert all(str(path) in answer["message"] for answer in finished.answers)
    assert (finished.code, finished.stderr) == (0, "")
    with opened(path) as flow:
        assert contents(flow) == held
        assert invariants(flow) == []
        assert flow.do(calls[0][1]).status == "accepted"


def test_sqlite_full_says_so(path: Path) -> None:
    """B15: SQLITE_FULL has a code of its own and a way out, in the process that goes on afterwards."""
    with opened(path) as flow:
        connection = flow.store._connection()
        (pages,) = connection.execute("PRAGMA page_count").fetchone()
        connection.execute(f"PRAGMA max_page_count = {pages + 2}")
        with pytest.raises(StoreError) as caught:
            flow.do(demo("big", "big@kos.example", first_name="x" * 90_000))
        assert (caught.value.code, "free space" in str(caught.value)) == ("store_full", True)
        assert invariants(flow) == []
        connection.execute("PRAGMA max_page_count = 1000000")
        assert flow.do(demo("later", "later@kos.example")).status == "accepted"


# -- B16: locks ------------------------------------------------------------------------------------------


def test_a_locked_store_is_waited_for_and_then_told(path: Path) -> None:
    """B16: a bounded wait, then StoreBusyError; nothing is lost, the retry goes through."""
    other = sqlite3.connect(path, isolation_level=None)
    with opened(path, timeout=0.3) as flow:
        other.execute("BEGIN IMMEDIATE")
        started = time.monotonic()
        with pytest.raises(StoreBusyError) as caught:
            flow.do(demo("waits"))
        assert 0.2 < time.monotonic() - started < 5
        assert caught.value.retryable
        assert str(path) in str(caught.value)
        # Readers are not kept out.
        assert len(flow.leads(limit=5)) == 5
        other.execute("ROLLBACK")
        assert flow.do(demo("waits")).status == "accepted"
    other.close()


def test_a_lock_held_for_30_seconds_by_another_process(path: Path) -> None:
    """B16 with real processes: the waiting one is told after its time, not after the other's."""
    holder = Client(url=f"sqlite:///{path}", fault=(3, "hang")).start(["do", demo("holds", "holds@kos.example")])
    try:
        assert holder.stdout is not None
        assert holder.stdin is not None
        assert holder.stdout.readline() == "ready\n"
        holder.stdin.write("go\n")
        holder.stdin.flush()
        with opened(path, timeout=0.3) as flow:
            deadline = time.monotonic() + 20
            busy = None
            while busy is None and time.monotonic() < deadline:
                try:
                    flow.do(demo(f"t{time.monotonic_ns()}"))
                except StoreBusyError as error:
                    busy = error
            assert busy is not None
            holder.kill()
            holder.wait()
            # The lock of a killed process is gone with it, and so is its half-done write.
            assert flow.do(demo("after")).status == "accepted"
            assert "holds" not in contents(flow)["input"]
            assert invariants(flow) == []
    finally:
        holder.kill()
        holder.communicate()


# -- B17: rights -----------------------------------------------------------------------------------------


def _as_nobody(path: Path) -> Any:
    """A client without root's rights, for whom read-only means read-only."""
    limits = {"user": NOBODY} if os.geteuid() == 0 else {}
    return Client(url=f"sqlite:///{path}", limits=limits).run(["do", demo("k")])


def _reachable(tmp_path: Path) -> None:
    """Whoever has no rights may at least come here; pytest's folders are its user's alone, some levels up."""
    for folder in (tmp_path, *tmp_path.parents):
        if folder == Path(gettempdir()):
            return
        folder.chmod(0o755)


def test_a_read_only_file_is_named(path: Path, tmp_path: Path) -> None:
    """B17: the error at the first moment it shows, with the path."""
    _reachable(tmp_path)
    path.chmod(0o444)
    tmp_path.chmod(0o555)
    finished = _as_nobody(path)
    tmp_path.chmod(0o755)
    assert [(each["error"], each["code"]) for each in finished.errors] == [("StoreError", "store_read_only")]
    assert str(path) in finished.errors[0]["message"]
    assert "rights" in finished.errors[0]["message"]


def test_a_read_only_folder_is_named(tmp_path: Path) -> None:
    """B17: a store cannot be made there."""
    _reachable(tmp_path)
    tmp_path.chmod(0o555)
    finished = _as_nobody(tmp_path / "new.db")
    tmp_path.chmod(0o755)
    assert [each["error"] for each in finished.errors] == ["StoreError"]
    assert str(tmp_path / "new.db") in finished.errors[0]["message"]
    assert list(tmp_path.iterdir()) == []


def test_paths_that_cannot_be_a_store(tmp_path: Path) -> None:
    """B17: a folder, and a folder that is not there."""
    for wrong in (tmp_path, tmp_path / "nowhere" / "leads.db"):
        with pytest.raises(StoreError) as caught:
            opened(wrong)
        assert (caught.value.code, str(tmp_path) in str(caught.value)) == ("store_path", True)


# -- B18: damage -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("left", [0.3, 0.6, 0.9])
def test_a_truncated_file_is_refused_at_open(path: Path, left: float) -> None:
    """B18: detected at open, told how to restore, not made worse."""
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * left)])
    assert "restore a backup" in str(refused(path, CorruptionError))


@pytest.mark.parametrize("page", [1, 2, 5, 9])
def test_a_damaged_page_is_refused_at_open(path: Path, page: int) -> None:
    """B18: a page of rubbish anywhere in the file."""
    content = bytearray(path.read_bytes())
    content[page * 4096 : page * 4096 + 4096] = b"\xff\x13" * 2048
    path.write_bytes(content)
    refused(path, CorruptionError)


def test_damage_that_shows_later_is_a_typed_error(path: Path) -> None:
    """B18: a driver's own error never comes through, not even while a page of rows is read."""
    with opened(path) as flow:
        content = bytearray(path.read_bytes())
        for page in range(2, len(content) // 4096):
            content[page * 4096 : page * 4096 + 4096] = b"\xff\x13" * 2048
        path.write_bytes(content)
        flow.store._connection().execute("PRAGMA shrink_memory")
        with pytest.raises(CorruptionError):
            contents(flow)


# -- B19: files taken away under us ----------------------------------------------------------------------


def test_a_deleted_wal_is_noticed_before_more_is_written(path: Path) -> None:
    """B19: what was accepted is saved by closing; what would be lost is not accepted."""
    flow = opened(path)
    assert flow.do(demo("before", "before@kos.example")).status == "accepted"
    Path(f"{path}-wal").unlink()
    with pytest.raises(CorruptionError) as caught:
        flow.do(demo("after", "after@kos.example"))
    assert (caught.value.code, str(path) in str(caught.value)) == ("store_replaced", True)
    flow.close()
    with opened(path) as flow:
        assert invariants(flow) == []
        assert [flow.do(demo(key, f"{key}@kos.example")).status for key in ("before", "after")] == [
            "repeated",
            "accepted",
        ]


def test_a_file_restored_over_an_open_store_is_noticed(path: Path, tmp_path: Path) -> None:
    """B19: writing into a file that has no name any more would lose everything."""
    backup = Path(shutil.copy(path, tmp_path / "backup.db"))
    flow = opened(path)
    assert flow.do(demo("before", "before@kos.example")).status == "accepted"
    backup.replace(path)
    with pytest.raises(CorruptionError):
        flow.do(demo("after", "after@kos.example"))
    flow.close()


# -- making a store --------------------------------------------------------------------------------------


def test_many_who_open_a_new_store_at_once_find_a_whole_one(tmp_path: Path) -> None:
    """Nobody ever sees the file empty or half made, and nothing is left beside it."""
    for turn in range(5):
        path, faults = tmp_path / f"{turn}.db", []
        start = threading.Barrier(6)

        def work(path: Path = path, start: threading.Barrier = start, faults: list[Any] = faults) -> None:
            start.wait()
            try:
                SqliteStore(path, TABLES).close()
            except LeadflowError as error:
                faults.append(error)

        threads = [threading.Thread(target=work) for _ in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert faults == []
    assert sorted(each.name for each in tmp_path.iterdir()) == [f"{turn}.db" for turn in range(5)]


@pytest.mark.parametrize("left", ["", "SQLite format 3\0"])
def test_what_a_killed_maker_left_behind_is_in_nobodys_way(tmp_path: Path, left: str) -> None:
    """A9: killed while the store was made: there is no store yet, the next one makes it."""
    (tmp_path / f".leads.db.{os.getpid()}.{threading.get_ident()}.new").write_text(left)
    with opened(tmp_path / "leads.db") as flow:
        assert flow.do(demo("k")).status == "accepted"


# -- B20: backups ----------------------------------------------------------------------------------------


def test_a_backup_taken_in_the_middle_opens_and_goes_on(path: Path, tmp_path: Path) -> None:
    """B20: a copy made by SQLite while we write is a whole store; repeats of what it holds are repeats."""
    with opened(path) as flow:
        flow.do(demo("before", "before@kos.example"))
        source, copy = sqlite3.connect(path), sqlite3.connect(tmp_path / "backup.db")
        source.backup(copy)
        source.close()
        copy.close()
        flow.do(demo("after", "after@kos.example"))
        ids = {key: flow.do(demo(key, f"{key}@kos.example")).lead for key in ("before", "after")}
    with opened(tmp_path / "backup.db") as flow:
        assert invariants(flow) == []
        results = {key: flow.do(demo(key, f"{key}@kos.example")).one() for key in ("before", "after")}
        assert {key: result.status for key, result in results.items()} == {"before": "repeated", "after": "accepted"}
        # The same input makes the same records, in the backup too.
        assert {key: result.lead for key, result in results.items()} == ids


# -- B21, B22, B24: not what it should be ----------------------------------------------------------------


def test_a_newer_schema_is_refused_with_both_versions(path: Path) -> None:
    """B21."""
    connection = sqlite3.connect(path)
    connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION + 41}")
    connection.close()
    told = str(refused(path, SchemaVersionError))
    assert re.search(rf"version {SCHEMA_VERSION + 41}\b.*\b{SCHEMA_VERSION}\b", told)


def test_an_older_schema_is_refused_with_both_versions(path: Path) -> None:
    """B21: and the way out is named."""
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA user_version = 0")
    connection.close()
    assert "leadflow migrate" in str(refused(path, SchemaVersionError))


def test_a_foreign_database_is_refused_and_left_alone(tmp_path: Path) -> None:
    """B22."""
    path = tmp_path / "foreign.db"
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE theirs (id INTEGER)")
    connection.commit()
    connection.close()
    before = path.read_bytes()
    with pytest.raises(SchemaVersionError) as caught:
        opened(path)
    assert "another program" in str(caught.value)
    connection = sqlite3.connect(path)
    assert connection.execute("SELECT name FROM sqlite_master").fetchall() == [("theirs",)]
    connection.close()
    assert len(path.read_bytes()) == len(before)


def test_an_empty_file_is_refused(tmp_path: Path) -> None:
    """B22: it may be what is left of somebody's data."""
    path = tmp_path / "empty.db"
    path.touch()
    assert "empty" in str(refused(path, CorruptionError))


def test_a_text_file_is_refused(tmp_path: Path) -> None:
    """B22: a spreadsheet by mistake."""
    path = tmp_path / "leads.csv"
    path.write_text("email,company\nana@kos.example,Kos\n" * 50)
    refused(path, SchemaVersionError)


@pytest.mark.parametrize(
    "damage",
    [
        "DROP INDEX leadflow_decision_id",
        "DROP INDEX leadflow_input_id",
        "DROP INDEX leadflow_lead_contact_id",
        "DROP TABLE leadflow_matchkey",
        "ALTER TABLE leadflow_lead ADD COLUMN extra TEXT",
    ],
)
def test_a_hand_made_schema_fails_loudly_at_open(path: Path, damage: str) -> None:
    """B24: a missing unique index would let the same thing in twice."""
    connection = sqlite3.connect(path)
    connection.execute(damage)
    connection.commit()
    connection.close()
    with pytest.raises(CorruptionError) as caught:
        opened(path)
    assert re.search(r"leadflow_\w+ is (missing|not the one)", str(caught.value))


# -- B23: no full scans ----------------------------------------------------------------------------------


def statements_of(flow: Flow, act: Any) -> set[str]:
    """The statements that something runs, as SQLite sees them."""
    connection = flow.store._connection()
    seen: list[str] = []
    connection.set_trace_callback(seen.append)
    try:
        act(flow)
    finally:
        connection.set_trace_callback(None)
    return {sql for sql in seen if sql.lstrip().upper().startswith(("SELECT", "UPDATE", "DELETE"))}


def scans_of(flow: Flow, statements: set[str]) -> list[str]:
    """Plans that read a whole table or sort it."""
    connection = flow.store._connection()
    found = []
    for sql in sorted(statements):
        for *_, step in connection.execute(f"EXPLAIN QUERY PLAN {sql}"):
            # Sorting one record's decisions, or rows of equal value, is not sorting a table.
            # Work that was put off is a list that is read whole.
            is_list = step == "SCAN leadflow_recheck"
            if (re.match(r"SCAN \w+$", step) and not is_list) or ("B-TREE FOR ORDER BY" in step and " IN (" not in sql):
                found.append(f"{step}: {sql[:120]}")
    return found


@pytest.mark.parametrize(
    "act",
    [
        lambda flow: flow.do(demo("new", "new@kos.example")),
        lambda flow: flow.do(demo("again", "p1@x1.example")),
        lambda flow: flow.ingest(
            [
                {"type": "interaction", "id": "i-1", "kind": "page.visited", "visitor": "ck-1"},
                {"type": "interaction", "id": "i-2", "kind": "email.clicked", "contact": {"email": "p2@x2.example"}},
                {"type": "order", "id": "o-1", "contact": {"email": "p2@x2.example"}, "currency": "EUR", "lines": []},
            ]
        ),
        lambda flow: flow.tick("2026-06-01T00:00:00Z"),
        lambda flow: flow.leads(order_by="-score", limit=10),
        lambda flow: flow.explain(flow.do(demo("k1", "p1@x1.example")).lead),
    ],
    ids=["submit", "match", "ingest", "tick", "best", "explain"],
)
def test_the_hot_paths_scan_no_table(path: Path, act: Any) -> None:
    """B23: every statement of these is served by an index, however many rows there are."""
    with opened(path) as flow:
        statements = statements_of(flow, act)
        assert statements
        assert scans_of(flow, statements) == []


# -- durability ------------------------------------------------------------------------------------------


def test_what_is_committed_is_synced(path: Path) -> None:
    """reliability.md section 1: synchronous=FULL and a write-ahead log, in every thread's connection."""
    with opened(path) as flow:
        connection = flow.store._connection()
        assert connection.execute("PRAGMA synchronous").fetchone() == (2,)
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        assert connection.execute("PRAGMA foreign_keys").fetchone() == (1,)
