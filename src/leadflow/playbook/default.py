"""The playbook that ships with leadflow."""

from __future__ import annotations

import tomllib
from functools import lru_cache
from importlib.resources import files

from leadflow.playbook.codec import playbook_from
from leadflow.playbook.playbook import Playbook


def default_text() -> str:
    """The default playbook as TOML, with its comments: what `leadflow init` writes."""
    return files("leadflow.playbook").joinpath("default.toml").read_text(encoding="utf-8")


@lru_cache(maxsize=1)
def default_playbook() -> Playbook:
    """The default playbook as a value.

    >>> list(default_playbook().process.processes)
    ['marketing']
    """
    return playbook_from(tomllib.loads(default_text()))
