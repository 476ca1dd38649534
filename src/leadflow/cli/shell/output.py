"""How commands speak: text with roles on a terminal, plain text elsewhere, JSON for programs."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Final

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn
from rich.text import Text

from leadflow.reporting.pieces import Line, Piece, cells, clean, fitted

STYLES: Final[Mapping[str, str]] = {
    "title": "bold",
    "label": "cyan",
    "dim": "bright_black",
    "strong": "bold",
    "completed": "green",
    "skipped": "bright_black",
    "active": "cyan",
    "ahead": "bright_black",
    "left": "yellow",
    "warn": "yellow",
    "bad": "bold red",
    "good": "green",
}
_NARROWEST = 6


class Output:
    """What goes to standard output (results) and standard error (progress, notes, errors)."""

    def __init__(self, *, is_json: bool, is_plain: bool) -> None:
        self.is_json = is_json
        self.is_plain = is_plain
        self._out = Console(highlight=False, markup=False, emoji=False, no_color=is_plain or None, soft_wrap=True)
        self._err = Console(highlight=False, markup=False, emoji=False, no_color=is_plain or None, stderr=True)
        self._is_narrow = not _can_print("✓█╭é", self._out)
        self.is_ascii = is_plain or self._is_narrow

    @property
    def width(self) -> int:
        """Columns for pictures: the terminal's, or 80."""
        return max(min(self._out.width, 120), 40) if self._out.is_terminal else 80

    @property
    def is_terminal(self) -> bool:
        """Whether a person looks at it."""
        return self._out.is_terminal

    # -- results ------------------------------------------------------------------------------------------

    def document(self, value: Any) -> None:
        """One JSON document."""
        self._write(json.dumps(value, ensure_ascii=self._is_narrow, indent=2, default=str) + "\n")

    def json_line(self, value: Any) -> None:
        """One line of JSON lines."""
        self._write(json.dumps(value, ensure_ascii=self._is_narrow, default=str) + "\n")

    def say(self, text: str = "", role: str = "") -> None:
        """A line of text."""
        self.lines([(Piece(text, role),)])

    def lines(self, lines: Iterable[Line]) -> None:
        """Lines of text with roles."""
        for line in lines:
            self._out.print(_styled(line, self._is_narrow), end="")

    def table(
        self,
        headings: Sequence[str],
        rows: Sequence[Sequence[str]],
        *,
        right: Sequence[int] = (),
        indent: str = "",
        widths: list[int] | None = None,
    ) -> list[int]:
        """Columns side by side; on a terminal, the widest are cut until a row fits a line. Returns their widths.

        With `widths`, the rows follow others that have been printed: no headings, columns at least as wide.
        """
        shown = [[clean(cell) for cell in row] for row in rows]
        head = [(list(headings), "dim")] if widths is None else []
        widths = self._widths(headings, shown, indent) if widths is None else widths
        for row, role in [*head, *((row, "") for row in shown)]:
            parts = [
                fitted(
                    cell,
                    size if self._out.is_terminal else max(size, cells(cell)),
                    is_right=at in right,
                    is_ascii=self.is_ascii,
                )
                for at, (cell, size) in enumerate(zip(row, widths, strict=True))
            ]
            self.lines([(Piece(indent), Piece("  ".join(parts).rstrip(), role))])
        return widths

    def _widths(self, headings: Sequence[str], shown: Sequence[Sequence[str]], indent: str) -> list[int]:
        widths = [max([cells(head), *(cells(row[at]) for row in shown)]) for at, head in enumerate(headings)]
        room = self._out.width - len(indent) - 2 * (len(widths) - 1) if self._out.is_terminal else None
        while room is not None and sum(widths) > room and max(widths) > _NARROWEST:
            widths[widths.index(max(widths))] -= 1
        return widths

    def _write(self, text: str) -> None:
        # Not through rich: a program reads this, whatever width a terminal has.
        sys.stdout.write(text)

    # -- beside the results -------------------------------------------------------------------------------

    def note(self, text: str, role: str = "dim") -> None:
        """A line on standard error."""
        self._err.print(_styled((Piece(text, role),), not _can_print("✓", self._err)), soft_wrap=True, end="")

    def error_document(self, value: Any) -> None:
        """One JSON document on standard error."""
        sys.stderr.write(json.dumps(value, ensure_ascii=not _can_print("✓", self._err), default=str) + "\n")

    @contextmanager
    def progress(self, what: str, total: int | None = None) -> Iterator[Callable[..., None]]:
        """A bar on standard error while the block runs; the block calls what it gets with (done, note="", total=None)."""
        if self.is_plain or (self.is_json and not self._err.is_terminal):
            yield _silent
            return
        bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(bar_width=28),
            TaskProgressColumn(),
            TimeElapsedColumn(),
            TextColumn("{task.fields[note]}", style="bright_black"),
            console=self._err,
        )
        with bar:
            task = bar.add_task(what, total=total, note="")

            def show(done: int, note: str = "", total: int | None = None) -> None:
                changes: dict[str, Any] = {} if total is None else {"total": total}
                bar.update(task, completed=done, note=note, **changes)

            yield show
            if bar.tasks[0].total is None and not bar.tasks[0].completed:
                bar.update(task, total=1, completed=1)


def _silent(done: int, note: str = "", total: int | None = None) -> None:
    """Progress that nobody looks at."""


def _can_print(signs: str, console: Console) -> bool:
    try:
        signs.encode(console.encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return False
    return True


def _styled(line: Line, is_narrow: bool) -> Text:
    text = Text(no_wrap=True, overflow="ignore", end="")
    for piece in line:
        shown = piece.text.encode("ascii", "replace").decode() if is_narrow and not piece.text.isascii() else piece.text
        text.append(shown, STYLES.get(piece.role, ""))
    text.rstrip()
    text.append("\n")
    return text
