"""Contacts out of vCard 2.1, 3.0 and 4.0, one card at a time."""

from __future__ import annotations

import binascii
import codecs
import re
from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import Final

from attrs import field, frozen

from leadflow.capture.reading.lines import physical_lines
from leadflow.capture.reading.rows import RowFault

MAX_CARD_CHARS = 1_048_576
_VERSIONS = frozenset({"2.1", "3.0", "4.0"})
_HEAD = re.compile(r'(?:[A-Za-z0-9-]+\.)?(?P<name>[A-Za-z0-9-]+)(?P<params>(?:;(?:"[^"]*"|[^":])*)?):')
_PARAMETERS = re.compile(r'((?:"[^"]*"|[^";])+)')
_QUOTED_PRINTABLE = re.compile(r"[;=]QUOTED-PRINTABLE", re.IGNORECASE)
_ESCAPE = re.compile(r"\\(.)")
_UNESCAPED: Final = {"n": "\n", "N": "\n"}
_KEPT = frozenset(
    {"FN", "N", "EMAIL", "TEL", "ORG", "TITLE", "ROLE", "ADR", "URL", "NOTE", "CATEGORIES", "UID", "LANG", "TZ"}
)
_STRUCTURED: Final = {"N": 5, "ADR": 7, "ORG": 2}


@frozen
class Property:
    """One line of a card: its name in capitals, its types in lower case, and its parts.

    >>> Property("EMAIL", ("work",), ("ana@example.si",)).value
    'ana@example.si'
    """

    name: str
    types: tuple[str, ...]
    parts: tuple[str, ...]
    rank: int = 100

    @property
    def value(self) -> str:
        """The first part, which is all of an unstructured property."""
        return self.parts[0]


@frozen
class Card:
    """One card: the line on which it begins, its version, and its properties in the order of the file."""

    line: int
    version: str
    properties: tuple[Property, ...] = ()
    cells: Mapping[str, str] = field(init=False)

    @cells.default
    def _cells(self) -> Mapping[str, str]:
        return MappingProxyType(_cells_of(self.properties))


def read_vcards(texts: Iterable[str], *, max_card_chars: int = MAX_CARD_CHARS) -> Iterator[Card | RowFault]:
    """Read the cards of a file from its text in chunks of any size.

    `cells` of a card are dotted fields (`contact.email`, `account.name`) and `key`, `url`, `street`, `note`,
    `categories`; of several e-mail addresses or numbers the preferred one. Photos, sounds and vendors' own
    properties are passed over. A card that is broken is a fault at the line that is wrong; the next card is
    read.

    >>> [card] = read_vcards(["BEGIN:VCARD\\nVERSION:3.0\\nFN:Ana Kos\\nN:Kos;Ana;;;\\n",
    ...                       "EMAIL;TYPE=work:ana@exa\\n mple.si\\nEND:VCARD\\n"])
    >>> card.cells["contact.last_name"], card.cells["contact.email"]
    ('Kos', 'ana@example.si')
    """
    begun: int | None = None
    lines: list[tuple[int, str]] = []
    size = depth = 0
    for number, text in _logical_lines(texts, max_card_chars):
        word = text.strip().upper().replace(" ", "")
        if word == "BEGIN:VCARD" and begun is None:
            begun, lines, size = number, [], 0
        elif word == "BEGIN:VCARD" and _is_agent(lines):
            depth += 1
        elif word == "BEGIN:VCARD":
            yield RowFault(begun or number, None, "card_not_closed", "the card begun here has no END:VCARD")
            begun, lines, size, depth = number, [], 0, 0
        elif word == "END:VCARD" and depth:
            depth -= 1
        elif word == "END:VCARD" and begun is not None:
            yield _card(begun, lines, size > max_card_chars)
            begun = None
        elif begun is None and word.strip("\ufeff"):
            yield RowFault(number, None, "outside_card", "text outside of BEGIN:VCARD and END:VCARD")
        elif begun is not None and not depth:
            size += len(text)
            if size <= max_card_chars:
                lines.append((number, text))
    if begun is not None:
        yield RowFault(begun, None, "card_not_closed", "the card begun here has no END:VCARD")


def _logical_lines(texts: Iterable[str], max_chars: int) -> Iterator[tuple[int, str]]:
    """Unfolded lines with the number of their first physical line."""
    current, begun = "", 0
    for number, raw in enumerate(physical_lines(texts, max_chars), 1):
        text = raw.rstrip("\r\n").removeprefix("\ufeff" if number == 1 else "")
        if current and text[:1] in (" ", "\t"):
            # Beyond the limit nothing is gathered, so that a fold without end stays small.
            current += text[1:] if len(current) <= max_chars else ""
        elif current.endswith("=") and _QUOTED_PRINTABLE.search(current.split(":", 1)[0]):
            current = current[:-1] + text
        else:
            if current.strip():
                yield begun, current
            current, begun = text, number
    if current.strip():
        yield begun, current


def _is_agent(lines: list[tuple[int, str]]) -> bool:
    return bool(lines) and lines[-1][1].upper().startswith("AGENT")


def _card(begun: int, lines: list[tuple[int, str]], is_too_long: bool) -> Card | RowFault:
    if is_too_long:
        return RowFault(begun, None, "card_too_long", "the card begun here is too long")
    version = ""
    found: list[Property] = []
    for number, text in lines:
        head = _HEAD.match(text)
        if head is None:
            return RowFault(number, None, "invalid_line", "the line is not of the form NAME:value")
        name = head["name"].upper()
        if name == "VERSION":
            version = text[head.end() :].strip()
        elif name in _KEPT:
            each = _property(name, head["params"], text[head.end() :])
            if each is None:
                return RowFault(number, name, "undecodable_text", "the text is not in the character set it names")
            found.append(each)
    if version not in _VERSIONS:
        return RowFault(begun, "VERSION", "unknown_version", "the version is none of 2.1, 3.0, 4.0")
    return Card(begun, version, tuple(found))


def _property(name: str, params: str, value: str) -> Property | None:
    types, rank, charset, is_quoted = _parameters(params)
    if is_quoted:
        decoded = _quoted_printable(value, charset)
        if decoded is None:
            return None
        value = decoded
    if name in _STRUCTURED:
        parts = tuple(_unescape(part) for part in _split(value, ";"))
    elif name == "CATEGORIES":
        parts = tuple(_unescape(part) for part in _split(value, ","))
    else:
        parts = (_unescape(value),)
    if name in ("TEL", "EMAIL"):
        parts = (re.sub(r"^(?:tel|mailto):", "", parts[0], flags=re.IGNORECASE), *parts[1:])
    return Property(name, types, parts, rank)


def _parameters(params: str) -> tuple[tuple[str, ...], int, str, bool]:
    """(types, rank of preference, character set, whether quoted-printable)."""
    types: list[str] = []
    rank, charset, is_quoted = 100, "utf-8", False
    for each in _PARAMETERS.findall(params):
        name, equals, value = each.partition("=")
        name, value = (name.strip().upper(), value.strip().strip('"')) if equals else ("TYPE", name.strip())
        if name == "ENCODING" or value.upper() == "QUOTED-PRINTABLE":
            is_quoted = is_quoted or value.upper() == "QUOTED-PRINTABLE"
        elif name == "CHARSET":
            charset = value
        elif name == "PREF" and value.isdecimal():
            rank = min(rank, int(value[:3]))
        elif name == "TYPE":
            types.extend(kind for kind in value.lower().split(",") if kind)
    return tuple(types), 1 if "pref" in types else rank, charset, is_quoted


def _quoted_printable(value: str, charset: str) -> str | None:
    try:
        codecs.lookup(charset)
        return binascii.a2b_qp(value.encode("ascii")).decode(charset)
    except (LookupError, ValueError):
        return None


def _split(value: str, separator: str) -> list[str]:
    """Cut at separators that no backslash precedes."""
    parts: list[str] = []
    start = at = 0
    while at < len(value):
        if value[at] == "\\":
            at += 1
        elif value[at] == separator:
            parts.append(value[start:at])
            start = at + 1
        at += 1
    return [*parts, value[start:]]


def _unescape(value: str) -> str:
    return _ESCAPE.sub(lambda found: _UNESCAPED.get(found[1], found[1]), value).strip()


def _cells_of(properties: Iterable[Property]) -> dict[str, str]:
    by_name: dict[str, list[Property]] = {}
    for each in properties:
        by_name.setdefault(each.name, []).append(each)
    cells: dict[str, str] = {}
    for target, name, part in _TARGETS:
        best = min(by_name.get(name, ()), key=lambda each: each.rank, default=None)
        if best is not None and part < len(best.parts):
            cells[target] = best.parts[part]
    categories = [part for each in by_name.get("CATEGORIES", ()) for part in each.parts if part]
    cells["categories"] = ", ".join(categories)
    return {target: text for target, text in cells.items() if text}


_TARGETS: Final = (
    ("key", "UID", 0),
    ("contact.name", "FN", 0),
    ("contact.last_name", "N", 0),
    ("contact.first_name", "N", 1),
    ("contact.email", "EMAIL", 0),
    ("contact.phone", "TEL", 0),
    ("contact.title", "ROLE", 0),
    ("contact.title", "TITLE", 0),
    ("contact.language", "LANG", 0),
    ("contact.time_zone", "TZ", 0),
    ("account.name", "ORG", 0),
    ("street", "ADR", 2),
    ("contact.city", "ADR", 3),
    ("contact.region", "ADR", 4),
    ("contact.postcode", "ADR", 5),
    ("contact.country", "ADR", 6),
    ("url", "URL", 0),
    ("note", "NOTE", 0),
)
