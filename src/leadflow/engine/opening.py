"""Opening a flow by URL."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from leadflow.engine.flow import Flow
from leadflow.engine.limits import Limited
from leadflow.engine.rooms import TABLES
from leadflow.errors import InvalidInputError, UnsupportedCapabilityError
from leadflow.playbook.check import checked_playbook
from leadflow.playbook.playbook import Playbook
from leadflow.ports.store import Store
from leadflow.room import NO_POLICIES, Policies

if TYPE_CHECKING:
    from leadflow.plugins import Plugins, Registration


CONNECTIONS: Final = frozenset({"join", "lends"})
"""Capabilities of what takes connections, see joining.py: their names are no schemes."""


def open_store(url: str, *, plugins: Plugins | None = None, **options: Any) -> Store:
    """The store that a URL names: `sqlite:///leads.db`, `sqlite:////var/lib/leads.db`, `memory:`, or a plugin's.

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
    if scheme not in ("memory", "sqlite") and "://" in url:
        found = adapter("stores", url, plugins)
        if not found.capabilities & CONNECTIONS:
            return found.make(url, TABLES, **options)  # type: ignore[no-any-return]
    raise InvalidInputError(
        f"{url.rpartition('@')[2][:80]!r} names no store",
        code="unknown_store",
        hint="write sqlite:///leads.db or memory:",
    )


def migrate_store(url: str, *, plugins: Plugins | None = None) -> tuple[int, int, Path | None]:
    """Bring a store of an earlier version up to this one: (version before, version now, the copy that was kept).

    SQLite keeps a copy; a plugin's store does not, which is its database's business. Errors: InvalidInputError for a store
    that has nothing to migrate; SchemaVersionError, StoreError and its kin.
    """
    scheme, _, rest = url.partition(":")
    if scheme == "sqlite" and rest.startswith("///"):
        from leadflow.stores.layout import layout_of
        from leadflow.stores.migrate import migrate

        return migrate(Path(rest[3:]), [layout_of(table) for table in TABLES])
    found = adapter("stores", url, plugins) if scheme not in ("memory", "sqlite") and "://" in url else None
    if found is None or "migrates" not in found.capabilities:
        raise InvalidInputError(
            f"{scheme}: has nothing to migrate", code="unknown_store", hint="write sqlite:///leads.db"
        )
    before, after = found.factory.migrate(url, TABLES)  # type: ignore[attr-defined]
    return before, after, None


def adapter(kind: str, url: str, plugins: Plugins | None = None) -> Registration:
    """What plugins have registered for a URL's scheme. Errors: InvalidInputError that lists the schemes there are."""
    if plugins is None:
        from leadflow.plugins import load

        plugins = load()
    return plugins.find(kind, url.partition(":")[0])


def read_playbook(playbook: Playbook | str | Path | None, policies: Policies = NO_POLICIES) -> Playbook:
    """A playbook as it was given: a value, a file, or None for the default one. Errors: PlaybookError."""
    if playbook is None:
        from leadflow.playbook.default import default_playbook

        return default_playbook()
    return playbook if isinstance(playbook, Playbook) else checked_playbook(playbook, policies=policies)


def _outside(plugins: Plugins, policies: Policies) -> dict[str, Any]:
    """What plugins do beside the plan, as a flow takes it; observers and vetoes may not hang for ever."""
    from leadflow.plugins import sources_of

    observers = {each.name: Limited(each.name, each.factory, plugins.limit_s) for each in plugins.all("observers")}
    vetoes = {name: Limited(name, function, plugins.limit_s) for name, function in policies.vetoes.items()}
    return {"observers": observers, "vetoes": vetoes, "sources": sources_of(plugins), "plugins": plugins}


def open_flow(
    url: str = "memory:",
    playbook: Playbook | str | Path | None = None,
    *,
    now: Callable[[], int] | None = None,
    rekey: bool = False,
    adopt: bool = True,
    plugins: Plugins | None = None,
    **options: Any,
) -> Flow:
    """Open a flow: a store by URL, with the rules of a playbook (a value, a TOML file, or the default one).

    `now` is a clock for tests: a callable that gives microseconds since 1970 UTC. `rekey=True` files all records anew when
    the strategies' keys have changed. `adopt=False` only looks: the store goes on following the playbook that it was
    last used with (`flow.adoption` says which). `plugins` are those that `leadflow.plugins.load` gave; without them the
    installed ones are loaded when a URL asks for one. `options` go to the store. Errors: PlaybookError when live leads
    would be stranded, SchemaVersionError when a rekey is needed, StoreError and its kin when the store cannot be opened.
    """
    policies, outside = NO_POLICIES, {}
    if plugins is not None:
        from leadflow.plugins import policies_of

        policies = policies_of(plugins)
        outside = _outside(plugins, policies)
    playbook = read_playbook(playbook, policies)
    flow = Flow(open_store(url, plugins=plugins, **options), playbook, now=now, policies=policies, **outside)
    try:
        if adopt:
            flow.adopt(rekey=rekey)
    except BaseException:
        flow.close()
        raise
    return flow
