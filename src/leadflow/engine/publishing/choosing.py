"""Choosing a publisher: a JSON Lines file, a URL whose scheme a plugin has registered, or an object that is one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from leadflow.engine.mailing.choosing import is_url
from leadflow.engine.publishing.jsonl import JsonlPublisher
from leadflow.errors import InvalidInputError
from leadflow.ports.publisher import Publisher

if TYPE_CHECKING:
    from leadflow.plugins import Plugins


@contextmanager
def publisher_for(to: str | Path | Publisher, *, plugins: Plugins | None = None, **options: Any) -> Iterator[Publisher]:
    """The publisher that is meant; one that was made here is closed afterwards, if it can be.

    Errors: InvalidInputError for a scheme that nobody registers, or a URL that is wrong.
    """
    if not isinstance(to, (str, Path)):
        yield to
        return
    publisher = open_publisher(str(to), plugins=plugins, **options) if is_url(to) else JsonlPublisher(to, **options)
    try:
        yield publisher
    finally:
        close: Callable[[], None] = getattr(publisher, "close", lambda: None)
        close()


def open_publisher(url: str, *, plugins: Plugins | None = None, **options: Any) -> Publisher:
    """The publisher of a URL: `jsonl:///decisions.jsonl` (as in sqlite:///), `file:///var/decisions.jsonl`, or a plugin's.

    Errors: InvalidInputError.
    """
    scheme, _, rest = url.partition("://")
    if scheme in ("jsonl", "file"):
        path = rest[1:] if scheme == "jsonl" and rest.startswith("/") else rest
        if not rest.startswith("/") or not path.strip("/"):
            raise InvalidInputError(f"{scheme}: expected the path of a file", hint=f"write {scheme}:///decisions.jsonl")
        return JsonlPublisher(path, **options)
    if plugins is None:
        from leadflow.plugins import load

        plugins = load()
    return plugins.find("publishers", scheme).make(url, **options)  # type: ignore[no-any-return]


def place_of(to: str | Path | Publisher) -> str:
    """How the position of a publisher is called in the store: its URL without user, password and options.

    >>> place_of("nats://ana:secret@host/leads?creds=x"), place_of("out/decisions.jsonl")
    ('nats://host/leads', 'out/decisions.jsonl')
    """
    if not isinstance(to, (str, Path)):
        raise InvalidInputError("a publisher needs a name, by which its position is kept", hint='name="warehouse"')
    text = str(to)
    if not is_url(text):
        return text
    scheme, _, rest = text.partition("?")[0].partition("://")
    host, slash, path = rest.partition("/")
    return f"{scheme}://{host.rpartition('@')[2]}{slash}{path}"
