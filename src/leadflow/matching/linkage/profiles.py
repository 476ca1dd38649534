"""Profiles: marks of a text as bits, by which a prefilter tells cheaply that two texts cannot be alike.

Where two texts share `c` marks and have sizes `x` and `y`, each `least_for_...(threshold)` is a bound under which
`c * (1 / x + 1 / y)` proves that the similarity is below the threshold.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from zlib import crc32

_FAMILY_MARKS = 64
_FAMILIES_FROM = 2048
_DATE_MARKS = 80 + 4 * 59
_ROUNDING = 1e-6
_STRIDE = 60
"""Bits of one layer of marks: two digits of a Python integer, characters in the lower 32."""


def profile_text(text: str) -> tuple[int, int]:
    """Marks of all characters: the n-th time a character (modulo 32) occurs is one bit. And the length.

    Characters that share a slot can only make two texts look more alike, so the proof holds for any script.

    >>> (profile_text("aab")[0] & profile_text("abb")[0]).bit_count()
    2
    """
    marks = 0
    for ch in text:
        bit = 1 << (ord(ch) & 31)
        while marks & bit:
            bit <<= _STRIDE
        marks |= bit
    return marks, len(text)


def profile_free_text(text: str) -> tuple[int, int]:
    """Marks of all characters but spaces."""
    return profile_text(text.replace(" ", "") or text)


def profile_tokens(text: str) -> tuple[int, int]:
    """A mark per word."""
    words = set(text.split())
    return _word_marks(words, lambda word: 1), max(len(words), 1)


def profile_company(text: str) -> tuple[int, int]:
    """Marks of characters, and of words."""
    # A shared word marks twice its length more, so that a name inside a longer one passes at any threshold.
    marks, size = profile_free_text(text)
    return marks | _word_marks(set(text.split()), lambda word: 2 * len(word)), size


def _word_marks(words: Iterable[str], weight: Callable[[str], int]) -> int:
    marks = 0
    for word in words:
        slot = 32 + crc32(word.encode("utf-8", "replace")) % 28  # beside the characters' slots
        for _ in range(weight(word)):
            bit = 1 << slot
            while marks & bit:
                bit <<= _STRIDE
            marks |= bit
    return marks


def profile_email(text: str) -> tuple[int, int]:
    """Marks of what stands before the @."""
    local, _, domain = text.rpartition("@")
    return profile_text(local or domain or text)


def profile_name(text: str, families: Mapping[str, int]) -> tuple[int, int]:
    """Marks of characters, and of the family of names."""
    marks, size = profile_text(text)
    family = families.get(text)
    if family is not None:  # so many shared marks that two names of one family always pass
        marks |= ((1 << _FAMILY_MARKS) - 1) << (_FAMILIES_FROM + family * _FAMILY_MARKS)
    return marks, size


def profile_date(text: str) -> tuple[int, int]:
    """A mark per digit in its place, and four more for the day and month in either order."""
    if len(text) != 8 or not text.isascii() or not text.isdecimal():
        return (1 << _DATE_MARKS) - 1, 1
    marks = 0
    for place, digit in enumerate(text):
        marks |= 1 << (10 * place + int(digit))
    month, day = int(text[4:6]), int(text[6:])
    return marks | 15 << (80 + 4 * ((month + day) * (abs(month - day) + 1) % 59)), 8


def least_for_edits(threshold: float) -> float:
    """For similarities of 1 - edits / length, and for shares of words."""
    # Texts of x and y characters that share c are at least max(x, y) - c edits apart.
    return 2 * threshold - _ROUNDING


def least_for_jaro_winkler(threshold: float) -> float:
    """For Jaro-Winkler."""
    # A common start of four lifts a Jaro similarity j > 0.7 to 0.4 + 0.6 j; Jaro itself is at most (shares + 1) / 3.
    jaro = max((threshold - 0.4) / 0.6, min(threshold, 0.7))
    return max(3 * jaro - 1, 0.0) - _ROUNDING


def least_for_dates(threshold: float) -> float:
    """For calendar dates."""
    return 1.5 - _ROUNDING if threshold > 0.3 else 0.0
