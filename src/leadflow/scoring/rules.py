"""What the user configures about scoring."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from attrs import field, frozen

from leadflow.errors import InvalidValueError
from leadflow.model.values import CONSENT_LEVELS

TARGETS: Final = ("contact", "account", "lead")
STATES: Final = ("draft", "live", "stopped")


@frozen(kw_only=True)
class Rule:
    """One rule of a model: points for what somebody is (`when`) or did (`each`, `at_least` with `of`, `none`).

    `when` is a condition. `each` is a kind of interaction: points for every occurrence, the newest `limit` of them.
    `of` with `at_least`: points once when it happened that often. `none`: points once when it did not happen. `where`
    filters occurrences by their properties, `within` counts only recent ones, `half_life_days` lets points fade
    instead. `cap` bounds the rule's points, `group` names a group that is bounded as a whole.
    """

    name: str
    points: int
    when: str | None = None
    each: str | None = None
    of: str | None = None
    at_least: int = 1
    none: str | None = None
    where: Mapping[str, Any] = field(factory=dict)
    within: str | None = None
    limit: int | None = None
    cap: int | None = None
    group: str | None = None
    half_life_days: int | None = None

    def __attrs_post_init__(self) -> None:
        given = [name for name in ("when", "each", "of", "none") if getattr(self, name) is not None]
        if len(given) != 1:
            raise InvalidValueError(
                f"rule {self.name!r} must have exactly one of when, each, of, none",
                hint=f"it has {given or 'none'}",
            )
        if self.at_least < 1:
            raise InvalidValueError(f"rule {self.name!r}: at_least must be 1 or more")


@frozen(kw_only=True)
class Group:
    """Bounds on the sum of a group's points."""

    at_least: int | None = None
    at_most: int | None = None


@frozen(kw_only=True)
class Grade:
    """A name for scores from `at_least` on, up to the next grade."""

    name: str
    at_least: int


@frozen(kw_only=True)
class Model:
    """A scoring model.

    `target` says whose score it is: a "contact"'s (its leads share it), an "account"'s (all its contacts' behaviour
    counts), or each "lead"'s own (rules may read the lead). `threshold`: reaching it (>=) makes leads sales-ready.
    `leave`: falling below it ends readiness; None means it sticks, and `rearm` (default 5) is how far the score must
    fall below the threshold before reaching it counts again. `consent` is the least consent level a contact must have
    given to be scored.
    """

    target: str = "contact"
    state: str = "live"
    threshold: int | None = None
    leave: int | None = None
    rearm: int = 5
    consent: str = "none"
    floor: int | None = None
    ceiling: int | None = None
    rules: tuple[Rule, ...] = ()
    groups: Mapping[str, Group] = field(factory=dict)
    grades: tuple[Grade, ...] = ()

    def __attrs_post_init__(self) -> None:
        if self.target not in TARGETS:
            raise InvalidValueError(f"target: {self.target!r} is not one of {', '.join(TARGETS)}")
        if self.state not in STATES:
            raise InvalidValueError(f"state: {self.state!r} is not one of {', '.join(STATES)}")
        if self.consent not in CONSENT_LEVELS:
            raise InvalidValueError(f"consent: {self.consent!r} is not one of {', '.join(CONSENT_LEVELS)}")
        if self.leave is not None and self.threshold is not None and self.leave > self.threshold:
            raise InvalidValueError("leave: must not be above the threshold")


@frozen(kw_only=True)
class ScoringRules:
    """All models by name, and what a score sets off.

    `marks_sales_ready`: a reached threshold marks the open leads sales-ready (S003-14).
    """

    models: Mapping[str, Model] = field(factory=dict)
    marks_sales_ready: bool = True
