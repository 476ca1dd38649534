"""Hypothesis's entry point: `st.from_type(Contact)` and its kin know our strategies.

Hypothesis loads this where it is imported and leadflow is installed, so it imports nothing of leadflow. The strategies of
a module's classes are registered when that module has been imported, and are made when they are first asked for.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from importlib import import_module
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from types import MappingProxyType, ModuleType
from typing import Any, Final

_RULES = "leadflow.testing.strategies"
STRATEGIES: Final[Mapping[str, Mapping[str, str]]] = MappingProxyType(
    {
        "leadflow.model.contact": {"Contact": "contacts"},
        "leadflow.model.account": {"Account": "accounts"},
        "leadflow.model.lead": {"Lead": "leads"},
        "leadflow.model.business": {"Opportunity": "opportunities", "User": "users", "Product": "products"},
        "leadflow.model.values": {"Money": "amounts"},
        "leadflow.model.records": {
            "Submission": "submissions",
            "Interaction": "interactions",
            "Order": "orders",
            "Deal": "deals",
            "Entry": "entries",
        },
        "leadflow.model.commands": {"Command": "commands"},
        "leadflow.capture.rules": {"CaptureRules": "capture_rules", "Form": "forms"},
        "leadflow.matching.rules": {"MatchingRules": "matching_rules", "Strategy": "matching_strategies"},
        "leadflow.scoring.rules": {"ScoringRules": "scoring", "Model": "scoring_models", "Rule": "scoring_rules"},
        "leadflow.process.rules": {
            "ProcessRules": "process_rules",
            "Process": "processes",
            "Stage": "stages",
            "ProcessStep": "process_steps",
            "Action": "actions",
        },
        "leadflow.assignment.rules": {
            "AssignmentRules": "assignment_rules",
            "Entry": "assignment_entries",
            "Pool": "pools",
            "Member": "members",
            "Queue": "queues",
            "Territory": "territories",
            "ProductLine": "product_lines",
            "Sla": "slas",
        },
        "leadflow.assignment.pools.schedule": {"Schedule": "schedules", "Leave": "leaves"},
        "leadflow.assignment.views.rules": {"ListView": "list_views"},
        "leadflow.playbook.playbook": {"Playbook": "playbooks", "Attribute": "attributes"},
    }
)
"""The strategy of each class, by module."""


def register() -> None:
    """Register what is imported already, and the rest when it is. Called by Hypothesis."""
    waiting = [name for name in STRATEGIES if name not in sys.modules]
    for name in STRATEGIES.keys() - waiting:
        _register(sys.modules[name])
    if waiting and not any(isinstance(finder, _Watching) for finder in sys.meta_path):
        sys.meta_path.insert(0, _Watching())


def _register(module: ModuleType) -> None:
    from hypothesis import strategies as st

    for name, strategy in STRATEGIES[module.__name__].items():
        cls = getattr(module, name)
        st.register_type_strategy(cls, _Asked(cls, strategy))


class _Asked:
    """What Hypothesis calls when somebody asks for a class."""

    def __init__(self, cls: type[Any], strategy: str) -> None:
        self._cls, self._strategy = cls, strategy

    def __call__(self, thing: Any) -> Any:
        made = getattr(import_module(_RULES), self._strategy)()
        if not isinstance(getattr(self._cls, "type", None), str):
            return made
        # What comes in is made as dicts; the class is what they are read as.
        from leadflow.engine.intake.records import read_record
        from leadflow.model.time import parse_instant
        from leadflow.testing.strategies import AROUND

        return made.map(lambda record: read_record(record, parse_instant(AROUND)))


class _Watching(MetaPathFinder):
    """Sees the modules of `STRATEGIES` being imported; everything else is left to others."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname not in STRATEGIES:
            return None
        spec = PathFinder.find_spec(fullname, path)
        if spec is None or spec.loader is None:
            return None
        spec.loader = _Loading(spec.loader)
        return spec


class _Loading(Loader):
    """Loads as the loader does that would have done so, then registers, and leaves no trace."""

    def __init__(self, loader: Loader) -> None:
        self._loader = loader

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        return self._loader.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        module.__loader__ = self._loader
        if module.__spec__ is not None:
            module.__spec__.loader = self._loader
        self._loader.exec_module(module)
        _register(module)
