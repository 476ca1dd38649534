"""What a plan will read, told ahead, so that a batch is loaded by few statements."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from leadflow.engine.planning.rulebook import Rulebook
from leadflow.errors import PluginError
from leadflow.room import Key


def first_keys(commands: Sequence[Any], rulebook: Rulebook) -> set[Key]:
    """What the plan of these commands will surely read."""
    keys: set[Key] = set()
    by_type = rulebook.keys
    for command in commands:
        keys.add(("input", command.key))
        for keys_of, rules in by_type.get(type(command), ()):
            try:
                keys.update(keys_of(command, rules))
            except PluginError:
                # The plan will meet it again, and says so.
                continue
    return keys


def next_keys(rows: Mapping[Key, Any], rulebook: Rulebook) -> set[Key]:
    """What the plan will read once these rows are known."""
    keys: set[Key] = set()
    by_table = rulebook.follow
    for (name, _), found in rows.items():
        if found is None:
            continue
        if type(found) is tuple:
            steps, several = by_table.get(name.partition(".")[0]), found
        else:
            steps, several = by_table.get(name), (found,)
        if steps:
            for row in several:
                for step, rules in steps:
                    keys.update(step(row, rules))
    return keys
