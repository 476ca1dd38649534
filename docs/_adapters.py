"""Writes the page of adapters: runs each kit, keeps its report, makes the matrix of them all.

    python docs/_adapters.py             # those that need no server
    python docs/_adapters.py smtp        # one of them
    python docs/_adapters.py postgresql  # on the server that LEADFLOW_TEST_POSTGRES names

A report that is kept stands until its kit is run anew.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

from leadflow.testing.checking import Report, check, find_backend, matrix

REFERENCE = Path(__file__).parent / "reference"
REPORTS = REFERENCE / "reports"
PAGE = REFERENCE / "adapters.md"
TESTS = {
    "csv": "tests.adapters.test_file_crm:TestFileCrm",
    "smtp": "tests.adapters.test_smtp:TestSmtp",
}
"""Kits whose other end comes with our tests."""
WITHOUT_SERVER = ("memory", "sqlite", "folder", "csv", "jsonl")
HEAD = """# What each adapter can do

This page is made from the reports of the conformance kits (`nox -s matrix`); nothing on it is written by hand. What an
adapter claims was seen to work ("yes"), what it does not claim was seen to be refused where the port has something to
refuse. "Not brought about" are failures that the other end of the test cannot show. `leadflow adapters check NAME` (or a
URL) makes the same report of your own backend; see [write an adapter](../how-to/write-an-adapter.md).

"""


def report_of(name: str) -> Report:
    """Run the kit of an adapter."""
    url = os.environ.get("LEADFLOW_TEST_POSTGRES") if name == "postgresql" else None
    return check(find_backend(url or name, kit=TESTS.get(name, "")))


def kept() -> list[Report]:
    """The reports that are kept, by name."""
    return [Report.from_plain(json.loads(path.read_text(encoding="utf-8"))) for path in sorted(REPORTS.glob("*.json"))]


def page() -> str:
    """The page as it should be."""
    return HEAD + matrix(kept())


def main(names: list[str]) -> None:
    """Run kits, keep their reports, write the page."""
    REPORTS.mkdir(exist_ok=True)
    for name in names or WITHOUT_SERVER:
        report = report_of(name)
        text = json.dumps(report.to_plain(), indent=1, ensure_ascii=False) + "\n"
        (REPORTS / f"{name}.json").write_text(text, encoding="utf-8")
        print(f"{name}: {report.count('passed')} passed, {report.count('failed')} failed")  # noqa: T201
    PAGE.write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
