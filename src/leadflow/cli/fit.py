"""The fit command: a scoring model learnt from what is stored."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from leadflow.cli.shell.command import OK
from leadflow.cli.shell.session import Session
from leadflow.engine.answers.fitting import write_model
from leadflow.scoring.fit import render


def fit(
    session: Session,
    field: Annotated[
        list[str] | None,
        typer.Option("--field", metavar="FIELD", help="Learn from this, e.g. lead.source. Repeatable."),
    ] = None,
    name: Annotated[str, typer.Option(help="The name of the model that is learnt.")] = "learnt",
    out: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Write the model here, for a playbook to include; never over a file."),
    ] = None,
) -> int:
    """Learn a scoring model from won and lost leads, with honest figures on leads that were held back."""
    with session.open() as flow:
        fitted = flow.fit(field or None)
    if out is not None:
        write_model(fitted, name, out)
    if session.output.is_json:
        report = fitted.report
        session.output.document(
            {
                "model": name,
                "file": None if out is None else str(out),
                "threshold": fitted.threshold,
                "auc": report.points.auc,
                "leaks": list(report.leaks),
                "notes": list(report.notes),
                "rules": [{"when": rule.when, "points": rule.points} for rule in fitted.rules],
            }
        )
        return OK
    for line in render(fitted).splitlines():
        session.output.say(line)
    if out is not None:
        session.output.say(f'written to {out}; add it with include = ["{out.name}"]', "good")
    return OK
