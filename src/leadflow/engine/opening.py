"""Opening a flow by URL."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from leadflow.engine.flow import Flow
from leadflow.engine.rooms import TABLES
from leadflow.errors import InvalidInputError, UnsupportedCapabilityError
from leadflow.playbook.check import checked_playbook
from leadflow.playbook.playbook import Playbook
from leadflow.ports.store import Store


def open_store(url: str, **options: Any) -> Store:
    """The store that a URL names: `sqlite:///leads.db`, `sqlite:////var/lib/leads.db` or `memory:`.

    Errors: InvalidInputError for a URL of no known kind; UnsupportedCapabilityError for options that the store does not
    have; StoreError and its kin when it cannot be opened.
    """
    scheme, _, rest = url.partition(":")
    if scheme == "memory" and not rest.strip("/"):
        if options:
            raise UnsupportedCapabilityError(
                f"a store in memory has no {', '.join(sorted(options))}",
                adapter="memory",
                hint="use sqlite:///leads.db",
            )
        from leadflow.stores.memory import MemoryStore

        return MemoryStore(TABLES)
    if scheme == "sqlite" and rest.startswith("///") and len(rest) > 3:
        from leadflow.stores.sqlite import SqliteStore

        return SqliteStore(Path(rest[3:]), TABLES, **options)
    raise InvalidInputError(
        f"{url[:80]!r} names no store", code="unknown_store", hint="write sqlite:///leads.db or memory:"
    )


def open_flow(
    url: str = "memory:",
    playbook: Playbook | str | Path | None = None,
    *,
    now: Callable[[], int] | None = None,
    rekey: bool = False,
    **options: Any,
) -> Flow:
    """Open a flow: a store by URL, with the rules of a playbook (a value, a TOML file, or the default one).

    `now` is a clock for tests: a callable that gives microseconds since 1970 UTC. `rekey=True` files all records anew when
    the strategies' keys have changed. `options` go to the store. Errors: PlaybookError when live leads would be stranded,
    SchemaVersionError when a rekey is needed, StoreError and its kin when the store cannot be opened.
    """
    if playbook is None:
        from leadflow.playbook.default import default_playbook

        playbook = default_playbook()
    elif not isinstance(playbook, Playbook):
        playbook = checked_playbook(playbook)
    flow = Flow(open_store(url, **options), playbook, now=now)
    try:
        flow.adopt(rekey=rekey)
    except BaseException:
        flow.close()
        raise
    return flow
