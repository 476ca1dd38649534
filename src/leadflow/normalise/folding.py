"""The Unicode ground under the normalisers: what is invisible, what folds to what.

Every function here is total: any text goes in, also lone surrogates, and time is linear in its length.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator

INVISIBLE = (
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180e\u180f\u200b\u200c\u200d\u200e\u200f"
    "\u202a\u202b\u202c\u202d\u202e\u2060\u2061\u2062\u2063\u2064\u2065\u2066\u2067\u2068\u2069\u206a\u206b\u206c"
    "\u206d\u206e\u206f\u2800\u3164\ufeff\uffa0\ufff9\ufffa\ufffb" + "".join(map(chr, range(0xFE00, 0xFE10)))
)
"""Characters that show nothing: zero-width, direction marks, fillers, variation selectors."""

_SPACES = "\t\n\v\f\r\x1c\x1d\x1e\x1f \x85\xa0\u1680\u2028\u2029\u202f\u205f\u3000" + "".join(
    map(chr, range(0x2000, 0x200B))
)
BLANK = _SPACES + INVISIBLE
"""What surrounds a pasted value and is no part of it."""

_CONTROLS = "".join(map(chr, range(0x20))) + "".join(map(chr, range(0x7F, 0xA0)))
_TAGS = range(0xE0000, 0xE1000)
_VISIBLE: dict[int, str | None] = (
    dict.fromkeys(_TAGS) | dict.fromkeys(map(ord, _CONTROLS), " ") | dict.fromkeys(map(ord, INVISIBLE))
)
_ASCII_CONTROLS = frozenset(_CONTROLS[:32] + "\x7f") - frozenset(_SPACES)

_MARKS = (
    range(0x300, 0x370),
    range(0x591, 0x5BE),
    (0x5BF, 0x5C1, 0x5C2, 0x5C4, 0x5C5, 0x5C7),
    range(0x64B, 0x660),
)
_LETTERS = (range(0xC0, 0x250), range(0x370, 0x400), range(0x1E00, 0x2000))
_NO_DECOMPOSITION = {
    "ø": "o", "đ": "d", "ð": "d", "þ": "th", "ł": "l", "æ": "ae", "œ": "oe", "ħ": "h", "ı": "i",
    "ŋ": "n", "ŧ": "t", "ə": "e", "ǝ": "e", "ƒ": "f", "ƀ": "b", "ɨ": "i", "ё": "е",
}  # fmt: skip
_APOSTROPHES = "ʼ’‘`´"
_TATWEEL_AND_ALEF = "\u0640\u0670"


def _folded_letters() -> Iterator[tuple[int, str]]:
    for block in _LETTERS:
        for point in block:
            base = unicodedata.normalize("NFD", chr(point))
            if len(base) > 1 and base[0].isalpha():
                letters = (char for char in base if not unicodedata.combining(char))
                yield point, "".join(_NO_DECOMPOSITION.get(char, char) for char in letters)


_DIACRITICS: dict[int, str | None] = (
    {point: None for block in _MARKS for point in block}
    | dict(_folded_letters())
    | {ord(char): to for char, to in _NO_DECOMPOSITION.items()}
    | dict.fromkeys(map(ord, _APOSTROPHES), "'")
    | dict.fromkeys(map(ord, _TATWEEL_AND_ALEF))
)


def storable(text: str) -> bool:
    """Whether the text can be written as UTF-8; a lone surrogate cannot, and gives no key.

    >>> storable("Žiga"), storable("\\ud800")
    (True, False)
    """
    if text.isascii():
        return True
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def casefolded(text: str) -> str:
    """Canonical caseless form: two texts that differ only in case or composition become equal.

    >>> casefolded("ŽIGA") == casefolded("z\\u030ciga")
    True
    """
    if text.isascii():
        return text.lower()
    normalize = unicodedata.normalize
    return normalize("NFC", normalize("NFD", text).casefold())


def visible(text: str) -> str:
    """The text in compatibility form and caseless, without invisible characters, whitespace collapsed.

    A dotted capital İ folds to a plain i, because that is what it is in lower case; a dotless ı stays itself.

    >>> visible("  ＡＣＭＥ\\u200b\\u00a0 Ltd "), visible("İSTANBUL")
    ('acme ltd', 'istanbul')
    """
    if text.isascii():
        if not _ASCII_CONTROLS.isdisjoint(text):
            text = text.translate(_VISIBLE)
        return " ".join(text.lower().split())
    normalize = unicodedata.normalize
    # Twice: folding may open what the compatibility form then maps again (Unicode D146).
    for _ in range(2):
        text = normalize("NFKC", normalize("NFD", text.translate(_VISIBLE)).casefold().replace("i\u0307", "i"))
    return " ".join(text.split())


def plain(text: str) -> str:
    """Visible text without diacritics of Latin, Greek, Hebrew and Arabic letters.

    Letters of their own right stay: Cyrillic й and ї, Japanese が, Indic vowel signs.

    >>> plain("Čuček Łódź ΆΛΦΑ"), plain("Андрей"), plain("ガス")
    ('cucek lodz αλφα', 'андрей', 'ガス')
    """
    text = visible(text)
    if text.isascii():
        return text.replace("`", "'")
    folded = unicodedata.normalize("NFC", text.translate(_DIACRITICS))
    return " ".join(folded.split())
