"""The command line: parse, call the engine, print. `leadflow --help` lists the commands.

A plugin writes commands that take the store, the playbook and the manner of speaking from the shared options:

    from leadflow.cli import command

    @command(app)
    def count(session):
        with session.open() as flow:
            session.output.say(f"{len(flow.leads())} leads")
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any, TypeVar

_NEEDED = frozenset({"typer", "rich", "click"})

Work = TypeVar("Work", bound=Callable[..., int | None])


def command(app: Any, panel: str = "Commands") -> Callable[[Work], Work]:
    """Make a function `work(session, ...)` a command of a typer app: with the shared options, errors as messages.

    `session.open()` is the flow (`changes=True` for a command that changes it); what it returns is the exit code, None is 0.
    """
    from leadflow.cli.shell.command import add

    def added(work: Work) -> Work:
        add(app, work, panel)
        return work

    return added


def main() -> None:
    """Run the command line; says what to install when its extra is missing."""
    try:
        from leadflow.cli.app import app
    except ModuleNotFoundError as error:
        if error.name not in _NEEDED:
            raise
        print(
            f"leadflow: the command line needs {error.name}, which is not installed; run: pip install 'leadflow[cli]'",
            file=sys.stderr,
        )
        raise SystemExit(2) from None
    app()
