"""The pytest plugin: fixtures for programs that build on leadflow. It loads nothing of leadflow before one is used.

pytest finds it by itself where leadflow is installed. `--leadflow-store=sqlite` runs the same tests on files.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from leadflow.engine.flow import Flow
    from leadflow.ports.mail import Mail
    from leadflow.testing.clock import VirtualClock
    from leadflow.testing.faults import FaultPlan

START = "2026-01-15T12:00:00Z"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Adds `--leadflow-store`."""
    group = parser.getgroup("leadflow")
    group.addoption(
        "--leadflow-store",
        choices=("memory", "sqlite"),
        default="memory",
        help="where leadflow_flow keeps its rows: in memory (default) or in a SQLite file of the test's own",
    )


@pytest.fixture
def leadflow_clock() -> VirtualClock:
    """A clock that stands at noon of 15 January 2026 (UTC) until the test moves it."""
    from leadflow.testing.clock import VirtualClock

    return VirtualClock(START)


@pytest.fixture
def leadflow_faults() -> FaultPlan:
    """A fault plan, not armed; a flow of the same test passes its fail points when it is on a file."""
    from leadflow.testing.faults import FaultPlan

    return FaultPlan()


@pytest.fixture
def leadflow_playbook() -> Any:
    """The playbook of `leadflow_flow`: the default one. Override it with a value or a path."""
    return None


@pytest.fixture
def leadflow_flow(
    request: pytest.FixtureRequest, tmp_path: Path, leadflow_clock: VirtualClock, leadflow_playbook: Any
) -> Iterator[Flow]:
    """A flow with the test's clock and playbook, on a new store; closed after the test."""
    from leadflow.engine.opening import open_flow

    url, options = "memory:", {}
    if "leadflow_faults" in request.fixturenames:
        options["fault"] = request.getfixturevalue("leadflow_faults")
    if options or request.config.getoption("--leadflow-store") == "sqlite":
        url = f"sqlite:///{tmp_path / 'leadflow.db'}"
    with open_flow(url, leadflow_playbook, now=leadflow_clock, **options) as flow:
        if options:
            options["fault"].arm(None)
        yield flow


class Captured:
    """A mailer that keeps what it is handed: `leadflow_mail.deliver(flow)` empties the outbox into it."""

    def __init__(self) -> None:
        self.mails: list[Mail] = []

    def __iter__(self) -> Iterator[Mail]:
        return iter(self.mails)

    def __len__(self) -> int:
        return len(self.mails)

    def send(self, mail: Mail) -> str:
        """See Mailer.send."""
        self.mails.append(mail)
        return f"captured-{len(self.mails)}"

    def was_sent(self, key: str) -> bool | None:
        """See Mailer.was_sent."""
        return any(mail.key == key for mail in self.mails)

    @property
    def recipients(self) -> list[str]:
        """To whom mail went, in order."""
        return [mail.to for mail in self.mails]

    def deliver(self, flow: Flow) -> list[Mail]:
        """Deliver a flow's outbox here; what came by it."""
        before = len(self.mails)
        flow.deliver(self)
        return self.mails[before:]


@pytest.fixture
def leadflow_mail() -> Captured:
    """Mail that is captured instead of sent."""
    return Captured()


@pytest.fixture
def leadflow_story(leadflow_flow: Flow, leadflow_clock: VirtualClock) -> Any:
    """A given/when/then story on `leadflow_flow`."""
    from leadflow.testing.stories import Story

    return Story(leadflow_flow, leadflow_clock)
