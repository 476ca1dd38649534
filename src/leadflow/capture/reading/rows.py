"""What a reader hands on: rows, faults of rows, and notes."""

from __future__ import annotations

from collections.abc import Mapping

from attrs import frozen


@frozen
class Row:
    """One row of a file: the physical line on which it begins (from 1) and its cells as text, by column.

    >>> Row(2, {"email": "ana@example.si"}).line
    2
    """

    line: int
    cells: Mapping[str, str]


@frozen
class RowFault:
    """Why a row is not taken. `column` is a column's name, or in JSON lines the character (from 1).

    The message never repeats what the file says.

    >>> RowFault(7, "phone", "nul_character", "has a NUL character").code
    'nul_character'
    """

    line: int
    column: str | int | None
    code: str
    message: str


@frozen
class RowNote:
    """Something that was passed over and loses nothing: a header repeated in the middle, a renamed column.

    >>> RowNote(9, "repeated_header", "the header again; skipped").line
    9
    """

    line: int
    code: str
    message: str


@frozen(kw_only=True)
class Limits:
    """Sizes beyond which a file is not read on trust. Units: characters and counts.

    >>> Limits().columns
    1000
    """

    cell_chars: int = 1_048_576
    row_chars: int = 16_777_216
    columns: int = 1_000
