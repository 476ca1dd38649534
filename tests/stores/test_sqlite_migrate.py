"""A store of version 1, as an earlier leadflow wrote it, becomes one of today: nothing lost, or nothing touched."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

import leadflow
from leadflow.engine.opening import migrate_store
from leadflow.errors import InvalidInputError, SchemaVersionError, StoreError
from leadflow.stores.schema import SCHEMA_VERSION
from leadflow.testing import VirtualClock, contents, invariants

DUMP = Path(__file__).with_name("version_1.sql")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """The file that version 1 made of four records, a merge and a tick."""
    path = tmp_path / "leads.db"
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.executescript(DUMP.read_text(encoding="utf-8"))
    connection.close()
    return path


def rows(path: Path) -> dict[str, int]:
    """How many rows each table holds."""
    connection = sqlite3.connect(path)
    names = [row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
    counted = {name: connection.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0] for name in names}
    connection.close()
    return counted


def test_an_old_store_is_refused_until_it_is_migrated(path: Path) -> None:
    """B21: and nothing is written before."""
    before = path.read_bytes()
    with pytest.raises(SchemaVersionError, match=f"version 1, this leadflow writes {SCHEMA_VERSION}") as caught:
        leadflow.open(f"sqlite:///{path}")
    assert "leadflow migrate" in (caught.value.hint or "")
    assert path.read_bytes() == before


def test_a_migrated_store_holds_what_it_held(path: Path) -> None:
    """Rows, reasons and laws; the merge of version 1 can still be taken back."""
    before, raw = rows(path), path.read_bytes()
    assert migrate_store(f"sqlite:///{path}") == (1, SCHEMA_VERSION, path.with_name("leads.db.v1"))
    after = rows(path)
    assert {name: after[name] for name in before} == before
    assert rows(path.with_name("leads.db.v1")) == before
    assert len(raw) <= path.with_name("leads.db.v1").stat().st_size
    clock = VirtualClock("2026-01-15T13:00:00Z")
    with leadflow.open(f"sqlite:///{path}", now=clock) as flow:
        assert invariants(flow) == []
        (loser,) = [row["id"] for row in contents(flow)["contact"].values() if row.get("state") == "merged"]
        assert flow.do({"type": "unmerge", "key": "u-1", "loser": loser}).is_ok
        assert flow.explain(loser).decisions
        assert all(row.get("state", "active") == "active" for row in contents(flow)["contact"].values())
        assert invariants(flow) == []


def test_migrating_twice_does_nothing(path: Path) -> None:
    """The second time there is nothing to do."""
    migrate_store(f"sqlite:///{path}")
    raw = path.read_bytes()
    assert migrate_store(f"sqlite:///{path}") == (SCHEMA_VERSION, SCHEMA_VERSION, None)
    assert path.read_bytes() == raw


def test_a_migration_that_fails_changes_nothing(path: Path) -> None:
    """Wholly or not at all."""
    connection = sqlite3.connect(path)
    connection.execute("DROP TABLE leadflow_contact")
    connection.execute("CREATE TABLE leadflow_contact (id TEXT, email INTEGER)")
    connection.execute("INSERT INTO leadflow_contact VALUES (NULL, 1)")
    connection.commit()
    connection.close()
    before = rows(path)
    with pytest.raises(StoreError):
        migrate_store(f"sqlite:///{path}")
    assert rows(path) == before


def test_what_is_no_store_of_ours_is_refused(tmp_path: Path) -> None:
    """B22: foreign, absent, of another kind."""
    foreign = tmp_path / "foreign.db"
    sqlite3.connect(foreign).execute("CREATE TABLE theirs (id INTEGER)").connection.close()
    with pytest.raises(SchemaVersionError, match="another program"):
        migrate_store(f"sqlite:///{foreign}")
    with pytest.raises(StoreError, match="does not exist"):
        migrate_store(f"sqlite:///{tmp_path / 'nope.db'}")
    with pytest.raises(InvalidInputError):
        migrate_store("memory:")
