"""Cells of a CSV file and the values that they stand for.

>>> to_cell(True), to_cell("=1+1"), of_cell("sales_ready", "Yes"), of_cell("phone", "'+386 1")
('true', "'=1+1", True, '+386 1')
"""

from __future__ import annotations

from typing import Final

from leadflow.capture.reading import neutralise, restore
from leadflow.ports.crm import Value

_YES: Final = frozenset({"true", "yes", "1", "x", "on"})
_NO: Final = frozenset({"false", "no", "0", "off"})
_BOOLEANS: Final = frozenset(
    "is_active marketing_qualified teleprospect_ready teleprospect_accepted sales_ready sales_accepted".split()
)


def to_cell(value: Value) -> str:
    """A value as a spreadsheet may open it."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return neutralise(value) if isinstance(value, str) else str(value)


def of_cell(column: str, cell: str) -> Value:
    """What a cell says. Yes and no are read where they are meant, whole numbers in scores; all else is text."""
    text = restore(cell)
    if text == "":
        return None
    if column in _BOOLEANS:
        word = text.strip().lower()
        return True if word in _YES else False if word in _NO else text
    if column == "employees" or column.startswith("score."):
        return int(text) if text.removeprefix("-").isascii() and text.removeprefix("-").isdigit() else text
    return text
