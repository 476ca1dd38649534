"""A schema of version 1 becomes one of today while others look on; older code works on newer tables, or is refused."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import leadflow
from leadflow.engine.opening import migrate_store
from leadflow.engine.rooms import TABLES
from leadflow.errors import CorruptionError, InvalidInputError, SchemaVersionError, StoreBusyError, StoreError
from leadflow.plugins import load
from leadflow.testing import VirtualClock, contents, invariants
from leadflow_adapters.postgres import plugin

pytestmark = [pytest.mark.extra, pytest.mark.postgres]
PLUGINS = load(only=(), also={"postgres": plugin})
DUMP = Path(__file__).with_name("postgres_version_1.sql")
CLOCK = VirtualClock("2026-01-15T13:00:00Z")


def current() -> int:
    """The version that this leadflow writes; asked for late, because without psycopg there is none."""
    from leadflow_adapters.postgres.schema import SCHEMA_VERSION

    return SCHEMA_VERSION


@pytest.fixture
def fresh(postgres: Any) -> Iterator[str]:
    """A schema that is not there yet."""
    with postgres.fresh() as url:
        yield url


@pytest.fixture
def old(fresh: str, postgres: Any) -> str:
    """The schema that version 1 made and filled."""
    with postgres.connect() as connection:
        connection.execute(DUMP.read_text(encoding="utf-8").replace("{schema}", schema_of(fresh)))
    return fresh


def schema_of(url: str) -> str:
    return url.rpartition("schema=")[2]


def opened(url: str) -> Any:
    return leadflow.open(url, now=CLOCK, plugins=PLUGINS)


def migrated(url: str) -> Any:
    return migrate_store(url, plugins=PLUGINS)


Rows = dict[str, list[dict[str, Any]]]


def rows(postgres: Any, url: str) -> Rows:
    """Everything in the tables, by column."""
    with postgres.connect() as connection:
        found = connection.execute(
            "SELECT tablename FROM pg_tables WHERE schemaname = %s", (schema_of(url),)
        ).fetchall()
        names = sorted({name for (name,) in found} - {"leadflow_schema", "leadflow_lease"})
        every = {name: f"SELECT to_jsonb(t) FROM {schema_of(url)}.{name} AS t ORDER BY t.id" for name in names}
        return {name: [row for (row,) in connection.execute(query)] for name, query in every.items()}


def shared(found: Rows, before: Rows) -> Rows:
    """What is there of the tables and columns that there were before."""
    columns = {name: set().union(*held) for name, held in before.items()}
    return {name: [{c: row[c] for c in row if c in columns[name]} for row in found[name]] for name in before}


def test_an_old_schema_is_refused_until_it_is_migrated(old: str, postgres: Any) -> None:
    """B21: with both versions and the way out, and nothing is written before."""
    before = rows(postgres, old)
    with pytest.raises(SchemaVersionError, match=f"version 1, this leadflow writes {current()}") as caught:
        opened(old)
    assert "leadflow migrate" in (caught.value.hint or "")
    assert rows(postgres, old) == before


def test_a_migrated_schema_holds_what_it_held(old: str, postgres: Any) -> None:
    """Rows, reasons and laws; the merge of version 1 can still be taken back, and what is due can be claimed."""
    before = rows(postgres, old)
    assert sum(map(len, before.values())) > 60
    assert migrated(old) == (1, current(), None)
    assert shared(rows(postgres, old), before) == before
    with opened(old) as flow:
        assert invariants(flow) == []
        (loser,) = [row["id"] for row in contents(flow)["contact"].values() if row.get("state") == "merged"]
        assert flow.do({"type": "unmerge", "key": "u-1", "loser": loser}).is_ok
        assert flow.explain(loser).decisions
        assert flow.tick("2027-01-01T00:00:00Z") > 0
        assert invariants(flow) == []
    assert migrated(old) == (current(), current(), None)


def test_it_is_the_schema_that_a_new_store_has(old: str, postgres: Any) -> None:
    """Columns and indexes are the same by name, type and definition."""
    migrated(old)
    with postgres.fresh() as new:
        opened(new).close()
        with postgres.connect() as connection:
            found = [
                connection.execute(
                    "SELECT table_name, column_name, data_type, is_nullable, collation_name FROM information_schema.columns"
                    " WHERE table_schema = %(schema)s UNION ALL SELECT tablename, indexname,"
                    " replace(indexdef, %(schema)s, ''), '', '' FROM pg_indexes WHERE schemaname = %(schema)s ORDER BY 1, 2",
                    {"schema": schema_of(url)},
                ).fetchall()
                for url in (old, new)
            ]
    assert len(found[1]) > 200
    assert found[0] == found[1]


def test_two_who_migrate_at_once(old: str) -> None:
    """One does it, the other finds it done."""
    told: list[Any] = []
    works = [threading.Thread(target=lambda: told.append(migrated(old)[:2])) for _ in range(3)]
    for work in works:
        work.start()
    for work in works:
        work.join()
    assert sorted(told) == [(1, current()), (current(), current()), (current(), current())]


def test_a_migration_that_fails_changes_nothing(old: str, postgres: Any) -> None:
    """Wholly or not at all: something is there that is not ours to change."""
    before = rows(postgres, old)
    with postgres.connect() as connection:
        connection.execute(f"ALTER TABLE {schema_of(old)}.leadflow_lead ADD COLUMN theirs text")
    with pytest.raises(CorruptionError, match="leadflow_lead is not the one that leadflow made"):
        migrated(old)
    with postgres.connect() as connection:
        connection.execute(f"ALTER TABLE {schema_of(old)}.leadflow_lead DROP COLUMN theirs")
    assert rows(postgres, old) == before
    assert migrated(old) == (1, current(), None)


def test_a_table_in_use_is_waited_for_and_then_told(old: str, postgres: Any) -> None:
    """A bounded wait, then nothing has changed."""
    from leadflow.stores.layout import layout_of
    from leadflow_adapters.postgres.migrating import migrate

    with postgres.connect() as other, other.transaction():
        other.execute(f"SELECT * FROM {schema_of(old)}.leadflow_schema FOR UPDATE")
        with pytest.raises(StoreBusyError):
            migrate(old, map(layout_of, TABLES), timeout=0.3)
    assert migrated(old) == (1, current(), None)


def _newer(connection: Any, schema: str) -> None:
    connection.execute(f"UPDATE {schema}.leadflow_schema SET version = version + 7")


def _foreign(connection: Any, schema: str) -> None:
    connection.execute(f"UPDATE {schema}.leadflow_schema SET program = 'other'")


def _gone(connection: Any, schema: str) -> None:
    connection.execute(f"DROP SCHEMA {schema} CASCADE")


@pytest.mark.parametrize(
    ("spoil", "error"), [(_newer, SchemaVersionError), (_foreign, SchemaVersionError), (_gone, StoreError)]
)
def test_what_cannot_be_migrated_is_told(
    old: str, postgres: Any, spoil: Callable[..., None], error: type[Exception]
) -> None:
    with postgres.connect() as connection:
        spoil(connection, schema_of(old))
    with pytest.raises(error, match=schema_of(old)):
        migrated(old)


def test_who_does_not_own_the_tables_is_told(old: str, postgres: Any) -> None:
    role = f"role_{schema_of(old)}"
    with postgres.connect() as other:
        other.execute(f"CREATE ROLE {role} LOGIN")
        other.execute(f"GRANT USAGE ON SCHEMA {schema_of(old)} TO {role}")
        other.execute(f"GRANT ALL ON ALL TABLES IN SCHEMA {schema_of(old)} TO {role}")
    try:
        with pytest.raises(StoreError, match="may not be changed by this user"):
            migrated(old.replace("postgres:@", f"{role}:@"))
    finally:
        with postgres.connect() as other:
            other.execute(f"DROP OWNED BY {role}")
            other.execute(f"DROP ROLE {role}")


def test_a_store_that_has_nothing_to_migrate_says_so() -> None:
    with pytest.raises(InvalidInputError, match="has nothing to migrate"):
        migrate_store("memory:")


def test_leadflow_migrate(old: str, tmp_path: Path) -> None:
    """From the command line, with what a program reads."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("LEADFLOW_")}
    command = [sys.executable, "-m", "leadflow", "--store", old, "migrate", "--json"]
    told = []
    for _ in range(2):
        done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=True)
        told.append(json.loads(done.stdout))
    assert told == [
        {"before": 1, "after": current(), "kept": None},
        {"before": current(), "after": current(), "kept": None},
    ]


# -- older code on newer tables ---------------------------------------------------------------------------

NEWER = (
    "CREATE TABLE {0}.leadflow_later (id text PRIMARY KEY)",
    "ALTER TABLE {0}.leadflow_lead ADD COLUMN later text",
    "ALTER TABLE {0}.leadflow_outbox ADD COLUMN later bigint NOT NULL DEFAULT 0",
    "CREATE INDEX leadflow_lead_later ON {0}.leadflow_lead (later)",
)


def _made_newer(url: str, postgres: Any, oldest: int) -> None:
    """What a later version may do to the tables: it only adds."""
    with postgres.connect() as connection:
        for statement in NEWER:
            connection.execute(statement.format(schema_of(url)))
        connection.execute(
            f"UPDATE {schema_of(url)}.leadflow_schema SET version = %s, oldest = %s", (current() + 1, oldest)
        )


def demo(key: str) -> dict[str, Any]:
    fields = {"email": f"{key}@x.example", "company": "Kos d.o.o.", "job_level": "manager", "employees": "120"}
    return {"type": "submission", "key": key, "form": "demo-request", "fields": fields}


def test_older_code_goes_on_where_the_newer_version_only_adds(fresh: str, postgres: Any, tmp_path: Path) -> None:
    """Expand first: workers that run, and workers that start, on tables that a later version has added to."""
    with opened(fresh) as running:
        assert running.do(demo("before")).status == "accepted"
        _made_newer(fresh, postgres, current())
        assert running.do(demo("running")).status == "accepted"
        with opened(fresh) as started:
            assert started.ingest([demo(f"k{n}") for n in range(120)]).counts == {"accepted": 120}
            assert started.do(demo("running")).status == "repeated"
            assert started.tick("2027-01-01T00:00:00Z") > 0
            assert started.deliver(tmp_path).total > 0
            assert invariants(started) == []
        assert len(running.leads(limit=None)) == 122
    with postgres.connect() as connection:
        assert connection.execute(
            f"SELECT count(*) FROM {schema_of(fresh)}.leadflow_lead WHERE later IS NULL"
        ).fetchone() == (122,)


def test_older_code_is_refused_where_it_would_do_harm(fresh: str, postgres: Any) -> None:
    """Contract later: once the newer version needs more than older code writes, it says so."""
    opened(fresh).close()
    _made_newer(fresh, postgres, current() + 1)
    with pytest.raises(SchemaVersionError, match=rf"version {current() + 1}\b.*knows {current()}") as caught:
        opened(fresh)
    assert "upgrade" in caught.value.hint


def test_a_newer_schema_is_checked_all_the_same(fresh: str, postgres: Any) -> None:
    """What we know has to be as we know it."""
    opened(fresh).close()
    _made_newer(fresh, postgres, current())
    with postgres.connect() as connection:
        connection.execute(f"DROP INDEX {schema_of(fresh)}.leadflow_decision_id")
    with pytest.raises(CorruptionError, match="leadflow_decision_id is missing"):
        opened(fresh)
