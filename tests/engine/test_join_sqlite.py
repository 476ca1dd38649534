"""Joining an application's own sqlite3 connection: what it takes along, what it refuses, what it leaves alone."""

from __future__ import annotations

import shutil
import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import attrs
import pytest

import leadflow
from leadflow.engine.mailing.messages import Message
from leadflow.engine.opening import migrate_store
from leadflow.errors import (
    ConflictError,
    InvalidInputError,
    PluginError,
    SchemaVersionError,
    StoreBusyError,
    StoreError,
    UnsupportedCapabilityError,
)
from leadflow.hookspecs import hookimpl
from leadflow.playbook.default import default_playbook
from leadflow.plugins import load
from leadflow.ports.store import ChangeSet, Scan
from leadflow.stores.schema import SCHEMA_VERSION
from leadflow.testing import FaultPlan, InjectedError, contents, invariants

DEMO = {"email": "ana@kos.example", "company": "Kos d.o.o.", "job_level": "manager", "employees": "120"}


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An application's database with a table of its own and leadflow's."""
    path = tmp_path_factory.mktemp("join") / "app.db"
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA user_version = 7")
    connection.execute("BEGIN")
    connection.execute("CREATE TABLE app_order (number INTEGER)")
    leadflow.make_tables(connection)
    connection.commit()
    connection.close()
    return path


@pytest.fixture
def path(template: Path, tmp_path: Path) -> Path:
    return Path(shutil.copy(template, tmp_path / "app.db"))


@pytest.fixture
def connection(path: Path) -> Iterator[sqlite3.Connection]:
    """The application's connection, in a transaction that the application has begun."""
    connection = sqlite3.connect(path, isolation_level=None, timeout=0.1)
    connection.execute("BEGIN")
    yield connection
    connection.close()


def held(path: Path) -> dict[str, int]:
    """Rows by table, as another process sees them; what is empty is left out."""
    with leadflow.open(f"sqlite:///{path}") as flow:
        assert invariants(flow) == []
        return {table: len(rows) for table, rows in contents(flow).items() if rows and table != "setting"}


def planned(flow: Any) -> list[Message]:
    return list(flow.store.scan(Scan(table="outbox")))


# -- one transaction --------------------------------------------------------------------------------------


def test_a_rollback_takes_everything_along(path: Path, connection: sqlite3.Connection) -> None:
    flow = leadflow.join(connection)
    connection.execute("INSERT INTO app_order VALUES (1)")
    assert flow.submit("demo-request", DEMO, key="d").status == "accepted"
    assert planned(flow)
    connection.rollback()
    assert held(path) == {}
    assert connection.execute("SELECT count(*) FROM app_order").fetchone() == (0,)


def test_a_commit_keeps_both_and_an_open_flow_delivers(path: Path, connection: sqlite3.Connection) -> None:
    """The outbox waits for a flow that has transactions of its own."""
    flow = leadflow.join(connection)
    connection.execute("INSERT INTO app_order VALUES (1)")
    flow.do({"type": "user", "key": "u", "id": "eva", "email": "eva@sales.example"}).one().unwrap()
    lead = flow.submit("demo-request", DEMO, key="d").lead
    flow.do({"type": "assign", "key": "a", "lead": lead, "owner": "eva"}).one().unwrap()
    count = len(planned(flow))
    connection.commit()
    assert connection.execute("SELECT count(*) FROM app_order").fetchone() == (1,)
    with leadflow.open(f"sqlite:///{path}") as other:
        assert other.explain(lead).to_plain()
        delivered = other.deliver(path.with_name("outbox"))
        assert delivered.handed_over > 0
        assert delivered.total == count
        assert other.submit("demo-request", DEMO, key="d").status == "repeated"


def test_nobody_else_sees_it_before_the_commit(path: Path, connection: sqlite3.Connection) -> None:
    flow = leadflow.join(connection)
    flow.submit("demo-request", DEMO, key="d")
    with leadflow.open(f"sqlite:///{path}", adopt=False) as other:
        assert other.leads() == []
        connection.commit()
        assert len(other.leads()) == 1


def test_joined_decides_what_open_decides(connection: sqlite3.Connection) -> None:
    clock = lambda: 1_768_478_400_000_000  # noqa: E731
    joined, alone = leadflow.join(connection, now=clock), leadflow.open(now=clock)
    for flow in (joined, alone):
        flow.submit("demo-request", DEMO, key="d")
        flow.ingest([{"type": "interaction", "id": f"i{n}", "kind": "email.clicked", "contact": {"email": DEMO["email"]}}
                     for n in range(1200)])  # fmt: skip
        flow.tick()
    assert contents(joined) == contents(alone)


def test_an_import_is_the_application_s_to_roll_back(connection: sqlite3.Connection, tmp_path: Path) -> None:
    source = tmp_path / "people.csv"
    source.write_text("email,first name\nana@kos.example,Ana\nbo@kos.example,Bo\n", encoding="utf-8")
    flow = leadflow.join(connection)
    before = contents(flow)
    assert flow.import_file(source).counts["accepted"] == 2
    connection.rollback()
    connection.execute("BEGIN")
    assert contents(flow) == before
    assert flow.import_file(source).counts["accepted"] == 2


def test_a_driver_that_begins_by_itself_may(path: Path) -> None:
    """sqlite3's default: the transaction begins with the first write, the application's or leadflow's."""
    with sqlite3.connect(path) as connection:
        flow = leadflow.join(connection)
        assert flow.leads() == []
        assert not connection.in_transaction
        flow.submit("demo-request", DEMO, key="d")
        assert connection.in_transaction
        connection.rollback()
        assert held(path) == {}
        flow.submit("demo-request", DEMO, key="d")
    connection.close()
    assert held(path)["lead"] == 1


# -- what fails -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("point", range(1, 12))
def test_a_call_that_breaks_off_leaves_the_transaction_usable(connection: sqlite3.Connection, point: int) -> None:
    plan = FaultPlan()
    flow = leadflow.join(connection, fault=plan)
    connection.execute("INSERT INTO app_order VALUES (1)")
    flow.submit("newsletter", {"email": "bo@kos.example"}, key="n")
    before = contents(flow)
    plan.arm(point)
    with pytest.raises(InjectedError):
        flow.submit("demo-request", DEMO, key="d")
    plan.arm(None)
    assert contents(flow) == before
    assert flow.submit("demo-request", DEMO, key="d").status == "accepted"
    assert connection.execute("SELECT count(*) FROM app_order").fetchone() == (1,)


def test_an_old_snapshot_is_a_conflict_and_not_tried_again(path: Path, connection: sqlite3.Connection) -> None:
    """What has been read cannot be brought up to date within the transaction: the application must begin anew."""
    flow = leadflow.join(connection)
    assert flow.leads() == []
    with leadflow.open(f"sqlite:///{path}") as other:
        other.submit("demo-request", DEMO, key="other")
    with pytest.raises(ConflictError, match="roll your transaction back") as caught:
        flow.submit("demo-request", DEMO, key="d")
    assert caught.value.retryable
    connection.rollback()
    connection.execute("BEGIN IMMEDIATE")
    assert flow.submit("demo-request", DEMO, key="d").is_ok
    connection.commit()
    assert held(path)["lead"] == 1


def test_somebody_who_writes_before_the_driver_begins_is_a_conflict(path: Path) -> None:
    """sqlite3's default: what was read before the transaction began is compared within it."""
    connection = sqlite3.connect(path)
    with leadflow.open(f"sqlite:///{path}") as other:

        def faster(name: str) -> None:
            if name == "begin":
                other.submit("demo-request", DEMO, key="other")

        flow = leadflow.join(connection, fault=faster)
        with pytest.raises(ConflictError, match="roll your transaction back") as caught:
            flow.submit("demo-request", DEMO, key="d")
    assert caught.value.details["tables"]
    connection.rollback()
    assert leadflow.join(connection).submit("demo-request", DEMO, key="d").is_ok
    connection.commit()
    connection.close()
    assert held(path)["lead"] == 1


def test_a_locked_database_is_busy(path: Path, connection: sqlite3.Connection) -> None:
    flow = leadflow.join(connection)
    writer = sqlite3.connect(path, isolation_level=None)
    writer.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreBusyError):
        flow.submit("demo-request", DEMO, key="d")
    writer.rollback()
    writer.close()
    assert flow.submit("demo-request", DEMO, key="d").is_ok


def test_rows_that_changed_are_a_conflict(connection: sqlite3.Connection) -> None:
    """What the application has rolled back is not what the change was planned on."""
    flow = leadflow.join(connection)
    key = ("setting", "mine")
    connection.execute("SAVEPOINT app")
    row = attrs.evolve(flow.store.load([("setting", "keys")]).rows["setting", "keys"], id="mine", version=1)
    flow.store.commit(ChangeSet(flow.store.load([key]), {key: row}))
    seen = flow.store.load([key])
    connection.execute("ROLLBACK TO app")
    with pytest.raises(ConflictError):
        flow.store.commit(ChangeSet(seen, {key: attrs.evolve(row, version=2)}))


# -- what is left as it was -------------------------------------------------------------------------------


@pytest.mark.parametrize("foreign_keys", ["ON", "OFF"])
def test_what_the_application_has_set_stays_and_does_not_matter(path: Path, foreign_keys: str) -> None:
    connection = sqlite3.connect(path, isolation_level="IMMEDIATE", detect_types=sqlite3.PARSE_DECLTYPES)
    connection.execute(f"PRAGMA foreign_keys = {foreign_keys}")
    connection.row_factory = sqlite3.Row
    connection.text_factory = bytes
    settings = [
        "foreign_keys",
        "journal_mode",
        "synchronous",
        "cache_size",
        "temp_store",
        "busy_timeout",
        "user_version",
    ]
    before = [tuple(connection.execute(f"PRAGMA {name}").fetchone()) for name in settings]
    flow = leadflow.join(connection)
    lead = flow.submit("demo-request", DEMO, key="d").lead
    assert flow.explain(lead).to_plain()
    assert [row.lead.id for row in flow.each_lead()] == [lead]
    assert connection.row_factory is sqlite3.Row
    assert connection.text_factory is bytes
    assert [tuple(connection.execute(f"PRAGMA {name}").fetchone()) for name in settings] == before
    flow.close()
    assert connection.in_transaction
    connection.close()


def test_a_list_goes_on_while_the_application_writes(connection: sqlite3.Connection) -> None:
    """No cursor is left open on somebody else's connection."""
    flow = leadflow.join(connection)
    flow.ingest([{"type": "contact", "key": f"c{n}", "contact": {"email": f"p{n}@kos.example"}} for n in range(700)])
    connection.execute("SAVEPOINT app")
    seen = []
    for number, row in enumerate(flow.store.scan(Scan(table="contact"))):
        seen.append(row.id)
        if number == 10:
            connection.execute("INSERT INTO app_order VALUES (1)")
            connection.execute("ROLLBACK TO app")
    assert len(seen) == len(set(seen)) == 700


# -- what is refused --------------------------------------------------------------------------------------


def refused(code: str, call: Any, *arguments: Any, **settings: Any) -> str:
    with pytest.raises(StoreError) as caught:
        call(*arguments, **settings)
    assert caught.value.code == code
    assert caught.value.hint
    return str(caught.value)


def test_no_transaction(path: Path, connection: sqlite3.Connection) -> None:
    flow = leadflow.join(connection)
    connection.rollback()
    for call in (flow.leads, flow.tick, lambda: flow.submit("demo-request", DEMO), lambda: leadflow.join(connection)):
        assert "BEGIN IMMEDIATE" in refused("no_transaction", call)
    refused("no_transaction", leadflow.make_tables, sqlite3.connect(":memory:", isolation_level=None))
    assert held(path) == {}


def test_a_connection_that_is_closed(connection: sqlite3.Connection) -> None:
    flow = leadflow.join(connection)
    connection.close()
    refused("store_closed", flow.leads)
    refused("store_closed", leadflow.join, connection)


def test_a_flow_that_is_closed(connection: sqlite3.Connection) -> None:
    with leadflow.join(connection) as flow:
        pass
    refused("store_closed", flow.leads)
    assert connection.in_transaction


def test_another_thread_s_connection(connection: sqlite3.Connection) -> None:
    flow = leadflow.join(connection)
    said: list[str] = []

    def work() -> None:
        said.append(refused("store_thread", flow.submit, "demo-request", DEMO))
        said.append(refused("store_thread", leadflow.join, connection))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert len(said) == 2


def test_a_database_without_tables_or_with_others(path: Path, connection: sqlite3.Connection) -> None:
    """Both versions are told, where there are two."""
    empty = sqlite3.connect(":memory:")
    with pytest.raises(
        SchemaVersionError, match=rf"without leadflow's tables .*version {SCHEMA_VERSION}\).*make_tables"
    ):
        leadflow.join(empty)
    for version, way_out in (
        (1, f"writes {SCHEMA_VERSION}; run leadflow migrate"),
        (99, f"knows {SCHEMA_VERSION}; upgrade leadflow"),
    ):
        connection.execute("UPDATE leadflow_schema SET version = ?", (version,))
        with pytest.raises(SchemaVersionError, match=f"version {version}, this leadflow {way_out}"):
            leadflow.join(connection)
        with pytest.raises(SchemaVersionError, match=f"version {version}, this leadflow {way_out}"):
            leadflow.make_tables(connection)


def test_a_playbook_that_the_store_does_not_follow(connection: sqlite3.Connection) -> None:
    """Other forms or owners do no harm; other keys, stages and models would."""
    playbook = default_playbook()
    models = dict(playbook.scoring.models)
    name, model = next(iter(models.items()))
    other = attrs.evolve(
        playbook, scoring=attrs.evolve(playbook.scoring, models={**models, name: attrs.evolve(model, threshold=99)})
    )
    assert "models" in refused("not_adopted", leadflow.join, connection, other)
    leadflow.make_tables(connection, other)
    assert leadflow.join(connection, other).adoption.now == other.digest
    refused("not_adopted", leadflow.join, connection)
    forms = attrs.evolve(playbook.capture, forms={"newsletter": playbook.capture.forms["newsletter"]})
    fewer = attrs.evolve(other, capture=forms)
    assert leadflow.join(connection, fewer).submit("newsletter", {"email": "bo@kos.example"}).is_ok


def test_verbs_that_need_transactions_of_their_own(connection: sqlite3.Connection) -> None:
    flow = leadflow.join(connection)
    verbs = (
        flow.deliver,
        flow.publish,
        flow.sync,
        lambda: flow.read_mail("imaps://mail.example"),
        lambda: flow.adopt(rekey=True),
    )
    for call in verbs:
        with pytest.raises(UnsupportedCapabilityError, match=r"leadflow\.open"):
            call()


def test_observers_cannot_be_told(connection: sqlite3.Connection) -> None:
    class Plugin:
        @hookimpl
        def leadflow_register_observers(self, register: Any) -> None:
            register("watch", print)

    plugins = load(only=(), also={"watching": Plugin()}, strict=True)
    with pytest.raises(UnsupportedCapabilityError, match="watch"):
        leadflow.join(connection, plugins=plugins)


@pytest.mark.parametrize("thing", [object(), "sqlite:///leads.db", None])
def test_things_that_are_no_connection(thing: Any) -> None:
    with pytest.raises(InvalidInputError, match="cannot be joined") as caught:
        leadflow.join(thing)
    assert caught.value.code == "unknown_connection"


def test_names_of_connections_are_no_schemes() -> None:
    with pytest.raises((InvalidInputError, PluginError)) as caught:
        leadflow.open("django://default")
    assert caught.value.code in ("unknown_store", "not_registered")


@pytest.mark.parametrize("keeps", [True, False])
def test_tables_are_made_in_the_application_s_migration(keeps: bool) -> None:
    """sqlite3's default begins before rows are written, not before tables are made; it is one transaction all the same."""
    connection = sqlite3.connect(":memory:")
    leadflow.make_tables(connection)
    assert connection.in_transaction
    leadflow.make_tables(connection)
    if keeps:
        connection.commit()
        assert leadflow.join(connection).leads() == []
        return
    connection.rollback()
    assert connection.execute("SELECT name FROM sqlite_master").fetchall() == []


def test_a_host_that_keeps_its_own_version_is_not_disturbed(path: Path) -> None:
    """user_version and application_id are the application's where the tables were made beside its own."""
    with leadflow.open(f"sqlite:///{path}") as flow:
        flow.submit("newsletter", {"email": "bo@kos.example"})
    connection = sqlite3.connect(path)
    assert connection.execute("PRAGMA user_version").fetchone() == (7,)
    assert connection.execute("PRAGMA application_id").fetchone() == (0,)
    connection.close()


def test_tables_beside_an_application_s_are_migrated(path: Path, connection: sqlite3.Connection) -> None:
    """`leadflow migrate` finds the version where it is, and leaves the application's tables alone."""
    connection.execute("INSERT INTO app_order VALUES (1)")
    leadflow.join(connection).submit("demo-request", DEMO, key="d")
    connection.execute("UPDATE leadflow_schema SET version = ?", (SCHEMA_VERSION - 1,))
    connection.commit()
    connection.close()
    before, now, kept = migrate_store(f"sqlite:///{path}")
    assert (before, now) == (SCHEMA_VERSION - 1, SCHEMA_VERSION)
    assert kept is not None
    assert held(path)["lead"] == 1
    again = sqlite3.connect(path)
    assert again.execute("SELECT * FROM app_order").fetchall() == [(1,)]
    assert again.execute("PRAGMA user_version").fetchone() == (7,)
    assert leadflow.join(again).leads()
    again.close()


def test_a_file_of_leadflow_s_own_can_be_joined(tmp_path: Path) -> None:
    """The other way round: the application puts its tables into leadflow's file."""
    leadflow.open(f"sqlite:///{tmp_path / 'leads.db'}").close()
    with sqlite3.connect(tmp_path / "leads.db") as connection:
        connection.execute("CREATE TABLE app_order (number INTEGER)")
        connection.execute("INSERT INTO app_order VALUES (1)")
        leadflow.join(connection).submit("newsletter", {"email": "bo@kos.example"})
    connection.close()
    assert held(tmp_path / "leads.db")["contact"] == 1
