"""The hook: connections of SQLAlchemy and Django lend the driver's connection under them."""

from __future__ import annotations

from leadflow.hookspecs import Register, hookimpl
from leadflow_adapters.hosts.django import DjangoHost
from leadflow_adapters.hosts.sqlalchemy import SqlAlchemyHost


@hookimpl
def leadflow_register_stores(register: Register) -> None:
    """Both by the name of the package that the connection's class comes from."""
    register("django", DjangoHost, capabilities=("lends",))
    register("sqlalchemy", SqlAlchemyHost, capabilities=("lends",))
