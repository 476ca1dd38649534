"""A counter-example as a story that people read, and as a test that they paste."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from leadflow.testing.lawful.code import record_code, value_code
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
