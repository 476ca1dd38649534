"""The figures of a funnel, as frozen values."""

from __future__ import annotations

from typing import Any

from attrs import frozen

from leadflow.model.time import SECOND_US


def ratio(part: int, base: int) -> float | None:
    """Part of a base, from 0 to 1; None when the base is 0: nothing can be said then.

    >>> ratio(1, 4), ratio(0, 0)
    (0.25, None)
    """
    return part / base if base else None


@frozen(kw_only=True)
class StageFigures:
    """One stage of a funnel. Counts are leads, each counted once.

    `reached`: came to this stage or beyond it. `entered`: was in it. `completed`: left it forwards, by hand or by
    itself. `skipped`: passed it over (or skipped it by hand) and never completed it. `now_in`: is in it now.
    `from_previous` and `from_start` are shares of the stage before and of all leads; None when that is 0.
    `median_us` and `p90_us` are how long those took who have left it, `waiting_us` is the median of those who have not.
    """

    name: str
    label: str
    reached: int = 0
    entered: int = 0
    completed: int = 0
    skipped: int = 0
    now_in: int = 0
    from_previous: float | None = None
    from_start: float | None = None
    median_us: int | None = None
    p90_us: int | None = None
    waiting_us: int | None = None

    def to_plain(self) -> dict[str, Any]:
        """As JSON can hold it: shares with four decimals, times in whole seconds."""
        return {
            "name": self.name,
            "label": self.label,
            "reached": self.reached,
            "entered": self.entered,
            "completed": self.completed,
            "skipped": self.skipped,
            "now_in": self.now_in,
            "from_previous": _rounded(self.from_previous),
            "from_start": _rounded(self.from_start),
            "median_seconds": _seconds(self.median_us),
            "p90_seconds": _seconds(self.p90_us),
            "waiting_median_seconds": _seconds(self.waiting_us),
        }


@frozen(kw_only=True)
class Funnel:
    """How many leads came how far through a process.

    `started` is the number of all leads in it, `finished` and `abandoned` of those whose process ended so. `won` and
    `lost` count leads by their opportunities; they are None when no opportunity is known. `by` and `groups` are the
    same figures apart for each value of a field, the largest first; `name` is a group's value.

    >>> Funnel(process="marketing", started=4, won=1, lost=0).won_ratio
    0.25
    """

    process: str
    label: str = ""
    name: str | None = None
    started: int = 0
    finished: int = 0
    abandoned: int = 0
    won: int | None = None
    lost: int | None = None
    stages: tuple[StageFigures, ...] = ()
    by: str | None = None
    groups: tuple[Funnel, ...] = ()

    @property
    def won_ratio(self) -> float | None:
        """Won leads as a share of all; None when there are none, or no opportunity is known."""
        return None if self.won is None else ratio(self.won, self.started)

    @property
    def title(self) -> str:
        """The label, or the name where there is none."""
        return self.label or self.process

    def to_plain(self) -> dict[str, Any]:
        """As JSON can hold it."""
        plain: dict[str, Any] = {
            "process": self.process,
            "label": self.label,
            "started": self.started,
            "finished": self.finished,
            "abandoned": self.abandoned,
            "won": self.won,
            "lost": self.lost,
            "won_ratio": _rounded(self.won_ratio),
            "stages": [stage.to_plain() for stage in self.stages],
        }
        if self.name is not None:
            plain = {"name": self.name, **plain}
        if self.by is not None:
            plain["by"] = self.by
            plain["groups"] = [group.to_plain() for group in self.groups]
        return plain


def _rounded(share: float | None) -> float | None:
    return None if share is None else round(share, 4)


def _seconds(us: int | None) -> int | None:
    return None if us is None else us // SECOND_US
