"""Score rules as people configure them, and what can be wrong with them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from attrs import field, frozen

from leadflow.errors import ExpressionError, InvalidValueError
from leadflow.expr import nodes as n
from leadflow.expr.check import check, faults
from leadflow.expr.fault import Fault, did_you_mean
from leadflow.expr.points.decay import MAX_HALF_LIFE_DAYS
from leadflow.expr.reading.calls import MAX_LIMIT
from leadflow.expr.reading.parse import parse
from leadflow.expr.typed import type_of
from leadflow.expr.types import Schema, Type
from leadflow.model.time import parse_duration

MAX_POINTS = 1_000_000
DEFAULT_EACH = 100
"""How many of the newest occurrences an `each` rule with a window or half-life counts, unless it says
otherwise."""

Filters = Mapping[str, Any]
Bounds = tuple[int | None, int | None]
"""The least and the most; None: no bound."""


@frozen(kw_only=True)
class ScoreRule:
    """One reason for points.

    `when` alone: the points are given once while the condition holds. `each` (a kind of interaction and
    filters on its properties): the points are given for every occurrence, the newest `limit` of them, while
    `when` holds if there is one. Then either `within` (a duration) says how long an occurrence counts, or
    `half_life_days` how fast its points fade. `cap` bounds what the rule gives, up or down. `group` names
    the group whose bounds it shares.

    >>> ScoreRule(name="clicks", points=3, each=("email.clicked", {}), within="30d", cap=12).limit is None
    True
    """

    name: str
    points: int
    when: str | n.Node | None = None
    each: tuple[str, Filters] | None = None
    within: str | None = None
    limit: int | None = None
    cap: int | None = None
    group: str | None = None
    half_life_days: int | None = field(default=None)

    @property
    def occurrence(self) -> n.Occurrence | None:
        """What `each` counts, as the term of the language."""
        if self.each is None:
            return None
        within_us = None if self.within is None else parse_duration(self.within, "within")
        return n.Occurrence("count", self.each[0], None, within_us, _where(self.each[1]))

    @property
    def condition(self) -> n.Node | None:
        """The tree of `when`. Errors: ExpressionError."""
        return parse(self.when) if isinstance(self.when, str) else self.when


def at_least(
    name: str,
    points: int,
    kind: str,
    times: int = 1,
    *,
    within: str | None = None,
    where: Filters | None = None,
    group: str | None = None,
) -> ScoreRule:
    """Points once, if an interaction occurred at least so many times.

    >>> from leadflow.expr import to_text
    >>> to_text(at_least("keen", 10, "email.clicked", 2, within="30d").condition)
    'count("email.clicked", within="30d") >= 2'
    """
    count = _occurrence("count", kind, within, where)
    return ScoreRule(name=name, points=points, when=n.Compare(">=", count, n.Literal(times)), group=group)


def none_of(
    name: str,
    points: int,
    kind: str,
    *,
    within: str | None = None,
    where: Filters | None = None,
    group: str | None = None,
) -> ScoreRule:
    """Points once, if there was no such interaction.

    >>> from leadflow.expr import to_text
    >>> to_text(none_of("silent", -5, "email.*", within="90d").condition)
    'not any("email.*", within="90d")'
    """
    found = _occurrence("any", kind, within, where)
    return ScoreRule(name=name, points=points, when=n.Not(found), group=group)


def _occurrence(function: str, kind: str, within: str | None, where: Filters | None) -> n.Occurrence:
    within_us = None if within is None else parse_duration(within, "within")
    return n.Occurrence(function, kind, None, within_us, _where(where or {}))


def _where(filters: Filters) -> tuple[tuple[str, n.Literal], ...]:
    return tuple((name, n.Literal(value)) for name, value in sorted(filters.items()))


# -- faults -----------------------------------------------------------------------------------------------


def score_faults(
    rules: Sequence[ScoreRule], groups: Mapping[str, Bounds], schema: Schema, bounds: Bounds = (None, None)
) -> list[Fault]:
    """Every fault of a rule set, each with the name of its rule; empty when it is sound.

    >>> rules = [ScoreRule(name="x", points=5, when="stage == 5", group="behavior")]
    >>> for fault in score_faults(rules, {"behaviour": (0, 50)}, Schema({})):
    ...     print(fault)
    x: there is no group behavior; did you mean behaviour?
    x: there is no term stage (characters 0-5)
    """
    found = [
        Fault(f"{count} rules have this name", hint="give each its own", source=name)
        for name, count in Counter(rule.name for rule in rules).items()
        if count > 1
    ]
    for name, (least, most) in [*groups.items(), ("bounds", bounds)]:
        if least is not None and most is not None and least > most:
            found.append(Fault(f"the least, {least}, is more than the most, {most}", source=name))
    for rule in rules:
        found += (fault.of(rule.name) for fault in _rule_faults(rule, groups, schema))
    return found


def _rule_faults(rule: ScoreRule, groups: Mapping[str, Bounds], schema: Schema) -> Iterator[Fault]:
    if type(rule.points) is not int or abs(rule.points) > MAX_POINTS:
        yield Fault(f"points are whole numbers, at most {MAX_POINTS}")
    if rule.cap is not None and (type(rule.cap) is not int or rule.cap < 1):
        yield Fault("a cap is a whole number above 0", hint="it bounds points up and down alike")
    if rule.group is not None and rule.group not in groups:
        yield Fault(f"there is no group {rule.group[:60]}", hint=did_you_mean(rule.group, groups))
    if rule.each is None:
        yield from _when_only_faults(rule)
    else:
        yield from _each_faults(rule, schema)
    if rule.when is not None:
        yield from _condition_faults(rule.when, schema)


def _when_only_faults(rule: ScoreRule) -> Iterator[Fault]:
    if rule.when is None:
        yield Fault("the rule has neither when nor each", hint='write when = "True" for everybody')
    given = [name for name in ("within", "limit", "half_life_days") if getattr(rule, name) is not None]
    if given:
        yield Fault(f"{' and '.join(given)} belong to each", hint="in a condition, write any(..., within=...)")


def _each_faults(rule: ScoreRule, schema: Schema) -> Iterator[Fault]:
    if rule.within is not None and rule.half_life_days is not None:
        yield Fault("within and half_life_days exclude each other", hint="points end at once, or they fade")
    if rule.limit is not None and (type(rule.limit) is not int or not 1 <= rule.limit <= MAX_LIMIT):
        yield Fault(f"limit is a number from 1 to {MAX_LIMIT}")
    days = rule.half_life_days
    if days is not None and (type(days) is not int or not 1 <= days <= MAX_HALF_LIFE_DAYS):
        yield Fault(f"half_life_days is a number from 1 to {MAX_HALF_LIFE_DAYS}")
    filters = rule.each[1] if rule.each else {}
    if any(not isinstance(value, (str, int, Decimal)) for value in filters.values()):
        yield Fault("a filter compares a property with a text, a number, True or False")
        return
    try:
        occurrence = rule.occurrence
    except InvalidValueError as error:
        yield Fault(error.message, hint=error.hint)
        return
    if occurrence is not None:
        yield from check(n.Compare(">", occurrence, n.Literal(0)), schema)


def _condition_faults(when: str | n.Node, schema: Schema) -> Iterator[Fault]:
    try:
        found = faults(when, schema) if isinstance(when, str) else check(when, schema)
        node = parse(when) if isinstance(when, str) and not found else when
    except ExpressionError as error:
        yield Fault(error.message, error.span, error.hint)
        return
    yield from found
    if not found and not isinstance(node, str):
        yield from _mixed_faults(node, schema)


def _mixed_faults(node: n.Node, schema: Schema) -> Iterator[Fault]:
    """A score is kept up from interactions alone, so one comparison may not need a record as well."""
    for part in n.walk(node):
        if isinstance(part, n.Compare) and type_of(part.left, schema) is not Type.BOOLEAN:
            inner = list(n.walk(part))
            behaves = any(isinstance(each, n.Occurrence) for each in inner)
            if behaves and any(isinstance(each, (n.FieldRef, n.TermRef)) for each in inner):
                yield Fault(
                    "a score rule cannot compare interactions with a field or term",
                    part.span,
                    "compare each with a number, and join them with and",
                )
