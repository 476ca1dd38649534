"""From ways through a process to the figures of a funnel: one pass, flat memory."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from leadflow.reporting.durations import Durations
from leadflow.reporting.figures import Funnel, StageFigures, ratio
from leadflow.reporting.way import COMPLETED, ENTERED, SKIPPED, Walked, Way, walk

MAX_GROUPS: Final = 500
"""Groups kept apart; what comes after that many is counted together as OTHER."""
OTHER: Final = "(other)"
NONE: Final = "(none)"


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
    `by` names the field that the ways' `group` is the value of; without it there are no groups. With `now_us` the
    figures say how long leads have been waiting in the stage where they are.

    Shape: `ways` is read once; memory depends on stages and groups, not on ways.

    >>> ways = [Way((("new", 0, 5, "completed"), ("won", 5, None, None))), Way((("new", 0, None, None),))]
    >>> [(stage.name, stage.reached, stage.from_previous) for stage in funnel("p", {"new": "", "won": ""}, ways).stages]
    [('new', 2, 1.0), ('won', 1, 0.5)]
    """
    places = {name: place for place, name in enumerate(stages)}
    total = _Tally(len(places), now_us)
    groups: dict[str, _Tally] = {}
    for way in ways:
        walked = walk(way, places)
        if not walked.marks:
            continue
        total.add(walked, way)
        if by is None:
            continue
        name = NONE if way.group is None else way.group
        tally = groups.get(name)
        if tally is None:
            if len(groups) >= MAX_GROUPS:
                name = OTHER
            tally = groups.setdefault(name, _Tally(len(places), now_us))
        tally.add(walked, way)
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

    def __init__(self, size: int, now_us: int | None) -> None:
        self._now_us = now_us
        self._furthest = [0] * size
        self._entered = [0] * size
        self._completed = [0] * size
        self._skipped = [0] * size
        self._now_in = [0] * size
        self._spent = [Durations() for _ in range(size)]
        self._waiting = [Durations() for _ in range(size)]
        self._ended = {"finished": 0, "abandoned": 0}
        self._by_outcome = {"won": 0, "lost": 0}
        self.outcomes = 0
        self.started = 0

    def add(self, walked: Walked, way: Way) -> None:
        """Count a way that has been in at least one stage."""
        self.started += 1
        self._furthest[max(walked.marks)] += 1
        for place, mark in walked.marks.items():
            if mark & ENTERED:
                self._entered[place] += 1
            if mark & COMPLETED:
                self._completed[place] += 1
            elif mark & SKIPPED:
                self._skipped[place] += 1
        for place, duration_us in walked.spent.items():
            self._spent[place].add(duration_us)
        if walked.now_in is not None:
            self._now_in[walked.now_in] += 1
            if self._now_us is not None:
                self._waiting[walked.now_in].add(self._now_us - walked.since_us)
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
