"""Whole histories: records of every kind in order of receipt, or such as a playbook asks for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from leadflow.engine.intake.records import COMMANDS
from leadflow.model.ids import derive_id
from leadflow.model.time import parse_duration, parse_instant, to_datetime
from leadflow.playbook.playbook import Playbook
from leadflow.testing.strategies.basics import AROUND, Fields, Record
from leadflow.testing.strategies.fitting import asked_by
from leadflow.testing.strategies.moves import LEAD_MODES, Move, moves
from leadflow.testing.strategies.records import commands, deals, entries, interactions, orders, submissions

_KEYED_BY_ID = ("interaction", "order")


def histories(
    playbook: Playbook | None = None,
    *,
    min_size: int = 1,
    max_size: int = 12,
    with_commands: bool = True,
    at: Fields | None = None,
) -> SearchStrategy[list[Record]]:
    """Records of every kind in order of receipt; with what people say in between.

    Under a playbook, the records fit it: its forms and fields with values on which its conditions turn, the deeds that its
    models count, as often as they count, the steps of its stages, and gaps as long as the spans that it names. Each has its
    moment (`at`), in order: hand them to `flow.ingest(history, clock="record")`. Sizes count moves then, of which one may
    be several records. `at` is for histories without a playbook.

    >>> from hypothesis import Phase, find, settings
    >>> once = settings(phases=[Phase.generate], database=None)
    >>> from leadflow.playbook.default import default_playbook
    >>> history = find(histories(default_playbook()), lambda records: len(records) > 0, settings=once)
    >>> all("at" in record for record in history)
    True
    """
    if playbook is not None:
        fitted = moves(asked_by(playbook), with_commands=with_commands)
        whole = st.lists(fitted, min_size=min_size, max_size=max_size).map(lambda each: _completed(playbook, each))
        return whole.filter(bool) if min_size else whole
    options: dict[str, Any] = {} if at is None else {"at": at}
    kinds = [each(**options) for each in (submissions, interactions, entries, orders, deals)]
    if with_commands:
        kinds += [commands(), submissions(**options)]
    return st.lists(st.one_of(kinds), min_size=min_size, max_size=max_size)


def _completed(playbook: Playbook, made: Sequence[Move]) -> list[Record]:
    """Moves as records with keys and moments; a command is about the lead of the latest record that made or found one."""
    now_us, lead = parse_instant(AROUND), None
    by_person: dict[tuple[str, str], str] = {}
    history: list[Record] = []
    for move in made:
        now_us += parse_duration(move.after) if move.after else 0
        for record in move.records:
            key = f"{record['type']}-{len(history) + 1}"
            whole = {
                "type": record["type"],
                "id" if record["type"] in _KEYED_BY_ID else "key": key,
                "at": to_datetime(now_us).isoformat(),
                **record,
            }
            if _makes_lead(playbook, record):
                who = str(record.get("fields", record.get("contact")))
                lead = by_person.setdefault(
                    (who, str(record.get("context", record.get("lead")))), derive_id("lead", key)
                )
            elif record["type"] in COMMANDS:
                if lead is None:
                    continue
                whole["lead"] = lead
            history.append(whole)
    return history


def _makes_lead(playbook: Playbook, record: Record) -> bool:
    if record["type"] == "submission":
        form = playbook.capture.forms.get(record["form"])
        return form is not None and form.mode in LEAD_MODES
    return bool(record["type"] == "lead")
