"""Measuring: variants in turns, figures with their floors and aims, a table and JSON.

On a shared machine absolute times drift twofold, so nothing is judged by them where a limit can be measured beside it:
in each round every variant runs once, in an order that turns with the round, and what counts is the median of the
per-round ratios.
"""

from __future__ import annotations

import gc
import json
import os
import platform
import sqlite3
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from statistics import median
from time import perf_counter, process_time
from typing import Any

from attrs import asdict, define, frozen

RESULTS = Path(__file__).parent / "results"


@frozen
class Spent:
    """One run of a variant: how many things it did, in how many seconds of CPU and of the wall clock."""

    count: int
    cpu: float
    wall: float


class Watch:
    """`with Watch() as watch: ...; watch.spent(n)`: times a block, garbage of others left out."""

    def __enter__(self) -> Watch:
        gc.collect()
        gc.freeze()
        self._wall, self._cpu = perf_counter(), process_time()
        return self

    def __exit__(self, *error: object) -> None:
        self.cpu = process_time() - self._cpu
        self.wall = perf_counter() - self._wall
        gc.unfreeze()

    def spent(self, count: int) -> Spent:
        """What the block spent on `count` things."""
        return Spent(count, self.cpu, self.wall)


@frozen
class Rounds:
    """Every variant's runs, round by round."""

    runs: Mapping[str, list[Spent]]

    def each(self, name: str, clock: str = "cpu") -> list[float]:
        """Seconds per thing of a variant, by round."""
        return [getattr(run, clock) / run.count for run in self.runs[name]]

    def per_second(self, name: str, clock: str = "cpu") -> float:
        """Things per second of a variant, median."""
        return 1 / median(self.each(name, clock))

    def ratio(self, name: str, base: str, clock: str = "cpu") -> tuple[float, float, float]:
        """How fast a variant is beside another: median, least and most of the per-round ratios."""
        pairs = zip(self.each(base, clock), self.each(name, clock), strict=True)
        ratios = sorted(limit / own for limit, own in pairs)
        return median(ratios), ratios[0], ratios[-1]


def in_turns(variants: Mapping[str, Callable[[], Spent]], rounds: int, warm: int = 0) -> Rounds:
    """Run every variant once a round, in an order that turns; the first `warm` rounds are not counted."""
    names = list(variants)
    runs: dict[str, list[Spent]] = {name: [] for name in names}
    for number in range(rounds + warm):
        turn = number % len(names)
        for name in (*names[turn:], *names[:turn]):
            spent = variants[name]()
            if number >= warm:
                runs[name].append(spent)
    return Rounds(runs)


def loop(function: Callable[[Any], Any], arguments: Iterable[Any]) -> Callable[[], Spent]:
    """A variant that calls a function of one argument over and over."""
    values = list(arguments)

    def run() -> Spent:
        with Watch() as watch:
            for value in values:
                function(value)
        return watch.spent(len(values))

    return run


@define
class Figure:
    """One line of the table.

    `judged` says what aim and floor are about: the "ratio" to the peer or the "value" itself; `best` which way is better.
    Without a floor it is there to be looked at.
    """

    id: str
    name: str
    value: float
    unit: str
    peer: float | None = None
    peer_name: str = ""
    ratio: float | None = None
    low: float | None = None
    high: float | None = None
    aim: float | None = None
    floor: float | None = None
    judged: str = "ratio"
    best: str = "most"
    note: str = ""

    @property
    def verdict(self) -> str:
        """aim, floor (reached, not the aim), BELOW, or nothing where nothing is asked."""
        if self.floor is None:
            return ""
        sign = 1 if self.best == "most" else -1
        if self.standing() < sign * self.floor:
            return "BELOW"
        return "floor" if self.aim is not None and self.standing() < sign * self.aim else "aim"

    def standing(self) -> float:
        """What is judged, the greater the better."""
        got = self.ratio if self.judged == "ratio" else self.value
        return float("-inf") if got is None else got if self.best == "most" else -got


def compared(
    id_: str,
    name: str,
    measured: Rounds,
    variant: str,
    base: str,
    *,
    unit: str,
    aim: float | None = None,
    floor: float | None = None,
    clock: str = "cpu",
    note: str = "",
) -> Figure:
    """A variant beside its limit or peer."""
    ratio, low, high = measured.ratio(variant, base, clock)
    own, peer = measured.per_second(variant, clock), measured.per_second(base, clock)
    unit = f"{unit}/{'CPU ' if clock == 'cpu' else ''}s"
    return Figure(id_, name, own, unit, peer, base, ratio, low, high, aim, floor, note=note)


# -- showing ----------------------------------------------------------------------------------------------


def _number(value: float | None) -> str:
    if value is None:
        return "-"
    size = abs(value)
    if size >= 100_000:
        return f"{value / 1000:,.0f}k"
    return f"{value:,.0f}" if size >= 1000 else f"{value:.3g}"


def _goal(figure: Figure, value: float | None) -> str:
    if value is None:
        return "-"
    sign = ">=" if figure.best == "most" else "<="
    return f"{sign}{_number(value)}{'x' if figure.judged == 'ratio' else ''}"


def lines(figures: Iterable[Figure]) -> list[str]:
    """The table, as lines of text."""
    table = [("", "figure", "value", "limit or peer", "ratio [least..most]", "floor", "aim", "")]
    for each in figures:
        peer = "-" if each.peer is None else f"{_number(each.peer)} {each.peer_name}"
        ratio = "-" if each.ratio is None else f"{each.ratio:.3g}x"
        if each.low is not None:
            ratio += f" [{each.low:.3g}..{each.high:.3g}]"
        value = f"{_number(each.value)} {each.unit}"
        goals = _goal(each, each.floor), _goal(each, each.aim)
        table.append((each.id, each.name, value, peer, ratio, *goals, each.verdict))
    widths = [max(len(row[column]) for row in table) for column in range(len(table[0]))]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in table]


def machine() -> dict[str, Any]:
    """Where this ran."""
    return {
        "python": platform.python_version(),
        "sqlite": sqlite3.sqlite_version,
        "system": f"{platform.system()} {platform.release()} {platform.machine()}",
        "cores": os.cpu_count(),
        "load": os.getloadavg()[0] if hasattr(os, "getloadavg") else None,
    }


def keep(path: Path, mode: str, groups: Mapping[str, list[Figure]]) -> None:
    """Write the figures as JSON."""
    path.parent.mkdir(parents=True, exist_ok=True)
    content = {
        "mode": mode,
        "machine": machine(),
        "groups": {
            name: [{**asdict(figure), "verdict": figure.verdict} for figure in figures]
            for name, figures in groups.items()
        },
    }
    path.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
