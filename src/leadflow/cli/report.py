"""The report command: the funnel of a process, as text, tables, SVG or a web page."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from leadflow.cli.shell.command import OK
from leadflow.cli.shell.session import Session
from leadflow.cli.telling.funnel import figures_of, say_report
from leadflow.errors import InvalidInputError
from leadflow.reporting import funnel_page, funnel_svg


def report(
    session: Session,
    process: Annotated[str | None, typer.Option(help="Of which process; the first one when left out.")] = None,
    by: Annotated[
        str | None, typer.Option(metavar="FIELD", help="Apart for each value of a field, e.g. source, contact.country.")
    ] = None,
    svg: Annotated[Path | None, typer.Option(metavar="FILE", help="Write the funnel as a picture.")] = None,
    html: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write the funnel and its tables as a web page.")
    ] = None,
) -> int:
    """Print the funnel: how many leads came how far, conversion, time in each stage."""
    output = session.output
    now_us = session.moment_us()
    with session.open() as flow:
        figures = figures_of(flow, process, by, now_us)
    if svg is not None:
        _written(session, svg, funnel_svg(figures))
    if html is not None:
        _written(session, html, funnel_page(figures, made_us=now_us))
    if output.is_json:
        output.document(figures.to_plain())
    else:
        say_report(session, figures)
    return OK


def write(path: Path, text: str) -> None:
    """Write a file. Errors: InvalidInputError."""
    try:
        path.write_text(text, encoding="utf-8", newline="\n")
    except OSError as error:
        raise InvalidInputError(f"cannot write {path}: {error.strerror}", code="file_unwritable") from None


def _written(session: Session, path: Path, text: str) -> None:
    write(path, text)
    session.output.note(f"{path} written", "good")
