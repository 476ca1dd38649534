"""B23: how SQLite answers the lists that people look at all day. No list sorts or scans a whole table."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

import leadflow
from leadflow.ports.store import Scan
from leadflow.stores.sqlite import SqliteStore
from leadflow.stores.statements import scan_statement

AFTER = (5, "x")
LISTS = {
    "leads": Scan(table="lead", order="-updated_us", limit=100),
    "leads, the next page": Scan(table="lead", order="-updated_us", after=AFTER, limit=100),
    "leads by score": Scan(table="score", where=(("model", "=", "interest"),), order="-points", limit=500),
    "leads by score, the next page": Scan(
        table="score", where=(("model", "=", "interest"),), order="-points", after=AFTER, limit=500
    ),
    "everything, page by page": Scan(table="lead", order="id", after=("x", "x"), limit=500),
    "due scores": Scan(table="score", where=(("valid_until_us", "<=", 5),), order="valid_until_us", limit=1000),
    "receipt": Scan(table="input", order="seq", after=(5, "x"), limit=500),
    "an import": Scan(table="input", where=(("batch", "=", "b_1"),), order="-seq", limit=500),
}


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqliteStore]:
    """A store with a few hundred leads that were all made at one moment."""
    with leadflow.open(f"sqlite:///{tmp_path / 'leads.db'}", now=lambda: 1_768_478_400_000_000) as flow:
        flow.ingest(
            {"type": "submission", "key": f"s-{n}", "form": "demo-request", "fields": {"email": f"p{n}@kos.example"}}
            for n in range(300)
        )
        assert isinstance(flow.store, SqliteStore)
        yield flow.store


@pytest.mark.parametrize("name", sorted(LISTS))
def test_no_list_sorts_or_scans_a_table(store: SqliteStore, name: str) -> None:
    """Its plan walks an index, from where the last page ended."""
    statement, arguments = scan_statement(LISTS[name], store._rows.layouts, "?")
    plan = [row[-1] for row in store._connection().execute(f"EXPLAIN QUERY PLAN {statement}", arguments)]
    assert not [step for step in plan if "TEMP B-TREE" in step], plan
    if LISTS[name].after is not None:
        assert [step for step in plan if step.startswith("SEARCH")], plan


@pytest.mark.parametrize("order", ["-updated_us", "updated_us", "-id", "id", "-state"])
def test_pages_neither_skip_nor_repeat(store: SqliteStore, order: str) -> None:
    """All rows are equal in the column, or none: the pages together are the whole list."""
    whole = [row.id for row in store.scan(Scan(table="lead", order=order))]
    found: list[str] = []
    after = None
    while page := list(store.scan(Scan(table="lead", order=order, after=after, limit=7))):
        found += [row.id for row in page]
        after = (getattr(page[-1], order.lstrip("-")), page[-1].id)
    assert found == whole
    assert len(set(found)) == 300
