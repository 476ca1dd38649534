"""Which kit tests a backend: that of leadflow's own, the one that its plugin names, or the one that is given."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from attrs import frozen

from leadflow.errors import InvalidInputError

if TYPE_CHECKING:
    from leadflow.plugins import Plugins, Registration

PORTS: Final[Mapping[str, tuple[str, str, str]]] = MappingProxyType(
    {
        "stores": ("StoreConformance", "leadflow.testing.storing.making", "HOOKS"),
        "mailers": ("MailerConformance", "leadflow.ports.mail", "CAPABILITIES"),
        "crms": ("CrmConformance", "leadflow.ports.crm", "CAPABILITIES"),
        "publishers": ("PublisherConformance", "leadflow.ports.publisher", "CAPABILITIES"),
    }
)
"""By port: its kit in leadflow.testing, and where its capabilities stand."""

OWN: Final[Mapping[str, str]] = MappingProxyType(
    {
        "memory": "leadflow.testing.checking.own:MemoryKit",
        "sqlite": "leadflow.testing.checking.own:SqliteKit",
        "folder": "leadflow.testing.checking.own:FolderKit",
        "jsonl": "leadflow.testing.checking.own:JsonlKit",
    }
)
"""leadflow's own adapters: stores in memory and on SQLite, mail into a folder, decisions into a file."""


@frozen
class Backend:
    """What is checked: its name, the kit ("module:Class"), the URL or None, and what its plugin registered."""

    name: str
    kit: str
    url: str | None = None
    registration: Registration | None = None

    @property
    def place(self) -> str:
        """Where the kit works, without user, password and options."""
        if self.url is None:
            return "a temporary folder"
        scheme, _, rest = self.url.partition("?")[0].partition("://")
        return f"{scheme}://{rest.rpartition('@')[2]}"


def find_backend(name: str, *, kit: str = "", port: str = "", plugins: Plugins | None = None) -> Backend:
    """The backend of a name (`sqlite`, `postgresql`) or URL; `port` is for a name that several ports know.

    Errors: InvalidInputError when nobody knows its kit.

    >>> find_backend("sqlite:////var/lib/leads.db").kit
    'leadflow.testing.checking.own:SqliteKit'
    """
    scheme = name.partition(":")[0]
    url = name if ":" in name and name != "memory:" else None
    if not kit and scheme in OWN:
        return Backend(scheme, OWN[scheme], url)
    if plugins is None:
        from leadflow.plugins import load

        plugins = load()
    ports = [port] if port in PORTS else list(PORTS)
    found = [each for kind in ports for each in plugins.all(kind) if each.name == scheme]
    if len(found) > 1:
        kinds = ", ".join(each.kind for each in found)
        raise InvalidInputError(f"{scheme} names several adapters ({kinds})", code="several", hint="say which: --port")
    registration = found[0] if found else None
    named = kit or (registration.kit if registration is not None else "")
    if named:
        return Backend(scheme, named, url, registration)
    if registration is None:
        known = sorted({*OWN, *(each.name for kind in PORTS for each in plugins.all(kind))})
        raise InvalidInputError(
            f"no adapter is called {scheme[:60]!r} (there are: {', '.join(known)})",
            code="not_registered",
            hint="see leadflow plugins",
        )
    raise InvalidInputError(
        f"plugin {registration.plugin!r} names no kit for {scheme}",
        code="no_kit",
        hint='it can: register(..., kit="module:Class"); or name one with --kit module:Class',
    )
