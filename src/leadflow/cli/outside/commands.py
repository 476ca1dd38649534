"""Commands of plugins: each a group under its name. A faulty one says so when it is called; the others work on."""

from __future__ import annotations

import os
from typing import Any, Final

import typer
from typer.core import TyperGroup
from typer.main import get_command, get_group

from leadflow.cli.shell.command import WRONG
from leadflow.errors import LeadflowError, PluginConflictError, PluginError, PluginValidationError
from leadflow.plugins import Registration, load

PANEL: Final = "Plugins"


class Commands(TyperGroup):
    """leadflow's own commands, then those of plugins, which are loaded only when somebody asks for them."""

    _found: dict[str, Registration] | None = None

    def list_commands(self, ctx: Any) -> list[str]:
        """All names: help shows them."""
        own = super().list_commands(ctx)
        return [*own, *(name for name in self._registered() if name not in own)]

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """A command by its name; leadflow's own first."""
        found = super().get_command(ctx, cmd_name)
        if found is not None:
            return found
        each = self._registered().get(cmd_name)
        return None if each is None else _command(each)

    def _registered(self) -> dict[str, Registration]:
        if self._found is None:
            self._found = {each.name: each for each in load().all("commands")}
        return self._found


def fault_of(each: Registration) -> PluginError | None:
    """What is wrong with a group of commands, if anything."""
    try:
        _group(each)
    except PluginError as error:
        return error
    return None


def _group(each: Registration) -> Any:
    from leadflow.cli.app import app as own

    names = {info.name for info in own.registered_commands} | {info.name for info in own.registered_groups}
    place = f"plugin {each.plugin!r}: the commands {each.name}"
    if each.name in names:
        raise PluginConflictError(f"{place} have the name of one of leadflow's own", hint="rename them")
    try:
        app = each.factory if isinstance(each.factory, typer.Typer) else each.factory()
        if not isinstance(app, typer.Typer):
            raise PluginValidationError(f"{place} are a {type(app).__name__}, not a typer.Typer")
        return get_group(app)
    except PluginError:
        raise
    except Exception as error:
        raise PluginError(f"{place} cannot be made ({type(error).__name__}: {error})"[:300]) from error


def _command(each: Registration) -> Any:
    try:
        group = _group(each)
    except PluginError as error:
        return _put_aside(each, error)
    group.name, group.rich_help_panel = each.name, PANEL
    run = group.invoke

    def invoke(ctx: Any) -> Any:
        try:
            return run(ctx)
        except (typer.Exit, typer.Abort, KeyboardInterrupt, BrokenPipeError):
            raise
        except Exception as error:
            if _is_usage(error) or os.environ.get("LEADFLOW_DEBUG"):
                raise
            raise _complained(each, error) from None

    group.invoke = invoke
    return group


def _complained(each: Registration, error: Exception) -> typer.Exit:
    said = str(error) if isinstance(error, LeadflowError) else f"{type(error).__name__}: {error}"
    typer.echo(f"leadflow: plugin {each.plugin!r}, {each.name}: {said}".splitlines()[0], err=True)
    return typer.Exit(WRONG)


def _put_aside(each: Registration, fault: PluginError) -> Any:
    """A command in its place that says what is wrong with it."""
    app = typer.Typer(add_completion=False)

    @app.command(
        help=f"put aside: {fault}", context_settings={"ignore_unknown_options": True, "allow_extra_args": True}
    )
    def say() -> None:
        typer.echo(f"leadflow: {fault}", err=True)
        raise typer.Exit(WRONG)

    command: Any = get_command(app)
    command.name, command.rich_help_panel = each.name, PANEL
    return command


def _is_usage(error: Exception) -> bool:
    """Wrong use has a form of its own, which the command line shows itself."""
    return any(kind.__name__ == "ClickException" for kind in type(error).__mro__)
