"""Scores at other moments: as of any past one, and when one will fall below a bound if nothing happens."""

from __future__ import annotations

from leadflow.engine.answers.reading import Reading
from leadflow.engine.planning.rulebook import Rulebook
from leadflow.errors import InvalidInputError, NotFoundError
from leadflow.model.contact import Contact
from leadflow.model.ids import record_of
from leadflow.model.lead import Lead
from leadflow.model.time import NEVER_US
from leadflow.ports.store import Store
from leadflow.scoring.prepare import Compiled
from leadflow.scoring.subject import inputs_of, subject_of

_MOST_STEPS = 10_000


def _compiled(rulebook: Rulebook, model: str | None) -> Compiled:
    models = rulebook.rules["scoring"].models
    if model is None and len(models) == 1:
        return next(iter(models.values()))  # type: ignore[no-any-return]
    if model not in models:
        raise NotFoundError(f"no live model {model!r}", hint=f"one of {', '.join(models)}")
    return models[model]  # type: ignore[no-any-return]


def _subject(view: Reading, id_: str, compiled: Compiled) -> str:
    """The id of whose score it is: of the lead's contact or account, if the model scores those."""
    target = compiled.model.target
    if record_of(id_) == target:
        return id_
    lead = view.get(Lead, id_)
    if lead is None:
        raise NotFoundError(
            f"{id_[:60]!r} has no score by {compiled.name}", hint="name a lead, or the model's own target"
        )
    contact = None if lead.contact_id is None else view.get(Contact, lead.contact_id)
    account = lead.account_id or (None if contact is None else contact.account_id)
    subject = lead.contact_id if target == "contact" else account
    if subject is None:
        raise NotFoundError(f"{id_} is not linked to {target}: it has no score by {compiled.name}")
    return subject


def score_at(store: Store, rulebook: Rulebook, id_: str, at_us: int, model: str | None) -> int | None:
    """The points as of a moment: from what had happened by then, with the records as they are now.

    None when there was no score yet. Errors: NotFoundError.
    """
    compiled = _compiled(rulebook, model)
    view = Reading(store, rulebook)
    subject_id = _subject(view, id_, compiled)
    subject = subject_of(view, subject_id, compiled)
    row = getattr(subject, compiled.model.target, None)
    if subject is None or row is None or row.created_us > at_us:
        return None
    bits, _ = compiled.program.static(subject, at_us)
    points, _, _ = compiled.program.total(_signals(view, subject_id, compiled, at_us), bits, at_us)
    return points


def _signals(view: Reading, subject_id: str, compiled: Compiled, until_us: int) -> dict[int, tuple[int, ...]]:
    signals: dict[int, tuple[int, ...]] = {}
    for record in inputs_of(view, subject_id, compiled):
        if record.kind is not None and record.at_us <= until_us:
            signals.update(compiled.signals.observe(signals, record.kind, record.properties, record.at_us))
    return signals


def falls_below(store: Store, rulebook: Rulebook, id_: str, bound: int, now_us: int, model: str | None) -> int | None:
    """The first moment from now on at which the points are below a bound, if nothing happens; None: never.

    Errors: NotFoundError; InvalidInputError when the score changes by itself more than 10,000 times before.
    """
    compiled = _compiled(rulebook, model)
    view = Reading(store, rulebook)
    subject_id = _subject(view, id_, compiled)
    subject = subject_of(view, subject_id, compiled)
    if subject is None:
        raise NotFoundError(f"{id_} has no score by {compiled.name}")
    signals = _signals(view, subject_id, compiled, now_us)
    moment = now_us
    for _ in range(_MOST_STEPS):
        bits, static_until = compiled.program.static(subject, moment)
        points, _, until = compiled.program.total(signals, bits, moment)
        if points < bound:
            return moment
        moment = min(until, static_until)
        if moment >= NEVER_US:
            return None
    raise InvalidInputError(f"the score of {id_} changes too often to look ahead")
