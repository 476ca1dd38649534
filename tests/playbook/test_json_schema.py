"""The JSON Schema for editors: current, and of one mind with the codec."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leadflow.errors import PlaybookError
from leadflow.playbook.choices import CHOICES, OPEN, allows
from leadflow.playbook.codec import playbook_from
from leadflow.playbook.default import default_text
from leadflow.playbook.json_schema import json_schema, schema_text
from leadflow.playbook.playbook import Playbook
from leadflow.playbook.writing import to_toml

from .strategies import playbooks
from .test_places import paths

FILE = Path(__file__).parents[2] / "docs" / "playbook.schema.json"
SCHEMA = json_schema()
TYPES: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "array": (list,),
    "object": (dict,),
}


def is_valid(value: Any, schema: dict[str, Any]) -> bool:
    """As much of JSON Schema as the playbook's needs."""
    if "$ref" in schema:
        return is_valid(value, SCHEMA["$defs"][schema["$ref"].rpartition("/")[2]])
    if "anyOf" in schema:
        return any(is_valid(value, each) for each in schema["anyOf"])
    if "const" in schema and value != schema["const"]:
        return False
    if "enum" in schema and value not in schema["enum"]:
        return False
    kinds = schema.get("type", [])
    if kinds and not any(_is_a(value, kind) for kind in ([kinds] if isinstance(kinds, str) else kinds)):
        return False
    if "pattern" in schema and not re.search(schema["pattern"], value):
        return False
    if isinstance(value, list):
        return all(is_valid(item, schema["items"]) for item in value)
    if isinstance(value, dict):
        properties, others = schema.get("properties", {}), schema["additionalProperties"]
        if not set(schema.get("required", [])) <= set(value) or (others is False and not set(value) <= set(properties)):
            return False
        return all(is_valid(item, properties.get(key, others)) for key, item in value.items())
    return True


def _is_a(value: Any, kind: str) -> bool:
    return isinstance(value, TYPES[kind]) and (kind == "boolean" or not isinstance(value, bool))


def test_the_committed_schema_is_current() -> None:
    written = schema_text()
    assert FILE.read_text(encoding="utf-8") == written, "write it anew: python -m leadflow.playbook.json_schema"


def test_the_schema_has_a_description_for_every_class_of_rules() -> None:
    assert SCHEMA["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert [name for name, each in SCHEMA["$defs"].items() if not each.get("description")] == []


def test_the_default_playbook_is_valid() -> None:
    assert is_valid(tomllib.loads(default_text()), SCHEMA)
    assert is_valid({"include": ["fit.toml"]}, SCHEMA)


@settings(max_examples=40, deadline=None)
@given(playbooks)
def test_every_playbook_is_valid(playbook: Playbook) -> None:
    assert is_valid(tomllib.loads(to_toml(playbook)), SCHEMA)


@settings(max_examples=80, deadline=None)
@given(playbooks, st.data())
def test_what_the_schema_refuses_the_codec_refuses(playbook: Playbook, data: st.DataObject) -> None:
    plain = tomllib.loads(to_toml(playbook))
    path = data.draw(st.sampled_from([path for path, _ in paths(plain)]))
    holder = plain
    for part in path[:-1]:
        holder = holder[part]
    holder[path[-1]] = data.draw(st.sampled_from(["contct", 7, True, [], {}, ["x"], {"nmae": 1}]))
    if not is_valid(plain, SCHEMA):
        with pytest.raises(PlaybookError):
            playbook_from(plain)


@pytest.mark.parametrize(("cls", "name"), [(cls, name) for cls, fields in CHOICES.items() for name in fields])
def test_the_known_words_are_those_that_the_class_takes(cls: type[Any], name: str) -> None:
    """A word that is listed is never refused as a word, and one that is not is never taken."""
    field = attrs.fields_dict(cls)[name]
    assert field.default is attrs.NOTHING or allows(cls, name, field.default)
    assert not allows(cls, name, "contct")
    assert allows(cls, name, "acme.best") is ((cls, name) in OPEN)
    refused = _refusal(cls, name, "contct")
    assert refused or (cls.__name__, name) in UNCHECKED
    for word in CHOICES[cls][name]:
        assert not re.search(rf"{word!r} is not one of|unknown value {word!r}", _refusal(cls, name, word))


UNCHECKED = {("MatchingRules", "unknown_contact")}
"""Fields whose class takes any word; the codec does not."""
NEEDED: dict[str, dict[str, Any]] = {
    "Strategy": {"target": "contact", "keys": (("email",),)},
    "Action": {"do": "assign", "value": "sales_ready"},
    "Pool": {"name": "p", "members": ()},
    "Sla": {"name": "s", "within": "1h"},
    "ListView": {"name": "v"},
    "AssignmentRules": {"default_owner": "user:bo"},
}


def _refusal(cls: type[Any], name: str, word: str) -> str:
    try:
        cls(**{**NEEDED.get(cls.__name__, {}), name: word})
    except ValueError as error:
        return str(error)
    return ""
