"""Every exception leadflow raises, on one screen, grouped by what the caller does next.

Messages say what is wrong, where, and the way out. They carry no personal data: ids, field names and codes only.

>>> error = NotFoundError("no lead 'l_1'", code="lead_unknown", hint="list leads with flow.leads()")
>>> str(error), error.code, error.retryable
("no lead 'l_1'; list leads with flow.leads()", 'lead_unknown', False)
>>> isinstance(error, LookupError)
True
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any


class LeadflowError(Exception):
    """The root of all errors of this library."""

    code = "error"
    retryable = False

    def __init__(
        self,
        message: str = "",
        *,
        code: str | None = None,
        hint: str = "",
        details: Mapping[str, Any] | None = None,
    ) -> None:
        self.message = message or (type(self).__doc__ or "").split("\n", 1)[0]
        self.hint = hint
        self.details: Mapping[str, Any] = dict(details or {})
        if code is not None:
            self.code = code
        super().__init__(self.message)

    def __str__(self) -> str:
        return f"{self.message}; {self.hint}" if self.hint else self.message


def marked(text: str, start: int, end: int) -> str:
    """The line of a text that holds a part, which is marked in the line below; both indented by two.

    >>> print(marked("a > 1 and b", 10, 11))
      a > 1 and b
                ^
    """
    first = text.rfind("\n", 0, start) + 1
    line = text[first:].split("\n", 1)[0]
    marks = "^" * max(1, min(end - start, len(line) - (start - first)))
    return f"  {line}\n  {' ' * (start - first)}{marks}"


# -- mend the input ---------------------------------------------------------------------------------------


class InvalidInputError(LeadflowError, ValueError):
    """Something handed to leadflow is not acceptable."""

    code = "invalid_input"


class InvalidValueError(InvalidInputError):
    """One value has the wrong type, range or form."""

    code = "invalid_value"


class ExpressionError(InvalidInputError):
    """A condition does not parse or does not type-check.

    `span` is (start, end) in characters of `text`; `str()` shows the line with that part marked below.

    >>> print(ExpressionError("no field contry", text='contry == "DE"', span=(0, 6), hint="did you mean country?"))
    no field contry; did you mean country?
      contry == "DE"
      ^^^^^^
    """

    code = "invalid_expression"

    def __init__(
        self,
        message: str,
        *,
        text: str = "",
        span: tuple[int, int] = (0, 0),
        hint: str = "",
        code: str | None = None,
    ) -> None:
        super().__init__(message, hint=hint, code=code)
        self.text = text
        self.span = span

    def __str__(self) -> str:
        said = super().__str__()
        return f"{said}\n{marked(self.text, *self.span)}" if self.text else said


class PlaybookError(InvalidInputError):
    """A playbook has faults; `faults` lists every one with its place."""

    code = "invalid_playbook"

    def __init__(self, message: str, *, faults: Sequence[Any] = (), hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.faults = tuple(faults)

    def __str__(self) -> str:
        lines = [super().__str__(), *(f"  {fault}" for fault in self.faults)]
        return "\n".join(lines)


# -- look elsewhere ---------------------------------------------------------------------------------------


class NotFoundError(LeadflowError, LookupError):
    """There is no such record."""

    code = "not_found"


class RefusedError(LeadflowError):
    """A rule of the business says no; `refusal` says which."""

    code = "refused"

    def __init__(self, message: str, *, refusal: Any = None, hint: str = "") -> None:
        super().__init__(message, hint=hint, code=getattr(refusal, "code", None))
        self.refusal = refusal


# -- the store --------------------------------------------------------------------------------------------


class StoreError(LeadflowError):
    """The store could not do what was asked."""

    code = "store"


class ConflictError(StoreError):
    """Somebody else changed what this change was planned on; plan again."""

    code = "conflict"
    retryable = True


class StoreBusyError(StoreError):
    """The store is locked by somebody else; try again later."""

    code = "store_busy"
    retryable = True


class SchemaVersionError(StoreError):
    """The store's schema is not the one this version of leadflow writes."""

    code = "schema_version"


class CorruptionError(StoreError):
    """The store's content is damaged."""

    code = "corruption"


# -- the outside ------------------------------------------------------------------------------------------


class AdapterError(LeadflowError):
    """An adapter failed."""

    code = "adapter"

    def __init__(self, message: str, *, adapter: str = "", operation: str = "", hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.adapter = adapter
        self.operation = operation


class TransientError(AdapterError):
    """The outside is busy or away; try again after `retry_after` seconds."""

    code = "transient"
    retryable = True

    def __init__(
        self,
        message: str,
        *,
        adapter: str = "",
        operation: str = "",
        hint: str = "",
        retry_after: float | None = None,
    ) -> None:
        super().__init__(message, adapter=adapter, operation=operation, hint=hint)
        self.retry_after = retry_after


class AuthenticationError(AdapterError):
    """The outside refused our credentials."""

    code = "authentication"


class RejectedError(AdapterError):
    """The outside refused this item for good.

    Of a message, `bounce` says why, if it said: "hard" (there is no such address), "soft", "blocked" or "policy"; `status` is
    the code by RFC 3463.
    """

    code = "rejected"

    def __init__(
        self,
        message: str,
        *,
        adapter: str = "",
        operation: str = "",
        hint: str = "",
        bounce: str | None = None,
        status: str | None = None,
    ) -> None:
        super().__init__(message, adapter=adapter, operation=operation, hint=hint)
        self.bounce = bounce
        self.status = status


class FateUnknownError(AdapterError):
    """It may have happened, and nobody can tell; it is not done again by itself."""

    code = "fate_unknown"


class UnsupportedCapabilityError(AdapterError):
    """The adapter does not claim this capability."""

    code = "unsupported_capability"


class AdapterUnavailableError(AdapterError, ImportError):
    """The adapter needs an extra that is not installed."""

    code = "adapter_unavailable"


class SignatureError(AdapterError):
    """A payload's signature is missing, old or wrong."""

    code = "signature"


# -- plugins ----------------------------------------------------------------------------------------------


class PluginError(LeadflowError):
    """A plugin misbehaved."""

    code = "plugin"


class PluginLoadError(PluginError):
    """A plugin could not be loaded."""

    code = "plugin_load"


class PluginValidationError(PluginError):
    """A plugin's hooks or results do not have the promised shape."""

    code = "plugin_validation"


class PluginConflictError(PluginError):
    """Two plugins register the same name."""

    code = "plugin_conflict"
