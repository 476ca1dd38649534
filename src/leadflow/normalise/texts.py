"""Keys of plain fields: exact, text, name, digits, postcode."""

from __future__ import annotations

import re
import unicodedata

from leadflow.normalise.folding import BLANK, plain, storable, visible

_COUNTRY_PREFIX = re.compile(r"(?:[A-Z]{1,3}-)++(?=\d)")
_ZIP_PLUS_FOUR = re.compile(r"(\d{5})-\d{4}")


def exact(text: str) -> str | None:
    """The text as it is; a blank or invisible one gives no key.

    >>> exact(" A-1 "), exact("\\u200b ")
    (' A-1 ', None)
    """
    return text if text.strip(BLANK) and storable(text) else None


def text(text: str) -> str | None:
    """Text that a reader would call the same: compatibility form, caseless, whitespace collapsed, nothing
    invisible.

    Diacritics stay. A Turkish dotted capital İ is an i; a dotless ı is not, since nothing says the text is
    Turkish.

    >>> text("  Résumé\\n  ＡＢＣ "), text("İSTANBUL"), text("ıstanbul")
    ('résumé abc', 'istanbul', 'ıstanbul')
    """
    return visible(text) or None if storable(text) else None


def name(text: str) -> str | None:
    """A person's or a place's name: like `text`, and without diacritics.

    All of İSTANBUL, Istanbul, ISTANBUL and ıstanbul are one name: upper case loses the difference, so it
    cannot tell two people apart. Letters that only look like diacritics (й, が, ि) stay.

    >>> {name(each) for each in ("İSTANBUL", "Istanbul", "ISTANBUL", "ıstanbul")}
    {'istanbul'}
    >>> name("Żółć"), name("Søren Straße")
    ('zolc', 'soren strasse')
    """
    return plain(text) or None if storable(text) else None


def digits(text: str) -> str | None:
    """The decimal digits of any script, in ASCII.

    >>> digits("SI 123-456.78"), digits("٣٤"), digits("none")
    ('12345678', '34', None)
    """
    return "".join(str(unicodedata.decimal(char)) for char in text if char.isdecimal()) or None


def postcode(text: str) -> str | None:
    """A postal code without spaces, hyphens and the country letters written before it; leading zeros stay.

    A ZIP+4 is cut to its five digits.

    >>> postcode("SI-1000"), postcode("sw1a 1aa"), postcode("00501-0001"), postcode("00-950")
    ('1000', 'SW1A1AA', '00501', '00950')
    """
    if not storable(text):
        return None
    code = visible(text).upper()
    code = "".join(char if char.isalnum() else "-" for char in code if char != " ").strip("-")
    if zip_code := _ZIP_PLUS_FOUR.fullmatch(code):
        return zip_code[1]
    country = _COUNTRY_PREFIX.match(code)
    return code[country.end() if country else 0 :].replace("-", "") or None
