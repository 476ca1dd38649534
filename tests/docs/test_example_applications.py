"""The examples of applications pass their own tests, as a reader would run them."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[2] / "examples"

pytestmark = pytest.mark.extra


def run(example: str, *command: str) -> str:
    """Run a command of an example; what it said."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("LEADFLOW_")}
    environment["PYTHONDONTWRITEBYTECODE"] = "1"
    finished = subprocess.run(
        [sys.executable, *command], cwd=EXAMPLES / example, env=environment, capture_output=True, text=True, timeout=120
    )
    assert finished.returncode == 0, finished.stdout + finished.stderr
    return finished.stdout + finished.stderr


@pytest.mark.skipif(importlib.util.find_spec("django") is None, reason="Django is not installed")
def test_the_shop_in_django() -> None:
    assert "OK" in run("django-shop", "manage.py", "test", "--noinput")


@pytest.mark.skipif(importlib.util.find_spec("fastapi") is None, reason="FastAPI is not installed")
def test_leads_over_fastapi() -> None:
    assert "passed" in run("fastapi-leads", "-m", "pytest", "-q", "-p", "no:cacheprovider")
