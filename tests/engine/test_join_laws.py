"""Whatever an application does with its transactions, a joined flow has done what was committed, and nothing else."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule, run_state_machine_as_test

import leadflow
from leadflow.errors import InvalidInputError
from leadflow.testing import (
    FaultPlan,
    InjectedError,
    VirtualClock,
    commands,
    contents,
    entries,
    interactions,
    invariants,
    orders,
    submissions,
)

START = "2026-01-15T12:00:00Z"
RECORDS = st.one_of(submissions(), interactions(), orders(), entries(), commands())


class Application:
    """An application with a connection and a table of its own, which notes every call beside leadflow's."""

    begins = "BEGIN"
    """How it begins; None: the driver does, when something is written."""

    def __init__(self, url: str, connection: Any, **options: Any) -> None:
        self.url, self.connection, self.options = url, connection, options

    @property
    def is_busy(self) -> bool:
        """Whether a transaction is open."""
        raise NotImplementedError

    def run(self, statement: str) -> list[Any]:
        """A statement of the application's own."""
        raise NotImplementedError


class Sqlite(Application):
    """isolation_level None, and rows as no library would expect them."""

    def __init__(self, url: str, connection: Any) -> None:
        super().__init__(url, connection)
        connection.row_factory = lambda cursor, row: {"row": row}
        connection.text_factory = bytes

    @property
    def is_busy(self) -> bool:
        return bool(self.connection.in_transaction)

    def run(self, statement: str) -> list[Any]:
        return [each["row"] for each in self.connection.execute(statement)]


class SqliteByItself(Sqlite):
    """The driver's default: it begins before what writes."""

    begins = ""


class Psycopg(Application):
    """psycopg's default: it begins before any statement."""

    begins = ""

    @property
    def is_busy(self) -> bool:
        return self.connection.info.transaction_status.name != "IDLE"

    def run(self, statement: str) -> list[Any]:
        cursor = self.connection.execute(statement)
        return [tuple(row.values()) for row in cursor] if cursor.description else []


class JoinedIsAsIfCommittedAlone(RuleBasedStateMachine):
    """`application()` opens one; the oracle is a flow in memory to which only what was committed is done again."""

    application: Any = None

    def __init__(self) -> None:
        super().__init__()
        self.stack = ExitStack()
        self.app: Application = self.stack.enter_context(self.application())
        self.clock = VirtualClock(START)
        self.plan = FaultPlan()
        if self.app.begins:
            self.app.run(self.app.begins)
        self.flow = leadflow.join(self.app.connection, now=self.clock, fault=self.plan, **self.app.options)
        self.kept: list[tuple[int, Any]] = []
        self.pending: list[tuple[int, Any]] = []
        self.savepoints: list[int] = []

    def teardown(self) -> None:
        try:
            self.app.connection.rollback()
            self.pending = []
            self.begin()
            self.same()
            self.app.connection.rollback()
            with leadflow.open(self.app.url) as flow:
                assert ordered(flow) == self.expected()
                assert invariants(flow) == []
        finally:
            self.stack.close()

    # -- leadflow -----------------------------------------------------------------------------------------

    @rule(record=RECORDS, minutes=st.integers(0, 3000))
    def do(self, record: Any, minutes: int) -> None:
        self.clock.advance(f"{minutes}m")
        self.take(lambda flow: _plain(flow.do(record)))

    @rule(records=st.lists(RECORDS, max_size=4))
    def ingest(self, records: list[Any]) -> None:
        self.take(lambda flow: flow.ingest(records, batch_size=2))

    @rule(days=st.sampled_from([1, 30, 91]))
    def tick(self, days: int) -> None:
        self.clock.advance(f"{days}d")
        self.take(lambda flow: flow.tick())

    @rule(record=submissions(), at=st.integers(1, 12))
    def fail(self, record: Any, at: int) -> None:
        """A call that breaks off leaves no trace, and the transaction usable."""
        self.plan.arm(at)
        try:
            self.flow.do(record)
        except InjectedError:
            if self.plan.names[-1] == "committed":
                self.pending.append((self.clock(), lambda flow: _plain(flow.do(record))))
        except InvalidInputError:
            pass
        else:
            self.pending.append((self.clock(), lambda flow: _plain(flow.do(record))))
        finally:
            self.plan.arm(None)
        self.note()

    def take(self, call: Any) -> None:
        """Do it, and note it in the application's own table."""
        try:
            call(self.flow)
        except InvalidInputError:
            return
        self.pending.append((self.clock(), call))
        self.note()

    def note(self) -> None:
        self.app.run("DELETE FROM app_calls")
        self.app.run(f"INSERT INTO app_calls VALUES ({len(self.kept) + len(self.pending)})")

    # -- the application ----------------------------------------------------------------------------------

    def begin(self) -> None:
        if self.app.begins:
            self.app.run(self.app.begins)

    @rule()
    def commit(self) -> None:
        self.app.connection.commit()
        self.kept, self.pending, self.savepoints = self.kept + self.pending, [], []
        self.begin()
        self.same()

    @rule()
    def roll_back(self) -> None:
        self.app.connection.rollback()
        self.pending, self.savepoints = [], []
        self.begin()
        self.same()

    @precondition(lambda self: self.pending)
    @rule(record=RECORDS)
    def roll_back_and_do_again(self, record: Any) -> None:
        """What an application does after a conflict. It has looked at what it then rolls back, and wrote nothing after."""
        again, self.pending, self.savepoints = self.pending, [], []
        with suppress(InvalidInputError):
            self.flow.preview(record)
        for lead in self.flow.leads():
            self.flow.explain(lead.lead.id)
        for _, call in again:
            call(self.flow)
        self.app.connection.rollback()
        self.begin()
        for at_us, call in again:
            now_us = self.clock()
            self.clock.set(at_us)
            self.take(call)
            self.clock.set(now_us)
        self.same()

    @precondition(lambda self: self.app.is_busy)
    @rule()
    def set_savepoint(self) -> None:
        self.app.run(f"SAVEPOINT app_{len(self.savepoints)}")
        self.savepoints.append(len(self.pending))

    @precondition(lambda self: self.savepoints)
    @rule(data=st.data())
    def roll_back_to_savepoint(self, data: st.DataObject) -> None:
        number = data.draw(st.integers(0, len(self.savepoints) - 1))
        self.app.run(f"ROLLBACK TO SAVEPOINT app_{number}")
        self.pending = self.pending[: self.savepoints[number]]
        self.savepoints = self.savepoints[: number + 1]
        self.same()

    @precondition(lambda self: self.savepoints)
    @rule()
    def release_savepoint(self) -> None:
        self.savepoints.pop()
        self.app.run(f"RELEASE SAVEPOINT app_{len(self.savepoints)}")

    @rule(record=RECORDS)
    def somebody_else(self, record: Any) -> None:
        """Another process writes between two transactions, by a flow of its own."""
        self.app.connection.rollback()
        self.pending, self.savepoints = [], []
        with leadflow.open(self.app.url, now=self.clock) as other:
            try:
                other.do(record)
            except InvalidInputError:
                pass
            else:
                self.kept.append((self.clock(), lambda flow: _plain(flow.do(record))))
        self.begin()
        self.same()

    # -- the law ------------------------------------------------------------------------------------------

    def expected(self) -> Any:
        clock = VirtualClock(START)
        with leadflow.open(now=clock) as flow:
            for at_us, call in (*self.kept, *self.pending):
                clock.set(at_us)
                call(flow)
            return ordered(flow)

    def same(self) -> None:
        assert ordered(self.flow) == self.expected()


def ordered(flow: Any) -> Any:
    """What a flow holds, inputs and decisions numbered without gaps: a number that was rolled back may not come again."""
    held = contents(flow)
    for table in ("input", "decision"):
        rows = sorted(held[table].values(), key=lambda row: row["seq"])
        held[table] = {row["id"]: {**row, "seq": place} for place, row in enumerate(rows)}
    return held


def _plain(outcome: Any) -> Any:
    return [(result.key, result.status, result.contact, result.lead) for result in outcome]


# -- applications -----------------------------------------------------------------------------------------


@pytest.fixture(params=["sqlite", "sqlite-by-itself", pytest.param("psycopg", marks=pytest.mark.postgres)])
def application(request: pytest.FixtureRequest, tmp_path: Path) -> Any:
    """Opens an application on a new database."""
    numbers = count()

    @contextmanager
    def sqlite(kind: type[Sqlite]) -> Iterator[Sqlite]:
        path = tmp_path / f"{next(numbers)}.db"
        level = None if kind.begins else "DEFERRED"
        connection = sqlite3.connect(path, isolation_level=level)
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = OFF")
        connection.execute("CREATE TABLE app_calls (number INTEGER)")
        connection.execute("BEGIN")
        leadflow.make_tables(connection)
        connection.commit()
        yield kind(f"sqlite:///{path}", connection)
        connection.close()
        path.unlink()

    @contextmanager
    def postgres() -> Iterator[Psycopg]:
        import psycopg
        from psycopg.rows import dict_row

        server = request.getfixturevalue("postgres")
        with server.emptied() as url:
            leadflow.open(url).close()
            with psycopg.connect(server.base, row_factory=dict_row) as connection:
                connection.execute("CREATE TEMPORARY TABLE app_calls (number int)")
                connection.commit()
                yield Psycopg(url, connection, schema=url.rpartition("schema=")[2])

    opened = {
        "sqlite": lambda: sqlite(Sqlite),
        "sqlite-by-itself": lambda: sqlite(SqliteByItself),
        "psycopg": postgres,
    }
    return opened[request.param]


def _machine(application: Any, **bounds: Any) -> None:
    machine = type("Machine", (JoinedIsAsIfCommittedAlone,), {"application": staticmethod(application)})
    run_state_machine_as_test(machine, settings=settings(deadline=None, **bounds))


def test_joined_is_as_if_what_was_committed_was_done_alone(application: Any) -> None:
    _machine(application, max_examples=10, stateful_step_count=12)


@pytest.mark.slow
def test_joined_is_as_if_what_was_committed_was_done_alone_for_long(application: Any) -> None:
    _machine(application, max_examples=300, stateful_step_count=40)
