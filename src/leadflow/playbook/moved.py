"""Names that live records carry, and where they go when the rules change.

A lead knows its stage by name, a score its model, a match key its strategy. When a playbook drops or renames one of
these, `[moved] "stage.marketing.old" = "stage.marketing.new"` says what becomes of the records; `strands` lists the
names that nothing is said about.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from leadflow.errors import InvalidValueError
from leadflow.expr.fault import did_you_mean
from leadflow.playbook.fault import Finding, quoted
from leadflow.playbook.playbook import Playbook

Name = tuple[str, ...]
"""A name with its kind: ("model", "fit"), ("stage", "marketing", "inquiry")."""

KINDS: Final = ("process", "stage", "model", "queue", "pool", "form", "strategy")
_PART = re.compile(r'"((?:[^"\\]|\\.)*)"|([^."]+)')


def names_of(playbook: Playbook) -> tuple[Name, ...]:
    """All names that live records may carry.

    >>> [name_text(name) for name in names_of(Playbook())][:2]
    ['queue.unassigned', 'strategy.email']
    """
    processes = playbook.process.processes
    found: list[Name] = [("process", name) for name in processes]
    found += [("stage", name, stage.name) for name, process in processes.items() for stage in process.stages]
    found += [("model", name) for name in playbook.scoring.models]
    found += [("queue", queue.name) for queue in playbook.assignment.queues]
    found += [("pool", pool.name) for pool in playbook.assignment.pools]
    found += [("form", name) for name in playbook.capture.forms]
    found += [("strategy", name) for name in playbook.matching.strategies]
    return tuple(found)


def name_text(name: Name) -> str:
    """A name as `[moved]` writes it; a part with a dot in it stands in quotes.

    >>> name_text(("stage", "marketing", "Sales acceptance")), name_text(("model", "v1.5"))
    ('stage.marketing.Sales acceptance', 'model."v1.5"')
    """
    return ".".join(part if re.fullmatch(r'[^."]+', part) else quoted(part) for part in name)


def parse_name(text: str) -> Name:
    """The name that a text says. Errors: InvalidValueError.

    >>> parse_name('stage.marketing.old'), parse_name('model."v1.5"')
    (('stage', 'marketing', 'old'), ('model', 'v1.5'))
    """
    parts: list[str] = []
    at = 0
    while (match := _PART.match(text, at)) is not None:
        parts.append(re.sub(r"\\(.)", r"\1", match[1]) if match[2] is None else match[2])
        at = match.end() + 1
        if text[match.end() : at] != ".":
            break
    kind = parts[0] if parts else ""
    if at != len(text) + 1 or kind not in KINDS or len(parts) != (3 if kind == "stage" else 2):
        wanted = "stage.PROCESS.STAGE" if kind == "stage" else f"{kind if kind in KINDS else 'model'}.NAME"
        hint = "" if kind in KINDS else did_you_mean(kind, KINDS) or f"the kinds are {', '.join(KINDS)}"
        raise InvalidValueError(f"{text[:60]!r} is no name that records carry", hint=hint or f"write {wanted}")
    return tuple(parts)


def moved_to(playbook: Playbook, name: Name) -> Name | None:
    """Where a record that carries a name belongs under a playbook; None when nothing is said about it.

    The stages of a process that moves as a whole go to those of the same name.
    """
    known = names_of(playbook)
    if name in known:
        return name
    moved = _moved(playbook.moved)
    target = moved.get(name)
    if target is None and name[0] == "stage" and ("process", name[1]) in moved:
        target = ("stage", moved["process", name[1]][1], name[2])
    return target if target in known else None


def _moved(moved: Mapping[str, str]) -> dict[Name, Name]:
    found: dict[Name, Name] = {}
    for old, new in moved.items():
        try:
            found[parse_name(old)] = parse_name(new)
        except InvalidValueError:
            continue
    return found


def strands(old: Playbook, new: Playbook) -> tuple[str, ...]:
    """The names of `old` that `new` neither has nor maps: what live records must be counted for before it applies.

    A process that is gone is listed by itself, unless `[moved]` speaks of some of its stages; then those it is silent
    about are listed.

    >>> strands(Playbook(), Playbook(matching=Playbook().matching, moved={}))
    ()
    """
    lost = [name for name in names_of(old) if moved_to(new, name) is None]
    mapped = {name[1] for name in _moved(new.moved) if name[0] == "stage"}
    gone = {name[1] for name in lost if name[0] == "process"}
    return tuple(name_text(name) for name in lost if not _is_implied(name, gone, mapped))


def _is_implied(name: Name, gone: set[str], mapped: set[str]) -> bool:
    if name[0] == "process":
        return name[1] in mapped
    return name[0] == "stage" and name[1] in gone and name[1] not in mapped


def moved_findings(playbook: Playbook) -> Iterator[Finding]:
    """Moves from what is still there, to what is not, or between different kinds of things."""
    known = names_of(playbook)
    for old, new in playbook.moved.items():
        try:
            before = parse_name(old)
        except InvalidValueError as error:
            yield _finding(old, error.message, error.hint, is_key=True)
            continue
        if before in known:
            yield _finding(old, f"{old} is still in the playbook", "only what is gone can move", is_key=True)
        try:
            after = parse_name(new)
        except InvalidValueError as error:
            yield _finding(old, error.message, error.hint)
            continue
        if after[0] != before[0]:
            yield _finding(old, f"a {before[0]} cannot become a {after[0]}", "")
        elif after not in known:
            hint = did_you_mean(new, [name_text(name) for name in known if name[0] == after[0]])
            yield _finding(old, f"there is no {new}", hint)


def _finding(old: str, said: str, hint: str, **options: Any) -> Finding:
    return Finding(path=("moved", old), message=said, hint=hint, code="invalid_move", **options)
