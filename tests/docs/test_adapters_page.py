"""The page of adapters is what would be generated, and the kept reports are what the kits say today."""

from __future__ import annotations

import json
import runpy
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.extra

DOCS = Path(__file__).parents[2] / "docs"
SCRIPT: dict[str, Any] = runpy.run_path(str(DOCS / "_adapters.py"))
SLOW = ("sqlite", "memory", "folder", "csv")
AGAIN = "run nox -s matrix"


def test_the_page_is_what_would_be_generated() -> None:
    assert (DOCS / "reference" / "adapters.md").read_text(encoding="utf-8") == SCRIPT["page"](), AGAIN


def test_every_kept_report_is_of_a_kit_that_passed() -> None:
    reports = SCRIPT["kept"]()
    assert {*SCRIPT["WITHOUT_SERVER"], "smtp", "postgresql"} <= {each.name for each in reports}
    assert [each.name for each in reports if not each.is_ok] == []


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=[pytest.mark.slow] * (name in SLOW)) for name in SCRIPT["WITHOUT_SERVER"]]
)
def test_a_kept_report_is_what_its_kit_says_today(name: str) -> None:
    path = DOCS / "reference" / "reports" / f"{name}.json"
    assert SCRIPT["report_of"](name).to_plain() == json.loads(path.read_text(encoding="utf-8")), AGAIN
