"""S003-6: a file that has only full names."""

from __future__ import annotations

from pathlib import Path

import leadflow


def test_a_full_name_is_split(tmp_path: Path) -> None:
    """A column "Full name" fills first and last name."""
    path = tmp_path / "people.csv"
    path.write_text("email,full name\nana@kos.example,Ana Kos\n", encoding="utf-8")
    with leadflow.open("memory:") as flow:
        report = flow.import_file(path, record="lead")
        assert report.is_ok
        assert flow.leads()[0].contact is not None
        assert (flow.leads()[0].contact.first_name, flow.leads()[0].contact.last_name) == ("Ana", "Kos")
