"""`assert_lawful` itself: generated histories, the laws, and the smallest history that breaks one."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from attrs import evolve
from hypothesis import HealthCheck, Phase, given, settings, target
from hypothesis import strategies as st

from leadflow.engine.flow import Flow
from leadflow.engine.opening import open_flow
from leadflow.errors import InvalidInputError
from leadflow.expr.fault import did_you_mean
from leadflow.model.time import duration_text, parse_duration
from leadflow.model.values import NOTHING
from leadflow.playbook.check import checked_playbook
from leadflow.playbook.default import default_playbook
from leadflow.playbook.playbook import Playbook
from leadflow.testing.clock import VirtualClock
from leadflow.testing.lawful.coverage import Coverage, Moves, highest, places
from leadflow.testing.lawful.laws import LAWS, Bounds, Fault
from leadflow.testing.lawful.running import CheckedStory, Unlawful
from leadflow.testing.lawful.telling import told
from leadflow.testing.stories import START, Story
from leadflow.testing.strategies.fitting import asked_by
from leadflow.testing.strategies.moves import Move, eager, moves

_MOST_MOVES = 10
_MOST_TRIES = 400
_PATIENCE = "8d"
"""How long a pool with weekly hours may stay closed."""


def assert_lawful(
    playbook: Playbook | str | Path | None = None,
    *,
    laws: Iterable[str] = tuple(LAWS),
    skip: Mapping[str, str] = NOTHING,
    bounds: Mapping[str, Bounds] = NOTHING,
    examples: int = 50,
    opened: Callable[..., Flow] = open_flow,
) -> None:
    """Check that a playbook (a value, a file, or the default one) keeps the laws, whatever happens under it.

    Histories are made to fit it: its forms with the values on which its conditions turn, the deeds that its models count,
    the steps of its stages, gaps as long as its windows. `examples` of them are drawn at random, beside a few of somebody
    who does all that the rules ask for.

    `laws` are some of `LAWS`; `skip` names those that need not hold, each with the reason. `bounds` says what the points
    of a model may be, (least, most), where the model states no floor and ceiling or others. `opened(playbook=..., now=...)`
    opens a flow on a new, empty store; in memory, unless it is given.

    Errors: AssertionError with the smallest story that was found and the same as a test; InvalidInputError for a law that
    there is not, or that is skipped without a reason; PlaybookError for a file that does not pass `check`.
    """
    rules = _rules(playbook)
    for name in bounds:
        _check_known("model", name, rules.scoring.models)
    trial = _Trial(rules, _chosen(laws, skip), bounds, opened)
    found = trial.first_fault(examples)
    if found is not None:
        raise AssertionError(trial.told(*found))
    missing = [each for each in trial.coverage.faults() if each[0].law in trial.laws]
    if missing:
        (fault, made), *others = missing
        raise AssertionError(
            trial.told(fault, trial.shortened(made, trial.reaches(made)), [each.said for each, _ in others])
        )


class _Trial:
    """One call: the rules, what is asked of them, and what all histories have reached so far."""

    def __init__(
        self, rules: Playbook, laws: Collection[str], bounds: Mapping[str, Bounds], opened: Callable[..., Flow]
    ) -> None:
        self.rules, self.laws, self.bounds, self.opened = rules, laws, bounds, opened
        self.asked = asked_by(rules)
        self.coverage = Coverage(rules)
        self.patience = _patience(rules)

    def first_fault(self, examples: int) -> tuple[Fault, Moves] | None:
        """The first fault that a history shows, and the shortest such history."""
        try:
            for made in eager(self.asked):
                self._run(made)
            self._draw(examples)
        except Unlawful as found:
            fault = found.fault
            return fault, self.shortened(found.story.moves, lambda made: _law_broken(self, made) == fault.law)
        return None

    def _draw(self, examples: int) -> None:
        """Histories at random, guided towards more stages and higher scores."""

        @settings(
            max_examples=examples,
            deadline=None,
            database=None,
            report_multiple_bugs=False,
            suppress_health_check=list(HealthCheck),
            phases=(Phase.generate, Phase.target),
        )
        @given(st.lists(moves(self.asked), min_size=1, max_size=_MOST_MOVES))
        def holds(made: list[Move]) -> None:
            reached, points = self._run(made)
            target(float(reached), label="stages reached")
            for model, most in points.items():
                target(float(most), label=f"points by {model}")

        holds()

    def _run(self, made: Iterable[Move]) -> tuple[int, dict[str, int]]:
        """One history, checked. How many stages it reached, and the most points by each model. Errors: Unlawful."""
        story = self.story(self.laws)
        with story.flow:
            story.run(made, self.patience)
            self.coverage.note(story)
            return len({place for place, _ in places(story)}), highest(story)

    def story(self, laws: Collection[str]) -> CheckedStory:
        """A story that has not begun, in a flow of its own."""
        clock = VirtualClock(START)
        return CheckedStory(self.opened(playbook=self.rules, now=clock), clock, laws, self.bounds)

    # -- the smallest -------------------------------------------------------------------------------------

    def reaches(self, made: Moves) -> Callable[[Moves], bool]:
        """Whether a history reaches what another does: the same stages, and as many points."""
        wanted, points = self._reached(made)

        def does(other: Moves) -> bool:
            found, most = self._reached(other)
            return wanted <= found and all(most.get(name, points[name] - 1) >= points[name] for name in points)

        return does

    def _reached(self, made: Moves) -> tuple[set[Any], dict[str, int]]:
        story = self.story(())
        with story.flow:
            story.run(made, self.patience)
            found: set[Any] = {place for place, was_left in places(story) if not was_left}
            return found | ({"a lead"} if story.lead_id is not None else set()), highest(story)

    def shortened(self, made: Moves, is_such: Callable[[Moves], bool]) -> Moves:
        """The same history without what it does not need: moves, records, fields, and time."""
        tries = 0
        is_shorter = True
        while is_shorter and tries < _MOST_TRIES:
            is_shorter = False
            for shorter in _shorter(made):
                tries += 1
                if is_such(shorter):
                    made, is_shorter = shorter, True
                    break
                if tries >= _MOST_TRIES:
                    break
        return made

    def told(self, fault: Fault, made: Moves, also: Sequence[str] = ()) -> str:
        """The message about a fault, from the history that shows it."""
        story = self.story(self.laws)
        with story.flow:
            try:
                story.run(made, self.patience)
            except Unlawful as found:
                fault = found.fault
        clock = VirtualClock(START)
        with self.opened(playbook=self.rules, now=clock) as flow:
            return told(fault, story.done, Story(flow, clock), also)


def _law_broken(trial: _Trial, made: Moves) -> str | None:
    """The law that a history breaks, if any."""
    story = trial.story(trial.laws)
    with story.flow:
        try:
            story.run(made, trial.patience)
        except Unlawful as found:
            return found.fault.law
    return None


def _shorter(made: Moves) -> Iterator[Moves]:
    """Every history that is this one with a piece taken out, large pieces first."""
    for size in (len(made) // 2, 1):
        for start in range(0, len(made), size or 1):
            if size:
                yield (*made[:start], *made[start + size :])
    for at, move in enumerate(made):
        for smaller in _smaller(move):
            yield (*made[:at], smaller, *made[at + 1 :])


def _smaller(move: Move) -> Iterator[Move]:
    if move.after:
        yield evolve(move, after="")
    for at, record in enumerate(move.records):
        if len(move.records) > 1 or move.after:
            yield evolve(move, records=(*move.records[:at], *move.records[at + 1 :]))
        for part in ("fields", "properties", "context"):
            for name in (name for name in record.get(part, ()) if name != "email"):
                left = {key: value for key, value in record[part].items() if key != name}
                less = {**record, part: left} if left or part != "context" else {**record}
                if not left and part == "context":
                    del less["context"]
                yield evolve(move, records=(*move.records[:at], less, *move.records[at + 1 :]))


# -- what was asked -----------------------------------------------------------------------------------------


def _chosen(laws: Iterable[str], skip: Mapping[str, str]) -> frozenset[str]:
    chosen = {laws} if isinstance(laws, str) else set(laws)
    for name in sorted({*chosen, *skip}):
        _check_known("law", name, LAWS)
    for name, reason in skip.items():
        if not str(reason or "").strip():
            raise InvalidInputError(f"skip: {name} is skipped without a reason", hint=f'write skip={{"{name}": "..."}}')
    return frozenset(chosen - set(skip))


def _check_known(what: str, name: str, known: Iterable[str]) -> None:
    if name not in known:
        hint = did_you_mean(name, known) or f"one of {', '.join(known)}"
        raise InvalidInputError(f"there is no {what} {name!r}", hint=hint)


def _rules(playbook: Playbook | str | Path | None) -> Playbook:
    if playbook is None:
        return default_playbook()
    return playbook if isinstance(playbook, Playbook) else checked_playbook(playbook)


def _patience(rules: Playbook) -> str:
    """How long a lead may take to come to an owner: until pools open, service levels end and alarms sound."""
    spans = [_PATIENCE, *(sla.within for sla in rules.assignment.slas)]
    spans += [queue.alarm_after for queue in rules.assignment.queues if queue.alarm_after is not None]
    return duration_text(max(map(parse_duration, spans)))
