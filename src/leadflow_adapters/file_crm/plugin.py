"""The hook: `csv:` and `file:` name folders of CSV files."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from leadflow.errors import InvalidInputError
from leadflow.hookspecs import Register, hookimpl
from leadflow.ports.crm import CAPABILITIES

if TYPE_CHECKING:
    from leadflow_adapters.file_crm.client import FileCrm

SCHEMES = ("csv", "file")


@hookimpl
def leadflow_register_crms(register: Register) -> None:
    """Folders, by the two schemes that name one."""
    for scheme in SCHEMES:
        register(scheme, opened, capabilities=CAPABILITIES)


def opened(url: str, **options: Any) -> FileCrm:
    """The CRM in a folder: `csv:crm`, `csv:/var/crm`, `file:///var/crm`. Errors: InvalidInputError."""
    from leadflow_adapters.file_crm.client import FileCrm

    rest = url.partition(":")[2]
    path = rest.removeprefix("//")
    if not path or (rest.startswith("//") and not path.startswith("/")):
        raise InvalidInputError(
            "the URL names no folder", code="invalid_url", hint="write csv:crm, or file:///var/crm for a whole path"
        )
    return FileCrm(path, **options)
