"""A connection of Django: `django.db.connection`, or one of `django.db.connections`."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from leadflow.errors import LeadflowError, StoreError


class DjangoHost:
    """See leadflow.ports.host.Host. It is the connection of the thread that joins: Django has one for each."""

    def __init__(self, given: Any) -> None:
        if not hasattr(given, "alias"):
            raise StoreError(
                f"a {type(given).__name__} of Django cannot be joined",
                code="store_connection",
                hint="join django.db.connection",
            )
        self.place = f"Django's connection {given.alias!r}"
        # django.db.connection stands for another one in each thread.
        is_proxy = type(given).__name__ == "ConnectionProxy"
        self._wrapper: Any = import_module("django.db").connections[given.alias] if is_proxy else given

    def lend(self) -> Any:
        """See Host.lend."""
        wrapper = self._wrapper
        try:
            self._check(wrapper)
        except LeadflowError:
            raise
        except Exception as error:
            raise StoreError(
                f"{self.place} cannot be used ({type(error).__name__})", code="store_closed", hint="see the cause"
            ) from error
        return wrapper.connection

    def _check(self, wrapper: Any) -> None:
        try:
            wrapper.validate_thread_sharing()
        except Exception as error:
            raise StoreError(
                f"{self.place} belongs to another thread", code="store_thread", hint="join in the thread that uses it"
            ) from error
        if wrapper.closed_in_transaction:
            raise StoreError(f"{self.place} was closed", code="store_closed", hint="leave the atomic block")
        if wrapper.needs_rollback:
            raise StoreError(
                f"an error has ended the transaction of {self.place}",
                code="transaction_failed",
                hint="leave the atomic block in which it happened",
            )
        if not wrapper.in_atomic_block and wrapper.get_autocommit():
            raise StoreError(
                f"{self.place} has no transaction open and commits each statement by itself",
                code="no_transaction",
                hint="use it within: with transaction.atomic():",
            )
        wrapper.ensure_connection()
