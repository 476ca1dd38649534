"""Joining a connection of the application: a flow that works in its transaction.

The kind of a connection is told by the package that its class comes from. `sqlite3` is known here; others are registered as
stores under that name, with the capability "join" (`factory(host, tables, **options)` gives a store, and
`factory.make_tables(host, tables, **options)` makes its tables) or "lends" (`factory(connection)` gives a Host that lends the
driver's connection under it).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, NoReturn

from attrs import frozen

from leadflow.engine.flow import Flow
from leadflow.engine.intake.sources import Source
from leadflow.engine.opening import CONNECTIONS, read_playbook
from leadflow.engine.rooms import TABLES
from leadflow.engine.upkeep.adopting import adopt
from leadflow.engine.upkeep.settings import check_followed
from leadflow.errors import InvalidInputError, UnsupportedCapabilityError
from leadflow.model.values import NOTHING
from leadflow.playbook.playbook import Playbook
from leadflow.ports.host import Host
from leadflow.room import NO_POLICIES, Policies

if TYPE_CHECKING:
    from leadflow.plugins import Plugins


class JoinedFlow(Flow):
    """A flow in somebody else's transaction, for one thread at a time.

    It never begins, commits, migrates or tries again: a ConflictError means that the application must roll back and do all of
    it anew. Closing it leaves the connection open.
    """

    attempts: ClassVar[int] = 0

    def adopt(self, *, rekey: bool = False) -> NoReturn:
        """Refused. Errors: UnsupportedCapabilityError."""
        raise _refused("adopt", "leadflow.open(url, playbook) makes a store follow a playbook")

    def deliver(self, *arguments: Any, **settings: Any) -> NoReturn:
        """Refused: what leaves cannot be rolled back. Errors: UnsupportedCapabilityError."""
        raise _refused("deliver", "after your commit, call leadflow.open(url).deliver() from a worker")

    def publish(self, *arguments: Any, **settings: Any) -> NoReturn:
        """Refused: what was told cannot be rolled back. Errors: UnsupportedCapabilityError."""
        raise _refused("publish", "after your commit, call leadflow.open(url).publish() from a worker")

    def sync(self, *arguments: Any, **settings: Any) -> NoReturn:
        """Refused: what a CRM took cannot be rolled back. Errors: UnsupportedCapabilityError."""
        raise _refused("sync", "after your commit, call leadflow.open(url).sync(...) from a worker")

    def read_mail(self, *arguments: Any, **settings: Any) -> NoReturn:
        """Refused: what was read must be kept before it is marked as read. Errors: UnsupportedCapabilityError."""
        raise _refused("read_mail", "call leadflow.open(url).read_mail() from a worker")


def _refused(verb: str, hint: str) -> UnsupportedCapabilityError:
    return UnsupportedCapabilityError(
        f"{verb} needs transactions of its own, which a joined flow does not have",
        adapter="join",
        operation=verb,
        hint=hint,
    )


def join_flow(
    connection: Any,
    playbook: Playbook | str | Path | None = None,
    *,
    now: Callable[[], int] | None = None,
    plugins: Plugins | None = None,
    **options: Any,
) -> JoinedFlow:
    """Take part in the transaction of an application's own connection: its rollback takes leadflow's writes along.

    `connection` is one of sqlite3, psycopg 3, SQLAlchemy (Connection, Session) or Django. leadflow's tables must be
    there, and follow this playbook. A call that fails leaves the transaction as it was before the change that failed.
    `schema` (PostgreSQL) names the tenant; `now` and `plugins` are as for `open`; observers cannot be told. Errors:
    SchemaVersionError, StoreError (no_transaction, transaction_failed, not_adopted, store_closed, store_thread,
    store_isolation and others), ConflictError where `open` would plan again, UnsupportedCapabilityError, PlaybookError.

    >>> import sqlite3
    >>> connection = sqlite3.connect(":memory:")
    >>> with connection:
    ...     make_tables(connection)
    >>> flow = join_flow(connection)
    >>> flow.submit("newsletter", {"email": "ana@example.si"}, key="n-1").status
    'accepted'
    >>> connection.rollback()
    >>> flow.leads()
    []
    """
    policies, sources = _used(plugins)
    playbook = read_playbook(playbook, policies)
    target = _target(connection, plugins)
    store = target.make_store(target.host, TABLES, **options)
    flow = JoinedFlow(store, playbook, now=now, policies=policies, sources=sources)
    rules = flow.rulebook.rules
    check_followed(flow.store, playbook, rules["matching"].ring.prefixes, rules["scoring"].models)
    return flow


def make_tables(
    connection: Any, playbook: Playbook | str | Path | None = None, *, plugins: Plugins | None = None, **options: Any
) -> None:
    """Make leadflow's tables beside the application's own, and have them follow a playbook: for its migrations.

    All of it in the transaction of `connection` (as for `join`), which its owner commits. Tables that are there stay,
    and follow the playbook from now on, as if opened with it. Errors: those of `join`; SchemaVersionError for tables of
    another version, which `leadflow migrate` brings up to this one; PlaybookError when live leads would be stranded.
    """
    policies, _ = _used(plugins)
    playbook = read_playbook(playbook, policies)
    target = _target(connection, plugins)
    target.make_tables(target.host, TABLES, **options)
    adopt(JoinedFlow(target.make_store(target.host, TABLES, **options), playbook, policies=policies))


def _used(plugins: Plugins | None) -> tuple[Policies, Mapping[str, Source]]:
    """What plugins bring for a flow that sends nothing."""
    if plugins is None:
        return NO_POLICIES, NOTHING
    from leadflow.plugins import policies_of, sources_of

    if observers := plugins.names("observers"):
        raise UnsupportedCapabilityError(
            f"a joined flow cannot tell observers ({', '.join(observers)}): it does not know when you commit",
            adapter="join",
            operation="observe",
            hint="load plugins without them; read new decisions by their seq after the commit",
        )
    return policies_of(plugins), sources_of(plugins)


# -- what a connection is ---------------------------------------------------------------------------------


@frozen
class _Target:
    """Where a store is joined: its host, and what makes the store and its tables."""

    host: Host
    make_store: Callable[..., Any]
    make_tables: Callable[..., None]


@frozen
class _Given:
    """A driver's own connection."""

    connection: Any
    place: str = "the connection that was joined"

    def lend(self) -> Any:
        return self.connection


def _target(connection: Any, plugins: Plugins | None) -> _Target:
    host: Host = _Given(connection)
    lent = connection
    for _ in range(2):
        families = _families(lent)
        if "sqlite3" in families:
            from leadflow.stores import joined

            return _Target(host, joined.JoinedSqliteStore, joined.make_tables)
        found = next((each for each in _registered(plugins) if each.name in families), None)
        if found is None:
            break
        if "join" in found.capabilities:
            return _Target(host, found.make, found.factory.make_tables)
        host = found.factory(connection)
        lent = host.lend()
    known = ", ".join(["sqlite3", *(each.name for each in _registered(plugins))])
    raise InvalidInputError(
        f"a {type(lent).__module__}.{type(lent).__qualname__} cannot be joined (connections of these can: {known})",
        code="unknown_connection",
        hint="see leadflow plugins for what is installed; for PostgreSQL take psycopg 3",
    )


def _families(connection: Any) -> list[str]:
    """The packages that a connection's class and its bases come from, nearest first."""
    return [base.__module__.partition(".")[0] for base in type(connection).__mro__ if base is not object]


def _registered(plugins: Plugins | None) -> tuple[Any, ...]:
    found = _installed() if plugins is None else plugins
    return tuple(each for each in found.all("stores") if each.capabilities & CONNECTIONS)


@lru_cache(maxsize=1)
def _installed() -> Plugins:
    """The installed plugins, looked for once: a flow may be joined for every request."""
    from leadflow.plugins import load

    return load()
