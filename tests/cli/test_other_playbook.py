"""A store under another playbook: looking changes nothing and says so; what changes things says what followed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import leadflow
from leadflow.playbook.default import default_playbook, default_text
from leadflow.ports.store import Scan

LOOKING = [
    ("leads",),
    ("leads", "--json"),
    ("show", "lead"),
    ("explain", "lead"),
    ("report",),
    ("export", "leads"),
    ("duplicates",),
    ("preview", "--form", "newsletter", "-f", "email=a@kos.example"),
    ("failed",),
]


@pytest.fixture
def other(tmp_path: Path) -> Path:
    """The default playbook with other points."""
    path = tmp_path / "other.toml"
    path.write_text(default_text().replace("points = 15", "points = 16"), encoding="utf-8")
    return path


def held(store: Path) -> list[Any]:
    with leadflow.open(f"sqlite:///{store}", adopt=False) as flow:
        return [row for table in ("setting", "recheck") for row in flow.store.scan(Scan(table=table))]


@pytest.mark.parametrize("words", LOOKING, ids=" ".join)
def test_looking_adopts_nothing(
    run: Any, store: Path, ids: dict[str, str], other: Path, words: tuple[str, ...]
) -> None:
    """It says which playbook the store was last used with, and leaves it at that."""
    before = held(store)
    result = run("--playbook", other, *(ids.get(word, word) for word in words))
    assert "was last used with another playbook" in result.stderr.replace("\n", " ")
    assert default_playbook().digest[:12] in result.stderr
    assert held(store) == before
    assert "playbook" not in run("leads").stderr


@pytest.mark.parametrize("words", LOOKING, ids=" ".join)
def test_looking_goes_on_where_a_stage_is_gone(
    run: Any, store: Path, ids: dict[str, str], tmp_path: Path, words: tuple[str, ...]
) -> None:
    """Leads stand in a stage that this playbook does not have: told as it is."""
    gone = tmp_path / "gone.toml"
    gone.write_text(default_text().replace('"sales-acceptance"', '"sales-accept"'), encoding="utf-8")
    run("--playbook", gone, *(ids.get(word, word) for word in words))


def test_what_changes_things_adopts_and_says_what_followed(run: Any, store: Path, other: Path) -> None:
    """Once; then the store follows it."""
    told = run("--playbook", other, "tick").stderr
    assert "the playbook has changed since the store was last used" in told
    assert "1 model is scored anew" in told
    assert "playbook" not in run("--playbook", other, "tick").stderr
    assert "1 model is scored anew" in run("tick").stderr


def test_a_score_of_another_version_is_explained_by_this_one(
    run: Any, store: Path, ids: dict[str, str], other: Path
) -> None:
    """Points and rules fit together, whatever was stored."""
    with leadflow.open(f"sqlite:///{store}", other, adopt=False) as flow:
        (score, *_) = flow.explain(ids["lead"]).scores
        assert score.points == sum(share[1] for share in score.shares)
