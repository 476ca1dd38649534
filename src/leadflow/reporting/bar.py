"""A lead's process as a horizontal bar with the active stage open (S003-17)."""

from __future__ import annotations

from collections.abc import Sequence

from attrs import frozen

from leadflow.reporting.pieces import Line, Piece, cells, clean, fitted, span_text, wrapped
from leadflow.reporting.stages import StageView

_SIGNS = {
    "completed": ("✓", "x"),
    "skipped": ("–", "-"),
    "active": ("●", ">"),
    "ahead": ("○", "o"),
    "left": ("‹", "<"),
    "abandoned": ("✗", "!"),
}
_TRACKS = {"completed": ("━", "="), "active": ("━", "="), "skipped": ("╌", "."), "abandoned": ("━", "=")}
_ROLES = {"abandoned": "warn"}
_LABEL_ROLES = {"active": "active", "skipped": "dim", "ahead": "dim"}
_LEAST = 7


@frozen(kw_only=True)
class Step:
    """A step of the active stage: its label, its value as text (None: no answer yet), whether the stage needs it."""

    label: str
    value: str | None = None
    is_needed: bool = False


def draw_bar(
    stages: Sequence[StageView],
    steps: Sequence[Step] = (),
    *,
    note: str = "",
    width: int = 80,
    is_ascii: bool = False,
) -> list[Line]:
    """Stages side by side, each with its mark and time; below, the active stage opened with its steps.

    Marks: completed ✓, skipped –, active ●, not yet ○, left again ‹, abandoned ✗; in ASCII x - > o < !. What does not
    fit into `width` columns goes on in a further row. `note` stands beside the open stage's title.

    >>> from leadflow.reporting.pieces import plain_text
    >>> new = StageView(name="new", label="New", mark="completed")
    >>> won = StageView(name="won", label="Won", mark="active")
    >>> print(plain_text(draw_bar([new, won], [Step(label="Accepted")], width=24, is_ascii=True)))
    x========== >===========
    New         Won
    +- Won ----------------+
    | o Accepted           |
    +----------------------+
    """
    lines: list[Line] = []
    for row, widths in _rows(stages, width):
        lines.extend(_row(row, widths, is_ascii))
    active = next((stage for stage in stages if stage.mark == "active"), None)
    if active is not None:
        lines.extend(_panel(clean(active.label), steps, clean(note), width, is_ascii))
    return lines


def _rows(stages: Sequence[StageView], width: int) -> list[tuple[list[StageView], list[int]]]:
    """Stages by row, each with its width: as narrow as its longest word at first, then as wide as there is room."""
    rows: list[tuple[list[StageView], list[int]]] = []
    for stage in stages:
        words = [*clean(stage.label).split(), _time(stage).strip()]
        least = min(max(_LEAST, *(cells(word) for word in words)) + 1, width)
        if not rows or sum(rows[-1][1]) + least > width:
            rows.append(([], []))
        rows[-1][0].append(stage)
        rows[-1][1].append(least)
    return [(row, _widened(row, widths, width)) for row, widths in rows]


def _widened(row: Sequence[StageView], widths: Sequence[int], width: int) -> list[int]:
    grown = list(widths)
    wanted = [max(cells(clean(stage.label)) + 1, own) for stage, own in zip(row, widths, strict=True)]
    room = width - sum(grown)
    while room > 0:
        # The one that lacks most first; when none lacks anything, all alike.
        place = max(range(len(grown)), key=lambda at: (wanted[at] - grown[at], -grown[at], -at))
        grown[place] += 1
        room -= 1
    return grown


def _row(row: Sequence[StageView], widths: Sequence[int], is_ascii: bool) -> list[Line]:
    track: list[Piece] = []
    for place, (stage, width) in enumerate(zip(row, widths, strict=True)):
        sign = _SIGNS[stage.mark][is_ascii]
        rule = _TRACKS.get(stage.mark, ("─", "-"))[is_ascii]
        gap = "" if place == len(row) - 1 else " "
        role = _ROLES.get(stage.mark, stage.mark)
        track.append(Piece(sign, role))
        track.append(Piece(rule * (width - 1 - len(gap)) + gap, role))
    lines = [tuple(track)]
    labels = [wrapped(clean(stage.label), width - 1) for stage, width in zip(row, widths, strict=True)]
    lines.extend(
        tuple(
            Piece(fitted(label[at] if at < len(label) else "", width), _LABEL_ROLES.get(stage.mark, ""))
            for stage, label, width in zip(row, labels, widths, strict=True)
        )
        for at in range(max(len(label) for label in labels))
    )
    times = [_time(stage) for stage in row]
    if any(times):
        lines.append(tuple(Piece(fitted(time, width), "dim") for time, width in zip(times, widths, strict=True)))
    return lines


def _time(stage: StageView) -> str:
    return "skipped" if stage.mark == "skipped" and stage.spent_us is None else span_text(stage.spent_us)


def _panel(title: str, steps: Sequence[Step], note: str, width: int, is_ascii: bool) -> list[Line]:
    """The open stage: a frame with its steps."""
    corners, rule, side = ("++++", "-", "|") if is_ascii else ("╭╮╰╯", "─", "│")
    inner = width - 4
    title = fitted(title, min(cells(title), inner - 2), is_ascii=is_ascii)
    room = inner - cells(title) - 2
    shown = f" {note} " if note and cells(note) + 3 <= room else ""
    lines: list[Line] = [
        (
            Piece(f"{corners[0]}{rule} ", "active"),
            Piece(title, "active"),
            Piece(f" {rule * (room - cells(shown))}", "active"),
            Piece(shown, "dim"),
            Piece(f"{rule}{corners[1]}", "active"),
        )
    ]
    left, right = Piece(f"{side} ", "active"), Piece(f" {side}", "active")
    lines.extend((left, *_step(step, inner, is_ascii), right) for step in steps)
    lines.append((Piece(f"{corners[2]}{rule * (width - 2)}{corners[3]}", "active"),))
    return lines


def _step(step: Step, width: int, is_ascii: bool) -> Line:
    is_done = step.value is not None
    sign = _SIGNS["completed" if is_done else "ahead"][is_ascii]
    label = clean(step.label)
    value = f": {clean(step.value)}" if step.value is not None else ""
    needed = "  (needed)" if step.is_needed and not is_done else ""
    text = fitted(f"{label}{value}", width - 2 - cells(needed), is_ascii=is_ascii)
    return (Piece(f"{sign} ", "completed" if is_done else "ahead"), *_spread(text.rstrip(), needed, width - 2))


def _spread(text: str, needed: str, width: int) -> Line:
    blanks = " " * (width - cells(text) - cells(needed))
    return (Piece(text), Piece(needed, "warn"), Piece(blanks))
