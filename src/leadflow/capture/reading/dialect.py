"""How the cells of a CSV file are separated and quoted."""

from __future__ import annotations

import re
from itertools import islice

from attrs import frozen

from leadflow.capture.reading.lines import physical_lines
from leadflow.capture.reading.records import Record, RecordFault, records
from leadflow.capture.reading.rows import Limits

DELIMITERS = (",", ";", "\t", "|")
_SEP_LINE = re.compile(r"\ufeff?\"?sep=(.)\"?(?:\r\n|\n|\r|\Z)", re.IGNORECASE)
_SAMPLE_RECORDS = 100


@frozen
class Dialect:
    """Separator and quotation mark; `has_sep_line` says that the file begins with the line `sep=;` of a
    spreadsheet.

    >>> Dialect(";").quote
    '"'
    """

    delimiter: str = ","
    quote: str = '"'
    has_sep_line: bool = False


def sniff_dialect(head: str) -> Dialect:
    """The dialect of the file that begins with this text.

    The separator is the one by which most records have as many cells as the header; of equals the one with
    more cells. `is_whole` says that nothing follows `head`.

    >>> sniff_dialect("name;amount\\nAna;1,5\\nŽiga;2,5\\n")
    Dialect(delimiter=';', quote='"', has_sep_line=False)
    >>> sniff_dialect("sep=|\\na|b").delimiter
    '|'
    """
    if sep := _SEP_LINE.match(head):
        return Dialect(sep[1], has_sep_line=True)
    lines = list(physical_lines([head.removeprefix("\ufeff")], len(head)))
    if len(lines) > 1 and not lines[-1].endswith(("\r", "\n")):
        lines.pop()
    is_single = head.startswith("'") and '"' not in lines[0]
    quote = "'" if is_single else '"'
    return Dialect(max(DELIMITERS, key=lambda each: _fitness(lines, each, quote)), quote)


def _fitness(lines: list[str], delimiter: str, quote: str) -> tuple[float, int]:
    """(share of records as wide as the header, width); nothing for a header of one cell."""
    found = islice(records(iter(lines), delimiter, quote, Limits()), _SAMPLE_RECORDS)
    widths = [
        len(each.cells) if isinstance(each, Record) else 0
        for each in found
        if isinstance(each, RecordFault) or any(each.cells)
    ]
    if not widths or widths[0] < 2:
        return (0.0, 0)
    return (sum(width == widths[0] for width in widths) / len(widths), widths[0])
