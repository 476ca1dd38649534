"""Small values: money, consent levels, lead states and flags."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Final

from attrs import frozen

from leadflow.errors import InvalidValueError

NOTHING: Final[Mapping[str, Any]] = MappingProxyType({})


class LeadState(StrEnum):
    """What sales makes of a lead; stage, flags and customer lifecycle are kept apart from it."""

    OPEN = "open"
    QUALIFIED = "qualified"
    DISQUALIFIED = "disqualified"
    RECYCLED = "recycled"


OPEN_STATES: Final = frozenset({LeadState.OPEN.value, LeadState.RECYCLED.value})

FLAGS: Final = (
    "marketing_qualified",
    "teleprospect_ready",
    "teleprospect_accepted",
    "sales_ready",
    "sales_accepted",
)
"""The yes/no marks of a lead, in the order of the ready-made process."""

CONSENT_LEVELS: Final[Mapping[str, int]] = MappingProxyType(
    {"none": 0, "consent": 1, "transactional": 2, "subscriptions": 3, "marketing": 4, "profiling": 5}
)
"""Consent levels; a higher one includes the lower ones (S003, privacy)."""


@frozen
class Money:
    """An amount in a currency.

    Units: `amount` in whole currency units as Decimal; `currency` ISO 4217.

    >>> Money.of("1200.50", "EUR")
    Money(amount=Decimal('1200.50'), currency='EUR')
    """

    amount: Decimal
    currency: str

    @classmethod
    def of(cls, amount: object, currency: object, field: str = "amount") -> Money:
        """Read money from text, int or Decimal; a float is refused, as is a currency that is not three letters."""
        number = parse_decimal(amount, field)
        if not (isinstance(currency, str) and len(currency) == 3 and currency.isascii() and currency.isalpha()):
            raise InvalidValueError(f"{field}: the currency is not an ISO 4217 code", hint="write e.g. EUR")
        return cls(number, currency.upper())


def parse_decimal(value: object, field: str = "value") -> Decimal:
    """Read an exact number from text, int or Decimal.

    Errors: InvalidValueError for a float (write it as text), NaN, infinity, or anything else.

    >>> parse_decimal("9.90")
    Decimal('9.90')
    """
    if isinstance(value, bool) or not isinstance(value, (int, str, Decimal)):
        hint = "write it as text, e.g. '9.90'" if isinstance(value, float) else ""
        raise InvalidValueError(f"{field}: expected a number, got {type(value).__name__}", hint=hint)
    try:
        number = Decimal(value.strip() if isinstance(value, str) else value)
    except InvalidOperation:
        raise InvalidValueError(f"{field}: not a number", hint="write e.g. 1200.50") from None
    if not number.is_finite() or abs(number.adjusted()) > 30:
        raise InvalidValueError(f"{field}: the number is not finite or out of range")
    return number
