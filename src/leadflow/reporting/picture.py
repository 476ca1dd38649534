"""A funnel as text: one bar per stage, with its figures beside it."""

from __future__ import annotations

from collections.abc import Sequence

from leadflow.reporting.figures import Funnel, StageFigures
from leadflow.reporting.pieces import Line, Piece, cells, clean, fitted, share_text, span_text

_EIGHTHS = " ▏▎▍▌▋▊▉"
_HEADINGS = ("leads", "share", "here now", "median")
_LEAST_WIDTH = 50
_LEAST_BAR = 14
_LONGEST_BAR = 60


def draw_funnel(figures: Funnel, *, width: int = 80, is_ascii: bool = False) -> list[Line]:
    """One bar per stage: dark for leads that were in it, light for those that passed it over on their way.

    Beside it: how many reached it, as a share of all, how many are there now, and how long it took (median of those
    who have left it). A last bar shows won leads when opportunities are known.

    Shape: every line is at most `width` columns wide (at least 50 are taken).
    """
    width = max(width, _LEAST_WIDTH)
    rows = [_texts(stage) for stage in figures.stages]
    if figures.won is not None:
        rows.append((f"{figures.won:,}", share_text(figures.won_ratio), "", ""))
    columns = [max(cells(text) for text in column) + 2 for column in zip(_HEADINGS, *rows, strict=True)]
    label_width, bar_width = _widths(figures, width - sum(columns) - 1)
    lines: list[Line] = [_title(figures, width, is_ascii), ()]
    lines.append((Piece(" " * (label_width + 1 + bar_width)), *_cells(_HEADINGS, columns, "dim")))
    for stage, row in zip(figures.stages, rows, strict=False):
        label = fitted(clean(stage.label), label_width, is_ascii=is_ascii)
        bar = _bar(stage.entered, stage.reached, figures.started, bar_width, is_ascii, "active")
        lines.append((Piece(label), Piece(" "), *bar, *_cells(row, columns)))
    if figures.won is not None:
        bar = _bar(figures.won, figures.won, figures.started, bar_width, is_ascii, "completed")
        lines.append((Piece(fitted("Won", label_width), "strong"), Piece(" "), *bar, *_cells(rows[-1], columns)))
    if any(stage.reached > stage.entered for stage in figures.stages):
        full, light = ("#", ".") if is_ascii else ("█", "░")
        legend = (Piece(full, "active"), Piece(" were in it   ", "dim"), Piece(light, "skipped"))
        lines.extend([(), (*legend, Piece(" passed it over", "dim"))])
    return lines


def _title(figures: Funnel, width: int, is_ascii: bool) -> Line:
    count = f"{figures.started:,} lead{'' if figures.started == 1 else 's'}"
    title = fitted(clean(figures.title), width - cells(count) - 1, is_ascii=is_ascii)
    return (Piece(title, "title"), Piece(" "), Piece(count, "strong"))


def _texts(stage: StageFigures) -> tuple[str, str, str, str]:
    return (f"{stage.reached:,}", share_text(stage.from_start), f"{stage.now_in:,}", span_text(stage.median_us))


def _widths(figures: Funnel, room: int) -> tuple[int, int]:
    """Columns for labels and for bars: labels as they are, unless the bars would get too short to read."""
    longest = max((cells(clean(stage.label)) for stage in figures.stages), default=0)
    label_width = min(max(longest, 3), max(room - _LEAST_BAR, room // 2))
    return label_width, min(room - label_width, _LONGEST_BAR)


def _bar(entered: int, reached: int, started: int, width: int, is_ascii: bool, role: str) -> Line:
    """Entered in front, passed over behind it; together they are as long as the share that reached the stage."""
    front = _front(entered, started, width, is_ascii)
    rest = max(_columns(reached, started, width) - cells(front), 0)
    if reached > entered and rest == 0 and cells(front) < width:
        rest = 1
    behind = ("." if is_ascii else "░") * rest
    return (Piece(front, role), Piece(behind, "skipped"), Piece(" " * (width - cells(front) - rest)))


def _columns(count: int, base: int, width: int) -> int:
    """A bar's length in whole columns; something that is there is never drawn as nothing."""
    return max(round(width * count / base), 1) if base and count else 0


def _front(count: int, base: int, width: int, is_ascii: bool) -> str:
    if is_ascii:
        return "#" * _columns(count, base, width)
    eighths = max(round(width * 8 * count / base), 1) if base and count else 0
    full, rest = divmod(eighths, 8)
    return "█" * full + (_EIGHTHS[rest] if rest else "")


def _cells(texts: Sequence[str], columns: Sequence[int], role: str = "") -> Line:
    return tuple(Piece(fitted(text, size, is_right=True), role) for text, size in zip(texts, columns, strict=True))
