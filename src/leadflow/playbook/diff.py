"""What changes from one playbook to another, rule by rule."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import attrs
from attrs import frozen

from leadflow.playbook.fault import Path, path_text
from leadflow.playbook.moved import strands
from leadflow.playbook.plain import plain_of
from leadflow.playbook.playbook import Playbook

__all__ = ["Change", "diff", "render", "strands"]

ADDED, REMOVED, CHANGED, ORDER = "added", "removed", "changed", "order"
_SIGNS = {ADDED: "+", REMOVED: "-", CHANGED: "~", ORDER: "~"}
_NAMES = ("name", "user")
"""What tells the items of a list apart; items with neither are compared by position."""
_WORDS = {
    "attributes": "field",
    "models": "model",
    "rules": "rule",
    "groups": "group",
    "grades": "grade",
    "forms": "form",
    "strategies": "strategy",
    "processes": "process",
    "stages": "stage",
    "steps": "step",
    "entries": "rule",
    "pools": "pool",
    "members": "member",
    "queues": "queue",
    "territories": "territory",
    "product_lines": "product line",
    "schedules": "schedule",
    "slas": "SLA",
    "moved": "move of",
}
_SECTIONS = frozenset({"capture", "matching", "scoring", "process", "assignment", "crm"})
_LONGEST = 100


@frozen(kw_only=True)
class Change:
    """One difference. `what` is "added", "removed", "changed" or "order"; `old` and `new` are plain values.

    In `path` an item of a list stands by its name where it has one. Of something added or removed there is one change,
    with all that is in it; an order is told as lists of names.
    """

    path: Path
    what: str
    old: Any = None
    new: Any = None

    @property
    def where(self) -> str:
        """The place in words.

        >>> Change(path=("scoring", "models", "fit", "rules", "asks", "points"), what="changed").where
        'model fit, rule "asks", points'
        """
        return _in_words(self.path)

    def __str__(self) -> str:
        if self.what == CHANGED:
            return f"{self.where}: {_shown(self.old)} -> {_shown(self.new)}"
        if self.what == ORDER:
            return f"{self.where}: in another order: {', '.join(map(_shown, self.new))}"
        value = self.new if self.what == ADDED else self.old
        return (
            f"{self.where}: {self.what}" if value in (None, {}, []) else f"{self.where}: {self.what}: {_shown(value)}"
        )


def diff(old: Playbook, new: Playbook) -> tuple[Change, ...]:
    """What changes, in the order of the playbook; nothing for equal rules.

    >>> from leadflow.scoring.rules import Model, ScoringRules
    >>> before = Playbook(scoring=ScoringRules(models={"fit": Model(threshold=60)}))
    >>> after = Playbook(scoring=ScoringRules(models={"fit": Model(threshold=70)}))
    >>> [str(change) for change in diff(before, after)]
    ['model fit, threshold: 60 -> 70']
    """
    return tuple(_changes((), old, new))


def render(changes: Iterable[Change]) -> str:
    """Changes as text, one on a line: + added, - removed, ~ changed.

    >>> print(render([Change(path=("scoring", "models", "fit", "threshold"), what="changed", old=60, new=70)]))
    ~ model fit, threshold: 60 -> 70
    """
    return "\n".join(f"{_SIGNS[change.what]} {change}" for change in changes)


# -- comparing --------------------------------------------------------------------------------------------


def _changes(path: Path, old: Any, new: Any) -> Iterator[Change]:
    if attrs.has(type(old)) and type(old) is type(new):
        for field in attrs.fields(type(old)):
            yield from _changes((*path, field.name), getattr(old, field.name), getattr(new, field.name))
    elif isinstance(old, Mapping) and isinstance(new, Mapping):
        yield from _of_mappings(path, old, new)
    elif _are_lists(old, new):
        yield from _of_lists(path, old, new)
    elif old != new or type(old) is not type(new):
        yield Change(path=path, what=CHANGED, old=plain_of(old), new=plain_of(new))


def _of_mappings(path: Path, old: Mapping[Any, Any], new: Mapping[Any, Any]) -> Iterator[Change]:
    for key in (*old, *(key for key in new if key not in old)):
        here = (*path, key)
        if key not in new:
            yield Change(path=here, what=REMOVED, old=plain_of(old[key]))
        elif key not in old:
            yield Change(path=here, what=ADDED, new=plain_of(new[key]))
        else:
            yield from _changes(here, old[key], new[key])
    if path == ("process", "processes"):
        # The only table whose order means something: a new lead takes the first process that applies.
        yield from _order(path, list(old), list(new))


def _of_lists(path: Path, old: Sequence[Any], new: Sequence[Any]) -> Iterator[Change]:
    before, after = _by_name(old), _by_name(new)
    if before is not None and after is not None:
        yield from _of_mappings(path, before, after)
        yield from _order(path, list(before), list(after))
    elif len(old) == len(new):
        for number, (one, other) in enumerate(zip(old, new, strict=True)):
            yield from _changes((*path, number), one, other)
    else:
        yield Change(path=path, what=CHANGED, old=plain_of(old), new=plain_of(new))


def _by_name(items: Sequence[Any]) -> dict[Any, Any] | None:
    """The items of a list by their names; None when they have none, or not each its own."""
    for name in _NAMES:
        if all(attrs.has(type(item)) and hasattr(item, name) for item in items):
            counts = Counter(getattr(item, name) for item in items)
            return {getattr(item, name): item for item in items} if max(counts.values(), default=1) == 1 else None
    return None


def _order(path: Path, old: list[Any], new: list[Any]) -> Iterator[Change]:
    kept = [name for name in old if name in new]
    if kept != [name for name in new if name in old]:
        yield Change(path=path, what=ORDER, old=old, new=new)


def _are_lists(old: Any, new: Any) -> bool:
    """Two lists of records; a list of words is one value."""
    both = isinstance(old, (tuple, list)) and isinstance(new, (tuple, list))
    return both and any(attrs.has(type(item)) for item in (*old, *new))


# -- saying ------------------------------------------------------------------------------------------------


def _in_words(path: Path) -> str:
    parts = list(path[1:] if path and path[0] in _SECTIONS else path)
    words: list[str] = []
    while parts:
        part = parts.pop(0)
        if part not in _WORDS or not parts or isinstance(parts[0], int):
            words.append(f"number {part + 1}" if isinstance(part, int) else str(part).replace("_", " "))
            continue
        name = path_text((parts.pop(0),))
        if part == "attributes" and parts:
            name = f"{name}.{path_text((parts.pop(0),))}"
        if part in ("rules", "entries") and not name.startswith('"'):
            name = f'"{name}"'
        words.append(f"{_WORDS[str(part)]} {name}")
    return ", ".join(words)


def _shown(value: Any) -> str:
    if value is None:
        return "nothing"
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    if not text.isprintable():
        text = json.dumps(value, default=str)
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 3]}..."
