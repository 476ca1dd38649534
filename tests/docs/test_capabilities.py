"""docs/capabilities.md is complete: every line has its row, every test that it names exists and says which line it shows."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TESTS = ROOT / "tests" / "capabilities"
LATER = {"S003-2", "S003-3", "S003-11", "S003-13"}
"""Lines that come with campaigns."""
LINES = [*(f"S003-{number}" for number in range(1, 26)), *(f"S004-{number}" for number in range(1, 17))]


def _rows() -> dict[str, list[str]]:
    """The cells after its number of each row of the page."""
    text = (ROOT / "docs" / "capabilities.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (S\d{3}-\d+) \|(.*)\|$", text, re.MULTILINE)
    assert len(rows) == len(dict(rows))
    return {line: [cell.strip() for cell in rest.split(" | ")] for line, rest in rows}


def _tests() -> dict[str, str]:
    """What each test of a capability says of itself: name and docstring, by `file::name`."""
    found = {}
    for path in TESTS.glob("test_*.py"):
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                found[f"{path.name}::{node.name}"] = f"{node.name} {ast.get_docstring(node) or ''}"
    return found


def _says(text: str, line: str) -> bool:
    seed, _, number = line.partition("-")
    if re.search(rf"\b{line}\b(?!\d)", text) or re.search(rf"{seed.lower()}_{number}(?!\d)", text):
        return True
    spans = re.findall(rf"{seed}-(\d+) to {seed}-(\d+)", text)
    return any(int(first) <= int(number) <= int(last) for first, last in spans)


def test_every_line_has_its_row() -> None:
    assert list(_rows()) == LINES


@pytest.mark.parametrize("line", LINES)
def test_every_named_test_exists_and_names_the_line(line: str) -> None:
    _, how, named = _rows()[line]
    if line in LATER:
        assert (how.startswith("comes with"), named) == (True, "later")
        return
    tests, known = re.findall(r"`(test_\w+\.py::test_\w+)`", named), _tests()
    assert tests
    assert [name for name in tests if name not in known] == []
    assert any(_says(known[name], line) for name in tests), f"none of them names {line}"
