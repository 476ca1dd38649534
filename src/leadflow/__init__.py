"""leadflow: the lead lifecycle as a Python library.

Open a flow, hand it what comes in, ask it why:

    import leadflow
    with leadflow.open("sqlite:///leads.db", playbook="playbook.toml") as flow:
        flow.submit("demo-request", {"email": "ana@example.si"}, key="req-1")

Everything here is loaded when it is first used: importing leadflow loads no database and no codec.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from leadflow.engine.flow import Flow
    from leadflow.engine.joining import JoinedFlow, make_tables
    from leadflow.engine.joining import join_flow as join
    from leadflow.engine.opening import open_flow as open
    from leadflow.engine.outcome import Ingested, Outcome, Result
    from leadflow.errors import LeadflowError
    from leadflow.model.account import Account
    from leadflow.model.business import Opportunity, Product, User
    from leadflow.model.contact import Contact
    from leadflow.model.lead import Lead
    from leadflow.model.values import Money
    from leadflow.playbook.codec import load_playbook
    from leadflow.playbook.playbook import Playbook

_WHERE = {
    "Account": "leadflow.model.account",
    "Contact": "leadflow.model.contact",
    "Flow": "leadflow.engine.flow",
    "Ingested": "leadflow.engine.outcome",
    "JoinedFlow": "leadflow.engine.joining",
    "Lead": "leadflow.model.lead",
    "LeadflowError": "leadflow.errors",
    "Money": "leadflow.model.values",
    "Opportunity": "leadflow.model.business",
    "Outcome": "leadflow.engine.outcome",
    "Playbook": "leadflow.playbook.playbook",
    "Product": "leadflow.model.business",
    "Result": "leadflow.engine.outcome",
    "User": "leadflow.model.business",
    "join": "leadflow.engine.joining",
    "load_playbook": "leadflow.playbook.codec",
    "make_tables": "leadflow.engine.joining",
    "open": "leadflow.engine.opening",
}
_NAMES = {"join": "join_flow", "open": "open_flow"}

__all__ = [
    "Account",
    "Contact",
    "Flow",
    "Ingested",
    "JoinedFlow",
    "Lead",
    "LeadflowError",
    "Money",
    "Opportunity",
    "Outcome",
    "Playbook",
    "Product",
    "Result",
    "User",
    "join",
    "load_playbook",
    "make_tables",
    "open",
]

__version__ = "0.1.0"


def __getattr__(name: str) -> Any:
    where = _WHERE.get(name)
    if where is None:
        raise AttributeError(f"module 'leadflow' has no attribute {name!r}")
    value = getattr(import_module(where), _NAMES.get(name, name))
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
