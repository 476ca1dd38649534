"""Rows of a CSV file, one by one in flat memory; every cell stays the text that it was."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain

from leadflow.capture.reading.dialect import Dialect, sniff_dialect
from leadflow.capture.reading.lines import blocks, physical_lines
from leadflow.capture.reading.records import Record, RecordFault, records
from leadflow.capture.reading.rows import Limits, Row, RowFault, RowNote
from leadflow.errors import InvalidInputError, InvalidValueError

DUPLICATES = ("rename", "refuse")


class CsvRows:
    """The rows of a CSV file; iterate once for `Row`, `RowFault` and `RowNote`.

    `header` has the column names as rows use them, `dialect` how the file is cut. A row with too few or too
    many cells is a fault: no cell moves to another column. Blank lines and a header repeated in the middle
    are passed over.

    >>> rows = read_csv(["name;postcode\\n", "Ana;00501\\n", "Žiga\\n"])
    >>> rows.header
    ('name', 'postcode')
    >>> [getattr(each, "cells", None) or each.code for each in rows]
    [{'name': 'Ana', 'postcode': '00501'}, 'too_few_cells']
    """

    def __init__(
        self,
        header: tuple[str, ...],
        dialect: Dialect,
        found: Iterator[Record | RecordFault],
        written: list[str] | None = None,
        notes: Sequence[RowNote] = (),
    ) -> None:
        self.header = header
        self.dialect = dialect
        self._records = found
        self._written = written
        self._notes = notes

    def __iter__(self) -> Iterator[Row | RowFault | RowNote]:
        yield from self._notes
        header, written = self.header, self._written
        width, first = len(header), written[0] if written else None
        for record in self._records:
            if isinstance(record, RecordFault):
                yield RowFault(record.line, _column(header, record.cell), record.code, record.message)
                continue
            cells = record.cells
            if len(cells) != width:
                if any(cells):
                    yield from self._ragged(record.line, cells)
            elif cells[0] == first and cells == written:
                yield RowNote(record.line, "repeated_header", "the header again; skipped")
            elif cells[0] or any(cells):
                yield Row(record.line, dict(zip(header, cells, strict=True)))

    def _ragged(self, line: int, cells: list[str]) -> Iterator[Row | RowFault]:
        width = len(self.header)
        if len(cells) < width:
            message = f"has {len(cells)} cells where the header has {width}"
            yield RowFault(line, self.header[len(cells)], "too_few_cells", message)
        elif any(cells[width:]):
            message = f"has {len(cells)} cells where the header has {width}"
            yield RowFault(line, None, "too_many_cells", message)
        else:
            # Separators after the last cell carry nothing.
            yield Row(line, dict(zip(self.header, cells, strict=False)))


def read_csv(
    texts: Iterable[str],
    *,
    dialect: Dialect | None = None,
    header: Sequence[str] | None = None,
    duplicates: str = "rename",
    limits: Limits | None = None,
) -> CsvRows:
    """Begin reading a CSV file from its text in chunks of any size.

    `header` names the columns of a file that has no header line. Two columns of one name are renamed (`email
    (2)`) or refused, as `duplicates` says ("rename", "refuse").
    Errors: InvalidInputError for an empty file, a broken header, too many columns or refused duplicates.

    >>> list(read_csv(['a;b\\n"x""y";+49 1\\n']))
    [Row(line=2, cells={'a': 'x"y', 'b': '+49 1'})]
    """
    if duplicates not in DUPLICATES:
        raise InvalidValueError(f"duplicates: {duplicates!r} is none of {', '.join(DUPLICATES)}")
    limits = limits or Limits()
    pieces = blocks(texts)
    head = next(pieces, "")
    if dialect is None:
        dialect = sniff_dialect(head)
    lines = physical_lines(chain([head.removeprefix("\ufeff")], pieces), limits.row_chars)
    if dialect.has_sep_line:
        next(lines, None)
    found = records(lines, dialect.delimiter, dialect.quote, limits, 1 + dialect.has_sep_line)
    if header is not None:
        names, notes = _named([name.strip() for name in header], 0, duplicates, limits)
        return CsvRows(names, dialect, found, None, notes)
    first = _first(found)
    names, notes = _named([cell.strip() for cell in first.cells], first.line, duplicates, limits)
    return CsvRows(names, dialect, found, first.cells, notes)


def _first(found: Iterator[Record | RecordFault]) -> Record:
    for record in found:
        if isinstance(record, RecordFault):
            raise InvalidInputError(
                f"line {record.line}: the header's cell {record.cell + 1}: {record.message}", code=record.code
            )
        if any(cell.strip() for cell in record.cells):
            return record
    raise InvalidInputError("the file is empty", code="empty_file", hint="the first line must name the columns")


def _named(cells: list[str], line: int, duplicates: str, limits: Limits) -> tuple[tuple[str, ...], list[RowNote]]:
    """Unique, not blank names for the columns, and a note for each that had to be changed."""
    if len(cells) > limits.columns:
        raise InvalidInputError(
            f"line {line}: has {len(cells)} columns, more than {limits.columns}",
            code="too_many_columns",
            hint="check the separator, or keep only the columns to import",
        )
    names: dict[str, None] = {}
    notes: list[RowNote] = []
    written = set(cells)
    for position, cell in enumerate(cells, 1):
        name = cell or f"column {position}"
        if name in names and duplicates == "refuse":
            raise InvalidInputError(
                f"line {line}: two columns are named {name[:80]!r}",
                code="duplicate_column",
                hint="rename one, or read the file with duplicates='rename'",
            )
        count = 2
        while name in names or (name != cell and name in written):
            name = f"{cell or f'column {position}'} ({count})"
            count += 1
        if name != cell:
            notes.append(RowNote(line, "renamed_column", f"column {position} is called {name[:80]!r} here"))
        names[name] = None
    return tuple(names), notes


def _column(header: tuple[str, ...], cell: int) -> str | None:
    return header[cell] if cell < len(header) else None
