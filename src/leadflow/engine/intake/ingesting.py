"""Taking many records in: in batches of one transaction each, judged now or each at its own time."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import accumulate, islice
from typing import Any, Final

from leadflow.engine.intake.counting import chunked, count
from leadflow.engine.intake.records import read_record
from leadflow.engine.outcome import Ingested
from leadflow.engine.planning.carrying import Carrier, told
from leadflow.engine.planning.plan import Planned
from leadflow.errors import InvalidInputError, LeadflowError
from leadflow.model.commands import Wake

BATCH: Final = 1000
_MOST_PROBLEMS: Final = 100

Due = Callable[[int], list[Wake]]


def ingest(
    records: Iterable[Any],
    carrier: Carrier,
    due: Due,
    now: Callable[[], int],
    clock: str,
    batch_size: int,
    progress: Callable[[int], None] | None,
) -> Ingested:
    """See Flow.ingest. Errors: InvalidInputError."""
    if clock not in ("receipt", "record"):
        raise InvalidInputError(f"clock: {clock!r} is neither receipt nor record")
    if batch_size < 1:
        raise InvalidInputError("batch_size must be 1 or more")
    counts: dict[str, int] = {}
    problems: list[tuple[int, str, str, str]] = []
    position = 0
    taken = reached_us = 0
    for chunk in chunked(records, batch_size):
        now_us = now()
        commands, places = [], []
        refused: list[tuple[int, str, str, str]] = []
        for place, record in enumerate(chunk, position):
            try:
                commands.append(read_record(record, now_us))
                places.append(place)
            except LeadflowError as error:
                count(counts, refused, place, "", "invalid", f"{error.code}: {error}")
        if clock == "record":
            run = _history(commands, reached_us, now_us, carrier, due)
            reached_us = max([reached_us, *(min(command.at_us, now_us) for command in commands)])
        else:
            run = _receipt(commands, now_us, carrier)
        for place, each in zip(places, run, strict=True):
            if each.status == "accepted" and not each.decisions:
                taken += 1
            else:
                status, why = told(each)
                count(counts, refused, place, each.command.key, status, why)
        problems += sorted(refused)[: _MOST_PROBLEMS - len(problems)]
        position += len(chunk)
        if progress is not None:
            progress(position)
    if taken:
        counts["accepted"] = counts.get("accepted", 0) + taken
    return Ingested(counts, tuple(problems))


def _receipt(commands: list[Any], now_us: int, carrier: Carrier) -> Iterator[Planned]:
    for done in carrier.carry_out(commands, lambda command: now_us):
        yield from done.outcomes()


def _history(commands: list[Any], since_us: int, now_us: int, carrier: Carrier, due: Due) -> Iterator[Planned]:
    """Records at their own time, what is due in between; one of the future is judged now.

    Time never goes back: a late one is judged when it comes.
    """
    moments = accumulate((min(command.at_us, now_us) for command in commands), max, initial=since_us)
    timed = list(zip(commands, islice(moments, 1, None), strict=True))
    while timed:
        wakes = due(timed[-1][1])
        todo = timed
        if len(wakes) == BATCH:
            # More is due than one transaction should hold: take the records up to there, then go on.
            todo = [each for each in timed if each[1] <= wakes[-1].due_us]
            if not todo:
                carrier.carry_out(wakes, lambda wake: wake.due_us)
                continue
        judged = _moments({id(command): moment for command, moment in todo})
        for done in carrier.carry_out([command for command, _ in todo], judged, wakes):
            yield from done.outcomes()
        timed = timed[len(todo) :]


def _moments(at_us: Mapping[int, int]) -> Callable[[Any], int]:
    return lambda command: at_us[id(command)]
