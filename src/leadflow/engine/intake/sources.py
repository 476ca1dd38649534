"""Sources: readers of payloads that plugins bring."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from leadflow.errors import InvalidInputError

Source = Callable[..., Iterable[Any]]
"""`source(payload, **options)` gives records."""


def read_source(sources: Mapping[str, Source], name: str, payload: Any, options: Mapping[str, Any]) -> Iterable[Any]:
    """The records of a payload, read one by one. Errors: InvalidInputError that lists the sources there are.

    >>> list(read_source({"rows": lambda payload: payload}, "rows", [{"type": "user"}], {}))
    [{'type': 'user'}]
    """
    source = sources.get(name)
    if source is None:
        known = ", ".join(sorted(sources)) or "none"
        raise InvalidInputError(
            f"no plugin registers the source {name[:60]!r} (there are: {known})",
            code="not_registered",
            hint="see leadflow plugins; a flow knows the sources of the plugins that it was opened with",
        )
    return source(payload, **options)
