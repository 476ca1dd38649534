"""The same on every store: links, positions and the lease are rows like others."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import leadflow
from leadflow.errors import StoreBusyError
from leadflow.ports.store import Scan
from leadflow.testing import VirtualClock, invariants

from ..testing.planted_crms import Honest, Server
from .conftest import START


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=[pytest.mark.postgres, pytest.mark.extra])])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A store that is not there yet."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'leads.db'}"
        return
    with request.getfixturevalue("postgres").fresh() as url:
        yield url


def test_out_in_and_both_at_once(url: str) -> None:
    clock, server = VirtualClock(START), Server()
    with leadflow.open(url, now=clock) as flow, leadflow.open(url, now=clock) as other:
        flow.ingest([{"type": "user", "key": "u-1", "id": "bo", "name": "Bo", "email": "bo@acme.example"}])
        for number in range(5):
            flow.submit("demo-request", {"email": f"a{number}@kos.example"}, key=f"s-{number}").one().unwrap()
        clock.advance("1h")

        class Nested(Honest):
            def upsert(self, records: Any) -> Any:
                with pytest.raises(StoreBusyError):
                    other.sync(Honest(server))
                return super().upsert(records)

        assert flow.sync(Nested(server)).sent == 12  # a user, an account, five people and their leads
        (remote,) = [row.remote for row in server.rows.values() if row.fields.get("email") == "a0@kos.example"]
        server.now_us = clock()
        server.edit(remote, {"phone": "+386 1 2"})
        server.add([{"email": "eva@x.example", "first_name": "Eva"}])
        assert other.sync(Honest(server)).taken == 2
        assert "+386 1 2" in {row.phone for row in flow.store.scan(Scan(table="contact"))}
        done = flow.sync(Honest(server))
        assert (done.sent, done.taken, done.refused) == (0, 0, 0)
        assert len({row.ours for row in server.rows.values()}) == len(server.rows) == 14
        assert invariants(flow) == []
