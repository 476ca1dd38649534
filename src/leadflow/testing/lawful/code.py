"""Records and values as the Python that makes them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any


def record_code(record: Mapping[str, Any]) -> str:
    """A record as the call that makes it.

    >>> record_code({"type": "submission", "form": "newsletter", "fields": {"email": "ana@example.si"}})
    'submits("newsletter", email="ana@example.si")'
    >>> record_code({"type": "claim", "user": "ana"})
    'says("claim", user="ana")'
    """
    rest = {name: value for name, value in record.items() if name != "type"}
    if record["type"] == "submission":
        first, fields = [rest.pop("form")], rest.pop("fields", {})
        return _call("submits", first, {**fields, **rest})
    if record["type"] == "interaction" and set(rest.get("contact", {})) <= {"email"}:
        who = rest.pop("contact", {}).get("email")
        first, properties = [rest.pop("kind")], rest.pop("properties", {})
        return _call("does", first if who is None else [*first, who], {**properties, **rest})
    if record["type"] in ("interaction", "order", "contact", "account", "lead", "user", "product", "opportunity"):
        return value_code(dict(record))
    return _call("says", [record["type"]], rest)


def _call(name: str, first: Sequence[Any], named: Mapping[str, Any]) -> str:
    plain = {key: value for key, value in named.items() if key.isidentifier()}
    others = {key: value for key, value in named.items() if not key.isidentifier()}
    arguments = [*map(value_code, first), *(f"{key}={value_code(value)}" for key, value in plain.items())]
    return f"{name}({', '.join([*arguments, *([f'**{value_code(others)}'] if others else [])])})"


def value_code(value: Any) -> str:
    """A value as Python, texts in double quotes.

    >>> value_code({"page": "pricing", "n": [1, None, True]})
    '{"page": "pricing", "n": [1, None, True]}'
    """
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{value_code(key)}: {value_code(item)}" for key, item in value.items()) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(map(value_code, value)) + "]"
    return repr(value)
