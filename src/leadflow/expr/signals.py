"""Signals: what is remembered of a subject's interactions, so that a condition never reads them again.

A signal is a kind of interaction with filters, shared by all rules that ask for it. Its state is an
immutable tuple of whole numbers, `(total, newest, second newest, ...)`, with at most as many times
(microseconds) as any rule needs. The state of a sum is `(total, total_value, (time, value), ...)` with
values in millionths. Both are functions of the set of interactions: the order of arrival changes nothing.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Mapping
from decimal import Context, Decimal, InvalidOperation
from typing import Any

from attrs import field, frozen

from leadflow.errors import InvalidValueError
from leadflow.model.time import DAY_US, NEVER_US

MILLION = 1_000_000
_MOST_KINDS = 10_000
"""How many kinds are remembered; kinds come from outside, so there must be a bound."""

_MILLIONTH = Decimal("0.000001")
# Wide enough for every amount that is taken at all, and never the host's context.
_WIDE = Context(prec=60, traps=[])

State = tuple[Any, ...]
EMPTY: State = (0,)
EMPTY_SUM: State = (0, 0)


def _tagged(where: tuple[tuple[str, object], ...]) -> object:
    return tuple((name, type(value) is bool, value) for name, value in where)


def _folded(where: Iterable[tuple[str, object]]) -> tuple[tuple[str, object], ...]:
    return tuple(sorted((name, comparable(value)) for name, value in where))


@frozen
class Signal:
    """Which interactions count: the kind (exact, or ending in `.*`, or `*`) and property filters.

    Texts are compared without regard to case; a number equals a number, a text never does. With `property`
    the values of that property are added up.

    >>> spring = Signal("email.*", (("campaign", "Spring"),))
    >>> spring.accepts("email.clicked", {"campaign": "SPRING"}), spring.accepts("email.clicked", {})
    (True, False)
    """

    kind: str
    where: tuple[tuple[str, Any], ...] = field(default=(), converter=_folded, eq=_tagged)
    property: str | None = None

    def accepts(self, kind: str, properties: Mapping[str, Any]) -> bool:
        """Whether an interaction counts."""
        return self.accepts_kind(kind) and _accepts(self.where, properties)

    def accepts_kind(self, kind: str) -> bool:
        """Whether interactions of a kind may count."""
        if self.kind.endswith("*"):
            return kind.startswith(self.kind[:-1])
        return kind == self.kind


def comparable(value: object) -> object:
    """The form in which a property is compared: texts folded, numbers as they are, anything else None.

    >>> comparable("Spring"), comparable(5), comparable(["x"])
    ('spring', 5, None)
    """
    if isinstance(value, str):
        return value.casefold()
    return value if isinstance(value, (int, Decimal, float)) else None


def _same(value: object, wanted: object) -> bool:
    return value is not None and value == wanted and (type(value) is bool) == (type(wanted) is bool)


def micro_units(value: object) -> int:
    """A number or numeric text in millionths; 0 for anything else, so that a damaged value adds nothing.

    >>> micro_units("9.90"), micro_units(2), micro_units("n/a")
    (9900000, 2000000, 0)
    """
    if type(value) is int:
        return value * MILLION
    if isinstance(value, bool) or not isinstance(value, (str, Decimal, float)):
        return 0
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        return 0
    # An exponent of many digits would make a number of as many digits.
    if not number.is_finite() or number.adjusted() > 30:
        return 0
    return int(_WIDE.scaleb(_WIDE.quantize(number, _MILLIONTH), 6))


class SignalTable:
    """Gives each signal a small number and remembers how many newest times any rule needs of it.

    Filled while rules are compiled, read-only afterwards. A table built from other rules numbers
    differently; states are then rebuilt from the interactions.

    >>> table = SignalTable()
    >>> table.intern(Signal("email.clicked"), keep=2), table.intern(Signal("email.*"), keep=0)
    (0, 1)
    >>> table.matching("email.clicked", {}), table.keep
    ((0, 1), [2, 0])
    """

    def __init__(self) -> None:
        self.signals: list[Signal] = []
        self.keep: list[int] = []
        self._index: dict[Signal, int] = {}
        self._summands: dict[int, str] = {}
        self._kinds: dict[str, tuple[tuple[int, ...], _Filters | None]] = {}

    def __len__(self) -> int:
        return len(self.signals)

    def intern(self, signal: Signal, keep: int) -> int:
        """The signal's number; the table now keeps at least that many of its times."""
        index = self._index.get(signal)
        if index is None:
            index = self._index[signal] = len(self.signals)
            self.signals.append(signal)
            self.keep.append(keep)
            if signal.property is not None:
                self._summands[index] = signal.property
            self._kinds.clear()
        elif keep > self.keep[index]:
            self.keep[index] = keep
        return index

    def index(self, signal: Signal) -> int:
        """The number of a signal that some rule asks for. Errors: InvalidValueError if none does."""
        try:
            return self._index[signal]
        except KeyError:
            raise InvalidValueError(f"no rule asks for {signal.kind!r} with these filters") from None

    def matching(self, kind: str, properties: Mapping[str, Any]) -> tuple[int, ...]:
        """The numbers of the signals that an interaction counts for.

        Without filters for the kind this is one look-up; otherwise one more for each property that is
        filtered on.
        """
        plain, filters = self._kinds.get(kind) or self._candidates(kind)
        return plain if filters is None else filters.add_to(plain, properties)

    def _candidates(self, kind: str) -> tuple[tuple[int, ...], _Filters | None]:
        fitting = [(index, signal.where) for index, signal in enumerate(self.signals) if signal.accepts_kind(kind)]
        plain = tuple(index for index, where in fitting if not where)
        filtered = [(index, where) for index, where in fitting if where]
        found = plain, _Filters(filtered) if filtered else None
        if len(self._kinds) < _MOST_KINDS:
            self._kinds[kind] = found
        return found

    def observe(
        self, states: Mapping[int, State], kind: str, properties: Mapping[str, Any], at_us: int
    ) -> dict[int, State]:
        """The states that an interaction changes, as they are afterwards; `states` itself stays as it is.

        >>> table = SignalTable()
        >>> clicks = table.intern(Signal("email.clicked"), keep=1)
        >>> table.observe({}, "email.clicked", {}, 5)
        {0: (1, 5)}
        """
        changed: dict[int, State] = {}
        keeps, summands = self.keep, self._summands
        for index in self.matching(kind, properties):
            state, keep = states.get(index), keeps[index]
            if index in summands:
                value = micro_units(properties.get(summands[index]))
                changed[index] = observe(state, at_us, keep, value)
            elif not keep:  # the commonest signal by far: only its number of times counts
                changed[index] = (1,) if state is None else (state[0] + 1,)
            else:
                changed[index] = observe(state, at_us, keep)
        return changed


Where = tuple[tuple[str, Any], ...]


class _Filters:
    """The filtered signals of one kind, found by the value of their first filter."""

    def __init__(self, filtered: Iterable[tuple[int, Where]]) -> None:
        found: dict[str, dict[object, list[tuple[int, Where]]]] = {}
        for index, ((name, value), *rest) in filtered:
            found.setdefault(name, {}).setdefault(_key(value), []).append((index, tuple(rest)))
        self._by_property = tuple(found.items())

    def add_to(self, plain: tuple[int, ...], properties: Mapping[str, Any]) -> tuple[int, ...]:
        found: list[int] = []
        for name, by_value in self._by_property:
            value = properties.get(name)
            entries = None if value is None else by_value.get(_key(value))
            if entries is not None:
                found += (index for index, rest in entries if not rest or _accepts(rest, properties))
        return (*plain, *found) if found else plain


def _key(value: object) -> object:
    if isinstance(value, str):
        return value.casefold()
    # A dict takes True for 1, so yes and no go in under their names.
    return (value,) if isinstance(value, bool) else comparable(value)


def _accepts(where: Where, properties: Mapping[str, Any]) -> bool:
    return all(_same(comparable(properties.get(name)), value) for name, value in where)


def observe(state: State | None, at_us: int, keep: int, value: int | None = None) -> State:
    """The state after one more occurrence at `at_us`; `value` (millionths) for a sum.

    >>> observe((1, 5), 9, keep=2), observe((1, 5), 3, keep=1), observe(None, 7, keep=1, value=2_000_000)
    ((2, 9, 5), (2, 5), (1, 2000000, (7, 2000000)))
    """
    if value is not None:
        total, amount, *pairs = state or EMPTY_SUM
        return (total + 1, amount + value, *_newest([*pairs, (at_us, value)], keep))
    if state is None:
        return (1, at_us) if keep else (1,)
    if not keep:
        return (state[0] + 1,)
    if len(state) == 1 or at_us >= state[1]:
        return (state[0] + 1, at_us, *state[1:keep])
    return (state[0] + 1, *_newest([*state[1:], at_us], keep))


def state_of(times: Iterable[int], keep: int) -> State:
    """The state of a signal from all its times, in any order.

    >>> state_of([3, 9, 5], keep=2)
    (3, 9, 5)
    """
    every = list(times)
    return (len(every), *_newest(every, keep))


def sum_state_of(pairs: Iterable[tuple[int, int]], keep: int) -> State:
    """The state of a sum from all (time, value in millionths), in any order.

    >>> sum_state_of([(3, 1), (9, 5)], keep=1)
    (2, 6, (9, 5))
    """
    every = list(pairs)
    return (len(every), sum(value for _, value in every), *_newest(every, keep))


def _newest(times: list[Any], keep: int) -> list[Any]:
    return sorted(times, reverse=True)[:keep]


# -- reading a state at an instant ------------------------------------------------------------------------


def counted(state: State, now_us: int, within_us: int, limit: int) -> tuple[int, int]:
    """How many of the newest `limit` occurrences lie in the window, and until when that holds.

    >>> counted((3, 90, 50, 10), now_us=100, within_us=60, limit=100)
    (2, 110)
    """
    count = min(_inside(state, 1, now_us - within_us), limit)
    return count, state[count] + within_us if count else NEVER_US


def _inside(state: State, first: int, edge_us: int) -> int:
    # Times stand newest first, so the first one at or before the edge ends the count.
    return bisect_left(state, -edge_us, lo=first, key=lambda at_us: -at_us) - first


def summed(state: State, now_us: int, within_us: int, limit: int) -> tuple[int, int]:
    """The sum in millionths of the newest `limit` occurrences in the window, and until when that holds.

    >>> summed((2, 6, (9, 5), (3, 1)), now_us=10, within_us=5, limit=100)
    (5, 14)
    """
    edge_us = now_us - within_us
    amount, until_us = 0, NEVER_US
    for at_us, value in state[2 : 2 + limit]:
        if at_us <= edge_us:
            break
        amount += value
        until_us = at_us + within_us
    return amount, until_us


def days_since(state: State, now_us: int) -> tuple[int | None, int]:
    """Whole days since the newest occurrence (None if never), and until when that holds.

    >>> days_since((1, 0), now_us=DAY_US + 5), days_since((0,), now_us=5)[0]
    ((1, 172800000000), None)
    """
    if len(state) < 2:
        return None, NEVER_US
    days = max(0, (now_us - state[1]) // DAY_US)
    return days, state[1] + (days + 1) * DAY_US


def decimal_sum(micro: int) -> int | Decimal:
    """A sum in millionths as an exact number.

    >>> decimal_sum(9_900_000), decimal_sum(-2_000_000)
    (Decimal('9.9'), -2)
    """
    if micro % MILLION == 0:
        return micro // MILLION
    # Built from its digits, because Decimal arithmetic would round by the host's context.
    exponent = -6
    while micro % 10 == 0:
        micro //= 10
        exponent += 1
    return Decimal((micro < 0, tuple(map(int, str(abs(micro)))), exponent))
