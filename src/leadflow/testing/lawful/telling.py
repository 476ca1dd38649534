"""A counter-example as a story that people read, and as a test that they paste."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from leadflow.testing.lawful.laws import LAWS, Fault
from leadflow.testing.stories import Story
from leadflow.testing.strategies.moves import Move

Done = Sequence[tuple[Move, bool]]


def told(fault: Fault, done: Done, story: Story, also: Sequence[str] = ()) -> str:
    """The whole message. `story` is a new one under the same playbook, on which everything is done again."""
    for word, after, records in _calls(done):
        try:
            getattr(story, word)(*records, after=after or None)
        except Exception:
            break  # what is told is the fault; the story ends where it was found
    lines = [f"the law {fault.law!r} does not hold: {LAWS[fault.law]}", "", *story.steps, f"  but  {fault.said}"]
    lines += [*story.stands(), "", "as a test:", "", *(f"    {line}" for line in code(fault, done))]
    if also:
        lines += ["", "and also:", *(f"- {each}" for each in also)]
    return "\n".join(lines)


def _calls(done: Done) -> list[tuple[str, str, list[Mapping[str, Any]]]]:
    """(given or when, after, records): what was taken before the last step is given."""
    calls: list[tuple[str, str, list[Mapping[str, Any]]]] = []
    for number, (move, was_taken) in enumerate(done):
        word = "given" if was_taken and number < len(done) - 1 else "when"
        if calls and not move.after and calls[-1][0] == word:
            calls[-1][2].extend(move.records)
        else:
            calls.append((word, move.after, list(move.records)))
    return calls


def code(fault: Fault, done: Done) -> list[str]:
    """The story as Python, line by line."""
    lines = ["story(playbook)"]
    for word, after, records in _calls(done):
        arguments = [record_code(record) for record in records]
        if after:
            arguments.append(f"after={value_code(after)}")
        lines[-1] += f".{word}("
        lines += [f"    {argument}," for argument in arguments]
        lines.append(")")
    if fault.law == "fold":
        return ["told = " + lines[0], *lines[1:], "assert invariants(told.flow) == []"]
    lines[-1] += f".then({fault.then})" if fault.then else ""
    return lines


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
