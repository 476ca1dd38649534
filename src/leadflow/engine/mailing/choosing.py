"""Choosing a mailer: a folder, a URL whose scheme a plugin has registered, or an object that is one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from leadflow.engine.mailing.file_mail import FileMailer
from leadflow.ports.mail import Mailer

if TYPE_CHECKING:
    from leadflow.plugins import Plugins


def is_url(to: object) -> bool:
    """Whether a text names a mailer by its URL, not a folder.

    >>> is_url("smtp://mail.example"), is_url("outbox"), is_url("C:/outbox")
    (True, False, False)
    """
    return isinstance(to, str) and "://" in to


@contextmanager
def mailer_for(to: str | Path | Mailer, *, plugins: Plugins | None = None, **options: Any) -> Iterator[Mailer]:
    """The mailer that is meant; one that was made here is closed afterwards, if it can be.

    Errors: InvalidInputError for a scheme that nobody registers, or a URL that is wrong.
    """
    if not isinstance(to, (str, Path)):
        yield to
        return
    mailer = open_mailer(str(to), plugins=plugins, **options) if is_url(to) else FileMailer(to)
    try:
        yield mailer
    finally:
        close: Callable[[], None] = getattr(mailer, "close", lambda: None)
        close()


def open_mailer(url: str, *, plugins: Plugins | None = None, **options: Any) -> Mailer:
    """The mailer of a URL, from the plugin that registers its scheme; `options` go to it. Errors: InvalidInputError."""
    if plugins is None:
        from leadflow.plugins import load

        plugins = load()
    return plugins.find("mailers", url.partition(":")[0]).make(url, **options)  # type: ignore[no-any-return]
