"""What of a value is compared: the same text for the same thing, however it was typed.

Each cleaner takes one raw text and returns the text to compare, or "" when nothing of it can be compared.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from leadflow.normalise.companies import company
from leadflow.normalise.folding import plain
from leadflow.normalise.free_mail import is_impersonal

_MEMO_VALUES = 200_000
_APART = re.compile(r"[\W_]+")
_DATES = tuple(
    re.compile(text, re.ASCII)
    for text in (
        r"(?P<y>\d{4})(?P<m>\d\d)(?P<d>\d\d)(?!\d)",
        r"(?P<y>\d{4})[-/.] ?(?P<m>\d{1,2})[-/.] ?(?P<d>\d{1,2})(?!\d)",
        r"(?P<d>\d{1,2})[-/.] ?(?P<m>\d{1,2})[-/.] ?(?P<y>\d{4})(?!\d)",
    )
)
_EXTENSION = re.compile(r"(?<=\d)\s*(?:x|ext|#|;)", re.IGNORECASE)
_SCHEME = re.compile(r"^(?:[a-z][a-z0-9+.-]*:)?//")
_CODES = {
    **dict.fromkeys("bfpvw", "1"),
    **dict.fromkeys("cgjkqsxz", "2"),
    **dict.fromkeys("dt", "3"),
    "l": "4",
    **dict.fromkeys("mn", "5"),
    "r": "6",
}
_SAME_SOUND = (("ph", "f"), ("kn", "n"), ("gn", "n"), ("wr", "r"), ("sch", "s"), ("sh", "s"), ("ck", "k"), ("th", "t"))


def clean_text(value: str) -> str:
    """Lower-case words without accents or punctuation, one space between.

    >>> clean_text("  O'Neill-ŽUPAN,  Łódź ")
    'o neill zupan lodz'
    """
    return _APART.sub(" ", plain(value)).strip()


def clean_compact(value: str) -> str:
    """Like `clean_text`, without spaces: for codes and one-word values, where a space is a typing error.

    >>> clean_compact("SI 1000-x")
    'si1000x'
    """
    return clean_text(value).replace(" ", "")


def clean_phone(value: str) -> str:
    """The last eight digits, so that national and international spellings meet; without an extension.

    >>> clean_phone("+386 40 123 456"), clean_phone("040/123-456"), clean_phone("(896) 661-6375 ext. 12")
    ('40123456', '40123456', '66616375')
    """
    digits = [ch for ch in _EXTENSION.split(value, maxsplit=1)[0] if "0" <= ch <= "9"]
    return "".join(digits[-8:])


def clean_email(value: str) -> str:
    """Lower-case address without spaces; the `+tag` is left out of matching.

    >>> clean_email(" Ana+news@Example.SI ")
    'ana@example.si'
    """
    value = "".join(value.casefold().split())
    local, at, domain = value.rpartition("@")
    return local.partition("+")[0] + at + domain if local else value


def clean_domain(value: str) -> str:
    """The host of an address, page or e-mail, without `www.`; a free-mail or shared host says nothing.

    >>> clean_domain("https://www.Acme.com/about"), clean_domain("sales@acme.com"), clean_domain("gmail.com")
    ('acme.com', 'acme.com', '')
    """
    value = _SCHEME.sub("", value.strip().casefold()).rpartition("@")[2]
    host = re.split(r"[/?#:\s]", value, maxsplit=1)[0].strip(".").removeprefix("www.")
    return "" if is_impersonal(host) else host


def clean_company(value: str) -> str:
    """A company's name without its legal form; what people type when there is no company ("n/a") is nothing.

    >>> clean_company("ACME Trading, d.o.o."), clean_company("Acme Trading Ltd"), clean_company("unknown")
    ('acme trading', 'acme trading', '')
    """
    return company(value) or ""


def clean_date(value: str) -> str:
    """Eight digits, year first; day-month-year is read where the year stands last. Else the digits as they are.

    >>> clean_date("1980-02-03"), clean_date("3.2.1980"), clean_date("19800203T10:00"), clean_date("1980")
    ('19800203', '19800203', '19800203', '1980')
    """
    value = value.strip()
    for pattern in _DATES:
        match = pattern.match(value)
        if match:
            return f"{match['y']}{int(match['m']):02}{int(match['d']):02}"
    return "".join(ch for ch in value if "0" <= ch <= "9")


def clean_number(value: str) -> str:
    """A number's plain digits, sign and point; grouping blanks and commas are dropped.

    >>> clean_number(" 1 200,50 "), clean_number("1,200.50"), clean_number("n/a")
    ('1200.50', '1200.50', '')
    """
    value = "".join(value.split())
    if "," in value:
        value = (
            value.replace(",", "")
            if "." in value or re.fullmatch(r"-?\d+(,\d{3})+", value)
            else value.replace(",", ".")
        )
    return value if re.fullmatch(r"[+-]?\d+(\.\d*)?", value, re.ASCII) else ""


def phonetic(text: str) -> str:
    """How a cleaned word roughly sounds: its first sound and up to three consonant groups after it.

    >>> phonetic("matthews"), phonetic("mathews"), phonetic("philip"), phonetic("filip")
    ('m312', 'm312', 'f41', 'f41')
    """
    for written, sound in _SAME_SOUND:
        if written in text:
            text = text.replace(written, sound)
    out, last = text[:1], _CODES.get(text[:1], "")
    for ch in text[1:]:
        code = _CODES.get(ch, "")
        if code and code != last:
            out += code
            if len(out) == 4:
                break
        if ch != "h":
            last = code
    return out


class Memo(dict[str | None, str]):
    """A function of raw values that computes each value once; nothing gives "". Forgets all beyond a bound."""

    __slots__ = ("_function",)

    def __init__(self, function: Callable[[str], str]) -> None:
        self._function = function

    def __missing__(self, raw: str | None) -> str:
        if len(self) > _MEMO_VALUES:
            self.clear()
        text = self[raw] = self._function(raw) if raw else ""
        return text
