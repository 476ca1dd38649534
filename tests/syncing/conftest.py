"""A store, a folder that stands for a CRM, and a person who edits its files."""

from __future__ import annotations

import csv
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import leadflow
from leadflow.testing import VirtualClock, invariants

START = "2026-11-22T10:00:00Z"


class Folder:
    """What a person sees of the CRM: rows of files."""

    def __init__(self, path: Path, clock: VirtualClock) -> None:
        self.path, self.clock = path, clock

    def file(self, kind: str) -> Path:
        return self.path / ("opportunities.csv" if kind == "opportunity" else f"{kind}s.csv")

    def rows(self, kind: str) -> list[dict[str, str]]:
        if not self.file(kind).exists():
            return []
        with self.file(kind).open(encoding="utf-8-sig", newline="") as file:
            return [row for row in csv.DictReader(file) if any(row.values())]

    def one(self, kind: str) -> dict[str, str]:
        (row,) = self.rows(kind)
        return row

    def write(self, kind: str, rows: list[dict[str, str]]) -> None:
        before = self.rows(kind)
        self.path.mkdir(exist_ok=True)
        columns = list(dict.fromkeys(name for row in [*before, *rows] for name in row))
        with self.file(kind).open("w", encoding="utf-8-sig", newline="") as file:
            writer = csv.DictWriter(file, columns)
            writer.writeheader()
            writer.writerows(rows)
        moment_ns = self.clock() * 1000
        os.utime(self.file(kind), ns=(moment_ns, moment_ns))

    def edit(self, kind: str, **fields: str) -> None:
        """Change the only record of a kind."""
        self.write(kind, [{**self.one(kind), **fields}])

    def add(self, kind: str, **fields: str) -> None:
        self.write(kind, [*self.rows(kind), fields])


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock(START)


@pytest.fixture
def folder(tmp_path: Path, clock: VirtualClock) -> Folder:
    return Folder(tmp_path / "crm", clock)


@pytest.fixture
def flow(clock: VirtualClock) -> Iterator[leadflow.Flow]:
    """A flow with one person, company, lead and salesperson; whatever a test does, the laws hold at its end."""
    with leadflow.open("memory:", now=clock) as flow:
        flow.ingest([{"type": "user", "key": "u-1", "id": "bo", "name": "Bo", "email": "bo@acme.example"}])
        fields = {"email": "ana@kos.example", "first_name": "Ana", "last_name": "Kos", "company": "Kos d.o.o."}
        flow.submit("demo-request", fields, key="s-1").one().unwrap()
        clock.advance("1h")
        yield flow
        assert invariants(flow) == []


def with_rules(flow: leadflow.Flow, clock: VirtualClock, rules: dict[str, Any]) -> leadflow.Flow:
    """The same store under a playbook with a section `[crm]`."""
    from leadflow.playbook.codec import playbook_from

    plain = {**flow.playbook.plain(), "crm": rules}
    other = leadflow.Flow(flow.store, playbook_from(plain), now=clock)
    other.adopt()
    return other
