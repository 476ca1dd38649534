"""The JSON-RPC door: a session, calls, and what goes wrong told in our words."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, date, datetime
from decimal import Decimal
from http.client import HTTPException
from typing import Any, Final
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

from attrs import frozen

from leadflow.errors import (
    AdapterError,
    AuthenticationError,
    InvalidInputError,
    RejectedError,
    TransientError,
)
from leadflow_adapters.secrets import check_reference, read_secret
from leadflow_adapters.urls import invalid, read_url

_RETRY_S: Final = 30.0
_KNOWN: Final = ("secret", "timeout", "company")
_KEPT: Final = ("company", "companies", "employee", "employees", "company_filter", "groups", "language")


class Refusal(AdapterError):
    """Tryton does not take what was told; `kind` is its name for why. Its words may hold what somebody is called."""

    def __init__(self, kind: str) -> None:
        super().__init__(f"Tryton refuses it ({kind})", adapter="tryton")
        self.kind = kind


class Stale(AdapterError):
    """A record changed since it was read."""


@frozen(kw_only=True)
class Settings:
    """Where a Tryton is and who enters; the password by reference."""

    base: str
    user: str
    secret: str
    timeout_s: float = 30.0
    company: int | None = None


def read_settings(url: str) -> Settings:
    """The settings in a URL. Errors: InvalidInputError, without the URL.

    >>> read_settings("tryton+https://admin@crm.example/sales?secret=env:TRYTON_PASSWORD").base
    'https://crm.example/sales/rpc/'
    """
    place = read_url(url, _KNOWN)
    database = place.path.strip("/")
    if not database or "/" in database:
        raise invalid(place.scheme, "it names no database", "write tryton+https://user@host/database?secret=env:NAME")
    if place.user is None:
        raise invalid(place.scheme, "it names no user")
    secret = check_reference(place.parameters.get("secret", ""), "secret")
    company = place.parameters.get("company")
    port = "" if place.port is None else f":{place.port}"
    return Settings(
        base=f"{place.scheme.partition('+')[2]}://{place.host}{port}/{database}/rpc/",
        user=place.user,
        secret=secret,
        timeout_s=place.number("timeout", 30.0),
        company=None if company is None else int(place.number("company", 1)),
    )


class Door:
    """Calls of one user. A session that has ended is begun again, once."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._session: str | None = None
        self.context: dict[str, Any] = {}

    def call(self, method: str, *params: Any, context: dict[str, Any] | None = None) -> Any:
        """Call a method of a model, e.g. "party.party.read".

        Errors: Refusal, Stale, TransientError, AuthenticationError, RejectedError.
        """
        if self._session is None:
            self._enter()
        told = [*params, {**self.context, **(context or {})}]
        try:
            return self._post(f"model.{method}", told)
        except AuthenticationError:
            self._enter()
            return self._post(f"model.{method}", told)

    def close(self) -> None:
        """Leave; a session that is not left ends by itself."""
        if self._session is not None:
            with suppress(AdapterError):  # it has ended already
                self._post("common.db.logout", [])
            self._session = None

    def _enter(self) -> None:
        settings = self._settings
        self._session = None
        password = read_secret(settings.secret, adapter="tryton")
        user, token = self._post("common.db.login", [settings.user, {"password": password}, "en"])[:2]
        self._session = b64encode(f"{settings.user}:{user}:{token}".encode()).decode()
        preferences = self._post("model.res.user.get_preferences", [True, {}])
        self.context = {name: preferences[name] for name in _KEPT if name in preferences}
        if settings.company is not None:
            self.context["company"] = settings.company
        if not self.context.get("company"):
            raise RejectedError(
                "the user works for no company", adapter="tryton", operation="login", hint="set one, or add ?company=ID"
            )

    def _post(self, method: str, params: list[Any]) -> Any:
        body = json.dumps({"id": 1, "method": method, "params": params}, default=_told).encode()
        headers = {"Content-Type": "application/json"}
        if self._session is not None:
            headers["Authorization"] = f"Session {self._session}"
        request = Request(self._settings.base, body, headers)  # noqa: S310 - http or https by our own schemes
        with _translated(method), urlopen(request, timeout=self._settings.timeout_s) as answer:  # noqa: S310
            said = json.load(answer, object_hook=_meant)
        error = said.get("error") if isinstance(said, dict) else None
        if error:
            if error[0] == "ConcurrencyException":
                raise Stale("it was changed meanwhile", adapter="tryton")
            raise Refusal(str(error[0]))
        return said["result"] if isinstance(said, dict) and "result" in said else said


@contextmanager
def _translated(method: str) -> Iterator[None]:
    try:
        yield
    except HTTPError as error:
        status = error.code
        wait_s = error.headers.get("Retry-After", "") if error.headers is not None else ""
        error.close()
        if status == 401:
            raise AuthenticationError("Tryton refuses user or password", adapter="tryton", operation=method) from None
        if status in (429, 502, 503, 504):
            raise TransientError(
                f"Tryton is busy ({status})",
                adapter="tryton",
                operation=method,
                retry_after=float(wait_s) if wait_s.isdigit() else _RETRY_S,
            ) from None
        hint = "may the user do that? are the modules party, company and sale_opportunity active?"
        raise RejectedError(f"Tryton answers {status}", adapter="tryton", operation=method, hint=hint) from None
    except (URLError, HTTPException, OSError) as error:
        raise TransientError(
            f"Tryton cannot be reached ({type(error).__name__})",
            adapter="tryton",
            operation=method,
            retry_after=_RETRY_S,
        ) from None
    except ValueError:
        raise InvalidInputError("what answers is no Tryton", code="invalid_url", hint="look at the URL") from None


def _told(value: Any) -> Any:
    if isinstance(value, datetime):
        parts = ("year", "month", "day", "hour", "minute", "second", "microsecond")
        return {"__class__": "datetime", **{name: getattr(value, name) for name in parts}}
    if isinstance(value, date):
        return {"__class__": "date", "year": value.year, "month": value.month, "day": value.day}
    if isinstance(value, Decimal):
        return {"__class__": "Decimal", "decimal": str(value)}
    raise TypeError(type(value).__name__)


def _meant(told: dict[str, Any]) -> Any:
    """Tryton's moments are UTC without saying so."""
    match told.get("__class__"):
        case "datetime":
            return datetime(**{name: value for name, value in told.items() if name != "__class__"}, tzinfo=UTC)
        case "date":
            return f"{told['year']:04}-{told['month']:02}-{told['day']:02}"
        case "Decimal":
            return Decimal(told["decimal"])
        case "timedelta":
            return told["seconds"]
    return told
