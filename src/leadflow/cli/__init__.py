"""The command line: parse, call the engine, print. `leadflow --help` lists the commands."""

from __future__ import annotations

import sys

_NEEDED = frozenset({"typer", "rich", "click"})


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
