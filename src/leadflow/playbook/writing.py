"""Playbooks as TOML text: for values built in code, and for the parts that leadflow itself writes (`fit`)."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any, Final

from leadflow.errors import InvalidValueError
from leadflow.playbook.fault import Path, key_text, path_text, quoted
from leadflow.playbook.places import scan_places
from leadflow.playbook.playbook import Playbook

GENERATED: Final = "# Written by leadflow"
"""How the comment of a generated part begins; a file with any other comment belongs to a person."""
_WIDTH = 110


def to_toml(playbook: Playbook) -> str:
    """The rules as TOML, without what is default anyway: `load(to_toml(p)) == p`.

    Errors: InvalidValueError for a value that TOML cannot hold.

    >>> print(to_toml(Playbook(name="mine")))
    format = 1
    name = "mine"
    <BLANKLINE>
    """
    return toml_text({"format": playbook.format, "name": playbook.name, **playbook.plain()})


def part_toml(tables: Mapping[str, Any], about: str = "") -> str:
    """A part of a playbook, to be a file of its own that the playbook includes.

    The heading says that leadflow wrote it, so that it may be replaced later.

    >>> print(part_toml({"scoring": {"models": {"fit": {"threshold": 60}}}}, "fit, 2026-11-22"))
    # Written by leadflow: fit, 2026-11-22
    <BLANKLINE>
    [scoring.models.fit]
    threshold = 60
    <BLANKLINE>
    """
    heading = f"{GENERATED}: {about}" if about else GENERATED
    line = "".join(sign if sign.isprintable() else " " for sign in heading)
    return f"{' '.join(line.split())}\n\n{toml_text(tables)}"


def may_replace(text: str) -> bool:
    """Whether a part may be written over: it has the heading of `part_toml`, and no comment of a person.

    Errors: PlaybookError for a text that is not TOML.

    >>> may_replace(part_toml({"name": "x"})), may_replace("name = 'x'  # my own")
    (True, False)
    """
    from leadflow.playbook.reading import document_of

    document_of(text)
    comments = scan_places(text).comments
    return len(comments) == 1 and comments[0].startswith(GENERATED) and text.startswith(GENERATED)


def toml_text(tables: Mapping[str, Any]) -> str:
    """Plain values as TOML.

    >>> print(toml_text({"a": 1, "b": {"c": [{"d": "x"}]}}))
    a = 1
    <BLANKLINE>
    [[b.c]]
    d = "x"
    <BLANKLINE>
    """
    lines = list(_table((), tables))
    return "\n".join(lines).strip("\n") + "\n" if lines else ""


def _table(path: Path, table: Mapping[str, Any]) -> Iterator[str]:
    """A table with its header, then the tables and lists of tables below it."""
    below = {key: value for key, value in table.items() if _is_below(value)}
    lines = [f"{key_text(key)} = {_value((*path, key), value)}" for key, value in table.items() if key not in below]
    if path and (lines or not below):
        yield from ("", f"[{path_text(path)}]")
    yield from lines
    for key, value in below.items():
        here = (*path, key)
        if isinstance(value, Mapping):
            yield from _table(here, value)
            continue
        for item in value:
            yield from ("", f"[[{path_text(here)}]]")
            yield from (f"{key_text(name)} = {_value((*here, name), inner)}" for name, inner in item.items())


def _is_below(value: Any) -> bool:
    if isinstance(value, Mapping):
        return True
    return isinstance(value, (list, tuple)) and bool(value) and all(isinstance(item, Mapping) for item in value)


def _value(path: Path, value: Any, is_inline: bool = False) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return _text(path, value, is_inline)
    if isinstance(value, int) or (isinstance(value, float) and math.isfinite(value)):
        return repr(value)
    if isinstance(value, Mapping):
        inner = (f"{key_text(key)} = {_value((*path, key), item, True)}" for key, item in value.items())
        return f"{{ {', '.join(inner)} }}" if value else "{}"
    if isinstance(value, (list, tuple)):
        items = [_value((*path, number), item, True) for number, item in enumerate(value)]
        line = f"[{', '.join(items)}]"
        return line if is_inline or len(line) <= _WIDTH else "[\n" + "".join(f"  {item},\n" for item in items) + "]"
    raise InvalidValueError(f"{path_text(path)}: TOML cannot hold a {type(value).__name__} here")


def _text(path: Path, text: str, is_inline: bool) -> str:
    if any("\ud800" <= sign <= "\udfff" for sign in text):
        raise InvalidValueError(f"{path_text(path)}: the text has half a character, which TOML cannot hold")
    is_plain = all(sign in "\n\t" or (sign >= " " and sign != "\x7f") for sign in text)
    if is_plain and "\n" in text and not is_inline and "'''" not in text:
        return f"'''\n{text}'''"
    if is_plain and '"' in text and "'" not in text and "\n" not in text:
        return f"'{text}'"
    return quoted(text)
