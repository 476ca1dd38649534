"""Cells that a spreadsheet would run as a formula, made harmless on export and restored on import.

An apostrophe goes before a cell that begins with = + - @, tab, line feed or carriage return, their full-width
and small twins, or such a sign after blanks or apostrophes. Reading takes one apostrophe away again, so every
text survives both.
"""

from __future__ import annotations

import re

_TRIGGER = (
    r"[\s\u200b-\u200f\u2060\ufeff]*(?:[=+\-@\u2212\uff1d\uff0b\uff0d\uff20\ufe62\ufe63\ufe66\ufe6b]|(?<=[\t\r\n]))"
)
_DANGEROUS = re.compile(rf"'*{_TRIGGER}").match
_NEUTRALISED = re.compile(rf"'+{_TRIGGER}").match


def neutralise(cell: str) -> str:
    """The cell as it may be written into a file that a spreadsheet opens.

    >>> neutralise("=HYPERLINK(1)"), neutralise("+386 1 234"), neutralise("Ana")
    ("'=HYPERLINK(1)", "'+386 1 234", 'Ana')
    """
    return f"'{cell}" if _DANGEROUS(cell) else cell


def restore(cell: str) -> str:
    """The cell as it was before `neutralise`.

    >>> restore("'+386 1 234"), restore("'tis"), restore("-5")
    ('+386 1 234', "'tis", '-5')
    """
    return cell[1:] if _NEUTRALISED(cell) else cell
