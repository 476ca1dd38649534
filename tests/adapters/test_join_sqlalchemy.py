"""Joining SQLAlchemy: its Connection and its Session, over SQLite and PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import leadflow
from leadflow.errors import ConflictError, StoreError
from leadflow.plugins import Plugins, load
from leadflow.testing import contents, invariants
from leadflow_adapters.hosts import plugin as hosts
from leadflow_adapters.postgres import plugin as postgres_plugin

sqlalchemy = pytest.importorskip("sqlalchemy")
orm = pytest.importorskip("sqlalchemy.orm")

pytestmark = pytest.mark.extra

DEMO = {"email": "ana@kos.example", "company": "Kos d.o.o.", "job_level": "manager"}
BEGINS = sqlalchemy.text("INSERT INTO app_order VALUES (1)")


class Application:
    """An engine with a table of its own, and leadflow's tables beside it."""

    def __init__(self, engine: Any, url: str, **options: Any) -> None:
        self.engine, self.url, self.options = engine, url, options
        # Whatever is installed: the doors are the same.
        self.plugins: Plugins = load(only=(), also={"hosts": hosts, "postgres": postgres_plugin}, strict=True)

    def join(self, connection: Any) -> leadflow.JoinedFlow:
        return leadflow.join(connection, plugins=self.plugins, **self.options)

    def orders(self) -> int:
        with self.engine.connect() as connection:
            found: int = connection.execute(sqlalchemy.text("SELECT count(*) FROM app_order")).scalar_one()
            return found

    def leads(self) -> int:
        """As another process sees them."""
        with leadflow.open(self.url, plugins=self.plugins) as flow:
            assert invariants(flow) == []
            return len(contents(flow)["lead"])


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def app(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Application]:
    if request.param == "sqlite":
        engine = sqlalchemy.create_engine(f"sqlite:///{tmp_path / 'app.db'}", connect_args={"timeout": 0.1})
        with engine.begin() as connection:
            connection.exec_driver_sql("PRAGMA journal_mode = WAL")
            connection.execute(sqlalchemy.text("CREATE TABLE app_order (number INTEGER)"))
            leadflow.make_tables(connection)
        yield Application(engine, f"sqlite:///{tmp_path / 'app.db'}")
        engine.dispose()
        return
    server = request.getfixturevalue("postgres")
    with server.fresh() as url:
        schema = url.rpartition("schema=")[2]
        engine = sqlalchemy.create_engine(server.base.replace("postgresql:", "postgresql+psycopg:"))
        with engine.begin() as connection:
            connection.execute(sqlalchemy.text("DROP TABLE IF EXISTS app_order"))
            connection.execute(sqlalchemy.text("CREATE TABLE app_order (number INTEGER)"))
            leadflow.make_tables(connection, schema=schema)
        yield Application(engine, url, schema=schema)
        engine.dispose()


def test_a_connection_s_commit_keeps_both(app: Application) -> None:
    """SQLAlchemy begins by itself: nothing has been executed on the connection before leadflow."""
    with app.engine.connect() as connection:
        app.join(connection).submit("demo-request", DEMO, key="d")
        connection.execute(BEGINS)
        connection.commit()
    assert (app.orders(), app.leads()) == (1, 1)


def test_a_connection_s_rollback_takes_both(app: Application) -> None:
    def view() -> None:
        with app.engine.begin() as connection:
            connection.execute(BEGINS)
            assert app.join(connection).submit("demo-request", DEMO, key="d").is_ok
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        view()
    assert (app.orders(), app.leads()) == (0, 0)


def test_a_session_commits_and_rolls_back(app: Application) -> None:
    """One joined flow for several transactions: each may have another connection."""
    with orm.Session(app.engine) as session:
        flow = app.join(session)
        flow.submit("demo-request", DEMO, key="d")
        session.execute(BEGINS)
        session.rollback()
        assert flow.leads() == []
        flow.submit("demo-request", DEMO, key="d")
        session.execute(BEGINS)
        session.commit()
        assert len(flow.leads()) == 1
    assert (app.orders(), app.leads()) == (1, 1)


def test_a_session_s_savepoint(app: Application) -> None:
    with orm.Session(app.engine) as session:
        session.execute(BEGINS)
        flow = app.join(session)
        flow.submit("demo-request", DEMO, key="d")
        with session.begin_nested() as nested:
            flow.submit("demo-request", {**DEMO, "email": "bo@kos.example"}, key="e")
            nested.rollback()
        assert len(flow.leads()) == 1
        session.commit()
    assert (app.orders(), app.leads()) == (1, 1)


def test_a_scoped_session_and_a_subclass(app: Application) -> None:
    class Ours(orm.Session):  # type: ignore[misc, name-defined]
        """As SQLModel has one."""

    scoped = orm.scoped_session(orm.sessionmaker(app.engine, class_=Ours))
    app.join(scoped).submit("demo-request", DEMO, key="d")
    scoped.commit()
    scoped.remove()
    assert app.leads() == 1


def test_a_conflict_is_the_application_s(app: Application) -> None:
    """Where open would plan again, the application rolls back and does so."""
    if "postgresql" in app.url:
        pytest.skip("PostgreSQL lets a transaction see what others have committed")
    with app.engine.connect() as connection:
        connection.exec_driver_sql("BEGIN")
        flow = app.join(connection)
        assert flow.leads() == []
        with leadflow.open(app.url) as other:
            other.submit("demo-request", DEMO, key="other")
        with pytest.raises(ConflictError):
            flow.submit("demo-request", DEMO, key="d")
        connection.rollback()
        assert flow.submit("demo-request", DEMO, key="d").is_ok
        connection.commit()
    assert app.leads() == 1


def code_of(call: Any, *arguments: Any) -> str:
    with pytest.raises(StoreError) as caught:
        call(*arguments)
    assert caught.value.hint
    return caught.value.code


def test_wrong_states(app: Application) -> None:
    assert code_of(app.join, app.engine) == "store_connection"
    with app.engine.connect() as connection:
        flow = app.join(connection)
        connection.rollback()
    assert code_of(flow.leads) == "store_closed"
    with app.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        assert code_of(app.join, connection) == "no_transaction"
    with orm.Session(app.engine) as session:
        flow = app.join(session)
        with pytest.raises(sqlalchemy.exc.SQLAlchemyError):
            session.execute(sqlalchemy.text("SELECT * FROM nowhere"))
        if "postgresql" in app.url:
            assert code_of(flow.leads) == "transaction_failed"
            session.rollback()
        assert flow.leads() == []


def test_a_transaction_that_has_ended_within_its_block(app: Application) -> None:
    with app.engine.connect() as connection, connection.begin() as transaction:
        connection.execute(BEGINS)
        flow = app.join(connection)
        flow.submit("demo-request", DEMO, key="d")
        transaction.rollback()
        assert code_of(flow.submit, "demo-request", DEMO) == "transaction_failed"
    assert app.leads() == 0


def test_asynchronous_ones_are_refused_with_the_way_out(app: Application) -> None:
    from sqlalchemy.ext.asyncio import AsyncSession

    with pytest.raises(StoreError, match="run_sync"):
        app.join(AsyncSession())
