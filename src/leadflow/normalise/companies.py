"""Company names without their legal form."""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from typing import Any

from leadflow.normalise import legal_forms
from leadflow.normalise.folding import plain, storable, visible
from leadflow.normalise.normaliser import unavailable

_INSIDE = str.maketrans("", "", ".'/\u05f4\u05f3\"")
_SEPARATORS = re.compile(r"[^a-z0-9]+")
_MAX_FORM_TOKENS = 6


def company(text: str) -> str | None:
    """The name without legal form, punctuation and diacritics, by a table of this library.

    Forms are taken off both ends until none is left; a name that would vanish keeps its form. What people
    type when they have no company ("n/a", "unknown", "freelance") gives no key.

    >>> company("ACME, Inc."), company("Müller & Söhne GmbH & Co. KG"), company("Ana Žagar s.p.")
    ('acme', 'muller and sohne', 'ana zagar')
    >>> company("株式会社トヨタ"), company("ООО «Ромашка»"), company("N/A")
    ('トヨタ', 'ромашка', None)
    """
    if not storable(text):
        return None
    tokens = _without_forms(_tokens(plain(text)))
    key = " ".join(tokens)
    return None if not key or key in legal_forms.PLACEHOLDERS else key


def company_cleanco(text: str) -> str | None:
    """The name without legal form as the package cleanco sees it; needs the extra `normalize`.

    Errors: AdapterUnavailableError.

    >>> company_cleanco("Acme GmbH & Co. KG")
    'acme'
    """
    library = cleanco_library()
    if not storable(text):
        return None
    key = visible(text)
    for _ in range(_MAX_FORM_TOKENS):
        shorter = visible(library.basename(key))
        if not shorter or shorter == key:
            break
        key = shorter
    return key or None


def cleanco_library() -> Any:
    """The package that knows legal forms.

    Errors: AdapterUnavailableError when it is not installed.
    """
    try:
        import cleanco
    except ImportError:
        raise unavailable("company-cleanco", "cleanco") from None
    return cleanco


def _tokens(folded: str) -> list[str]:
    folded = folded.replace("&", " and ").translate(_INSIDE)
    if folded.isascii():
        return [token for token in _SEPARATORS.split(folded) if token]
    category = unicodedata.category
    return "".join(char if char.isalnum() or category(char)[0] == "M" else " " for char in folded).split()


def _form(text: str) -> str:
    return "".join(_tokens(plain(text)))


@cache
def _suffixes() -> frozenset[str]:
    return frozenset(map(_form, legal_forms.suffix_texts())) | _glued_alone()


@cache
def _prefixes() -> frozenset[str]:
    return frozenset(map(_form, legal_forms.prefix_texts())) | _glued_alone()


@cache
def _glued() -> tuple[str, ...]:
    return tuple(map(_form, legal_forms.glued_texts()))


@cache
def _glued_alone() -> frozenset[str]:
    return frozenset(_glued()) | frozenset(map(_form, legal_forms.glued_abbreviations()))


def _without_forms(tokens: list[str]) -> list[str]:
    first, last = 0, len(tokens)
    while True:
        if cut := _suffix_length(tokens, first, last):
            last -= cut
            while tokens[last - 1] in legal_forms.CONNECTORS and _names_something(tokens, first, last - 1):
                last -= 1
        elif cut := _prefix_length(tokens, first, last):
            first += cut
        elif not _unglue(tokens, first, last):
            return tokens[first:last]


def _suffix_length(tokens: list[str], first: int, last: int) -> int:
    for length in range(min(_MAX_FORM_TOKENS, last - first - 1), 0, -1):
        if "".join(tokens[last - length : last]) in _suffixes() and _names_something(tokens, first, last - length):
            return length
    return 0


def _prefix_length(tokens: list[str], first: int, last: int) -> int:
    for length in range(min(_MAX_FORM_TOKENS, last - first - 1), 0, -1):
        if "".join(tokens[first : first + length]) in _prefixes() and _names_something(tokens, first + length, last):
            return length
    return 0


def _names_something(tokens: list[str], first: int, last: int) -> bool:
    return last - first > 1 or (last > first and tokens[first] not in legal_forms.ARTICLES)


def _unglue(tokens: list[str], first: int, last: int) -> bool:
    """Take a form off the first or last token; the token must not vanish."""
    if first == last:
        return False
    for form in _glued():
        if (token := tokens[first]) != form and token.startswith(form):
            tokens[first] = token.removeprefix(form)
            return True
        if (token := tokens[last - 1]) != form and token.endswith(form):
            tokens[last - 1] = token.removesuffix(form)
            return True
    return False
