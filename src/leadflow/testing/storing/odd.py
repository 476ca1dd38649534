"""Values that tables trip over, and how the kit runs Hypothesis."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any, TypeVar

from hypothesis import HealthCheck, settings

Test = TypeVar("Test", bound=Callable[..., Any])

TEXTS = (
    "",
    " ",
    "'; DROP TABLE leadflow_lead; --",
    'say "x"',
    "back\\slash %s %(x)s ? :x $1",
    "two\r\nlines\tand\x1fcontrols",
    "Čevapčiči d.o.o.",
    "e\u0301 is not \u00e9",
    "日本語",
    "‮right to left",
    "👩‍👩‍👧 𐍈",
    "null",
    "\ufeff\ufffd",
    "x" * 100_000,
)
"""Texts that every store keeps as they are, character by character."""

NUMBERS = (0, -1, 2**31, -(2**31) - 1, 2**53 + 1, 2**63 - 1, -(2**63))
"""Whole numbers that every store keeps: 64 bits."""

AMOUNTS = ("0", "0.00", "-0.01", "1200000.50", "99999999999999999999999999.99", "0.000000000000000001")
"""Decimals that every store keeps with all their digits, those after the point that are 0 too."""

NESTED: tuple[dict[str, Any], ...] = (
    {"a": {"b": [1, [], {}, {"c": None}]}, "": "empty name"},
    {"n": 2**80, "f": 0.1, "yes": True, "no": None},
    {"naïve": "日本語", 'quote"d': "back\\slash", "deep": [[[[[[[["x"]]]]]]]]},
    {"list": ["a", 1, 1.5, False, None]},
)
"""JSON that every store keeps, with the types of its numbers."""

REFUSABLE: tuple[dict[str, Any], ...] = (
    {"id": "c_nul", "first_name": "a\0b"},
    {"id": "c_nul_inside", "custom": {"a": "a\0b"}},
    {"id": "c_surrogate", "first_name": "half \ud800 of a pair"},
    {"id": "c_huge", "created_us": 2**63},
    {"id": "c_low", "updated_us": -(2**63) - 1},
    {"id": "c_nan", "custom": {"a": float("nan")}},
    {"id": "c_endless", "custom": {"a": float("inf")}},
    {"id": "c_object", "custom": {"a": object()}},
)
"""Contacts that not every table can hold: kept whole or refused whole, never cut or bent."""


def amounts() -> tuple[Decimal, ...]:
    """AMOUNTS as decimals."""
    return tuple(Decimal(text) for text in AMOUNTS)


def bounded(examples: int) -> Callable[[Test], Test]:
    """Settings of a law that is tried on a store: no deadline, and the store is made once for all examples."""
    return settings(max_examples=examples, deadline=None, suppress_health_check=[HealthCheck.too_slow])
