"""Both sides of a record, field by field: what they take, what we take, what somebody must say. Pure.

What both sides agreed on is known by a mark of each value, never by the value itself.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from decimal import Decimal, InvalidOperation
from hashlib import blake2b
from typing import Any, Final

from attrs import field, frozen

from leadflow.crm.vocabulary import Value

_NUMBERS: Final = frozenset({"amount", "employees", "revenue"})


def mark(name: str, value: Value) -> str:
    """A short name for a value: equal for what is the same however it is written.

    >>> mark("amount", "1200.50") == mark("amount", "1200.5"), mark("city", "") == mark("city", None)
    (True, True)
    >>> mark("is_active", True) == mark("is_active", "true")
    True
    """
    if value is None or value == "":
        return ""
    text = "true" if value is True else "false" if value is False else str(value)
    if name in _NUMBERS or name.startswith("score."):
        with suppress(InvalidOperation):  # what is no number is told apart as a text
            text = format(Decimal(text).normalize(), "f")
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=6).hexdigest()


def marks(fields: Mapping[str, Value]) -> dict[str, str]:
    """The marks of all fields."""
    return {name: mark(name, value) for name, value in fields.items()}


def plain(value: Any) -> Value:
    """A field's content as it travels: decimals as text, several values in one text.

    >>> plain(Decimal("1200.50")), plain(("a", "b")), plain(None)
    ('1200.5', 'a;b', None)
    """
    if isinstance(value, Decimal):
        return format(value.normalize(), "f")
    if isinstance(value, (tuple, list)):
        return ";".join(str(each) for each in value)
    return value if value is None or isinstance(value, (bool, int)) else str(value) or None


@frozen(kw_only=True)
class Merged:
    """What comes of a change there: `take` are their values for our record, `ask` those that somebody must decide on.

    `told` are the marks of what is agreed on now; a field whose mark differs from ours goes out at the next opportunity.
    """

    take: Mapping[str, Value] = field(factory=dict)
    ask: Mapping[str, Value] = field(factory=dict)
    told: Mapping[str, str] = field(factory=dict)


def merged(
    ours: Mapping[str, Value],
    theirs: Mapping[str, Value],
    told: Mapping[str, str],
    sending: Mapping[str, str],
    policy: Callable[[str], str],
    *,
    theirs_is_newer: bool,
) -> Merged:
    """Their fields against ours. `told` are the marks of what was agreed on, `sending` those of what was on its way.

    `policy(name)` is "ours", "theirs", "newest" or "ask"; it is asked only where both sides changed a field.

    >>> before = marks({"city": "Kranj", "phone": "1"})
    >>> done = merged({"city": "Bled", "phone": "1"}, {"city": "Kranj", "phone": "2"}, before, {}, lambda name: "ours",
    ...     theirs_is_newer=True)
    >>> done.take, done.told == before | marks({"phone": "2"})
    ({'phone': '2'}, True)
    """
    take: dict[str, Value] = {}
    ask: dict[str, Value] = {}
    agreed = dict(told)
    for name, value in theirs.items():
        there, here = mark(name, value), mark(name, ours.get(name))
        known = there if there == sending.get(name) else told.get(name)
        if there == here:
            agreed[name] = there
            continue
        if known == there:
            agreed[name] = there  # they have what we told them; what we have changed since goes out
            continue
        if known is None and "" in (there, here):
            chosen = "theirs" if here == "" else "ours"
        elif known == here:
            chosen = "theirs"
        else:
            chosen = policy(name)
            if chosen == "newest":
                chosen = "theirs" if theirs_is_newer else "ours"
        if chosen == "ask":
            ask[name] = value
        elif chosen == "ours":
            agreed[name] = there
        else:
            take[name] = value
            # Nothing that comes in makes a field of ours blank: theirs stays blank all the same.
            agreed[name] = there or here
    return Merged(take=take, ask=ask, told=agreed)
