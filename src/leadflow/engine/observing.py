"""Observers: who is told of what was committed."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from leadflow.model.decisions import Recorded

log = logging.getLogger("leadflow")

Observer = Callable[[Sequence[Recorded]], Any]
"""Told of the decisions of every commit, after it, in order."""


def tell(observers: Mapping[str, Observer], decisions: Sequence[Recorded]) -> None:
    """Tell observers what was committed. One that fails is logged: what is committed stays, the others are told."""
    for name, observer in observers.items():
        try:
            observer(decisions)
        except Exception:
            log.exception("observer %s failed on %d decisions", name, len(decisions))
