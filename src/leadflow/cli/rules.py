"""Commands about the rules: init, check, diff."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any

import attrs
import typer

from leadflow.cli.shell.command import OK, PROBLEMS
from leadflow.cli.shell.session import DEFAULT_PLAYBOOK, Session, store_path
from leadflow.engine.opening import migrate_store, open_flow, open_store
from leadflow.errors import InvalidInputError
from leadflow.playbook.check import check_file, check_playbook
from leadflow.playbook.codec import load_playbook
from leadflow.playbook.default import default_text
from leadflow.playbook.diff import diff as changes_between
from leadflow.playbook.diff import render, strands
from leadflow.playbook.fault import Fault
from leadflow.playbook.moved import parse_name
from leadflow.plugins import policies_of
from leadflow.ports.store import Scan


def init(
    session: Session,
    path: Annotated[Path, typer.Argument(metavar="[PATH]", help="Where to write it.")] = Path(DEFAULT_PLAYBOOK),
) -> int:
    """Write the commented default playbook, to be changed to your liking."""
    try:
        with path.open("x", encoding="utf-8", newline="\n") as file:
            file.write(default_text())
    except FileExistsError:
        raise InvalidInputError(
            f"{path} is already there", code="file_exists", hint="name another file; nothing is written over"
        ) from None
    except OSError as error:
        raise InvalidInputError(f"cannot write {path}: {error.strerror}", code="file_unwritable") from None
    if session.output.is_json:
        session.output.document({"written": str(path)})
    else:
        session.output.say(f"{path} written", "good")
        session.output.say(f"Change it, then run: leadflow check {path}", "dim")
    return OK


def check(
    session: Session,
    path: Annotated[
        Path | None, typer.Argument(metavar="[PATH]", help="The playbook; the one in use when left out.")
    ] = None,
) -> int:
    """Find every fault of a playbook, and what looks like a slip, each with its place."""
    path = path or session.playbook_path
    found: Iterable[Fault] = (
        check_playbook(session.playbook(), default_text())
        if path is None
        else check_file(path, policies=policies_of(session.plugins))
    )
    faults = [fault for fault in found if not fault.is_warning]
    warnings = [fault for fault in found if fault.is_warning]
    output = session.output
    if output.is_json:
        output.document(
            {
                "playbook": str(path or "built-in"),
                "is_ok": not faults,
                "faults": [attrs.asdict(fault) for fault in found],
            }
        )
        return PROBLEMS if faults else OK
    for fault in (*faults, *warnings):
        output.say(str(fault), "warn" if fault.is_warning else "bad")
        for line in fault.shown.splitlines():
            output.say(line)
    counts = f"{_count(len(faults), 'fault')}, {_count(len(warnings), 'warning')}"
    output.say(f"{path or 'the built-in playbook'}: {counts}", "good" if not faults else "strong")
    return PROBLEMS if faults else OK


def diff(
    session: Session,
    old: Annotated[Path, typer.Argument(metavar="OLD", help="The playbook as it is.")],
    new: Annotated[Path, typer.Argument(metavar="NEW", help="The playbook as it is to be.")],
) -> int:
    """Say what changes from one playbook to another, and which stored leads that would strand."""
    before, after = load_playbook(old), load_playbook(new)
    changes = changes_between(before, after)
    stranded = {name: _holders(session, name) for name in strands(before, after)}
    output = session.output
    if output.is_json:
        output.document(
            {
                "changes": [
                    {"where": change.where, "what": change.what, "old": change.old, "new": change.new}
                    for change in changes
                ],
                "strands": stranded,
            }
        )
        return OK
    if not changes:
        output.say("no difference")
    for line in render(changes).splitlines():
        output.say(line, {"+": "good", "-": "bad"}.get(line[:1], "warn"))
    for name, leads in stranded.items():
        counted = "" if leads is None else f", which {_count(leads, 'stored lead')} {'has' if leads == 1 else 'have'}"
        output.say(f'{name} is gone{counted}; say where it goes: [moved] "{name}" = "..."', "warn")
    return OK


def _holders(session: Session, name: str) -> int | None:
    """How many stored leads carry the name of a process, stage or queue; None when that cannot be told."""
    path = store_path(session.store)
    kind, *parts = parse_name(name)
    columns = {"process": ("process",), "stage": ("process", "stage"), "queue": ("queue",)}.get(kind)
    if columns is None or path is None or not path.exists():
        return None
    where: tuple[tuple[str, str, Any], ...] = tuple(
        (column, "=", part) for column, part in zip(columns, parts, strict=True)
    )
    # The store alone: opening a flow would make the store follow a playbook.
    store = open_store(session.store, plugins=session.plugins)
    try:
        return sum(1 for _ in store.scan(Scan(table="lead", where=where)))
    finally:
        store.close()


def rekey(session: Session) -> int:
    """File all records anew, after matching strategies or normalisers have changed."""
    with session.output.progress("Filing all records anew"):
        open_flow(session.store, session.playbook(), now=session.clock, rekey=True, plugins=session.plugins).close()
    if session.output.is_json:
        session.output.document({"rekeyed": session.store})
    else:
        session.output.say("all records are filed under the playbook's keys", "good")
    return OK


def migrate(session: Session) -> int:
    """Bring a store of an earlier leadflow up to this one; a copy of what was before stays beside a file."""
    before, after, kept = migrate_store(session.store, plugins=session.plugins)
    if session.output.is_json:
        session.output.document({"before": before, "after": after, "kept": None if kept is None else str(kept)})
    elif before == after:
        session.output.say(f"nothing to do: the store has version {after}", "good")
    else:
        copy = "" if kept is None else f"; the store as it was is in {kept}"
        session.output.say(f"version {before} is version {after} now{copy}", "good")
    return OK


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
