"""A store in a steady state: people made and warmed up through leadflow itself, then copied under other names.

What costs a millisecond a person to make costs microseconds to copy. The copies are rows of the same shape with ids,
addresses, companies and keys of their own, so a store of a million leads needs minutes instead of hours.
"""

from __future__ import annotations

import re
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path

from attrs import frozen

from bench.workload import DAY_US, MARK, START_US, Clock, interactions, people, playbook
from leadflow.engine.flow import Flow
from leadflow.engine.opening import open_store

WARM_DAYS = 50
NOW_US = START_US + WARM_DAYS * DAY_US
"""Where the steady state begins."""
MADE = 5000
_NAMES = re.compile(rf"\b([acl]_)(?=[a-z2-7]{{16}}\b)|{MARK}")
_GROWN = ("contact", "lead", "matchkey", "score", "process", "input", "decision")


@frozen
class Template:
    """A database file with its people's addresses; the first do the most."""

    path: Path
    emails: list[str]

    def copy(self, name: str) -> Path:
        """A fresh copy to run on, beside the template."""
        to = self.path.with_name(name)
        for suffix in ("", "-wal", "-shm"):
            to.with_name(to.name + suffix).unlink(missing_ok=True)
        shutil.copyfile(self.path, to)
        return to


def make_template(folder: Path, copies: int, made: int = MADE, each: int = 3) -> Template:
    """Make `made` people through leadflow, let each do `each` things, and copy them all `copies` - 1 times."""
    base = folder / f"made-{made}.db"
    addresses = [person.email for person in people(made)]
    if not base.exists():
        _make(base, made, each)
    path = folder / f"template-{made * copies}.db"
    if not path.exists():
        shutil.copyfile(base, path)
        _multiply(path, copies)
    return Template(path, [email.replace(MARK, name) for email in addresses for name in _names(copies)])


def _make(path: Path, made: int, each: int) -> None:
    store = open_store(f"sqlite:///{path}", synchronous="OFF")
    rules = playbook()
    someone = list(people(made))
    done = Flow(store, rules, now=lambda: START_US).ingest(person.record for person in someone)
    assert done.counts == {"accepted": made}, done
    pace_us = WARM_DAYS * DAY_US // (made * each)
    with Flow(store, rules, now=Clock(START_US, 1000 * pace_us)) as flow:
        emails = [person.email for person in someone]
        done = flow.ingest(interactions(emails, made * each, prefix=f"w{MARK}", start_us=START_US, pace_us=pace_us))
        assert done.counts == {"accepted": made * each}, done
        flow.tick(NOW_US)


def _names(copies: int) -> list[str]:
    return [f"x{number}x" for number in range(copies)]


def _renamed(name: str) -> Callable[[str], str]:
    number = name[1:-1]

    def replace(found: re.Match[str]) -> str:
        return f"{found[1]}{number}." if found[1] else name

    return lambda text: _NAMES.sub(replace, text)


def _multiply(path: Path, copies: int) -> None:
    first = path.with_name("first.db")
    shutil.copyfile(path, first)
    connection = sqlite3.connect(path, isolation_level=None)
    for pragma in ("journal_mode = OFF", "synchronous = OFF", "cache_size = -500000"):
        connection.execute(f"PRAGMA {pragma}")
    connection.execute("ATTACH ? AS first", (str(first),))
    found = connection.execute("SELECT name FROM first.sqlite_master WHERE type = 'table' AND name LIKE 'leadflow%'")
    tables = [name for (name,) in found]
    connection.execute("BEGIN")
    for name in _names(copies)[1:]:
        connection.create_function("renamed", 1, _renamed(name), deterministic=True)
        for table in tables:
            _copy_rows(connection, table)
    connection.execute("COMMIT")
    for short in _GROWN:
        made, of = (
            connection.execute(f"SELECT count(*) FROM {schema}.leadflow_{short}").fetchone()[0]
            for schema in ("main", "first")
        )
        assert made == of * copies, short
    connection.execute("DETACH first")
    connection.execute("PRAGMA journal_mode = WAL")
    connection.close()
    for suffix in ("", "-wal", "-shm"):
        first.with_name(first.name + suffix).unlink(missing_ok=True)


def _copy_rows(connection: sqlite3.Connection, table: str) -> None:
    # A pool's or user's row is everybody's: it stays as it is, which is what OR IGNORE is for.
    columns = [row[1] for row in connection.execute(f"PRAGMA main.table_info({table})")]
    values = [
        "NULL"
        if column == "seq"
        else f"""CASE WHEN typeof("{column}") = 'text' AND (instr("{column}", '_') OR instr("{column}", '{MARK}'))
                 THEN renamed("{column}") ELSE "{column}" END"""
        for column in columns
    ]
    listed = ", ".join(f'"{column}"' for column in columns)
    connection.execute(f"INSERT OR IGNORE INTO main.{table} ({listed}) SELECT {', '.join(values)} FROM first.{table}")
