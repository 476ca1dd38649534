"""What a URL says: where the server is, and the schema that holds one tenant's tables."""

from __future__ import annotations

import re
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit, urlunsplit

from attrs import field, frozen

from leadflow.errors import InvalidInputError

SCHEMA = "leadflow"
"""The schema of a URL that names none: one of our own, so that nothing of a host's is in the way."""

_NAME = re.compile(r"[a-z_][a-z0-9_]{0,62}")


@frozen
class Address:
    """A URL taken apart: `conninfo` is what libpq takes (with its password), `shown` what an error may say."""

    conninfo: str = field(repr=False)
    schema: str
    shown: str
    password: str = field(default="", repr=False)

    def without_password(self, text: str) -> str:
        """Somebody else's words about this address, fit to be shown."""
        for each in {self.password, unquote(self.password)} - {""}:
            text = text.replace(each, "***")
        return text


def read_address(url: str) -> Address:
    """Take a URL apart. Errors: InvalidInputError, without what the URL holds.

    >>> address = read_address("postgresql://ana:secret@db.example:5433/sales?schema=acme&sslmode=require")
    >>> address.schema, address.shown
    ('acme', 'postgresql://db.example:5433/sales?schema=acme')
    >>> address.conninfo
    'postgresql://ana:secret@db.example:5433/sales?sslmode=require'
    >>> address
    Address(schema='acme', shown='postgresql://db.example:5433/sales?schema=acme')
    >>> read_address("postgres:///sales").schema
    'leadflow'
    """
    try:
        parts = urlsplit(url)
        password = parts.password or ""
    except ValueError:
        raise InvalidInputError("the store's URL cannot be read", code="unknown_store", hint=_HINT) from None
    if parts.scheme not in ("postgresql", "postgres") or not url.startswith(f"{parts.scheme}://"):
        raise InvalidInputError("the store's URL is not PostgreSQL's", code="unknown_store", hint=_HINT)
    if parts.fragment or ("@" not in parts.netloc and "@" in url):
        raise InvalidInputError(
            "the password in the store's URL holds a character that ends it",
            code="unknown_store",
            hint="write / ? # @ in a password as %2F %3F %23 %40",
        )
    asked = parse_qsl(parts.query, keep_blank_values=True)
    schemas = [value for name, value in asked if name == "schema"] or [SCHEMA]
    if len(schemas) > 1:
        schemas = [""]
    checked_schema(schemas[0])
    rest = [(name, value) for name, value in asked if name != "schema"]
    password = next((value for name, value in rest if name == "password"), password)
    host = parts.netloc.rpartition("@")[2]
    told = [(name, value) for name, value in rest if name in ("host", "port", "dbname")] + [("schema", schemas[0])]
    shown = f"postgresql://{host}{parts.path}?{urlencode(told, safe='/')}"
    conninfo = urlunsplit(("postgresql", parts.netloc, parts.path, urlencode(rest, quote_via=quote), ""))
    if not parts.netloc:
        # urlunsplit leaves the // of an empty place out.
        conninfo = conninfo.replace("postgresql:", "postgresql://", 1)
    return Address(conninfo, schemas[0], shown, password)


def checked_schema(name: str) -> str:
    """The name of a schema. Errors: InvalidInputError."""
    if _NAME.fullmatch(name) is None or name.startswith("pg_"):
        raise InvalidInputError(
            "the schema of the store is not a name",
            code="unknown_store",
            hint="use small letters, digits and _, 63 at most, as in ?schema=acme",
        )
    return name


_HINT = "write postgresql://user@host/database?schema=acme"
