"""Text with a meaning to each piece of it, so that one drawing serves colour terminals, plain ones and files."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from typing import Final

from attrs import frozen

ROLES: Final = ("title", "label", "dim", "strong", "completed", "skipped", "active", "ahead", "left", "warn")
"""What a piece can be; a terminal gives each a style."""

_WIDE = frozenset("WF")
_DIRECTIONS = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


@frozen
class Piece:
    """A run of text with one role ("" is ordinary text)."""

    text: str
    role: str = ""


Line = tuple[Piece, ...]


def plain_text(lines: Iterable[Line]) -> str:
    """The lines without their roles, blanks at line ends left out.

    >>> plain_text([(Piece("a", "strong"), Piece(" b ")), ()])
    'a b\\n'
    """
    return "\n".join("".join(piece.text for piece in line).rstrip() for line in lines)


def clean(text: str) -> str:
    """Text that is safe to show: what a visitor typed can neither steer the terminal nor turn the line around.

    Control characters, line ends and marks of direction become one blank each.

    >>> clean("Ana\\x1b[31m\\nKos")
    'Ana [31m Kos'
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(
        " " if sign in _DIRECTIONS or unicodedata.category(sign) in ("Cc", "Cs", "Zl", "Zp") else sign for sign in text
    )


def cells(text: str) -> int:
    """How many columns of a terminal a text takes: two for a wide character, none for one that joins the one before.

    >>> cells("Kos"), cells("東京"), cells("e\\u0301")
    (3, 4, 1)
    """
    if text.isascii():
        return len(text)
    return sum(_width(sign) for sign in text)


def _width(sign: str) -> int:
    if unicodedata.combining(sign) or unicodedata.category(sign) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(sign) in _WIDE else 1


def fitted(text: str, width: int, *, is_right: bool = False, is_ascii: bool = False) -> str:
    """A text in exactly so many columns: filled up with blanks, or cut with a mark that something is missing.

    >>> fitted("Inquiry", 9), fitted("Inquiry", 4), fitted("7", 3, is_right=True)
    ('Inquiry  ', 'Inq…', '  7')
    """
    if cells(text) > width:
        mark = ("." if is_ascii else "…") if width else ""
        kept = ""
        for sign in text:
            if cells(kept + sign) > width - len(mark):
                break
            kept += sign
        text = kept + mark
    blanks = " " * (width - cells(text))
    return blanks + text if is_right else text + blanks


def wrapped(text: str, width: int) -> list[str]:
    """A text in lines of at most so many columns, broken at blanks, and inside a word only where it must be.

    >>> wrapped("Automated marketing qualification", 14)
    ['Automated', 'marketing', 'qualification']
    """
    lines: list[str] = []
    line = ""
    for word in text.split():
        if line and cells(line) + 1 + cells(word) <= width:
            line = f"{line} {word}"
            continue
        if line:
            lines.append(line)
        line = word
        while cells(line) > width:
            cut = _fitting(line, width)
            lines.append(line[:cut])
            line = line[cut:]
    return [*lines, line] if line or not lines else lines


def _fitting(text: str, width: int) -> int:
    """How many characters fit, at least one."""
    taken = 0
    for position, sign in enumerate(text):
        taken += _width(sign)
        if taken > width:
            return max(position, 1)
    return len(text)


_UNITS = ((86_400, "d"), (3_600, "h"), (60, "min"))


def span_text(us: int | None) -> str:
    """A duration in its largest unit, for people; "" when there is none.

    >>> span_text(3 * 86_400_000_000), span_text(90 * 60_000_000), span_text(2_000_000), span_text(None)
    ('3 d', '1.5 h', '2 s', '')
    """
    if us is None:
        return ""
    seconds = us / 1_000_000
    for size, unit in _UNITS:
        if seconds >= size:
            return f"{_short(seconds / size)} {unit}"
    return f"{int(seconds)} s"


def _short(number: float) -> str:
    return f"{number:.0f}" if number >= 9.95 else f"{number:.1f}".removesuffix(".0")


def share_text(share: float | None) -> str:
    """A share in per cent, for people; "" when there is none.

    >>> share_text(1.0), share_text(0.257), share_text(0.0042), share_text(None)
    ('100 %', '26 %', '0.4 %', '')
    """
    if share is None:
        return ""
    percent = share * 100
    if 0 < percent < 0.05:
        return "<0.1 %"
    return f"{percent:.1f} %" if 0 < percent < 9.95 else f"{percent:.0f} %"
