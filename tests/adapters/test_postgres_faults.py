"""A server, a schema, a lock that are not as they should be: a typed error that says where and what to do.

reliability.md A1, A2, A12, A13, B15 to B24, C34 for PostgreSQL.
"""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest

import leadflow
from leadflow.engine.flow import Flow
from leadflow.engine.rooms import TABLES
from leadflow.errors import (
    ConflictError,
    CorruptionError,
    InvalidValueError,
    SchemaVersionError,
    StoreBusyError,
    StoreError,
)
from leadflow.matching.state import MatchKey
from leadflow.plugins import load
from leadflow.ports.store import ChangeSet, Scan
from leadflow.testing import Client, FaultPlan, InjectedError, VirtualClock, contents, invariants
from leadflow_adapters.postgres import plugin

pytestmark = [pytest.mark.extra, pytest.mark.postgres]
PLUGINS = load(only=(), also={"postgres": plugin})
NOW = "2026-01-15T12:00:00Z"


def demo(key: str, email: str = "ana@kos.example", **more: Any) -> dict[str, Any]:
    fields = {"email": email, "company": "Kos d.o.o.", "job_level": "manager", "employees": "120", **more}
    return {"type": "submission", "key": key, "form": "demo-request", "fields": fields}


def opened(url: str, **options: Any) -> Flow:
    return leadflow.open(url, now=VirtualClock(NOW), plugins=PLUGINS, **options)


@pytest.fixture
def url(postgres: Any) -> Iterator[str]:
    """A schema that is not there yet."""
    with postgres.fresh() as url:
        yield url


@pytest.fixture
def filled(postgres: Any) -> Iterator[str]:
    """A schema with tables, empty again afterwards."""
    with postgres.emptied() as url:
        opened(url).close()
        yield url


def schema_of(url: str) -> str:
    return url.rpartition("schema=")[2]


# -- faults while writing ---------------------------------------------------------------------------------

CALLS = {"one": 1, "many": 60}


@pytest.mark.parametrize("call", sorted(CALLS))
def test_a_fault_at_any_write_point_leaves_all_or_nothing(filled: str, call: str) -> None:
    """A1, A2, A13: whole or not at all, whether rows travel in one trip or by COPY; the same again goes in."""
    plan, seen = FaultPlan(), []
    with opened(filled, fault=plan) as flow:
        for number in range(1, 100):
            batch = [demo(f"{number}-{n}", f"p{number}@x{n}.example") for n in range(CALLS[call])]
            before = contents(flow)
            plan.arm(number)
            try:
                flow.do(*batch)
            except InjectedError:
                seen.append(plan.names[-1])
                plan.arm(None)
                assert (contents(flow) == before) is (seen[-1] != "committed")
                assert {each.status for each in flow.do(*batch)} <= {"accepted", "repeated"}
            else:
                break
        assert {"begin", "insert lead", "append inputs", "append decisions", "commit", "committed"} <= {*seen}
        assert invariants(flow) == []


@pytest.mark.parametrize("point", [1, 2, 4, 7])
def test_kill_9_between_statements_leaves_nothing_half_written(filled: str, point: int) -> None:
    """A1: a worker that dies in the middle leaves no rows and no locks; the retry makes one lead."""
    with opened(filled) as flow:
        flow.do(demo("before", "bo@kos.example"))
        before = contents(flow)
        killed = Client(url=filled, fault=(point, "kill")).run(["do", demo("req-1")])
        assert (killed.code, killed.answers) == (-9, ())
        assert contents(flow) == before
        assert flow.do(demo("req-1")).status == "accepted"
        assert flow.do(demo("req-1")).status == "repeated"
        assert invariants(flow) == []


def test_kill_9_in_the_middle_of_many_rows(filled: str) -> None:
    """A10: killed while COPY runs; the same batch again is taken whole."""
    batch = [demo(f"req-{n}", f"p{n}@x{n}.example") for n in range(60)]
    killed = Client(url=filled, fault=(5, "kill")).run(["ingest", batch])
    assert killed.code == -9
    with opened(filled) as flow:
        assert contents(flow)["input"] == {}
        assert flow.ingest(batch).counts == {"accepted": 60}
        assert invariants(flow) == []


def test_a_value_that_postgresql_cannot_hold_is_told(filled: str) -> None:
    """Nothing of the change is written, and the value is not repeated in the error."""
    with opened(filled) as flow:
        key = ("matchkey", "canary\0")
        with pytest.raises(InvalidValueError) as caught:
            flow.store.commit(ChangeSet(flow.store.load([key]), {key: MatchKey(key[1], (), 1)}))
        assert "canary" not in f"{caught.value} {caught.value.__cause__!r}"
        assert list(flow.store.scan(Scan(table="matchkey"))) == []


# -- locks and lost connections ---------------------------------------------------------------------------


def test_a_locked_store_is_waited_for_and_then_told(filled: str, postgres: Any) -> None:
    """B16: a bounded wait, then StoreBusyError; readers are not kept out, and the retry goes through."""
    with opened(filled, timeout=0.3) as flow, postgres.connect() as other:
        with other.transaction():
            other.execute(f"LOCK TABLE {schema_of(filled)}.leadflow_input IN SHARE MODE")
            started = time.monotonic()
            with pytest.raises(StoreBusyError) as caught:
                flow.do(demo("waits"))
            assert 0.2 < time.monotonic() - started < 5
            assert caught.value.retryable
            assert schema_of(filled) in str(caught.value)
            assert flow.leads() == []
        assert flow.do(demo("waits")).status == "accepted"


def test_a_server_that_ends_all_connections_is_asked_again(filled: str, postgres: Any) -> None:
    """A restart while we were idle costs a reader nothing; a writer that is cut off is told to repeat."""
    with opened(filled) as flow, postgres.connect() as other:

        def cut() -> None:
            other.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'leadflow'"
            ).fetchall()

        assert flow.do(demo("before")).status == "accepted"
        cut()
        assert flow.do(demo("after", "bo@kos.example")).status == "accepted"
        snapshot = flow.store.load([])
        cut()
        with pytest.raises(StoreBusyError) as caught:
            flow.store.commit(ChangeSet(snapshot, {("matchkey", "k"): MatchKey("k", (), 1)}))
        assert caught.value.retryable
        assert invariants(flow) == []


def test_a_closed_store_says_so(filled: str) -> None:
    """And closing twice is harmless."""
    flow = opened(filled)
    flow.close()
    flow.close()
    with pytest.raises(StoreError) as caught:
        flow.leads()
    assert caught.value.code == "store_closed"


def test_a_long_list_is_fetched_in_pages_and_may_be_left(filled: str, postgres: Any) -> None:
    """A list of one moment, whatever is written meanwhile; whoever stops in the middle leaves nothing open."""
    with opened(filled) as flow:
        rows = {("matchkey", f"k{n:05}"): MatchKey(f"k{n:05}", (), 1) for n in range(2500)}
        flow.store.commit(ChangeSet(flow.store.load([]), rows))
        listed = flow.store.scan(Scan(table="matchkey"))
        seen = [next(listed).id for _ in range(1500)]
        late = ("matchkey", "k99999")
        flow.store.commit(ChangeSet(flow.store.load([late]), {late: MatchKey(late[1], (), 1)}))
        seen += [row.id for row in listed]
        assert seen == [id_ for _, id_ in rows]
        next(flow.store.scan(Scan(table="matchkey")))
    with postgres.connect() as other:
        open_ones = other.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'leadflow' AND state LIKE 'idle in%'"
        ).fetchone()
    assert open_ones == (0,)


# -- the schema -------------------------------------------------------------------------------------------


def refused(url: str, kind: type[StoreError]) -> StoreError:
    with pytest.raises(kind) as caught:
        opened(url)
    assert schema_of(url) in str(caught.value)
    assert caught.value.hint
    return caught.value


@pytest.mark.parametrize(("ahead", "way_out"), [(41, "upgrade"), (-1, "leadflow migrate")])
def test_another_schema_version_is_refused_with_both(url: str, postgres: Any, ahead: int, way_out: str) -> None:
    """B21."""
    opened(url).close()
    with postgres.connect() as other:
        (known,) = other.execute(f"SELECT version FROM {schema_of(url)}.leadflow_schema").fetchone()
        version = known + ahead
        other.execute(f"UPDATE {schema_of(url)}.leadflow_schema SET version = {version}, oldest = {version}")
    told = str(refused(url, SchemaVersionError))
    assert re.search(rf"version {version}\b.*\b{known}\b", told)
    assert way_out in told


@pytest.mark.parametrize("foreign", ["leadflow_lead", "leadflow_schema"])
def test_tables_of_another_program_are_refused_and_left_alone(url: str, postgres: Any, foreign: str) -> None:
    """B22: tables of our names that we did not make."""
    schema = schema_of(url)
    with postgres.connect() as other:
        other.execute(f"CREATE SCHEMA {schema}")
        other.execute(f"CREATE TABLE {schema}.{foreign} (id integer)")
    assert "another program" in str(refused(url, SchemaVersionError))
    with postgres.connect() as other:
        tables = other.execute("SELECT tablename FROM pg_tables WHERE schemaname = %s", (schema,)).fetchall()
    assert tables == [(foreign,)]


def test_a_hosts_own_tables_are_in_nobodys_way(url: str, postgres: Any) -> None:
    """A schema may be shared with an application, as `public` often is."""
    with postgres.connect() as other:
        other.execute(f"CREATE SCHEMA {schema_of(url)}")
        other.execute(f"CREATE TABLE {schema_of(url)}.theirs (id integer)")
    with opened(url) as flow:
        assert flow.do(demo("k")).status == "accepted"


@pytest.mark.parametrize(
    "damage",
    [
        "DROP INDEX {0}.leadflow_decision_id",
        "DROP INDEX {0}.leadflow_lead_contact_id",
        "ALTER TABLE {0}.leadflow_matchkey DROP CONSTRAINT leadflow_matchkey_key",
        "DROP TABLE {0}.leadflow_matchkey",
        "ALTER TABLE {0}.leadflow_lead ADD COLUMN extra text",
        'ALTER TABLE {0}.leadflow_lead ALTER COLUMN owner_id TYPE text COLLATE "default"',
        "ALTER TABLE {0}.leadflow_input ALTER COLUMN type DROP NOT NULL",
    ],
)
def test_a_schema_changed_by_hand_is_refused_at_open(url: str, postgres: Any, damage: str) -> None:
    """B24: an index that is missing would let two of a kind in."""
    opened(url).close()
    with postgres.connect() as other:
        other.execute(damage.format(schema_of(url)))
    refused(url, CorruptionError)


def test_who_may_not_make_a_schema_is_told_how(url: str, postgres: Any) -> None:
    """B17: rights that are missing, at the first moment it shows."""
    role = f"role_{schema_of(url)}"
    with postgres.connect() as other:
        other.execute(f"CREATE ROLE {role} LOGIN")
    try:
        theirs = url.replace("postgres:@", f"{role}:@")
        assert theirs != url
        assert refused(theirs, StoreError).code == "store_read_only"
        opened(url).close()
        assert refused(theirs, StoreError).code == "store_read_only"
    finally:
        with postgres.connect() as other:
            other.execute(f"DROP ROLE {role}")


def test_many_who_open_a_new_schema_at_once_find_a_whole_one(url: str) -> None:
    """A9: tables are made in one transaction, by one of them."""
    faults: list[Exception] = []
    start = threading.Barrier(4)

    def work() -> None:
        start.wait()
        try:
            plugin.opened(url, TABLES).close()
        except Exception as error:
            faults.append(error)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert faults == []


def test_schemas_are_apart(postgres: Any) -> None:
    """One store is one tenant: what one holds, another does not see."""
    with postgres.fresh() as mine, postgres.fresh() as yours, opened(mine) as one, opened(yours) as other:
        one.do(demo("k"))
        assert (len(one.leads()), len(other.leads())) == (1, 0)
        assert other.do(demo("k")).status == "accepted"


def test_conflicts_name_tables_only(filled: str) -> None:
    """V14: what the driver says holds the key, so nothing of it is told."""
    with opened(filled) as flow:
        key = ("matchkey", "contact|email@email.1|canary@kos.example")
        empty = flow.store.load([])
        flow.store.commit(ChangeSet(empty, {key: MatchKey(key[1], (), 1)}))
        with pytest.raises(ConflictError) as caught:
            flow.store.commit(ChangeSet(empty, {key: MatchKey(key[1], (), 1)}))
        assert caught.value.details == {"tables": ("matchkey",)}
        assert "canary" not in f"{caught.value} {caught.value.__cause__!r} {caught.value.__context__!r}"
