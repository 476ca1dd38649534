"""The least that must work on PostgreSQL, in every test run; the rest is in the postgres session."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

import leadflow
from leadflow.errors import ConflictError
from leadflow.matching.state import MatchKey
from leadflow.plugins import load
from leadflow.ports.store import ChangeSet
from leadflow.testing import Client, VirtualClock, contents, invariants

pytestmark = pytest.mark.extra


@pytest.fixture
def url(postgres: Any) -> Iterator[str]:
    """A schema that is not there yet."""
    with postgres.fresh() as url:
        yield url


def demo(key: str, email: str) -> dict[str, Any]:
    fields = {"email": email, "company": "Kos d.o.o.", "job_level": "manager", "employees": "120"}
    return {"type": "submission", "key": key, "form": "demo-request", "fields": fields}


def test_the_whole_way_of_leads(url: str) -> None:
    """Opened by URL, as a user does: taken in one by one and by the batch, scored, moved on, and the same as in memory."""
    flows = [leadflow.open(each, now=VirtualClock("2026-01-15T12:00:00Z")) for each in (url, "memory:")]
    for flow in flows:
        assert flow.do(demo("one", "ana@kos.example")).status == "accepted"
        assert flow.ingest([demo(f"k{n}", f"p{n % 50}@x{n % 7}.example") for n in range(100)]).counts == {
            "accepted": 100
        }
        flow.do({"type": "interaction", "id": "i", "kind": "email.clicked", "contact": {"email": "ana@kos.example"}})
        flow.tick("2026-06-01T00:00:00Z")
        assert flow.do(demo("one", "ana@kos.example")).status == "repeated"
        assert invariants(flow) == []
    held, wanted = map(contents, flows)
    for flow, found in zip(flows, (held, wanted), strict=True):
        flow.close()
        for decision in found["decision"].values():
            # What was due at one moment is numbered share by share, and a worker's shares are smaller.
            del decision["seq"]
    assert held == wanted


def test_two_processes_race_for_one_contact(url: str) -> None:
    """One lead, and both get its id."""
    leadflow.open(url).close()
    calls = [[["do", demo(f"{who}-{n}", f"p{n}@kos.example")] for n in range(5)] for who in ("mine", "yours")]
    one, other = Client.race([(Client(url=url), each) for each in calls])
    assert [each[2:5] for each in one.results] == [each[2:5] for each in other.results]
    with leadflow.open(url) as flow:
        assert len(contents(flow)["lead"]) == 5
        assert invariants(flow) == []


def test_a_stale_change_is_refused_whole(url: str) -> None:
    """Absence is a version too."""
    with leadflow.open(url) as flow:
        key = ("matchkey", "k")
        both = [flow.store.load([key]) for _ in range(2)]
        flow.store.commit(ChangeSet(both[0], {key: MatchKey("k", (("c_1", "c_1"),), 1)}))
        with pytest.raises(ConflictError):
            flow.store.commit(ChangeSet(both[1], {key: MatchKey("k", (("c_2", "c_2"),), 1)}))


def test_the_plugin_is_installed_with_leadflow() -> None:
    """Both names of the scheme, with what the store can."""
    found = {each.name: each for each in load().all("stores")}
    assert {"postgres", "postgresql"} <= {*found}
    assert found["postgresql"].capabilities == {"claims", "durable", "migrates", "processes"}
