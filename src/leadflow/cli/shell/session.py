"""What the commands of one run share: which store, which playbook, what moment, how to speak."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Final

from attrs import frozen

from leadflow.cli.shell.output import Output
from leadflow.engine import clock
from leadflow.engine.flow import Flow
from leadflow.engine.opening import open_flow
from leadflow.errors import NotFoundError
from leadflow.model.time import parse_duration, parse_instant
from leadflow.playbook.codec import load_playbook
from leadflow.playbook.default import default_playbook
from leadflow.playbook.playbook import Playbook
from leadflow.plugins import Plugins, load

DEFAULT_STORE: Final = "sqlite:///leads.db"
DEFAULT_PLAYBOOK: Final = "playbook.toml"


@frozen
class Session:
    """One run of a command. `now_us` is None when the clock says what moment it is."""

    output: Output
    store: str
    playbook_path: Path | None
    now_us: int | None = None

    @classmethod
    def of(cls, *, store: str | None, playbook: str | None, now: str | None, is_json: bool, is_plain: bool) -> Session:
        """What was asked for, else what the environment says, else the defaults."""
        env = os.environ
        path = playbook or env.get("LEADFLOW_PLAYBOOK")
        if not path and Path(DEFAULT_PLAYBOOK).is_file():
            path = DEFAULT_PLAYBOOK
        moment = now or env.get("LEADFLOW_NOW")
        return cls(
            Output(is_json=is_json, is_plain=is_plain),
            store or env.get("LEADFLOW_STORE") or DEFAULT_STORE,
            Path(path) if path else None,
            parse_instant(moment, "now") if moment else None,
        )

    @property
    def clock(self) -> Callable[[], int] | None:
        """The clock of a flow: the given moment, or None for the real one."""
        now_us = self.now_us
        return None if now_us is None else lambda: now_us

    def moment_us(self) -> int:
        """The moment it is."""
        return clock.now_us() if self.now_us is None else self.now_us

    @property
    def plugins(self) -> Plugins:
        """The installed plugins."""
        return load()

    def playbook(self) -> Playbook:
        """The playbook that is asked for, or the built-in one. Errors: PlaybookError."""
        return default_playbook() if self.playbook_path is None else load_playbook(self.playbook_path)

    def open(self, *, changes: bool = False, may_create: bool = False) -> Flow:
        """The flow. A command that only reads never makes a store, and never makes it follow another playbook.

        Errors: NotFoundError, StoreError, PlaybookError.
        """
        path = store_path(self.store)
        if not may_create and path is not None and not path.exists():
            raise NotFoundError(
                f"there is no store at {path}",
                code="no_store",
                hint="leadflow ingest or import makes one; --store or LEADFLOW_STORE names another",
            )
        flow = open_flow(self.store, self.playbook(), now=self.clock, adopt=changes, plugins=self.plugins)
        if flow.adoption.is_changed:
            self.output.note(str(flow.adoption), "warn")
        return flow

    def instant_us(self, text: str, field: str) -> int:
        """An instant, or a duration that lies back from now, e.g. 7d. Errors: InvalidValueError."""
        if text[:1].isdigit() and not text[-1:].isdigit() and "-" not in text:
            return self.moment_us() - parse_duration(text, field)
        return parse_instant(text, field)


def store_path(url: str) -> Path | None:
    """The file of a SQLite URL, else None."""
    scheme, _, rest = url.partition(":")
    return Path(rest[3:]) if scheme == "sqlite" and rest.startswith("///") and len(rest) > 3 else None
