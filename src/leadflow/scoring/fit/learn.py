"""The whole of learning: hold back, find leaks, prepare, weigh, round, choose a threshold, measure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from difflib import get_close_matches

from attrs import evolve, frozen

from leadflow.errors import InvalidInputError
from leadflow.scoring.fit.additive import Weights, log_odds, probability, totals
from leadflow.scoring.fit.examples import Example, Table, arranged, mature
from leadflow.scoring.fit.fields import Field, prepared
from leadflow.scoring.fit.leaks import Flag, late, suspicion
from leadflow.scoring.fit.logistic import logistic
from leadflow.scoring.fit.measures import at_threshold, auc, measured
from leadflow.scoring.fit.naive_bayes import naive_bayes
from leadflow.scoring.fit.points import point_tables, rules_of, scale_of, threshold_of
from leadflow.scoring.fit.result import CrossValidation, Fit, FitReport
from leadflow.scoring.fit.settings import FitSettings
from leadflow.scoring.fit.split import by_hash, by_time, in_folds

_FEWEST = 10
_CHOOSING_FOLDS = 3
_SUSPICIOUS_AUC = 0.85
_FEW_WON = 50
_DEFAULTS = FitSettings()


@frozen
class _Split:
    train: Table
    held: Table
    cut_us: int | None
    immature: int


@frozen
class _Model:
    """Fields, the levels of the leads learnt from, and weights before rounding."""

    method: str
    fields: tuple[Field, ...]
    levels: tuple[bytes, ...]
    weights: Weights


def learn(examples: Iterable[Example], settings: FitSettings = _DEFAULTS) -> Fit:
    """Learn a scoring model from won and lost leads.

    The figures in `fit.report` come from leads held back from learning. The same examples in any order give
    the same result; nothing is random. Errors: InvalidInputError when there are fewer than 10 won or 10 lost
    leads to learn from, no usable field, or an id twice; InvalidValueError for a value that cannot be learnt
    from.

    >>> def lead(n):
    ...     return Example(f"l_{n:03}", n, n % 5 == 0, {"lead.origin": "fair" if n % 10 < 4 else "web"})
    >>> fit = learn(map(lead, range(400)))
    >>> [(rule.when, "good" if rule.points > 0 else "bad") for rule in fit.rules]
    [('lead.origin == "web"', 'bad'), ('lead.origin == "fair"', 'good')]
    """
    table = arranged(examples)
    split = _split(table, settings)
    fields, flags = _usable(split.train, settings)
    names = [field.name for field in fields]
    chosen_by: tuple[CrossValidation, ...] = ()
    method = str(settings.method)
    if method == "best":
        methods = ("logistic", "naive_bayes")
        chosen_by = tuple(_validated(split.train, names, each, settings, _CHOOSING_FOLDS) for each in methods)
        method = max(chosen_by, key=lambda validation: validation.mean or 0.0).method
    folds = None
    if settings.folds > 1:
        folds = _validated(
            mature(table, settings.mature_days, settings.as_of_us)[0], names, method, settings, settings.folds
        )
    return _finished(_weighed(split.train, fields, method, settings), split, settings, flags, (chosen_by, folds))


def _split(table: Table, settings: FitSettings) -> _Split:
    ripe, immature = mature(table, settings.mature_days, settings.as_of_us)
    _require(ripe, "to learn from")
    cut_us = None
    if settings.split == "time":
        train, held, cut_us = by_time(ripe, settings.holdout)
    else:
        train, held = by_hash(ripe, settings.holdout)
    _require(train, "in the training part")
    return _Split(train, held, cut_us, immature)


def _require(table: Table, where: str) -> None:
    won = sum(table.won)
    if min(won, len(table) - won) < _FEWEST:
        raise InvalidInputError(
            f"{won} won and {len(table) - won} lost leads {where} are too few",
            code="too_few_examples",
            hint=f"at least {_FEWEST} of each are needed; wait for more outcomes or hold back less",
        )


def _usable(train: Table, settings: FitSettings) -> tuple[tuple[Field, ...], tuple[Flag, ...]]:
    """The fields to learn from, and every field that stood out."""
    for name in (*settings.keep, *settings.leave_out):
        if name not in train.columns:
            near = get_close_matches(name, train.columns, 1)
            raise InvalidInputError(
                f"{name}: no example has such a field",
                code="unknown_field",
                hint=f"did you mean {near[0]}?" if near else "look at the names in the examples",
            )
    fields, flags = [], []
    for name, column in train.columns.items():
        field = prepared(name, column, train.won, settings)
        if name in settings.leave_out:
            doubt: tuple[str, str] | None = ("left_out", "as asked")
        else:
            doubt = late(name, train.examples) or suspicion(column, train.won, field, settings)
        is_kept = field is not None and name in settings.keep and name not in settings.leave_out
        if doubt:
            flags.append(Flag(name, *doubt, is_kept))
        if field and (is_kept or not doubt):
            fields.append(field)
    if not fields:
        raise InvalidInputError(
            "no field is left to learn from: " + "; ".join(f"{flag.field}: {flag.reason}" for flag in flags),
            code="no_usable_field",
            hint="hand in more fields, or name flagged ones in keep",
        )
    return tuple(fields), tuple(flags)


def _weighed(train: Table, fields: Sequence[Field], method: str, settings: FitSettings) -> _Model:
    levels = tuple(field.levels(train.columns[field.name]) for field in fields)
    sizes = [field.size for field in fields]
    weights = naive_bayes(levels, sizes, train.won, settings.smoothing)
    if method == "logistic" and fields:
        weights = logistic(levels, sizes, train.won, settings.ridge, weights)
    return _Model(method, tuple(fields), levels, weights)


def _validated(table: Table, names: Sequence[str], method: str, settings: FitSettings, folds: int) -> CrossValidation:
    """Learn on all folds but one, rank that one, in turn; fields are prepared anew each time."""
    areas: list[float | None] = []
    for train, held in in_folds(table, folds):
        if not 0 < sum(train.won) < len(train):
            areas.append(None)
            continue
        found = [prepared(name, train.columns[name], train.won, settings) for name in names]
        model = _weighed(train, [field for field in found if field], method, settings)
        areas.append(auc(log_odds(model.weights, _levels(model, held), len(held)), held.won))
    return CrossValidation(method, tuple(areas))


def _levels(model: _Model, table: Table) -> tuple[bytes, ...]:
    return tuple(field.levels(table.columns[field.name]) for field in model.fields)


def _finished(
    model: _Model,
    split: _Split,
    settings: FitSettings,
    flags: tuple[Flag, ...],
    validations: tuple[tuple[CrossValidation, ...], CrossValidation | None],
) -> Fit:
    """Round to points, choose the threshold on the training part, measure on the held-back part."""
    scale = scale_of(settings.points_to_double)
    tables = point_tables(model.weights, scale, settings.min_points)
    base = round(model.weights.base * scale)
    train_points = totals(tables, model.levels)
    threshold, criterion = threshold_of(train_points, split.train.won, settings)
    held_levels, won = _levels(model, split.held), split.held.won
    held_points = totals(tables, held_levels)
    odds = log_odds(model.weights, held_levels, len(won))
    report = FitReport(
        method=model.method,
        split=settings.split,
        cut_us=split.cut_us,
        immature=split.immature,
        points=measured(_chances(held_points, base, scale), won),
        floats=measured([probability(x) for x in odds], won),
        trained=measured(_chances(train_points, base, scale), split.train.won),
        at_threshold=at_threshold(held_points, won, threshold),
        criterion=criterion,
        fields=tuple(field.name for field in model.fields),
        flags=flags,
        chosen_by=validations[0],
        folds=validations[1],
    )
    return Fit(
        target=settings.target,
        rules=rules_of(model.fields, tables, model.levels, split.train.won),
        base_points=base,
        scale=scale,
        threshold=threshold,
        fields=model.fields,
        points_by_field=tables,
        weights=model.weights,
        report=evolve(report, notes=_notes(report, split, settings)),
    )


def _chances(points: Sequence[int], base: int, scale: float) -> list[float]:
    return [probability((score + base) / scale) for score in points]


def _notes(report: FitReport, split: _Split, settings: FitSettings) -> tuple[str, ...]:
    """What a careful reader should know before believing the figures."""
    points = report.points
    notes = [f"{flag.field} is used although flagged: {flag.reason}" for flag in report.flags if flag.is_kept]
    if points.auc is None:
        notes.append("the held-back leads do not hold both outcomes: nothing can be said about the ranking")
    elif points.auc >= _SUSPICIOUS_AUC:
        notes.append(f"an AUC of {points.auc:.2f} is more than leads usually allow: some field may know the outcome")
    if points.won < _FEW_WON:
        notes.append(f"only {points.won} won leads are held back, so the figures are rough")
    train = split.train
    if split.cut_us is not None and points.won * len(train) * 2 < sum(train.won) * points.leads:
        notes.append(
            "the newest leads are won less than half as often as older ones, maybe too young to be decided: "
            + ("set mature_days" if settings.mature_days is None else "raise mature_days")
        )
    return tuple(notes)
