"""A rule set compiled: `static` looks at records, `total` at interactions, and neither at both.

So an interaction changes a score without loading a contact or an account: `static` has put what they say
into bits, and `total` needs only those, the signals and the clock.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property

from attrs import field, frozen

from leadflow.expr.condition import reads
from leadflow.expr.points.code import Score, Static, Total, score_functions, single_function
from leadflow.expr.points.parts import Parts, signals_in, split_rules
from leadflow.expr.points.rules import Bounds, ScoreRule, score_faults
from leadflow.expr.points.shares import Contribution, clamp, evidence, reachable
from leadflow.expr.signals import SignalTable, State
from leadflow.expr.text import to_text
from leadflow.expr.types import Schema
from leadflow.model.time import NEVER_US


@frozen(eq=False)
class ScoreProgram:
    """A rule set that can be asked.

    `static(view, now_us) -> (bits, until_us)` evaluates all that reads no interaction, `static_reads` names
    what it depends on. `total(signals, bits, now_us) -> (points, fired, until_us)` gives the score and the
    mask of the rules that gave points (bit i: rule i). `score(view, now_us) -> (points, fired, until_us)`
    is both at once. All are constant on [now, until) as long as no input comes.

    `uses` are the numbers of the signals it reads.
    """

    rules: tuple[ScoreRule, ...]
    static: Static = field(repr=False)
    total: Total = field(repr=False)
    score: Score = field(repr=False)
    reads: frozenset[str] = field(repr=False)
    static_reads: frozenset[str] = field(repr=False)
    uses: frozenset[int] = field(repr=False)
    _parts: Parts = field(repr=False)
    _groups: Mapping[str, Bounds] = field(repr=False)
    _bounds: Bounds = field(repr=False)

    def fired(self, mask: int) -> tuple[ScoreRule, ...]:
        """The rules of a mask."""
        return tuple(rule for index, rule in enumerate(self.rules) if mask >> index & 1)

    def bounds(self) -> Bounds:
        """The least and the most points that can be reached; None where nothing bounds them."""
        return reachable(self._parts.parts, self._groups, self._bounds)

    def contributions(self, signals: Mapping[int, State], bits: int, now_us: int) -> tuple[Contribution, ...]:
        """Why the score is what it is; the points add up to the total.

        A rule's own cap is in its points; what the bounds of a group or of the whole add or take is a
        contribution of its own. What records say is taken from the bits, so it holds until `static` says.
        """
        return tuple(self._contributions(signals, bits, now_us))

    def _contributions(self, signals: Mapping[int, State], bits: int, now_us: int) -> Iterator[Contribution]:
        sums = dict.fromkeys(self._groups, 0)
        untils: dict[str | None, list[int]] = {}
        points = 0
        for part, total in zip(self._parts.parts, self._singles, strict=True):
            share, fired, until_us = total(signals, bits, now_us)
            untils.setdefault(part.rule.group, []).append(until_us)
            if fired:
                times = evidence(part, signals, now_us)
                yield Contribution(part.rule.name, share, "rule", times, until_us)
            points += share
            if part.rule.group is not None:
                sums[part.rule.group] += share
        for name, reached in sums.items():
            if change := clamp(reached, self._groups[name]) - reached:
                points += change
                yield Contribution(name, change, "group", (), min(untils.get(name, ()), default=NEVER_US))
        if change := clamp(points, self._bounds) - points:
            until_us = min((until for each in untils.values() for until in each), default=NEVER_US)
            yield Contribution("", change, "floor" if change > 0 else "ceiling", (), until_us)

    @cached_property
    def _singles(self) -> list[Total]:
        # One small program for each rule, made when somebody first asks why.
        return [single_function(part) for part in self._parts.parts]


def compile_score(
    rules: Sequence[ScoreRule],
    groups: Mapping[str, Bounds],
    schema: Schema,
    signals: SignalTable,
    *,
    bounds: Bounds = (None, None),
    source: str = "",
) -> ScoreProgram:
    """Compile a rule set; its signals are added to the table.

    `groups` give the least and most points of each group of rules, `bounds` those of the whole; `source`
    names the rule set in messages. Errors: ExpressionError for the first fault; `score_faults` lists all.

    >>> rules = [ScoreRule(name="clicks", points=3, each=("email.clicked", {}), cap=7)]
    >>> program = compile_score(rules, {}, Schema({}), SignalTable())
    >>> program.total({0: (2,)}, 0, 0)[:2], program.bounds()
    ((6, 1), (0, 7))
    """
    found = score_faults(rules, groups, schema, bounds)
    if found:
        at = next((rule for rule in rules if rule.name == found[0].source), None)
        text = "" if at is None or at.when is None else at.when if isinstance(at.when, str) else to_text(at.when)
        raise found[0].of(f"{source}: {found[0].source}" if source else found[0].source).error(text)
    parts = split_rules(rules, schema, signals)
    conditions = [rule.condition for rule in rules if rule.when is not None]
    fading = {"now"} if any(rule.half_life_days for rule in rules) else set()
    return ScoreProgram(
        tuple(rules),
        *score_functions(parts, groups, bounds),
        reads(*conditions, *(rule.occurrence for rule in rules)) | fading,
        reads(*conditions, of_signals=False),
        frozenset().union(*(signals_in(part) for part in parts.parts)),
        parts,
        dict(groups),
        bounds,
    )
