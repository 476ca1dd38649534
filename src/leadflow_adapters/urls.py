"""Reading the URLs of adapters: scheme, user, host, port and known parameters; anything else is refused."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import parse_qsl, unquote, urlsplit

from attrs import frozen

from leadflow.errors import InvalidInputError


@frozen
class Place:
    """The parts of a URL. `parameters` holds those that were given."""

    scheme: str
    user: str | None
    host: str
    port: int | None
    path: str
    parameters: Mapping[str, str]

    def number(self, name: str, default: float) -> float:
        """A positive number. Errors: InvalidInputError."""
        text = self.parameters.get(name)
        if text is None:
            return default
        try:
            value = float(text)
        except ValueError:
            value = 0.0
        if not 0 < value < 1e6:
            raise invalid(self.scheme, f"{name}: expected a positive number")
        return value

    def choice(self, name: str, default: str, among: tuple[str, ...]) -> str:
        """One of some words. Errors: InvalidInputError."""
        value = self.parameters.get(name, default)
        if value not in among:
            raise invalid(self.scheme, f"{name}: expected one of {', '.join(among)}")
        return value


def read_url(url: str, known: tuple[str, ...]) -> Place:
    """The parts of a URL. It is never repeated in errors. Errors: InvalidInputError.

    >>> read_url("smtp://ana@mail.example:587?security=tls", ("security",)).host
    'mail.example'
    """
    scheme = url.partition(":")[0]
    try:
        parts = urlsplit(url)
        port = parts.port
        pairs = parse_qsl(parts.query, keep_blank_values=True, strict_parsing=bool(parts.query))
    except ValueError:
        raise invalid(scheme, "it cannot be read") from None
    if parts.password is not None:
        raise invalid(scheme, "it holds a password", "refer to it instead: ?secret=env:NAME or secret=file:PATH")
    if not parts.hostname:
        raise invalid(scheme, "it names no host")
    parameters = dict(pairs)
    strange = sorted(set(parameters) - set(known))
    if strange or len(parameters) != len(pairs):
        what = f"{strange[0][:40]!r} is no parameter" if strange else "a parameter is given twice"
        raise invalid(scheme, what, f"there are {', '.join(known)}")
    user = None if parts.username is None else unquote(parts.username)
    return Place(scheme, user, parts.hostname, port, unquote(parts.path), parameters)


def invalid(scheme: str, what: str, hint: str = "") -> InvalidInputError:
    """What is wrong with a URL, without the URL."""
    return InvalidInputError(f"the {scheme} URL: {what}", code="invalid_url", hint=hint)
