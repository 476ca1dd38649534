"""Whole playbooks: all of them pass `check` without a fault, and run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from leadflow.playbook.playbook import Playbook
from leadflow.testing.strategies.basics import Fields, check_options, made
from leadflow.testing.strategies.handing import assignment_rules
from leadflow.testing.strategies.rules import ABOUT, ATTRIBUTES, capture_rules, matching_rules, scoring
from leadflow.testing.strategies.ways import process_rules


def playbooks(**options: Fields) -> SearchStrategy[Playbook]:
    """Playbooks of every kind, small ones first; an option is a strategy for a part, e.g. `scoring`.

    What the parts say of each other (models in conditions, pools as targets) is there. A part that you give has to fit the
    others: models that generated processes and assignment ask for are `interest` and `fit`.

    >>> from hypothesis import Phase, find, settings, strategies as st
    >>> once = settings(phases=[Phase.generate], database=None)
    >>> find(playbooks(currency=st.just("USD")), lambda playbook: True, settings=once).currency
    'USD'
    """
    check_options("Playbook", options, list(Playbook.__annotations__))
    return _playbooks(options)


@st.composite
def _playbooks(draw: st.DrawFn, options: Mapping[str, Fields]) -> Playbook:
    models = draw(options.get("scoring", scoring()))
    attributes = draw(options.get("attributes", st.sampled_from([{}, ATTRIBUTES])))
    names = list(models.models)
    about = (*ABOUT, "attributes") if attributes == ATTRIBUTES else ABOUT
    fields: dict[str, Any] = {
        "name": st.sampled_from(["mine", "default"]),
        "time_zone": st.sampled_from(["UTC", "Europe/Ljubljana"]),
        "currency": st.sampled_from(["EUR", "USD"]),
        "capture": capture_rules(),
        "matching": matching_rules(),
        "process": process_rules(models=names, about=about),
        "assignment": assignment_rules(models=names, about=about),
    }
    return draw(made(Playbook, fields, {**options, "scoring": st.just(models), "attributes": st.just(attributes)}))
