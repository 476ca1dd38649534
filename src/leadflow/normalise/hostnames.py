"""Host names in their ASCII form (IDNA), with what the standard library has.

Mapping follows UTS 46, non-transitional: ß and ς stay what they are. The join and direction rules of IDNA
2008 are not checked: a name that breaks them resolves nowhere and matches nothing else.
"""

from __future__ import annotations

import re
import unicodedata

from leadflow.normalise.folding import INVISIBLE

MAX_HOST_CHARS = 253
_MAX_LABEL_CHARS = 63
_JOINERS = "\u200c\u200d"
_DEVIATIONS = re.compile(f"([ß\u03c2{_JOINERS}]+)")
_IGNORED = dict.fromkeys(ord(char) for char in INVISIBLE if char not in _JOINERS)
_DOTS = dict.fromkeys((0x3002, 0xFF0E, 0xFF61), ".") | {0x1E9E: "ß"}
_ASCII_LABEL = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
_CATEGORIES = frozenset({"Lu", "Ll", "Lm", "Lo", "Mn", "Mc", "Nd"})
_EXCEPTIONS = frozenset("-\u0f0b\u30fb\u3007\u05f3\u05f4" + _JOINERS)
_VIRAMA = 9


def ascii_host(text: str) -> str | None:
    """The lower-case ASCII form of a host name with at least two labels, or None when it is none.

    A trailing dot is dropped. Refused: an IP address, a numeric top level, underscores, an `xn--` label that
    does not decode to a name that would be encoded like it.

    >>> ascii_host("Bücher.Example."), ascii_host("straße.de"), ascii_host("例え。テスト")
    ('xn--bcher-kva.example', 'xn--strae-oqa.de', 'xn--r8jz45g.xn--zckzah')
    >>> ascii_host("localhost"), ascii_host("127.0.0.1"), ascii_host("xn--999999999.com")
    (None, None, None)
    """
    if not text.isascii():
        if len(text) > MAX_HOST_CHARS:
            return None
        mapped = _mapped(text)
        if mapped is None:
            return None
        text = mapped
    else:
        text = text.lower()
    labels = text.removesuffix(".").split(".")
    if len(labels) < 2 or labels[-1].isdigit() or len(labels[-1]) < 2:
        return None
    encoded = [_ascii_label(label) for label in labels]
    if None in encoded:
        return None
    host = ".".join(label for label in encoded if label)
    return host if len(host) <= MAX_HOST_CHARS else None


def _mapped(text: str) -> str | None:
    text = text.translate(_DOTS)
    dots = text.count(".")
    pieces = _DEVIATIONS.split(text.translate(_IGNORED))
    pieces[::2] = [_folded(piece) for piece in pieces[::2]]
    mapped = unicodedata.normalize("NFC", "".join(pieces))
    return mapped if mapped.count(".") == dots else None


def _folded(piece: str) -> str:
    for _ in range(2):
        piece = unicodedata.normalize("NFKC", piece.casefold())
    return piece


def _ascii_label(label: str) -> str | None:
    if label.isascii():
        if not _ASCII_LABEL.fullmatch(label):
            return None
        if label[2:4] != "--":
            return label
        return label if label.startswith("xn--") and _is_canonical(label) else None
    if len(label) > _MAX_LABEL_CHARS or not _is_valid(label):
        return None
    encoded = "xn--" + label.encode("punycode").decode("ascii")
    return encoded if len(encoded) <= _MAX_LABEL_CHARS else None


def _is_canonical(label: str) -> bool:
    try:
        decoded = label[4:].encode("ascii").decode("punycode")
    except (UnicodeError, ValueError, OverflowError):
        return False
    if decoded.isascii() or not _is_valid(decoded) or _mapped(decoded) != decoded:
        return False
    return "xn--" + decoded.encode("punycode").decode("ascii") == label


def _is_valid(label: str) -> bool:
    if label[0] == "-" or label[-1] == "-" or label[2:4] == "--" or unicodedata.category(label[0])[0] == "M":
        return False
    for index, char in enumerate(label):
        if char in _JOINERS:
            if not _may_join(label, index):
                return False
        elif unicodedata.category(char) not in _CATEGORIES and char not in _EXCEPTIONS:
            return False
    return True


def _may_join(label: str, index: int) -> bool:
    before = label[index - 1] if index else ""
    if not before or index + 1 == len(label):
        return False
    joins_arabic = unicodedata.bidirectional(before) == "AL" == unicodedata.bidirectional(label[index + 1])
    return unicodedata.combining(before) == _VIRAMA or (label[index] == _JOINERS[0] and joins_arabic)
