"""Joining a psycopg connection: locks that last as long as the application's transaction, and states that are refused."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest
from attrs import frozen

import leadflow
from leadflow.engine.rooms import TABLES
from leadflow.errors import ConflictError, InvalidInputError, SchemaVersionError, StoreBusyError, StoreError
from leadflow.ports.store import Store
from leadflow.room import Table
from leadflow.testing import FaultPlan, InjectedError, StoreConformance, contents, invariants

psycopg = pytest.importorskip("psycopg")

pytestmark = [pytest.mark.extra, pytest.mark.postgres]

DEMO = {"email": "ana@kos.example", "company": "Kos d.o.o.", "job_level": "manager"}


@frozen
class Lent:
    """An application's connection."""

    connection: Any
    place: str = "the connection"

    def lend(self) -> Any:
        return self.connection


class TestJoinedPostgresStore(StoreConformance):
    """One transaction for all that a test does, in a schema that is rolled back with it."""

    claims = frozenset({"faults"})
    examples = 10

    @pytest.fixture(autouse=True)
    def _server(self, postgres: Any) -> None:
        self._postgres = postgres

    def make(self, tables: Sequence[Table]) -> Store:
        return self._made(tables)

    def make_with_faults(self, tables: Sequence[Table], fault: Callable[[str], None]) -> Store:
        return self._made(tables, fault=fault)

    def _made(self, tables: Sequence[Table], **options: Any) -> Store:
        from leadflow_adapters.postgres.joined import JoinedPostgresStore, make_tables

        host = Lent(psycopg.connect(self._postgres.base))
        self._handles.append(host.connection)
        schema = f"joined_{next(self._numbers)}"
        make_tables(host, tables, schema=schema)
        return JoinedPostgresStore(host, tables, schema=schema, **options)


@pytest.fixture
def place(postgres: Any) -> Iterator[tuple[str, str, str]]:
    """Where leadflow's tables are: its URL, the server's, the schema."""
    with postgres.emptied() as url:
        leadflow.open(url).close()
        yield url, postgres.base, url.rpartition("schema=")[2]


@pytest.fixture
def connection(place: tuple[str, str, str]) -> Iterator[Any]:
    with psycopg.connect(place[1]) as connection:
        yield connection
        connection.close()


def join(connection: Any, place: tuple[str, str, str], **options: Any) -> leadflow.JoinedFlow:
    return leadflow.join(connection, schema=place[2], **options)


def leads(place: tuple[str, str, str]) -> int:
    with leadflow.open(place[0]) as flow:
        assert invariants(flow) == []
        return len(contents(flow)["lead"])


def test_rollback_and_commit(place: Any, connection: Any) -> None:
    flow = join(connection, place)
    connection.execute("CREATE TEMPORARY TABLE app_order (number int)")
    connection.commit()
    connection.execute("INSERT INTO app_order VALUES (1)")
    flow.submit("demo-request", DEMO, key="d")
    connection.rollback()
    assert leads(place) == 0
    flow.submit("demo-request", DEMO, key="d")
    connection.execute("INSERT INTO app_order VALUES (1)")
    connection.commit()
    assert leads(place) == 1
    assert connection.execute("SELECT count(*) FROM app_order").fetchone() == (1,)


def test_many_rows_in_one_change(place: Any, connection: Any) -> None:
    records = [{"type": "contact", "key": f"c{n}", "contact": {"email": f"p{n}@kos.example"}} for n in range(1200)]
    flow = join(connection, place)
    assert flow.ingest(records).counts == {"accepted": 1200}
    connection.commit()
    with leadflow.open(place[0]) as other:
        assert len(contents(other)["contact"]) == 1200


def test_the_first_holds_what_it_has_written_until_it_ends(place: Any) -> None:
    """Two applications take one new person in: one lead, and the second waits for the first."""
    done: list[str] = []

    def second() -> None:
        with psycopg.connect(place[1]) as connection:
            flow = join(connection, place)
            for _ in range(3):
                try:
                    done.append(flow.submit("demo-request", DEMO, key="second").status)
                    break
                except ConflictError:
                    connection.rollback()

    with psycopg.connect(place[1]) as connection:
        join(connection, place).submit("demo-request", DEMO, key="first")
        thread = threading.Thread(target=second)
        thread.start()
        thread.join(0.3)
        assert done == []
    thread.join()
    assert done == ["accepted"]
    assert leads(place) == 1


@pytest.mark.parametrize("point", [1, 3, 6])
def test_a_call_that_breaks_off_leaves_the_transaction_usable(place: Any, connection: Any, point: int) -> None:
    plan = FaultPlan()
    flow = join(connection, place, fault=plan)
    flow.submit("newsletter", {"email": "bo@kos.example"}, key="n")
    before = contents(flow)
    plan.arm(point)
    with pytest.raises(InjectedError):
        flow.submit("demo-request", DEMO, key="d")
    plan.arm(None)
    assert contents(flow) == before
    assert flow.submit("demo-request", DEMO, key="d").status == "accepted"


def test_a_lock_that_is_not_had_leaves_the_transaction_usable(place: Any, connection: Any) -> None:
    """The application's own lock_timeout holds."""
    flow = join(connection, place)
    connection.execute("SET LOCAL lock_timeout = '50ms'")
    with psycopg.connect(place[1]) as other:
        join(other, place).submit("demo-request", DEMO, key="other")
        with pytest.raises(StoreBusyError):
            flow.submit("demo-request", DEMO, key="d")
    assert flow.submit("demo-request", DEMO, key="d").is_ok


def test_a_call_that_is_broken_off_while_it_waits_ends_the_connection(place: Any, connection: Any) -> None:
    """As by Ctrl-C: the answer is still to come, and would be taken for that of whatever is asked next."""

    class Stopped(BaseException):
        """What the handler raises."""

    def stop(number: int, frame: Any) -> None:
        raise Stopped

    flow = join(connection, place)
    before = signal.signal(signal.SIGALRM, stop)
    try:
        with psycopg.connect(place[1]) as other:
            join(other, place).submit("demo-request", DEMO, key="other")
            signal.setitimer(signal.ITIMER_REAL, 0.5)
            with pytest.raises(Stopped):
                flow.submit("demo-request", DEMO, key="d")
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    assert connection.closed
    assert leads(place) == 1


def test_values_that_cannot_be_kept_leave_the_transaction_usable(place: Any, connection: Any) -> None:
    flow = join(connection, place)
    with pytest.raises(InvalidInputError):
        flow.submit("newsletter", {"email": "bo@kos.example", "name": "a\0b"}, key="n")
    assert flow.submit("demo-request", DEMO, key="d").is_ok


def test_what_the_application_has_set_stays(place: Any) -> None:
    """Rows of another kind, another kind of cursor, adapters of its own; nothing of leadflow's is left behind."""
    from psycopg.rows import dict_row
    from psycopg.types.string import TextLoader

    class Loud(TextLoader):
        def load(self, data: Any) -> Any:
            return f"{super().load(data)}!"

    with psycopg.connect(place[1], row_factory=dict_row, cursor_factory=psycopg.ClientCursor) as connection:
        connection.adapters.register_loader("text", Loud)
        settings = "SELECT name, setting FROM pg_settings ORDER BY name"
        before = connection.execute(settings).fetchall()
        flow = join(connection, place)
        lead = flow.submit("demo-request", DEMO, key="d").lead
        assert [row.lead.id for row in flow.leads()] == [lead]
        assert connection.execute(settings).fetchall() == before
        assert connection.execute("SELECT count(*) AS n FROM pg_prepared_statements").fetchone() == {"n": 0}
        assert connection.row_factory is dict_row


def code_of(call: Any, *arguments: Any, **settings: Any) -> str:
    with pytest.raises(StoreError) as caught:
        call(*arguments, **settings)
    assert caught.value.hint
    return caught.value.code


def test_wrong_states(place: Any, connection: Any) -> None:
    flow = join(connection, place)
    with pytest.raises(psycopg.Error):
        connection.execute("SELECT nothing")
    assert code_of(flow.leads) == "transaction_failed"
    connection.rollback()
    connection.autocommit = True
    assert code_of(flow.leads) == "no_transaction"
    with connection.transaction():
        assert flow.leads() == []
    with connection.pipeline():
        assert code_of(flow.leads) == "store_connection"
    connection.autocommit = False
    for isolation in ("REPEATABLE READ", "SERIALIZABLE"):
        connection.execute(f"SET TRANSACTION ISOLATION LEVEL {isolation}")
        assert code_of(flow.submit, "demo-request", DEMO) == "store_isolation"
        connection.rollback()
    connection.execute("SET client_encoding = latin1")
    assert code_of(flow.leads) == "store_encoding"
    connection.close()
    assert code_of(flow.leads) == "store_closed"


def test_asynchronous_connections_are_refused(place: Any) -> None:
    import asyncio

    async def attempt() -> str:
        async with await psycopg.AsyncConnection.connect(place[1]) as connection:
            return code_of(join, connection, place)

    assert asyncio.run(attempt()) == "store_connection"


def test_a_server_that_ends_the_connection(place: Any, connection: Any) -> None:
    flow = join(connection, place)
    with psycopg.connect(place[1], autocommit=True) as other:
        other.execute("SELECT pg_terminate_backend(%s)", (connection.info.backend_pid,))
    assert code_of(flow.submit, "demo-request", DEMO) in ("store_lost", "store_busy")
    assert code_of(flow.leads) == "store_closed"


def test_schemas_without_tables_or_with_others(place: Any, connection: Any) -> None:
    with pytest.raises(SchemaVersionError, match=r"no tables of leadflow in schema nowhere .*writes version \d"):
        leadflow.join(connection, schema="nowhere")
    connection.execute("SELECT 1")
    for version, way_out in ((0, "leadflow migrate"), (99, "upgrade leadflow")):
        with connection.transaction(force_rollback=True):
            # Newer ones say which leadflow may still work on them.
            columns = connection.execute(
                "SELECT column_name FROM information_schema.columns"
                " WHERE table_schema = %s AND table_name = 'leadflow_schema'", (place[2],)
            ).fetchall()  # fmt: skip
            for column in {"version", "oldest"} & {name for (name,) in columns}:
                connection.execute(f"UPDATE {place[2]}.leadflow_schema SET {column} = {version}")
            with pytest.raises(SchemaVersionError, match=rf"version {version}\b.* \d+.*{way_out}"):
                join(connection, place)
    with pytest.raises(InvalidInputError):
        leadflow.join(connection, schema='x"; DROP')


def test_tables_are_made_in_the_application_s_migration(postgres: Any) -> None:
    with postgres.fresh() as url:
        schema = url.rpartition("schema=")[2]
        with psycopg.connect(postgres.base) as connection:
            leadflow.make_tables(connection, schema=schema)
            connection.rollback()
            with pytest.raises(SchemaVersionError):
                leadflow.join(connection, schema=schema)
            leadflow.make_tables(connection, schema=schema)
            leadflow.make_tables(connection, schema=schema)
            connection.commit()
            leadflow.join(connection, schema=schema).submit("demo-request", DEMO)
        with leadflow.open(url) as flow:
            assert len(flow.leads()) == 1
    assert {table.name for table in TABLES} >= {"lead", "outbox"}
