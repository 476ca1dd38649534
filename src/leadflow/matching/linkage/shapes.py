"""What the columns of unknown rows hold, judged by their names and their values."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from zlib import crc32

from leadflow.matching.linkage.cleaning import clean_compact, clean_company, clean_text
from leadflow.matching.linkage.kinds import Kind
from leadflow.matching.linkage.spec import Row

_SAMPLE_ROWS = 10_000
_CATEGORY_VALUES = 60
_WORDS = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|\d+")
_HINTS: tuple[tuple[Kind, str], ...] = (
    (Kind.GIVEN_NAME, "first given forename fname firstname forenames givenname middle vorname prenom imie"),
    (Kind.SURNAME, "last surname family lname lastname maiden nachname nazwisko"),
    (Kind.COMPANY, "company organisation organization employer business firm firma corporation account"),
    (Kind.PHONE, "phone tel telephone telefon mobile cell fax msisdn"),
    (Kind.PLACE_CODE, "postcode zip zipcode postal plz street house building flat unit"),
    (Kind.CODE, "code number no nr ssn soc vat tax iban passport licence license reg"),
    (Kind.NUMBER, "amount price revenue turnover employees age salary latitude longitude lat lon"),
)
_IDENTIFIERS = frozenset(("id", "key", "uuid", "guid", "index", "row", "rowid", "pk"))
_STAMPS = frozenset(("created", "updated", "modified", "timestamp", "inserted"))
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+")
_DOMAIN = re.compile(r"(?:https?://)?[\w-]+(?:\.[\w-]+)*\.[a-z]{2,}(?:[/?#]\S*)?", re.IGNORECASE)
_DATE = re.compile(
    r"\d{4}[-/.]\d{1,2}[-/.]\d{1,2}|\d{1,2}[-/.]\d{1,2}[-/.]\d{4}|(?:1[89]|20)\d\d[01]\d[0-3]\d", re.ASCII
)
_PHONE = re.compile(r"(?=.*[+()/ -])[+(]?\d[\d\s()/.-]{6,}", re.ASCII)
_DECIMAL = re.compile(r"[+-]?\d+[.,]\d+", re.ASCII)


def sampled(rows: Sequence[Row]) -> Sequence[Row]:
    """At most some thousands of the rows, chosen by their content and so whatever their order."""
    every = len(rows) // _SAMPLE_ROWS + 1
    if every == 1:
        return rows
    texts = ("\x1f".join(str(value) for _, value in sorted(row.items())) for row in rows)
    return [row for row, text in zip(rows, texts, strict=True) if crc32(text.encode("utf-8", "replace")) % every == 0]


def kinds_of(rows: Sequence[Row]) -> dict[str, Kind]:
    """The kind of each column that is worth comparing, in alphabetical order of the columns.

    Left out: columns of a single value, identifiers that no two rows share, and time stamps.

    >>> rows = [{"id": "1", "dob": "1980-02-03", "surname": "Kos"}, {"id": "2", "dob": "1990-01-02", "surname": "Jug"}]
    >>> {name: kind.value for name, kind in kinds_of(rows).items()}
    {'dob': 'date', 'surname': 'surname'}
    """
    names = sorted({name for row in rows for name in row})
    found = {}
    for name in names:
        values = Counter(value for row in rows if (value := row.get(name)) and not value.isspace())
        hints = {word.lower() for word in _WORDS.findall(name)}
        if len(values) > 1 and not hints & _STAMPS and not (hints & _IDENTIFIERS and len(values) == values.total()):
            found[name] = _kind(hints, values)
    return found


def _kind(hints: set[str], values: Counter[str]) -> Kind:
    def share(pattern: re.Pattern[str]) -> float:
        return sum(bool(pattern.fullmatch(value.strip())) for value in values) / len(values)

    if share(_EMAIL) > 0.6:
        return Kind.EMAIL
    if share(_DATE) > 0.7:
        return Kind.DATE
    by_name = next((kind for kind, words in _HINTS if hints & set(words.split())), None)
    few = len(values) <= min(_CATEGORY_VALUES, values.total() / 40)
    if few and by_name not in (Kind.GIVEN_NAME, Kind.SURNAME):
        return Kind.CATEGORY
    if by_name is Kind.PHONE or (by_name is None and share(_PHONE) > 0.7):
        return Kind.PHONE
    if share(_DOMAIN) > 0.7:
        return Kind.DOMAIN
    if by_name in (Kind.GIVEN_NAME, Kind.SURNAME, Kind.COMPANY, Kind.NUMBER):
        return by_name
    return _kind_of_text(hints, values, share(_DECIMAL), by_name)


def _kind_of_text(hints: set[str], values: Counter[str], decimals: float, by_name: Kind | None) -> Kind:
    texts = [clean_text(value) for value in values]
    if decimals > 0.5:
        return Kind.NUMBER
    digits = sum(any(ch.isdigit() for ch in text) for text in texts) / len(texts)
    length = sum(len(clean_compact(text)) for text in texts) / len(texts)
    words = sum(text.count(" ") + 1 for text in texts) / len(texts)
    code = Kind.PLACE_CODE if by_name is Kind.PLACE_CODE else Kind.CODE
    if digits > 0.8 and length <= 16 and words <= 2.5:
        return code
    if "name" in hints or "names" in hints:
        stripped = sum(clean_company(value) != text for value, text in zip(values, texts, strict=True)) / len(texts)
        if stripped > 0.1:
            return Kind.COMPANY
        return Kind.SURNAME if words <= 1.2 else Kind.NAME
    return Kind.CODE if by_name is Kind.CODE and words <= 1.2 and length <= 16 else Kind.TEXT
