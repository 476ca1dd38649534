"""The commands, put together."""

from __future__ import annotations

from typing import Annotated, Final

import typer

import leadflow
from leadflow.cli import (
    cards,
    due,
    export,
    failed,
    fit,
    identity,
    imports,
    ingest,
    lists,
    report,
    rules,
    what_if,
    working,
)
from leadflow.cli.outside import adapters, crm, extensions, mail, publish
from leadflow.cli.outside.commands import Commands
from leadflow.cli.sample import demo
from leadflow.cli.shell.command import JsonOption, PlainOption, PlaybookOption, StoreOption, Work, add

app = typer.Typer(
    name="leadflow",
    cls=Commands,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
NowOption = Annotated[
    str | None,
    typer.Option(
        "--now",
        metavar="INSTANT",
        help="Take this for the present moment, e.g. 2026-11-22T10:00:00Z (or LEADFLOW_NOW).",
        rich_help_panel="Common options",
    ),
]

COMMANDS: Final[dict[str, tuple[Work, ...]]] = {
    "To begin": (demo.demo, rules.init, rules.check, rules.diff),
    "Take in": (
        ingest.ingest,
        imports.import_,
        imports.undo_import,
        failed.failed,
        due.tick,
        due.deliver,
        publish.publish,
        crm.sync,
        crm.conflicts,
        rules.rekey,
        rules.migrate,
    ),
    "Look": (lists.leads, cards.show, cards.explain, report.report, export.export),
    "Keep": (rules.rekey, rules.migrate, extensions.plugins),
    "What if": (what_if.preview, what_if.replay, fit.fit),
    "Work on leads": (working.advance, working.assign, identity.duplicates, identity.merge, identity.unmerge),
}


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
    now: NowOption = None,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Say which version this is.")
    ] = False,
) -> None:
    """The lead lifecycle on the command line: capture, match, score, advance, assign and explain leads.

    Begin with `leadflow demo`, or with `leadflow init` and `leadflow ingest FILE`.
    """
    ctx.obj = {"store": store, "playbook": playbook, "as_json": as_json, "plain": plain, "now": now}


for _panel, _works in COMMANDS.items():
    for _work in _works:
        add(app, _work, _panel)

_mail = typer.Typer(no_args_is_help=True, help=mail.__doc__)
add(_mail, mail.test, "Mail")
add(_mail, mail.read, "Mail")
app.add_typer(_mail, name="mail", rich_help_panel="Take in")

_adapters = typer.Typer(no_args_is_help=True, help=adapters.__doc__)
add(_adapters, adapters.check, "Adapters")
app.add_typer(_adapters, name="adapters", rich_help_panel="Keep")
