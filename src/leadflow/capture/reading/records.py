"""Records of a CSV file: cells out of physical lines, with faults where quotation marks do not pair.

Strict where a wrong guess would shift columns: a closing quotation mark must end its cell. When it does not,
or never comes, the record in which the cell was opened is a fault and reading goes on with the line after
that opening, so that one stray mark costs one row and not the rest of the file.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from typing import NamedTuple

from attrs import frozen

from leadflow.capture.reading.rows import Limits

_MISPLACED = ("quote_misplaced", "a quotation mark opens or closes inside a cell")
_UNCLOSED = ("quote_unclosed", "the quotation mark opened here is never closed")


class Record(NamedTuple):
    """Cells by position, and the physical line on which they begin."""

    line: int
    cells: list[str]


@frozen
class RecordFault:
    """A record that cannot be cut into cells; `cell` is the position (from 0) of the one that is wrong."""

    line: int
    cell: int
    code: str
    message: str


def records(
    lines: Iterator[str], delimiter: str, quote: str, limits: Limits, first_line: int = 1
) -> Iterator[Record | RecordFault]:
    """Cut lines (with their ends) into records; a blank line is a record of one empty cell.

    >>> found = list(records(iter(['a,"b\\n', 'c"\\n', 'd,"e" f\\n']), ",", '"', Limits()))
    >>> found[0]
    Record(line=1, cells=['a', 'b\\nc'])
    >>> found[1].line, found[1].cell, found[1].code
    (3, 1, 'quote_misplaced')
    """
    source = _Lines(lines, first_line)
    while (text := source.take()) is not None:
        if len(text) > limits.row_chars:
            yield RecordFault(source.number, 0, "row_too_long", f"is longer than {limits.row_chars} characters")
        elif "\0" in text:
            cell = text[: text.index("\0")].count(delimiter)
            yield RecordFault(source.number, cell, "nul_character", "has a NUL character")
        elif quote in text:
            yield _Cutter(source, text, delimiter, quote, limits).record()
        else:
            cells = text.rstrip("\r\n").split(delimiter)
            if source.is_again and len(cells) == 1 and cells[0]:
                # Were there but one column, any line of a broken cell would pass for a row.
                yield RecordFault(source.number, 0, *_MISPLACED)
            elif len(text) > limits.cell_chars:
                yield _sized(source.number, cells, limits)
            else:
                yield Record(source.number, cells)


class _Lines:
    """Physical lines with their numbers. Lines can be put back; `is_again` says that the last one taken was."""

    def __init__(self, lines: Iterator[str], first_line: int) -> None:
        self._lines = lines
        self._returned: deque[str] = deque()
        self.number = first_line - 1
        self.is_again = False

    def take(self) -> str | None:
        self.is_again = bool(self._returned)
        line = self._returned.popleft() if self._returned else next(self._lines, None)
        if line is not None:
            self.number += 1
        return line

    def put_back(self, lines: list[str]) -> None:
        self._returned.extendleft(reversed(lines))
        self.number -= len(lines)


class _Broken(Exception):
    def __init__(self, line: int, cell: int, code: str, message: str) -> None:
        self.fault = RecordFault(line, cell, code, message)


class _Cutter:
    """Cuts one record that has quotation marks; it may take further lines."""

    def __init__(self, source: _Lines, text: str, delimiter: str, quote: str, limits: Limits) -> None:
        self._source = source
        self._taken = [text]
        self._size = len(text)
        self._line = source.number
        self._is_again = source.is_again
        self._delimiter = delimiter
        self._quote = quote
        self._limits = limits

    def record(self) -> Record | RecordFault:
        try:
            cells = self._cells()
        except _Broken as broken:
            self._source.put_back(self._taken[broken.fault.line - self._line + 1 :])
            return broken.fault
        return _sized(self._line, cells, self._limits)

    def _cells(self) -> list[str]:
        cells: list[str] = []
        text, at = self._taken[0], 0
        end = len(text.rstrip("\r\n"))
        while True:
            opening = self._opening(text, at)
            if opening is not None:
                opened = self._source.number
                cell, text, at = self._quoted(text, opening + 1, opened, len(cells))
                end = len(text.rstrip("\r\n"))
                if at < end and text[at] != self._delimiter:
                    raise _Broken(opened, len(cells), *_MISPLACED)
            else:
                start, at = at, text.find(self._delimiter, at, end)
                at = end if at < 0 else at
                cell = text[start:at]
                if self._is_again and self._quote in cell:
                    # This line was inside a broken cell: the mark may be that cell's end.
                    raise _Broken(self._source.number, len(cells), *_MISPLACED)
            cells.append(cell)
            if at >= end:
                return cells
            at += 1

    def _opening(self, text: str, at: int) -> int | None:
        """Where the cell's quotation mark is; spaces before it do not count."""
        if text.startswith(self._quote, at):
            return at
        if not text.startswith(" ", at):
            return None
        mark = text.find(self._quote, at)
        return mark if mark > 0 and not text[at:mark].strip(" ") else None

    def _quoted(self, text: str, at: int, opened: int, cell: int) -> tuple[str, str, int]:
        """(the cell, the line on which it ends, the position after its closing mark)."""
        parts: list[str] = []
        size = 0
        while True:
            closing = text.find(self._quote, at)
            if closing < 0:
                parts.append(text[at:])
                size += len(text) - at
                if size > self._limits.cell_chars:
                    raise _Broken(opened, cell, "quote_unclosed", f"{_UNCLOSED[1]} or the {_too_long(self._limits)}")
                text, at = self._next_line(opened, cell), 0
                continue
            parts.append(text[at:closing])
            if not text.startswith(self._quote, closing + 1):
                return "".join(parts), text, closing + 1
            parts.append(self._quote)
            at = closing + 2

    def _next_line(self, opened: int, cell: int) -> str:
        text = self._source.take()
        if text is None:
            raise _Broken(opened, cell, *_UNCLOSED)
        self._taken.append(text)
        self._size += len(text)
        if "\0" in text or self._size > self._limits.row_chars:
            raise _Broken(opened, cell, *_UNCLOSED)
        return text


def _sized(line: int, cells: list[str], limits: Limits) -> Record | RecordFault:
    for position, cell in enumerate(cells):
        if len(cell) > limits.cell_chars:
            return RecordFault(line, position, "cell_too_long", _too_long(limits))
    return Record(line, cells)


def _too_long(limits: Limits) -> str:
    return f"cell is longer than {limits.cell_chars} characters"
