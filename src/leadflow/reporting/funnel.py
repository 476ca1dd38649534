"""From ways through a process to the figures of a funnel: one pass, flat memory."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from attrs import frozen

from leadflow.reporting.durations import Durations
from leadflow.reporting.figures import Funnel, StageFigures, ratio

Visit = tuple[str, int, int | None, str | None]
"""(stage, entered_us, left_us or None, how it was left)."""

MAX_GROUPS: Final = 500
"""Groups kept apart; what comes after that many is counted together as OTHER."""
OTHER: Final = "(other)"
NONE: Final = "(none)"

_FORWARDS = frozenset({"completed", "automatic"})
_ENTERED, _COMPLETED, _SKIPPED = 1, 2, 4


@frozen
class Way:
    """One lead's way through the process.

    `visits` are every stage it has been in, in order; `status` is "active", "background", "finished" or "abandoned".
    `outcome` is what became of its opportunity ("won", "lost", "open"; None: it has none). `group` is the value of the
    field to tell apart by.

    >>> Way((("inquiry", 0, None, None),)).status
    'active'
    """

    visits: Sequence[Visit]
    status: str = "active"
    outcome: str | None = None
    group: str | None = None


def funnel(
    process: str,
    stages: Mapping[str, str],
    ways: Iterable[Way],
    *,
    label: str = "",
    by: str | None = None,
    now_us: int | None = None,
) -> Funnel:
    """The funnel of a process.

    `stages` are labels by name, in order; visits to others (stages that the process no longer has) are passed over.
    `by` names the field that the ways' `group` is the value of; without it there are no groups. With `now_us` the figures
    say how long leads have been waiting in the stage where they are.

    Shape: `ways` is read once; memory depends on stages and groups, not on ways.

    >>> ways = [Way((("new", 0, 5, "completed"), ("won", 5, None, None))), Way((("new", 0, None, None),))]
    >>> [(stage.name, stage.reached, stage.from_previous) for stage in funnel("p", {"new": "", "won": ""}, ways).stages]
    [('new', 2, 1.0), ('won', 1, 0.5)]
    """
    names = list(stages)
    total = _Tally(names, now_us)
    groups: dict[str, _Tally] = {}
    for way in ways:
        if not total.add(way) or by is None:
            continue
        name = NONE if way.group is None else way.group
        tally = groups.get(name)
        if tally is None:
            if len(groups) >= MAX_GROUPS:
                name = OTHER
            tally = groups.setdefault(name, _Tally(names, now_us))
        tally.add(way)
    has_outcomes = total.outcomes > 0
    largest = sorted(groups.items(), key=lambda item: (item[0] == OTHER, -item[1].started, item[0]))
    return total.figures(
        process,
        stages,
        label,
        has_outcomes,
        by=by,
        groups=tuple(tally.figures(process, stages, label, has_outcomes, name=name) for name, tally in largest),
    )


class _Tally:
    """Counts of the ways so far."""

    def __init__(self, names: Sequence[str], now_us: int | None) -> None:
        size = len(names)
        self._places = {name: place for place, name in enumerate(names)}
        self._now_us = now_us
        self._furthest = [0] * size
        self._entered = [0] * size
        self._completed = [0] * size
        self._skipped = [0] * size
        self._now_in = [0] * size
        self._spent = [Durations() for _ in names]
        self._waiting = [Durations() for _ in names]
        self._ended = {"finished": 0, "abandoned": 0}
        self._by_outcome = {"won": 0, "lost": 0}
        self.outcomes = 0
        self.started = 0

    def add(self, way: Way) -> bool:
        """Count a way; whether it has been in any stage of the process."""
        marks: dict[int, int] = {}
        spent: dict[int, int] = {}
        places = self._places
        for stage, entered_us, left_us, how in way.visits:
            place = places.get(stage)
            if place is None:
                continue
            mark = _ENTERED
            if how == "skipped":
                # One that took no time was passed over on the way to another: nobody was in it.
                mark = _SKIPPED if left_us == entered_us else _ENTERED | _SKIPPED
            elif how in _FORWARDS:
                mark = _ENTERED | _COMPLETED
            marks[place] = marks.get(place, 0) | mark
            if left_us is not None and mark & _ENTERED:
                spent[place] = spent.get(place, 0) + left_us - entered_us
        if not marks:
            return False
        self._count(marks, spent)
        self._count_end(way)
        return True

    def _count(self, marks: Mapping[int, int], spent: Mapping[int, int]) -> None:
        self.started += 1
        self._furthest[max(marks)] += 1
        for place, mark in marks.items():
            if mark & _ENTERED:
                self._entered[place] += 1
            if mark & _COMPLETED:
                self._completed[place] += 1
            elif mark & _SKIPPED:
                self._skipped[place] += 1
        for place, duration_us in spent.items():
            self._spent[place].add(duration_us)

    def _count_end(self, way: Way) -> None:
        stage, entered_us, left_us, _ = way.visits[-1]
        place = self._places.get(stage)
        if way.status == "active" and left_us is None and place is not None:
            self._now_in[place] += 1
            if self._now_us is not None:
                self._waiting[place].add(self._now_us - entered_us)
        if way.status in self._ended:
            self._ended[way.status] += 1
        if way.outcome is not None:
            self.outcomes += 1
            if way.outcome in self._by_outcome:
                self._by_outcome[way.outcome] += 1

    def figures(
        self,
        process: str,
        stages: Mapping[str, str],
        label: str,
        has_outcomes: bool,
        *,
        name: str | None = None,
        by: str | None = None,
        groups: tuple[Funnel, ...] = (),
    ) -> Funnel:
        """The counts so far as figures."""
        found = []
        reached = before = self.started
        for place, (stage, stage_label) in enumerate(stages.items()):
            found.append(self._stage(place, stage, stage_label, reached, before))
            before, reached = reached, reached - self._furthest[place]
        return Funnel(
            process=process,
            label=label,
            name=name,
            started=self.started,
            finished=self._ended["finished"],
            abandoned=self._ended["abandoned"],
            won=self._by_outcome["won"] if has_outcomes else None,
            lost=self._by_outcome["lost"] if has_outcomes else None,
            stages=tuple(found),
            by=by,
            groups=groups,
        )

    def _stage(self, place: int, name: str, label: str, reached: int, before: int) -> StageFigures:
        return StageFigures(
            name=name,
            label=label or name,
            reached=reached,
            entered=self._entered[place],
            completed=self._completed[place],
            skipped=self._skipped[place],
            now_in=self._now_in[place],
            from_previous=ratio(reached, before),
            from_start=ratio(reached, self.started),
            median_us=self._spent[place].quantile(0.5),
            p90_us=self._spent[place].quantile(0.9),
            waiting_us=self._waiting[place].quantile(0.5),
        )
