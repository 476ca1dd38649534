"""Scoring as the engine sees it."""

from __future__ import annotations

from typing import Any

from leadflow.expr import Term, Type
from leadflow.model import commands, decisions, facts
from leadflow.model.time import NEVER_US
from leadflow.room import Room, View
from leadflow.scoring import apply, decide, loading, quiet
from leadflow.scoring.prepare import Prepared, prepare
from leadflow.scoring.state import TABLES, Score
from leadflow.scoring.subject import score_id


def score_row(view: View, asked: Any, model: str, prepared: Prepared) -> Score | None:
    """The score by a model of what is asked about: of its contact, its account or its lead, as the model says."""
    compiled = prepared.models.get(model)
    if compiled is None:
        return None
    record = getattr(asked, compiled.model.target)
    return None if record is None else view.get(Score, score_id(record.id, model))


def _score(view: View, asked: Any, args: tuple[Any, ...], prepared: Prepared) -> tuple[Any, int]:
    row = score_row(view, asked, args[0], prepared)
    return (None, NEVER_US) if row is None else (row.points, row.valid_until_us or NEVER_US)


def _grade(view: View, asked: Any, args: tuple[Any, ...], prepared: Prepared) -> tuple[Any, int]:
    row = score_row(view, asked, args[0], prepared)
    return (None, NEVER_US) if row is None else (row.grade, row.valid_until_us or NEVER_US)


def _is_scored(view: View, asked: Any, args: tuple[Any, ...], prepared: Prepared) -> tuple[Any, int]:
    scored = any(score_row(view, asked, model, prepared) is not None for model in prepared.models)
    return scored, NEVER_US


ROOM = Room(
    name="scoring",
    prepare=prepare,
    tables=TABLES,
    terms={
        "score": (Term("score", (Type.CODE,), Type.NUMBER), _score),
        "grade": (Term("grade", (Type.CODE,), Type.CODE), _grade),
        "is_scored": (Term("is_scored", (), Type.BOOLEAN), _is_scored),
    },
    keys={
        commands.Wake: loading.wake_keys,
        commands.Rescore: loading.rescore_keys,
        commands.RemoveRecords: lambda command, prepared: [("score.subject", id_) for id_, _ in command.records],
    },
    follow={
        "matchkey": loading.follow_matchkey,
        "contact": loading.follow_contact,
        "lead": loading.follow_lead,
    },
    reacts={
        facts.InteractionReceived: decide.on_interaction,
        decisions.RecordCreated: decide.on_record,
        decisions.RecordUpdated: decide.on_record,
        decisions.VisitorIdentified: decide.on_identified,
        decisions.RecordsMerged: decide.on_merged,
        decisions.RecordsUnmerged: decide.on_merged,
        decisions.ThresholdReached: decide.on_crossing,
        decisions.ThresholdLeft: decide.on_crossing,
        commands.Wake: decide.on_wake,
        commands.Rescore: decide.on_rescore,
    },
    quiet={facts.InteractionReceived: quiet.quiet_interaction},
    applies={
        decisions.GradeChanged: apply.apply_grade,
        decisions.ThresholdReached: apply.apply_ready,
        decisions.ThresholdLeft: apply.apply_ready,
        decisions.RecordRemoved: apply.apply_removed,
    },
)
