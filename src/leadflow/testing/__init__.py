"""Tools to test programs that build on leadflow, and leadflow itself: a clock that obeys, faults on order, an outside
ledger, a client in a process of its own, invariants, conformance kits for adapters, and Hypothesis strategies.

Nothing here needs pytest; the strategies need Hypothesis (`pip install "leadflow[testing]"`). Each is loaded when it is
first used.

>>> from leadflow.testing import VirtualClock, invariants
>>> import leadflow
>>> clock = VirtualClock("2026-11-22T10:00:00Z")
>>> flow = leadflow.open(now=clock)
>>> flow.submit("demo-request", {"email": "ana@example.si"}, key="req-1").status
'accepted'
>>> clock.advance("1d"); invariants(flow)
[]
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from leadflow.testing.client import Client, Finished
    from leadflow.testing.clock import VirtualClock
    from leadflow.testing.contents import contents
    from leadflow.testing.faults import FaultPlan, InjectedError
    from leadflow.testing.invariants import invariants
    from leadflow.testing.lawful import assert_lawful
    from leadflow.testing.ledger import Ledger
    from leadflow.testing.mailing import Arrived, MailerConformance
    from leadflow.testing.publishing import PublisherConformance
    from leadflow.testing.selling import CrmConformance
    from leadflow.testing.stories import Story, StoryError, does, says, story, submits
    from leadflow.testing.storing import StoreConformance
    from leadflow.testing.strategies import (
        accounts,
        commands,
        contacts,
        deals,
        entries,
        histories,
        instants,
        interactions,
        leads,
        opportunities,
        orders,
        playbooks,
        scoring_models,
        submissions,
        users,
    )

_WHERE = {
    "Client": "client",
    "Finished": "client",
    "VirtualClock": "clock",
    "contents": "contents",
    "FaultPlan": "faults",
    "InjectedError": "faults",
    "invariants": "invariants",
    "assert_lawful": "lawful",
    "Ledger": "ledger",
    "Arrived": "mailing",
    "MailerConformance": "mailing",
    "PublisherConformance": "publishing",
    "CrmConformance": "selling",
    "StoreConformance": "storing",
    "Story": "stories",
    "StoryError": "stories",
    "does": "stories",
    "says": "stories",
    "story": "stories",
    "submits": "stories",
    "accounts": "strategies",
    "commands": "strategies",
    "contacts": "strategies",
    "deals": "strategies",
    "entries": "strategies",
    "histories": "strategies",
    "instants": "strategies",
    "interactions": "strategies",
    "leads": "strategies",
    "opportunities": "strategies",
    "orders": "strategies",
    "playbooks": "strategies",
    "scoring_models": "strategies",
    "submissions": "strategies",
    "users": "strategies",
}

__all__ = [
    "Arrived",
    "Client",
    "CrmConformance",
    "FaultPlan",
    "Finished",
    "InjectedError",
    "Ledger",
    "MailerConformance",
    "PublisherConformance",
    "StoreConformance",
    "Story",
    "StoryError",
    "VirtualClock",
    "accounts",
    "assert_lawful",
    "commands",
    "contacts",
    "contents",
    "deals",
    "does",
    "entries",
    "histories",
    "instants",
    "interactions",
    "invariants",
    "leads",
    "opportunities",
    "orders",
    "playbooks",
    "says",
    "scoring_models",
    "story",
    "submissions",
    "submits",
    "users",
]


def __getattr__(name: str) -> Any:
    where = _WHERE.get(name)
    if where is None:
        raise AttributeError(f"module 'leadflow.testing' has no attribute {name!r}")
    value = getattr(import_module(f"leadflow.testing.{where}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
