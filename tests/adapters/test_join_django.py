"""Joining Django's connection, over SQLite and PostgreSQL. Django is set up once in each process, with both."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any

import pytest

import leadflow
from leadflow.errors import StoreError
from leadflow.plugins import Plugins, load
from leadflow.testing import contents, invariants
from leadflow_adapters.hosts import plugin as hosts
from leadflow_adapters.postgres import plugin as postgres_plugin

django = pytest.importorskip("django")

pytestmark = pytest.mark.extra

DEMO = {"email": "ana@kos.example", "company": "Kos d.o.o.", "job_level": "manager"}

_NUMBERS = count()
"""A connection of its own for each test: Django keeps them by alias."""


class Application:
    """A Django database with a table of its own, and leadflow's tables beside it."""

    def __init__(self, alias: str, url: str, **options: Any) -> None:
        from django.db import connections

        self.alias, self.url, self.options = alias, url, options
        self.connection = connections[alias]
        self.plugins: Plugins = load(only=(), also={"hosts": hosts, "postgres": postgres_plugin}, strict=True)

    def join(self, connection: Any = None) -> leadflow.JoinedFlow:
        return leadflow.join(connection or self.connection, plugins=self.plugins, **self.options)

    def order(self) -> None:
        with self.connection.cursor() as cursor:
            cursor.execute("INSERT INTO app_order VALUES (%s)", [1])

    def orders(self) -> int:
        with self.connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM app_order")
            found: int = cursor.fetchone()[0]
            return found

    def leads(self) -> int:
        """As another process sees them."""
        with leadflow.open(self.url, plugins=self.plugins) as flow:
            assert invariants(flow) == []
            return len(contents(flow)["lead"])


def _settings(databases: dict[str, Any]) -> None:
    from django.conf import settings

    if not settings.configured:
        settings.configure(DATABASES={"default": {"ENGINE": "django.db.backends.dummy"}}, USE_TZ=True)
        django.setup()
    from django.db import connections

    for alias, database in databases.items():
        connections.settings[alias] = connections.configure_settings({"default": {}, alias: database})[alias]


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def app(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Application]:
    alias = f"{request.param}{next(_NUMBERS)}"
    if request.param == "sqlite":
        path = tmp_path / "app.db"
        _settings({alias: {"ENGINE": "django.db.backends.sqlite3", "NAME": str(path), "OPTIONS": {"timeout": 0.1}}})
        yield from _made(alias, f"sqlite:///{path}")
        return
    from psycopg.conninfo import conninfo_to_dict

    server = request.getfixturevalue("postgres")
    given = conninfo_to_dict(server.base)
    database = {"ENGINE": "django.db.backends.postgresql", "NAME": given["dbname"], "HOST": given.get("host", "")}
    database |= {"USER": given.get("user", ""), "PASSWORD": given.get("password", ""), "PORT": given.get("port", "")}
    _settings({alias: database})
    with server.fresh() as url:
        yield from _made(alias, url, schema=url.rpartition("schema=")[2])


def _made(alias: str, url: str, **options: Any) -> Iterator[Application]:
    from django.db import transaction

    app = Application(alias, url, **options)
    with app.connection.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS app_order")
        cursor.execute("CREATE TABLE app_order (number INTEGER)")
    with transaction.atomic(using=alias):
        leadflow.make_tables(app.connection, plugins=app.plugins, **options)
    yield app
    app.connection.close()


def test_an_atomic_block_keeps_both_or_neither(app: Application) -> None:
    from django.db import transaction

    def view(fails: bool) -> None:
        with transaction.atomic(using=app.alias):
            assert app.join().submit("demo-request", DEMO, key="d").is_ok
            app.order()
            assert not fails

    with pytest.raises(AssertionError):
        view(fails=True)
    assert (app.orders(), app.leads()) == (0, 0)
    view(fails=False)
    assert (app.orders(), app.leads()) == (1, 1)


def test_an_inner_block_is_a_savepoint(app: Application) -> None:
    from django.db import transaction

    def inner(flow: leadflow.JoinedFlow) -> None:
        with transaction.atomic(using=app.alias):
            flow.submit("demo-request", {**DEMO, "email": "bo@kos.example"}, key="e")
            raise ZeroDivisionError

    with transaction.atomic(using=app.alias):
        flow = app.join()
        flow.submit("demo-request", DEMO, key="d")
        with pytest.raises(ZeroDivisionError):
            inner(flow)
        assert len(flow.leads()) == 1
    assert app.leads() == 1


def code_of(call: Any, *arguments: Any) -> str:
    with pytest.raises(StoreError) as caught:
        call(*arguments)
    assert caught.value.hint
    return caught.value.code


def test_autocommit_is_refused(app: Application) -> None:
    from django.db import transaction

    assert code_of(app.join) == "no_transaction"
    with transaction.atomic(using=app.alias):
        flow = app.join()
    assert code_of(flow.submit, "demo-request", DEMO) == "no_transaction"
    app.connection.set_autocommit(False)
    try:
        app.order()
        flow.submit("demo-request", DEMO, key="d")
        transaction.rollback(using=app.alias)
        assert (app.orders(), app.leads()) == (0, 0)
    finally:
        transaction.rollback(using=app.alias)
        app.connection.set_autocommit(True)


def test_a_transaction_that_django_has_given_up(app: Application) -> None:
    """Django lets nothing more be written in it; neither does leadflow, though the driver would."""
    from django.db import transaction

    def inner() -> None:
        with transaction.atomic(using=app.alias, savepoint=False):
            raise ZeroDivisionError

    with transaction.atomic(using=app.alias):
        flow = app.join()
        with pytest.raises(ZeroDivisionError):
            inner()
        assert code_of(flow.submit, "demo-request", DEMO) == "transaction_failed"
    assert app.leads() == 0


def test_a_connection_that_was_closed_within_the_block(app: Application) -> None:
    from django.db import transaction

    def view() -> None:
        with transaction.atomic(using=app.alias):
            flow = app.join()
            app.connection.close()
            assert code_of(flow.leads) == "store_closed"

    view()
    assert app.leads() == 0


def test_the_connection_of_another_thread(app: Application) -> None:
    """`django.db.connection` is another connection in each thread; the flow stays with that of the thread that joined."""
    from django.db import transaction
    from django.utils.connection import ConnectionProxy

    said: list[str] = []
    with transaction.atomic(using=app.alias):
        from django.db import connections

        flow = app.join(ConnectionProxy(connections, app.alias))
        assert flow.leads() == []
        thread = threading.Thread(target=lambda: said.append(code_of(flow.leads)))
        thread.start()
        thread.join()
    assert said == ["store_thread"]


def test_what_belongs_to_django_and_is_no_connection(app: Application) -> None:
    from django.db import connections

    assert code_of(app.join, connections) == "store_connection"
