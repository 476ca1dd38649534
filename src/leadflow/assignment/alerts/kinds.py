"""Which kinds of activity are meant: exactly, all below a dot (`email.*`), or all (`*`). Pure."""

from __future__ import annotations

from functools import lru_cache


def matches(pattern: str, kind: str) -> bool:
    """Whether a kind is meant by a pattern, as in conditions.

    >>> matches("email.*", "email.clicked"), matches("email.*", "emailed"), matches("*", "order"), matches("order", "orders")
    (True, False, True, False)
    """
    return kind.startswith(pattern[:-1]) if pattern == "*" or pattern.endswith(".*") else kind == pattern


@lru_cache(maxsize=4096)
def matches_any(patterns: tuple[str, ...], kind: str) -> bool:
    """Whether a kind is meant by one of several patterns.

    >>> matches_any(("form.submitted", "email.*"), "email.opened")
    True
    """
    return any(matches(pattern, kind) for pattern in patterns)
