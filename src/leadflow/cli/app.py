"""The commands, put together."""

from __future__ import annotations

from typing import Annotated

import typer

import leadflow
from leadflow.cli import cards, demo, due, intake, lists, people, report, rules, twins, what_if
from leadflow.cli.shell import JsonOption, PlainOption, PlaybookOption, StoreOption

app = typer.Typer(
    name="leadflow",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(is_asked: bool) -> None:
    if is_asked:
        typer.echo(f"leadflow {leadflow.__version__}")
        raise typer.Exit


@app.callback()
def _top(
    ctx: typer.Context,
    store: StoreOption = None,
    playbook: PlaybookOption = None,
    as_json: JsonOption = False,
    plain: PlainOption = False,
    now: Annotated[
        str | None,
        typer.Option(metavar="INSTANT", help="Take this for the present moment, e.g. 2026-11-22T10:00:00Z (or LEADFLOW_NOW)."),
    ] = None,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Say which version this is.")
    ] = False,
) -> None:
    """The lead lifecycle on the command line: capture, match, score, advance, assign and explain leads.

    Start with `leadflow demo`, or with `leadflow init` and `leadflow ingest FILE`.
    """
    ctx.obj = {"store": store, "playbook": playbook, "as_json": as_json, "plain": plain, "now": now}


for _module in (demo, rules, intake, due, lists, cards, what_if, twins, people, report):
    _module.register(app)
