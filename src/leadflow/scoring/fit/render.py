"""A fit as plain text for people, and as a mapping for a playbook."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from leadflow.model.time import to_datetime
from leadflow.scoring.fit.measures import Measures
from leadflow.scoring.fit.result import Fit, FitReport


def to_mapping(fit: Fit) -> dict[str, Any]:
    """The model as a playbook writes it: target, threshold, and rules with name, when and points."""
    return {
        "target": fit.target,
        "threshold": fit.threshold,
        "rules": [{"name": rule.name, "when": rule.when, "points": rule.points} for rule in fit.rules],
    }


def render(fit: Fit) -> str:
    """The report as plain text: figures on held-back leads, calibration, rules, fields that stood out."""
    report = fit.report
    parts = [
        _summary(fit),
        ("Held-back leads", _figures(report)),
        ("Predicted and actual share won, by tenths of the held-back leads", _calibration(report.points)),
        (f"Rules ({len(fit.rules)})", _rules(fit)),
    ]
    if report.chosen_by or report.folds:
        parts.append(("Cross-validated AUC", _validations(report)))
    if report.flags:
        parts.append(("Fields that stood out", _flags(report)))
    if report.notes:
        parts.append(("Notes", [f"- {note}" for note in report.notes]))
    return "\n\n".join("\n".join([title, *(f"  {line}" for line in lines)]) for title, lines in parts) + "\n"


def _summary(fit: Fit) -> tuple[str, list[str]]:
    report = fit.report
    how = "a stable hash of the id"
    if report.cut_us is not None:
        how = f"time, from {to_datetime(report.cut_us).date().isoformat()} on"
    lines = [
        f"method      {report.method.replace('_', ' ')}",
        f"learnt from {report.trained.leads} leads, {report.trained.won} won",
        f"held back   {report.points.leads} leads, {report.points.won} won, by {how}",
        f"threshold   {fit.threshold} points: {report.criterion}",
        f"meaning     {_doubling(fit)} points double the odds; {fit.threshold} points mean a chance of "
        f"{_percent(fit.probability(fit.threshold))}",
    ]
    if report.immature:
        lines.append(f"left out    {report.immature} leads too young to be decided")
    return f"Scoring model for {fit.target}, learnt from won and lost leads", lines


def _figures(report: FitReport) -> list[str]:
    at = report.at_threshold
    columns = (report.points, report.floats, report.trained)
    rows = [["", "whole points", "before rounding", "training part"]]
    rows.append(["AUC", *(_figure(each.auc) for each in columns)])
    rows.append(["  standard error", *(_figure(each.auc_error) for each in columns)])
    rows.append(["lift, top 10 %", *(_figure(each.lift_10, 2) for each in columns)])
    rows.append(["lift, top 20 %", *(_figure(each.lift_20, 2) for each in columns)])
    rows.append(["Brier score", *(_figure(each.brier, 4) for each in columns)])
    rows.append(["log loss", *(_figure(each.log_loss, 4) for each in columns)])
    return [
        *_table(rows),
        f"at the threshold: {_percent(at.share)} of leads pass, precision {_percent(at.precision)}, "
        f"recall {_percent(at.recall)}",
    ]


def _calibration(measures: Measures) -> list[str]:
    rows = [["leads", "predicted", "actual"]]
    rows += [[str(row.leads), _percent(row.predicted), _percent(row.actual)] for row in measures.calibration]
    return list(_table(rows))


def _rules(fit: Fit) -> list[str]:
    rows = [["points", "leads", "won", "rule"]]
    rows += [[f"{rule.points:+d}", str(rule.leads), str(rule.won), rule.name] for rule in fit.rules]
    return list(_table(rows, text_from=3))


def _validations(report: FitReport) -> list[str]:
    rows = [["method", "mean", "per fold"]]
    named = [(f"{each.method}, training part", each) for each in report.chosen_by]
    if report.folds:
        named.append((f"{report.folds.method}, all leads", report.folds))
    rows += [[name.replace("_", " "), _figure(each.mean), " ".join(map(_figure, each.aucs))] for name, each in named]
    return list(_table(rows, text_from=2))


def _flags(report: FitReport) -> list[str]:
    rows = [["field", "kind", "used", "reason"]]
    rows += [
        [
            flag.field,
            ("leak: " if flag.is_leak else "") + flag.kind,
            "yes" if flag.is_kept else "no",
            flag.reason,
        ]
        for flag in report.flags
    ]
    return list(_table(rows, text_from=1))


def _table(rows: Sequence[Sequence[str]], text_from: int = 99) -> Iterable[str]:
    """Padded columns: the first and those from `text_from` on to the left, the others to the right."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = [
            cell.ljust(width) if place == 0 or place >= text_from else cell.rjust(width)
            for place, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        yield "  ".join(cells).rstrip()


def _doubling(fit: Fit) -> str:
    return f"{fit.scale * 0.6931471805599453:.0f}"


def _figure(value: float | None, digits: int = 3) -> str:
    return "-" if value is None else f"{value:.{digits}f}"


def _percent(value: float | None) -> str:
    return "-" if value is None else f"{100 * value:.1f} %"
