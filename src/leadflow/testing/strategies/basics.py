"""What all strategies share: small pools of plausible values, and options that fix or narrow any field."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

import attrs

from leadflow.errors import InvalidInputError
from leadflow.expr.fault import did_you_mean
from leadflow.model.ids import derive_id
from leadflow.model.time import HOUR_US, duration_text, parse_duration, parse_instant, to_datetime

try:
    from hypothesis import strategies as st
    from hypothesis.strategies import SearchStrategy
except ImportError as error:  # pragma: no cover - the extra is there where tests run
    raise ImportError("leadflow.testing.strategies needs Hypothesis: pip install 'leadflow[testing]'") from error

EMAILS = (
    "ana@kos.example",
    " ANA@Kos.example ",
    "bo@kos.example",
    "cy@gmail.com",
    "dee@nova.example",
    "Éva@xn--nva-hoa.example",
)
DAMAGED_EMAILS = ("", "not an address", None)
COMPANIES = ("Kos d.o.o.", "KOS", "Nova Ltd", "", None)
PAGES = ("pricing", "home", "docs")
VISITORS = ("ck-1", "ck-2", "ck-3")
USERS = ("ana", "bo", "cy")
KEYS = 6
"""How many keys of each kind of record there are: few, so that keys repeat, with the same body and with another."""
AROUND = "2026-01-15T12:00:00Z"

T = TypeVar("T")
Record = dict[str, Any]
Records = SearchStrategy[Record]
Fields = SearchStrategy[Any]
"""An option: a strategy for one field, `st.just("SI")` to fix it."""


def sometimes(strategy: SearchStrategy[Any]) -> SearchStrategy[Any]:
    """Nothing, or something."""
    return st.one_of(st.none(), strategy)


def several(
    strategy: SearchStrategy[T], *, least: int = 0, most: int = 2, by: str = ""
) -> SearchStrategy[tuple[T, ...]]:
    """A short tuple, unique by a field if one is named."""
    unique: Any = (lambda value: getattr(value, by)) if by else None
    return st.lists(strategy, min_size=least, max_size=max(least, most), unique_by=unique).map(tuple)


def given(**fields: SearchStrategy[Any]) -> Records:
    """A record without the fields that came out as None."""
    return st.fixed_dictionaries(fields).map(lambda record: {k: v for k, v in record.items() if v is not None})


def made(cls: type[T], fields: Mapping[str, Fields], options: Mapping[str, Fields]) -> SearchStrategy[T]:
    """A value of a class; options go before what its fields usually are. Errors: InvalidInputError for no such field."""
    known = [each.name for each in attrs.fields(cls)]  # type: ignore[arg-type]
    check_options(cls.__name__, options, known)
    return st.builds(cls, **{**fields, **options})


def check_options(what: str, options: Mapping[str, Any], known: Any) -> None:
    """Errors: InvalidInputError for an option that is no field, or no strategy."""
    for name, option in options.items():
        if name not in known:
            hint = did_you_mean(name, known) or f"one of {', '.join(known)}"
            raise InvalidInputError(f"{what} has no field {name}", hint=hint)
        if not isinstance(option, SearchStrategy):
            raise InvalidInputError(f"{name}: an option is a strategy", hint=f"write {name}=st.just({option!r})")


def keys_of(prefix: str, keys: int) -> SearchStrategy[str]:
    """`s-1`, `s-2` ..."""
    return st.integers(1, keys).map(lambda n: f"{prefix}-{n}")


def ids_of(role: str, keys: int) -> SearchStrategy[str]:
    """Ids of records that submissions and interactions of these keys make, if they make any."""
    made = st.tuples(st.sampled_from(["s", "s", "s", "i", "e"]), st.integers(1, keys))
    return made.map(lambda pair: derive_id(role, f"{pair[0]}-{pair[1]}"))


def instants(*, around: str = AROUND, within: str = "120d") -> SearchStrategy[str]:
    """ISO 8601 texts on whole days and hours around a moment: equal and out-of-order times are frequent.

    >>> from hypothesis import find
    >>> find(instants(), lambda at: True)
    '2026-01-15T12:00:00+00:00'
    """
    middle, reach = parse_instant(around), parse_duration(within)
    hours = st.integers(-reach // HOUR_US, reach // HOUR_US)
    near = st.one_of(st.sampled_from([0, 0, 24, -24, 24 * 30, -24 * 89, -24 * 90, -24 * 91]), hours)
    return near.map(lambda hour: to_datetime(middle + hour * HOUR_US).isoformat())


def durations(*, least: str = "1min", most: str = "1y") -> SearchStrategy[str]:
    """Texts such as "1d": round ones of each unit between two.

    >>> from hypothesis import find
    >>> find(durations(least="1h", most="2d"), lambda span: span.endswith("d"))
    '1d'
    """
    low, high = parse_duration(least), parse_duration(most)
    round_ones = ("1min", "5min", "15min", "30min", "1h", "4h", "8h", "1d", "2d", "3d", "7d", "14d", "30d", "60d", "90d",
                  "180d", "1y")  # fmt: skip
    spans = [low, *(us for us in map(parse_duration, round_ones) if low < us < high), high]
    return st.sampled_from(list(dict.fromkeys(map(duration_text, spans))))
