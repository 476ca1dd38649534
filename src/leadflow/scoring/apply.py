"""How scoring's decisions change state: grade and readiness stand on the score's row."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from leadflow.model.decisions import GradeChanged, Recorded, ThresholdLeft, ThresholdReached
from leadflow.model.making import replaced
from leadflow.room import Dropped, View
from leadflow.scoring.prepare import Prepared
from leadflow.scoring.state import Score
from leadflow.scoring.subject import score_id


def apply_grade(view: View, recorded: Recorded, prepared: Prepared) -> Iterable[Any]:
    """The grade stands on the score's row."""
    decision = recorded.decision
    assert isinstance(decision, GradeChanged)  # noqa: S101 - the plan dispatches by type
    row = view.get(Score, score_id(decision.subject, decision.model))
    return [] if row is None else [replaced(row, grade=decision.after, version=row.version + 1)]


def apply_ready(view: View, recorded: Recorded, prepared: Prepared) -> Iterable[Any]:
    """Readiness is history, not a number: it is kept with the score."""
    decision = recorded.decision
    assert isinstance(decision, (ThresholdReached, ThresholdLeft))  # noqa: S101 - the plan dispatches by type
    row = view.get(Score, score_id(decision.subject, decision.model))
    is_ready = isinstance(decision, ThresholdReached)
    return [] if row is None else [replaced(row, is_ready=is_ready, version=row.version + 1)]


def apply_removed(view: View, recorded: Recorded, prepared: Prepared) -> Iterable[Any]:
    """A removed record has no scores."""
    return [Dropped(Score, row.id) for row in view.find(Score, "subject", recorded.subject)]
