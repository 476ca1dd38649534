"""Telephone numbers: E.164 with the `normalize` extra, or plain digits without it."""

from __future__ import annotations

import re
import unicodedata
from typing import Any

from leadflow.normalise.folding import BLANK, visible
from leadflow.normalise.normaliser import unavailable

INTERNATIONAL = "ZZ"
"""The region of numbers that are only read when written with their country code."""

_MAX_CHARS = 250
_MIN_DIGITS, _MAX_DIGITS = 5, 15
_EXTENSION = re.compile(r"(?:\bext|extension|(?<![^\W\d])x(?=\s*\d)|#|;)[^\d]*")
_TRUNK_ZERO = re.compile(r"\(0\)")
_INTERNATIONAL_ZEROS = re.compile(r"(?:00)+")


def phone(text: str, region: str = INTERNATIONAL) -> str | None:
    """The number in E.164, with its extension if it has one; needs the extra `normalize`.

    `region` (ISO 3166, two letters) is where a number without country code is; ZZ reads only numbers with
    one. A number of impossible length and one of a single repeated digit give no key.
    Errors: AdapterUnavailableError.

    >>> phone("01 234 56 78", "SI"), phone("+44 (0)20 7946 0958 ext. 12"), phone("01 234 56 78")
    ('+38612345678', '+442079460958;ext=12', None)
    """
    library = phone_library()
    number_text = text.strip(BLANK)[: _MAX_CHARS + 1]
    if region == INTERNATIONAL and number_text.startswith("00"):
        number_text = "+" + number_text[2:]
    try:
        number = library.parse(number_text, region)
    except library.NumberParseException:
        return None
    # Possible by its length, not valid by its range: ranges change with the package's version, keys must not.
    if library.is_possible_number_with_reason(number) != library.ValidationResult.IS_POSSIBLE:
        return None
    if _is_placeholder(str(number.national_number)):
        return None
    key: str = library.format_number(number, library.PhoneNumberFormat.E164)
    return f"{key};ext={number.extension}" if number.extension else key


def phone_library() -> Any:
    """The package that reads numbers.

    Errors: AdapterUnavailableError when it is not installed.
    """
    try:
        import phonenumbers
    except ImportError:
        raise unavailable("phone", "phonenumbers") from None
    return phonenumbers


def phone_digits(text: str) -> str | None:
    """The digits of a number, without the international prefix: equal only when both were written the same
    way.

    A national number keeps its trunk zero and so differs from the international one; use `phone:XX` to unite
    them.

    >>> phone_digits("+386 (0)1 234-56-78"), phone_digits("00386 1 2345678 ext 9")
    ('38612345678', '38612345678;ext=9')
    >>> phone_digits("01 234 56 78")
    '012345678'
    """
    if len(text) > _MAX_CHARS:
        return None
    number, *extension = _EXTENSION.split(visible(text), maxsplit=1)
    if number.lstrip(" (")[:1] == "+" or number.startswith("00"):
        number = _TRUNK_ZERO.sub("", number)
    digits = _digits(number)
    international = _INTERNATIONAL_ZEROS.match(digits)
    digits = digits[international.end() :] if international else digits
    if not _MIN_DIGITS <= len(digits) <= _MAX_DIGITS or _is_placeholder(digits):
        return None
    inner = _digits(extension[0]) if extension else ""
    return f"{digits};ext={inner}" if inner else digits


def _digits(text: str) -> str:
    return "".join(str(unicodedata.decimal(char)) for char in text if char.isdecimal())


def _is_placeholder(digits: str) -> bool:
    return len(set(digits)) == 1
