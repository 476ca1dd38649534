"""The short form of scoring: behaviour that moves a number and crosses nothing. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from leadflow.model.facts import InteractionReceived, ScoreChanged
from leadflow.model.time import NEVER_US
from leadflow.room import Hush, Key
from leadflow.scoring.prepare import Compiled, Prepared
from leadflow.scoring.rescore import crosses
from leadflow.scoring.state import Score


def quiet_interaction(
    rows: Mapping[Key, Any], fact: InteractionReceived, prepared: Prepared, now_us: int, hush: Hush
) -> bool:
    """`on_interaction` where every score that is meant exists, is up to date, and stays within its grade and threshold."""
    contact = fact.contact
    by_target = prepared.by_target
    if contact is None or by_target["account"] or by_target["lead"]:
        return False
    for compiled in by_target["contact"]:
        key = ("score", f"{contact}|{compiled.name}")
        row = rows.get(key)
        if row is None or row.program != compiled.digest or row.version == 0:
            return False
        hush.reads.append(key)
        if compiled.consent and not _may_be_scored(rows, contact, compiled, hush):
            return False
        changed = compiled.signals.observe(row.signals, fact.kind, fact.properties, fact.at_us)
        if not changed:
            continue
        if row.bits_until_us <= now_us:
            return False
        signals = {**row.signals, **changed}
        points, _, until = compiled.program.total(signals, row.bits, now_us)
        if row.bits_until_us < until:
            until = row.bits_until_us
        if points != row.points:
            if compiled.grade(points) != row.grade or crosses(compiled, row.is_ready, points) is not None:
                return False
            hush.causes.append(ScoreChanged(row.subject, compiled.name, row.points, points))
        hush.puts.append(
            Score(
                row.id, contact, row.model, row.program, points, row.grade, row.is_ready, row.bits, row.bits_until_us,
                None if until >= NEVER_US else until, now_us, signals, row.version + 1,
            )
        )  # fmt: skip
    return True


def _may_be_scored(rows: Mapping[Key, Any], contact: str, compiled: Compiled, hush: Hush) -> bool:
    key = ("contact", contact)
    row = rows.get(key)
    hush.reads.append(key)
    return row is not None and row.consent >= compiled.consent
