"""What all histories together have reached: a stage that nobody reaches and a threshold that nobody crosses are faults."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from leadflow.playbook.playbook import Playbook
from leadflow.ports.store import Scan
from leadflow.process.rules import Process, Stage
from leadflow.testing.lawful.code import value_code
from leadflow.testing.lawful.laws import Fault
from leadflow.testing.lawful.running import CheckedStory
from leadflow.testing.strategies.moves import Move

Moves = tuple[Move, ...]
_BY_THE_RULES = ("automatic", "completed")


class Coverage:
    """The shortest history to each stage, the stages that were left, and the highest score by each model."""

    def __init__(self, playbook: Playbook) -> None:
        self._playbook = playbook
        self.histories = 0
        self.reached: dict[tuple[str, str], Moves] = {}
        self.left: set[tuple[str, str]] = set()
        self.crossed: set[str] = set()
        self.with_a_lead: Moves = ()
        self.highest: dict[str, tuple[int, Moves]] = {}

    def note(self, story: CheckedStory) -> None:
        """What one history has reached."""
        self.histories += 1
        if story.lead_id is not None and (not self.with_a_lead or _size(story.moves) < _size(self.with_a_lead)):
            self.with_a_lead = story.moves
        for place, was_left in places(story):
            if was_left:
                self.left.add(place)
            else:
                before = self.reached.get(place)
                if before is None or _size(story.moves) < _size(before):
                    self.reached[place] = story.moves
        for recorded in _decisions(story, ("threshold_reached",)):
            self.crossed.add(recorded.decision.model)
        for model, points in highest(story).items():
            if model not in self.highest or points > self.highest[model][0]:
                self.highest[model] = (points, story.moves)

    # -- faults -------------------------------------------------------------------------------------------

    def faults(self) -> Iterator[tuple[Fault, Moves]]:
        """What nobody has reached, each with a history that came near."""
        for name, process in self._playbook.process.processes.items():
            yield from self._unreached(name, process)
            yield from self._never_left(name, process)
        for name, model in self._playbook.scoring.models.items():
            if model.state == "live" and model.threshold is not None and name not in self.crossed:
                points, moves = self.highest.get(name, (None, ()))
                best = "nobody was scored" if points is None else f"the most was {points}"
                said = f"nobody reached {model.threshold} points by {name} in {self.histories} histories: {best}"
                yield Fault("thresholds", said, f"'score(\"{name}\") >= {model.threshold}'"), moves

    def _unreached(self, name: str, process: Process) -> Iterator[tuple[Fault, Moves]]:
        first = process.stages[0]
        if (name, first.name) not in self.reached:
            when = f": it applies when {process.applies}" if process.applies else ""
            yield (
                Fault("stages", f"no lead started the process {name}{when}", f"process={value_code(name)}"),
                self.with_a_lead,
            )
            return
        for stage in process.stages:
            if (name, stage.name) in self.reached:
                continue
            near = [(each, how) for each, how in ways_to(process, stage.name) if (name, each.name) in self.reached]
            if near or not ways_to(process, stage.name):
                ways = "; ".join(f"from {each.name}, {how}" for each, how in near) or "no way leads there"
                said = f"no lead reached the stage {stage.name} in {self.histories} histories: {ways}"
                start = near[0][0] if near else first
                yield Fault("stages", said, f"stage={value_code(stage.name)}"), self.reached[name, start.name]

    def _never_left(self, name: str, process: Process) -> Iterator[tuple[Fault, Moves]]:
        for stage in process.stages[:-1]:
            place = (name, stage.name)
            if place in self.reached and place not in self.left:
                gate = f"its gate {stage.gate}" if stage.gate else "what it waits for"
                said = f"no lead got out of the stage {stage.name} in {self.histories} histories: {gate} never held"
                yield Fault("moves", said, f"'stage != \"{stage.name}\"'"), self.reached[place]


def ways_to(process: Process, to: str) -> list[tuple[Stage, str]]:
    """The stages from which a stage can be reached by the rules, and how."""
    found: list[tuple[Stage, str]] = []
    for stage, following in zip(process.stages, (*process.stages[1:], None), strict=True):
        for kind, branches in (("by itself", stage.automatic), ("when it is completed", stage.next)):
            found += [(stage, f"{kind}: {branch.when or 'always'}") for branch in branches if branch.to == to]
        if following is not None and following.name == to and all(branch.when is not None for branch in stage.next):
            gate = f" and {stage.gate}" if stage.gate else ""
            found.append((stage, f"when it is completed{gate}"))
    return found


def places(story: CheckedStory) -> Iterator[tuple[tuple[str, str], bool]]:
    """((process, stage), whether it was left rather than reached) of every move that the rules have made."""
    for recorded in _decisions(story, ("process_started", "stage_changed")):
        decision = recorded.decision
        if decision.type == "process_started":
            yield (decision.process, decision.stage), False
        elif decision.how in _BY_THE_RULES:
            yield (decision.process, decision.after), False
            yield (decision.process, decision.before), True


def highest(story: CheckedStory) -> dict[str, int]:
    """The most points by each model."""
    found: dict[str, int] = {}
    for row in story.flow.store.scan(Scan(table="score")):
        found[row.model] = max(found.get(row.model, row.points), row.points)
    return found


def _decisions(story: CheckedStory, types: tuple[str, ...]) -> Iterator[Any]:
    yield from story.flow.store.scan(Scan(table="decision", where=(("type", "in", types),)))


def _size(moves: Moves) -> tuple[int, int]:
    return len(moves), sum(len(move.records) for move in moves)
