"""Fields that know the outcome, or nothing at all: left out by default, each with its reason.

A column filled in only after a deal is won makes a splendid model of the past and a useless one of the
future.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from decimal import Decimal
from itertools import compress

from attrs import frozen

from leadflow.scoring.fit.examples import Example, Value, kind_of
from leadflow.scoring.fit.fields import Field
from leadflow.scoring.fit.measures import auc, auc_of_groups
from leadflow.scoring.fit.settings import FitSettings

LEAKS = frozenset({"one_outcome", "presence", "pure_value", "too_good", "after_outcome"})
_EXPECTED = 10  # so many leads of the other outcome must be due before their absence means something
_EXPECTED_AT_VALUE = 20
_ALMOST_NONE = 0.05  # of those due
_PRESENCE_GAP = 0.5
_NEAR_UNIQUE = 0.9
_FEW = 20  # below so many values "all different" means nothing
_LATE_SHARE = 0.05


@frozen
class Flag:
    """A field that stands out: a code, a reason with figures, and whether it is used anyway.

    Leaks: one_outcome (known almost only for won, or only for lost), presence (known far more often for one
    outcome), pure_value (a value that almost only won leads have), too_good (ranks the leads too well alone),
    after_outcome (written down after the lead was decided). No use: identifier, mixed_types, nothing_to_tell,
    left_out (as asked).
    """

    field: str
    kind: str
    reason: str
    is_kept: bool = False

    @property
    def is_leak(self) -> bool:
        """Whether the field tells the outcome rather than being merely useless."""
        return self.kind in LEAKS


def suspicion(
    column: Sequence[Value], won: bytes, field: Field | None, settings: FitSettings
) -> tuple[str, str] | None:
    """Why one column should not be learnt from, as (kind, reason), or None; the strongest reason first."""
    kind = kind_of(column)
    if kind == "mixed":
        return "mixed_types", "holds values of several types"
    return (
        _presence(column, won)
        or _identifier(column, kind)
        or (_levels(column, won, field, settings) if field else None)
        or (None if field else ("nothing_to_tell", "no two of its values are frequent enough to tell apart"))
    )


def late(name: str, examples: Sequence[Example]) -> tuple[str, str] | None:
    """Whether values of a field were written down after the outcome, where both times are known."""
    timed = [
        example.recorded_us[name] > example.outcome_at_us
        for example in examples
        if example.outcome_at_us is not None and name in example.recorded_us
    ]
    if not timed or sum(timed) < _LATE_SHARE * len(timed):
        return None
    return (
        "after_outcome",
        f"{_percent(sum(timed), len(timed))} of its values were recorded after the outcome",
    )


def _presence(column: Sequence[Value], won: bytes) -> tuple[str, str] | None:
    known = [value is not None for value in column]
    total, winners = len(won), sum(won)
    known_won, known_all = sum(compress(won, known)), sum(known)
    known_lost, losers = known_all - known_won, total - winners
    reason = f"known for {_percent(known_won, winners)} of won and {_percent(known_lost, losers)} of lost leads"
    for other, others in ((known_lost, losers), (known_won, winners)):
        due = known_all * others / total
        if due >= _EXPECTED and other <= _ALMOST_NONE * due:
            return "one_outcome", reason
    if winners and losers and abs(known_won / winners - known_lost / losers) >= _PRESENCE_GAP:
        return "presence", reason
    return None


def _identifier(column: Sequence[Value], kind: str) -> tuple[str, str] | None:
    values = [value for value in column if value is not None]
    distinct = set(values)
    if len(values) < _FEW or kind not in ("text", "number"):
        return None
    if kind == "text" and len(distinct) >= _NEAR_UNIQUE * len(values):
        return "identifier", f"{len(distinct)} different values in {len(values)} leads: a name or an id"
    if len(distinct) == len(values):
        numbers = [value for value in distinct if isinstance(value, (int, float, Decimal))]
        span = int(max(numbers)) - int(min(numbers))
        if span < 2 * len(numbers) and all(number == int(number) for number in numbers):
            return "identifier", f"a whole number of its own for each of {len(values)} leads: a serial number"
    return None


def _levels(column: Sequence[Value], won: bytes, field: Field, settings: FitSettings) -> tuple[str, str] | None:
    levels = field.levels(column)
    won_levels = bytes(compress(levels, won))
    groups = []
    for level in range(field.size + 1):
        winners = won_levels.count(level)
        groups.append((level, winners, levels.count(level) - winners))
    losers_share = 1 - sum(won) / len(won)
    for level, winners, losers in groups:
        due = (winners + losers) * losers_share
        if level and level != field.missing and due >= _EXPECTED_AT_VALUE and losers <= _ALMOST_NONE * due:
            count = winners + losers
            return (
                "pure_value",
                f"{winners} of {count} leads with one of its values are won, {due:.0f} lost were due",
            )
    by_rate = sorted((w / (w + lost), w, lost) for _, w, lost in groups if w + lost)
    alone = max(auc_of_groups((w, lost) for _, w, lost in by_rate) or 0.0, _raw_auc(column, won))
    if alone >= settings.auc_limit:
        return "too_good", f"ranks the leads with an AUC of {alone:.2f} alone"
    return None


def _raw_auc(column: Sequence[Value], won: bytes) -> float:
    """AUC of the number itself, either way round, among the leads that have it."""
    if kind_of(column) != "number":
        return 0.0
    known = [value is not None for value in column]
    numbers = [value for value in column if isinstance(value, (int, float, Decimal))]
    if len(numbers) < _FEW or min(Counter(compress(won, known)).values()) < _EXPECTED:
        return 0.0
    area = auc(numbers, bytes(compress(won, known)))  # type: ignore[arg-type]
    return 0.0 if area is None else max(area, 1 - area)


def _percent(part: int, base: int) -> str:
    if not base:
        return "none"
    share = 100 * part / base
    return f"{share:.1f} %" if 0 < share < 1 or 99 < share < 100 else f"{share:.0f} %"
