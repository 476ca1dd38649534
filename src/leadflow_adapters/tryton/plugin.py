"""The hook: `tryton+https://user@host/database?secret=env:NAME` names a Tryton."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from leadflow.hookspecs import Register, hookimpl

if TYPE_CHECKING:
    from leadflow_adapters.tryton.client import TrytonCrm

SCHEMES = ("tryton+https", "tryton+http")


@hookimpl
def leadflow_register_crms(register: Register) -> None:
    """Both schemes; without TLS only for a server on this machine or behind a proxy of yours."""
    for scheme in SCHEMES:
        register(scheme, opened, capabilities={"locks"})


def opened(url: str, **options: Any) -> TrytonCrm:
    """The CRM of a URL. Errors: InvalidInputError."""
    from leadflow_adapters.tryton.client import TrytonCrm
    from leadflow_adapters.tryton.door import Door, read_settings

    return TrytonCrm(Door(read_settings(url)), **options)
