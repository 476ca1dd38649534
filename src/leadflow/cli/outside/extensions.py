"""plugins: what is installed beside leadflow itself."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Annotated

import typer

from leadflow.cli.outside.commands import fault_of
from leadflow.cli.shell.command import OK, PROBLEMS
from leadflow.cli.shell.session import Session
from leadflow.plugins import KINDS, Plugin, load


def plugins(
    session: Session,
    strict: Annotated[bool, typer.Option("--strict", help="Exit with 1 when a plugin was put aside.")] = False,
) -> int:
    """List the plugins: name, version, what each registers with what it can, and why one was put aside."""
    found = load().plugins
    output = session.output
    faults = _faults(found)
    if output.is_json:
        output.document([_document(plugin, faults) for plugin in found])
    elif not found:
        output.say("no plugins are installed; one is a package with an entry point in the group leadflow")
    for plugin in () if output.is_json else found:
        _say(session, plugin, faults)
    return PROBLEMS if strict and (faults or any(plugin.fault is not None for plugin in found)) else OK


def _faults(plugins: Iterable[Plugin]) -> dict[str, str]:
    """Groups of commands that cannot be used, and why; all else that a plugin brings can be."""
    registered = [each for plugin in plugins for each in plugin.registrations if each.kind == "commands"]
    found = ((each.name, fault_of(each)) for each in registered)
    return {name: str(fault) for name, fault in found if fault is not None}


def _say(session: Session, plugin: Plugin, faults: Mapping[str, str]) -> None:
    output = session.output
    name = f"{plugin.name} {plugin.version}".strip()
    if plugin.is_off:
        output.say(f"{name}: switched off", "warn")
        return
    if plugin.fault is not None:
        output.say(f"{name}: put aside. {plugin.fault}", "bad")
        return
    output.say(name, "good")
    for kind in KINDS:
        for each in plugin.registrations:
            if each.kind == kind:
                can = f" ({', '.join(sorted(each.capabilities))})" if each.capabilities else ""
                output.say(f"  {kind}: {each.name}{can}")
                if each.name in faults:
                    output.say(f"    put aside. {faults[each.name]}", "bad")


def _document(plugin: Plugin, faults: Mapping[str, str]) -> dict[str, object]:
    return {
        "name": plugin.name,
        "version": plugin.version,
        "is_off": plugin.is_off,
        "fault": None if plugin.fault is None else {"code": plugin.fault.code, "message": str(plugin.fault)},
        "registers": [
            {
                "kind": each.kind,
                "name": each.name,
                "version": each.version,
                "capabilities": sorted(each.capabilities),
                "fault": faults.get(each.name) if each.kind == "commands" else None,
            }
            for each in plugin.registrations
        ],
    }
