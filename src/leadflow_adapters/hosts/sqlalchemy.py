"""A Connection or Session of SQLAlchemy (1.4 in its 2.0 style, 2.x)."""

from __future__ import annotations

from typing import Any, Final

from leadflow.errors import LeadflowError, StoreError

_HINTS: Final = {
    "Engine": "join a connection of it: with engine.begin() as connection:",
    "AsyncConnection": "join in await connection.run_sync(lambda connection: ...), on a driver that is not asynchronous",
    "AsyncSession": "join in await session.run_sync(lambda session: ...), on a driver that is not asynchronous",
}
_SESSION: Final = "Session"


class SqlAlchemyHost:
    """See leadflow.ports.host.Host. A session's connection is asked for anew each time: each transaction may have another."""

    place = "the SQLAlchemy connection that was joined"

    def __init__(self, given: Any) -> None:
        names = [base.__name__ for base in type(given).__mro__ if base.__module__.startswith("sqlalchemy.")]
        if "scoped_session" in names:
            given, names = given(), [_SESSION]
        if _SESSION not in names and "Connection" not in names:
            raise StoreError(
                f"a {names[0]} of SQLAlchemy cannot be joined",
                code="store_connection",
                hint=_HINTS.get(names[0], "join a Connection or a Session"),
            )
        self._given = given
        self._is_session = _SESSION in names

    def lend(self) -> Any:
        """See Host.lend. SQLAlchemy begins its transaction as it does for any statement."""
        try:
            connection = self._given.connection() if self._is_session else self._given
            return self._driver_connection(connection)
        except LeadflowError:
            raise
        except Exception as error:
            # SQLAlchemy's own; what they say may hold values.
            raise StoreError(
                f"{self.place} cannot be used ({type(error).__name__})",
                code="transaction_failed",
                hint="roll it back first",
            ) from error

    def _driver_connection(self, connection: Any) -> Any:
        if connection.closed:
            raise StoreError(f"{self.place} is closed", code="store_closed", hint="join one that is open")
        transaction = connection.get_nested_transaction() or connection.get_transaction()
        if transaction is not None and not transaction.is_active:
            raise StoreError(
                f"the transaction of {self.place} has ended", code="transaction_failed", hint="roll it back first"
            )
        if transaction is None:
            connection.exec_driver_sql("SELECT 1")
        if not connection.in_transaction():
            raise StoreError(
                f"{self.place} has no transaction open", code="no_transaction", hint="with connection.begin():"
            )
        return connection.connection.driver_connection
