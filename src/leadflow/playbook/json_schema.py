"""The form of a playbook as JSON Schema (draft 2020-12), so that editors complete and check it.

Made from the classes that hold the rules: their types, defaults and docstrings say it all.
"""

from __future__ import annotations

import inspect
import json
import re
import sys
from collections.abc import Iterator, Mapping
from types import NoneType, UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

import attrs

from leadflow.playbook.choices import CHOICES, OPEN
from leadflow.playbook.playbook import FORMAT, Playbook
from leadflow.playbook.reading import INCLUDE

_SCALARS: Mapping[Any, str] = {str: "string", int: "integer", bool: "boolean", float: "number"}
_EXAMPLE = re.compile(r"\n\s*>>> .*", re.DOTALL)
_SENTENCE = re.compile(r"(?<=[.;])\s+(?=`|[A-Z\"])")


def json_schema() -> dict[str, Any]:
    """The schema of a playbook file.

    >>> schema = json_schema()
    >>> schema["$defs"]["Model"]["properties"]["state"]["enum"]
    ['draft', 'live', 'stopped']
    """
    classes: dict[str, type[Any]] = {}
    _collect(Playbook, classes)
    playbook = _record(Playbook)
    playbook["properties"]["format"] = {"const": FORMAT, "description": "The version of the playbook format."}
    playbook["properties"][INCLUDE] = {
        "type": "array",
        "items": {"type": "string"},
        "description": "Files beside this one whose rules belong to this playbook too.",
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:leadflow:playbook:{FORMAT}",
        "title": "leadflow playbook",
        **playbook,
        "$defs": {name: _record(cls) for name, cls in sorted(classes.items()) if cls is not Playbook},
    }


def _collect(cls: type[Any], classes: dict[str, type[Any]]) -> None:
    if classes.setdefault(cls.__name__, cls) is not cls:
        raise TypeError(f"two classes of rules are called {cls.__name__}")
    for kind in get_type_hints(cls).values():
        for inner in _records_in(kind):
            if inner.__name__ not in classes or classes[inner.__name__] is not inner:
                _collect(inner, classes)


def _records_in(kind: Any) -> Iterator[type[Any]]:
    if isinstance(kind, type) and attrs.has(kind):
        yield kind
    for part in get_args(kind):
        yield from _records_in(part)


def _record(cls: type[Any]) -> dict[str, Any]:
    kinds = get_type_hints(cls)
    about = _about(cls)
    schema: dict[str, Any] = {"type": "object"}
    if about:
        schema["description"] = about
    schema["properties"] = {field.name: _field(cls, field, kinds[field.name], about) for field in attrs.fields(cls)}
    required = [field.name for field in attrs.fields(cls) if field.default is attrs.NOTHING]
    if required:
        schema["required"] = required
    schema["additionalProperties"] = False
    return schema


def _field(cls: type[Any], field: attrs.Attribute[Any], kind: Any, about: str) -> dict[str, Any]:
    schema = _kind(kind)
    words = CHOICES.get(cls, {}).get(field.name)
    if words is not None and (cls, field.name) in OPEN:
        schema = {"anyOf": [{"enum": list(words)}, {"type": "string", "pattern": r"[^.]\.[^.]"}]}
    elif words is not None:
        schema["enum"] = list(words)
    said = [sentence for sentence in _SENTENCE.split(about) if f"`{field.name}`" in sentence]
    if said:
        schema["description"] = " ".join(said)
    if isinstance(field.default, (str, int, bool)):
        schema["default"] = field.default
    elif isinstance(field.default, tuple):
        schema["default"] = list(field.default)
    return schema


def _kind(kind: Any) -> dict[str, Any]:
    if kind in _SCALARS:
        return {"type": _SCALARS[kind]}
    if kind is Any:
        return {"type": ["string", "number", "boolean"]}
    if isinstance(kind, type) and attrs.has(kind):
        return {"$ref": f"#/$defs/{kind.__name__}"}
    origin, args = get_origin(kind), get_args(kind)
    if origin in (Union, UnionType):
        # TOML knows no null: a key that has no value is left out.
        (given,) = (arg for arg in args if arg is not NoneType)
        return _kind(given)
    if origin is tuple:
        return {"type": "array", "items": _kind(args[0])}
    if origin is Mapping:
        return {"type": "object", "additionalProperties": _kind(args[1])}
    raise TypeError(f"no JSON Schema for {kind}")


def _about(cls: type[Any]) -> str:
    """The docstring on one line, without its examples."""
    return " ".join(_EXAMPLE.sub("", inspect.getdoc(cls) or "").split())


def schema_text() -> str:
    """The schema as the file that editors read."""
    return json.dumps(json_schema(), indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    sys.stdout.write(schema_text())
