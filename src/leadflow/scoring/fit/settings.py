"""What a user may choose when learning; every choice has a default that needs no thought."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Literal

from attrs import Attribute, field, frozen

from leadflow.errors import InvalidValueError

Method = Literal["naive_bayes", "logistic", "best"]
Split = Literal["time", "hash"]
Criterion = Literal["f1", "youden", "share"]


def _names(values: Sequence[str]) -> tuple[str, ...]:
    return (values,) if isinstance(values, str) else tuple(sorted(set(values)))


def _between(low: float, high: float, *, open_ends: bool = False) -> Any:
    def check(_: FitSettings, attribute: Attribute[Any], value: object) -> None:
        if value is None and attribute.default is None:
            return
        number = value if isinstance(value, (int, float)) and not isinstance(value, bool) else math.nan
        if not (low < number < high if open_ends else low <= number <= high):
            kind = "above {} and below {}" if open_ends else "from {} to {}"
            raise InvalidValueError(f"{attribute.name}: must be {kind.format(low, high)}", code="invalid_fit_setting")

    return check


def _one_of(*choices: str) -> Any:
    def check(_: FitSettings, attribute: Attribute[Any], value: str) -> None:
        if value not in choices:
            raise InvalidValueError(
                f"{attribute.name}: {value!r} is not known",
                code="invalid_fit_setting",
                hint=f"choose {', '.join(choices)}",
            )

    return check


@frozen(kw_only=True)
class FitSettings:
    """Choices for `learn`.

    - `method`: `best` takes the method with the higher cross-validated AUC on the training part alone.
    - `split`: `time` holds back the newest leads, `hash` a stable share of the ids; `holdout` is that share.
    - `folds`: 2 or more adds a cross-validated AUC over all leads; 0 leaves it out.
    - `smoothing`: added to each count by naive Bayes. `ridge`: strength of the pull of logistic weights
      towards 0.
    - `min_support`: a value, range or gap in fewer training leads gets no rule of its own (default: 0.5 % of
      them, at least 10). `max_levels` per text field, `max_bins` ranges per number.
    - `auc_limit`: a field that alone ranks the leads so well is taken for a leak. `keep` names fields to use
      although they were flagged; `leave_out` names fields never to use.
    - `mature_days`: leave out leads younger than this at `as_of_us` (default: the latest moment in the
      examples). Use it whenever recent leads may still be won: else any field that follows the calendar
      learns "recent is bad".
    - `criterion`: how the threshold is chosen on the training part: `f1`, `youden` (recall minus false
      alarms) or `share` (let that `share` of leads through).
    - `points_to_double`: so many points double the odds of winning. Rules below `min_points` are dropped.

    >>> FitSettings(smoothing=2)
    Traceback (most recent call last):
    leadflow.errors.InvalidValueError: smoothing: must be from 0.1 to 1
    """

    target: str = field(default="lead", validator=_one_of("lead", "contact", "account"))
    method: Method = field(default="best", validator=_one_of("naive_bayes", "logistic", "best"))
    split: Split = field(default="time", validator=_one_of("time", "hash"))
    holdout: float = field(default=0.3, validator=_between(0, 1, open_ends=True))
    folds: int = field(default=0, validator=_between(0, 20))
    smoothing: float = field(default=0.1, validator=_between(0.1, 1))
    ridge: float = field(default=3.0, validator=_between(0, 1e6, open_ends=True))
    min_support: int | None = field(default=None, validator=_between(1, 10**9))
    max_levels: int = field(default=20, validator=_between(1, 200))
    max_bins: int = field(default=5, validator=_between(2, 50))
    auc_limit: float = field(default=0.95, validator=_between(0.5, 1))
    keep: tuple[str, ...] = field(default=(), converter=_names)
    leave_out: tuple[str, ...] = field(default=(), converter=_names)
    mature_days: int | None = field(default=None, validator=_between(0, 36_500))
    as_of_us: int | None = None
    criterion: Criterion = field(default="f1", validator=_one_of("f1", "youden", "share"))
    share: float = field(default=0.2, validator=_between(0, 1, open_ends=True))
    min_points: int = field(default=1, validator=_between(1, 1000))
    points_to_double: int = field(default=10, validator=_between(1, 1000))

    def support_of(self, leads: int) -> int:
        """The support asked of a level when so many leads are learnt from.

        >>> FitSettings().support_of(100), FitSettings().support_of(10_000)
        (10, 50)
        """
        return self.min_support if self.min_support is not None else max(10, leads // 200)
