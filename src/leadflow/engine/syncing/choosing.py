"""Choosing a CRM: a folder, a URL whose scheme a plugin has registered, or an object that is one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from leadflow.ports.crm import Crm

if TYPE_CHECKING:
    from leadflow.plugins import Plugins


def url_of(to: str | Path) -> str:
    """The URL of a CRM: a folder is one of CSV files.

    >>> url_of("crm"), url_of("tryton+https://crm.example/db"), url_of("C:/crm")
    ('csv:crm', 'tryton+https://crm.example/db', 'csv:C:/crm')
    """
    text = str(to)
    scheme = text.partition(":")[0]
    return text if "://" in text or scheme in ("csv", "file") else f"csv:{text}"


@contextmanager
def crm_for(to: str | Path | Crm, *, plugins: Plugins | None = None, **options: Any) -> Iterator[Crm]:
    """The CRM that is meant; one that was made here is closed afterwards.

    Errors: InvalidInputError for a scheme that nobody registers, or a URL that is wrong.
    """
    if not isinstance(to, (str, Path)):
        yield to
        return
    crm = open_crm(url_of(to), plugins=plugins, **options)
    try:
        yield crm
    finally:
        crm.close()


def open_crm(url: str, *, plugins: Plugins | None = None, **options: Any) -> Crm:
    """The CRM of a URL, from the plugin that registers its scheme; `options` go to it. Errors: InvalidInputError."""
    if plugins is None:
        from leadflow.plugins import load

        plugins = load()
    return plugins.find("crms", url.partition(":")[0]).make(url, **options)  # type: ignore[no-any-return]
