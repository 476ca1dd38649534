"""Scenes on both stores. At the end of each, the laws: state is the fold of decisions, scores are what inputs amount to."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import pytest

import leadflow
from leadflow.playbook.playbook import Playbook
from leadflow.testing import VirtualClock, invariants

from .scene import START, Scene

Start = Callable[..., Scene]


@pytest.fixture(scope="session")
def blank_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite file that holds nothing yet: to be copied."""
    path = tmp_path_factory.mktemp("blank") / "blank.db"
    leadflow.open(f"sqlite:///{path}").close()
    return path


@pytest.fixture(params=["memory", "sqlite"])
def start(request: pytest.FixtureRequest, tmp_path: Path, blank_store: Path) -> Iterator[Start]:
    """Opens a scene under a playbook (the default one): `start(playbook)`."""
    scenes: list[Scene] = []
    numbers = count()

    def opened(playbook: Playbook | None = None) -> Scene:
        clock = VirtualClock(START)
        url, options = "memory:", {}
        if request.param == "sqlite":
            path = shutil.copy(blank_store, tmp_path / f"{next(numbers)}.db")
            url, options = f"sqlite:///{path}", {"synchronous": "OFF"}
        scene = Scene(leadflow.open(url, playbook, now=clock, **options), clock)
        scenes.append(scene)
        return scene

    yield opened
    for scene in scenes:
        assert invariants(scene.flow) == []
        scene.flow.close()


@pytest.fixture
def scene(start: Start) -> Scene:
    """A scene under the default playbook."""
    return start()
