"""The kits of leadflow's own adapters: in a scratch folder, beside the file that a URL names or in pytest's own place."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

import pytest

from leadflow.engine.mailing.file_mail import FileMailer
from leadflow.engine.opening import open_store
from leadflow.engine.publishing.jsonl import JsonlPublisher
from leadflow.engine.rooms import TABLES
from leadflow.ports import mail
from leadflow.ports.mail import Mailer
from leadflow.ports.publisher import Publisher
from leadflow.ports.store import Store
from leadflow.room import Table
from leadflow.stores.memory import MemoryStore
from leadflow.stores.sqlite import SqliteStore
from leadflow.testing.mailing import Arrived, MailerConformance
from leadflow.testing.publishing import PublisherConformance
from leadflow.testing.storing import StoreConformance


class _Scratch:
    """A folder that is removed after the test: where the URL's file would lie, so that its disk is what is tested."""

    backend: ClassVar[str | None] = None

    @pytest.fixture(autouse=True)
    def _scratch(self, tmp_path: Path) -> Iterator[None]:
        if self.backend is None:
            self.scratch = tmp_path
            yield
            return
        rest = self.backend.partition("://")[2]
        path = Path(rest[1:] if self.backend.startswith(("sqlite", "jsonl")) else rest)
        self.scratch = Path(tempfile.mkdtemp(prefix=".leadflow-check-", dir=path.parent))
        try:
            yield
        finally:
            shutil.rmtree(self.scratch, ignore_errors=True)


class MemoryKit(StoreConformance):
    """The store in memory."""

    def make(self, tables: Sequence[Table]) -> Store:
        """See StoreConformance."""
        return MemoryStore(tables)

    def make_with_faults(self, tables: Sequence[Table], fault: Callable[[str], None]) -> Store:
        """Refused by the store itself."""
        return open_store("memory:", fault=fault)


class SqliteKit(_Scratch, StoreConformance):
    """The store on SQLite files; what happens in a power cut is not tested here."""

    claims = frozenset({"durable", "faults", "url"})

    def make(self, tables: Sequence[Table]) -> Store:
        """See StoreConformance."""
        return SqliteStore(self._file(), tables, synchronous="OFF")

    def reopen(self, store: Store) -> Store:
        """See StoreConformance."""
        assert isinstance(store, SqliteStore)
        return SqliteStore(store.path, TABLES, synchronous="OFF")

    def make_with_faults(self, tables: Sequence[Table], fault: Callable[[str], None]) -> Store:
        """See StoreConformance."""
        return SqliteStore(self._file(), tables, synchronous="OFF", fault=fault)

    def url(self, store: Store) -> str:
        """See StoreConformance."""
        assert isinstance(store, SqliteStore)
        return f"sqlite:///{store.path}"

    def _file(self) -> Path:
        return self.scratch / self.path().name


class FolderKit(_Scratch, MailerConformance):
    """Mail into a folder; a folder is busy when a file stands where it should be."""

    claims = frozenset(mail.CAPABILITIES)
    failures = frozenset({"busy"})

    @pytest.fixture(autouse=True)
    def _outbox(self, _scratch: None) -> None:
        self.outbox = self.scratch / "out"
        self.order: list[Path] = []

    def make(self) -> Mailer:
        """See MailerConformance."""
        return FileMailer(self.outbox)

    def arrived(self) -> Sequence[Arrived]:
        """See MailerConformance. The obstacle of `fail` is gone once somebody looks."""
        if self.outbox.is_file():
            self.outbox.unlink()
        self.order += sorted({*self.outbox.glob("*.eml")} - {*self.order}, key=os.path.getmtime)
        return [Arrived(path.read_bytes()) for path in self.order]

    def fail(self, failure: str) -> None:
        """See MailerConformance."""
        self.outbox.touch()


class JsonlKit(_Scratch, PublisherConformance):
    """Decisions into a file; a file is busy when a folder stands in its place."""

    failures = frozenset({"busy"})

    @pytest.fixture(autouse=True)
    def _lines(self, _scratch: None) -> None:
        self.lines = self.scratch / "decisions.jsonl"

    def make(self) -> Publisher:
        """See PublisherConformance."""
        return JsonlPublisher(self.lines)

    def arrived(self) -> Sequence[Mapping[str, Any]]:
        """See PublisherConformance. The obstacle of `fail` is gone once somebody looks."""
        if self.lines.is_dir():
            self.lines.rmdir()
        return [json.loads(line) for line in self.lines.read_bytes().splitlines()] if self.lines.exists() else []

    def fail(self, failure: str) -> None:
        """See PublisherConformance."""
        self.lines.mkdir()
