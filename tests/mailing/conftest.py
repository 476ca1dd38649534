"""Flows with mail to hand over."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

import leadflow
from leadflow.engine.flow import Flow
from leadflow.ports.store import Scan
from leadflow.testing import VirtualClock

NOW = "2026-11-22T10:00:00Z"


class Post:
    """A flow with letters in its outbox, under a clock that obeys."""

    def __init__(self) -> None:
        self.clock = VirtualClock(NOW)
        self.flow: Flow = leadflow.open(now=self.clock)

    def write(self, count: int = 1, **user: str) -> None:
        """Plan letters to users."""
        for number in range(count):
            name, key = f"u{number}", f"r-{number}"
            self.flow.ingest(
                [
                    {
                        "type": "user",
                        "key": f"u-{number}",
                        "id": name,
                        "email": f"{name}@sales.example",
                        "name": name,
                        **user,
                    }
                ]
            )
            lead = self.flow.submit("demo-request", {"email": f"c{number}@x.example"}, key=key).lead
            self.flow.do({"type": "assign", "key": f"a-{number}", "lead": lead, "owner": name}).one().unwrap()

    def rows(self) -> list[Any]:
        """The outbox, by key."""
        return sorted(self.flow.store.scan(Scan(table="outbox")), key=lambda each: str(each.id))

    def states(self) -> list[str]:
        """The states of the outbox, in the order of their keys."""
        return [each.state for each in self.rows()]


@pytest.fixture
def post() -> Iterator[Post]:
    """A flow on memory."""
    scene = Post()
    yield scene
    scene.flow.close()
