"""A score from its signals: the new number, and what it crossed. Pure."""

from __future__ import annotations

from typing import Any

from leadflow.model.decisions import Decision, GradeChanged, Scored, ThresholdLeft, ThresholdReached
from leadflow.model.facts import ScoreChanged
from leadflow.model.making import replaced
from leadflow.model.time import NEVER_US
from leadflow.room import View
from leadflow.scoring.prepare import Compiled
from leadflow.scoring.state import Score, Signals
from leadflow.scoring.subject import score_id, signals_of, subject_of


def fresh(view: View, subject_id: str, compiled: Compiled, row: Score | None, now_us: int) -> Score | None:
    """A row whose signals are counted from inputs; history (grade, readiness, version) is kept.

    What the present command tells is left out: it is observed as a fact of its own.
    """
    subject = subject_of(view, subject_id, compiled)
    if subject is None:
        return None
    bits, until = compiled.program.static(subject, now_us)
    signals = signals_of(view, subject_id, compiled)
    id_ = score_id(subject_id, compiled.name)
    if row is None:
        return Score(id_, subject_id, compiled.name, compiled.digest, bits=bits, bits_until_us=until, signals=signals)
    return replaced(row, program=compiled.digest, bits=bits, bits_until_us=until, signals=signals)


def rescore(
    view: View,
    compiled: Compiled,
    row: Score,
    signals: Signals,
    now_us: int,
    puts: list[Any],
    decisions: list[Decision],
    facts: list[Any],
    bits: tuple[int, int] | None = None,
) -> None:
    """A score from its signals: the new row, and what it crossed."""
    if bits is None:
        bits = (row.bits, row.bits_until_us)
        if bits[1] <= now_us:
            subject = subject_of(view, row.subject, compiled)
            if subject is None:
                return
            bits = compiled.program.static(subject, now_us)
    points, _, until = compiled.program.total(signals, bits[0], now_us)
    if bits[1] < until:
        until = bits[1]
    before = row.points if row.version else None
    puts.append(
        Score(
            row.id, row.subject, row.model, compiled.digest, points, row.grade, row.is_ready, bits[0], bits[1],
            None if until >= NEVER_US else until, now_us, signals, row.version + 1,
        )
    )  # fmt: skip
    if before is None:
        decisions.append(Scored(subject=row.subject, model=compiled.name, points=points))
    if points != before:
        facts.append(ScoreChanged(row.subject, compiled.name, before, points))
    grade = compiled.grade(points)
    if grade != row.grade:
        decisions.append(
            GradeChanged(subject=row.subject, model=compiled.name, before=row.grade, after=grade, points=points)
        )
    crossing = _crossing(compiled, row, points)
    if crossing is not None:
        decisions.append(crossing)


def _crossing(compiled: Compiled, row: Score, points: int) -> Decision | None:
    """The threshold that is reached or left, as a decision."""
    bound = crosses(compiled, row.is_ready, points)
    if bound is None:
        return None
    if row.is_ready:
        return ThresholdLeft(subject=row.subject, model=compiled.name, points=points, bound=bound)
    return ThresholdReached(subject=row.subject, model=compiled.name, points=points, threshold=bound)


def crosses(compiled: Compiled, is_ready: bool, points: int) -> int | None:
    """The bound that a score crosses, or None.

    Reaching the threshold counts once; it arms again only when the score has fallen far enough (rule 106).
    """
    threshold = compiled.model.threshold
    if threshold is None:
        return None
    if not is_ready:
        return threshold if points >= threshold else None
    leave = compiled.model.leave
    bound = threshold - compiled.model.rearm if leave is None else leave
    return bound if points < bound else None
