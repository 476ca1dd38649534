"""What a field can be, and how a field of that kind is compared and looked up."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import StrEnum
from types import MappingProxyType

from attrs import frozen

from leadflow.matching.comparators import Comparator
from leadflow.matching.linkage import cleaning
from leadflow.matching.linkage.spec import Cleaner, Comparison, KeyPart

View = Callable[[str], str]


class Kind(StrEnum):
    """The kinds of fields."""

    GIVEN_NAME = "given name"
    SURNAME = "surname"
    NAME = "name"
    COMPANY = "company"
    TEXT = "text"
    CATEGORY = "category"
    CODE = "code"
    PLACE_CODE = "place code"
    DATE = "date"
    EMAIL = "email"
    PHONE = "phone"
    DOMAIN = "domain"
    NUMBER = "number"


@frozen
class Manner:
    """How a kind is compared (`levels`, see `Comparison`) and the views to look it up by, most general first."""

    comparator: str
    levels: tuple[float, ...]
    clean: Cleaner
    usual: float
    shared: float
    by_frequency: bool
    views: tuple[View, ...]


def comparison(field: str, kind: Kind, comparators: Mapping[str, Comparator]) -> Comparison:
    """The usual comparison of a field of this kind."""
    manner = manners()[kind]
    return Comparison(
        field,
        comparators[manner.comparator],
        manner.levels,
        manner.clean,
        manner.by_frequency,
        manner.usual,
        manner.shared,
    )


def part(field: str, kind: Kind, view: int = 0) -> KeyPart:
    """A view of a field of this kind; 0 is the most general."""
    manner = manners()[kind]
    return KeyPart(field, manner.views[view], manner.clean)


def whole(text: str) -> str:
    """The text itself, without spaces."""
    return text.replace(" ", "")


def first_letter(text: str) -> str:
    """The first letter."""
    return text[:1]


def first_four(text: str) -> str:
    """The first four letters, without spaces."""
    return text.replace(" ", "")[:4]


def local_part(address: str) -> str:
    """What stands before the @, without dots."""
    return address.rpartition("@")[0].replace(".", "") or address


def year(date: str) -> str:
    """The year of a date."""
    return date[:4]


def month_and_day(date: str) -> str:
    """A date without its year."""
    return date[4:]


def sounds(text: str) -> str:
    """How the first word sounds."""
    return cleaning.phonetic(text.partition(" ")[0])


def first_word(text: str) -> str:
    """The first word."""
    return text.partition(" ")[0]


def manners() -> Mapping[Kind, Manner]:
    """How each kind is compared and looked up."""
    compact, text = cleaning.clean_compact, cleaning.clean_text
    return MappingProxyType(
        {
            Kind.GIVEN_NAME: Manner(
                "given_name", (1.0, 0.92, 0.85), compact, 0.75, 0.0, True, (first_letter, sounds, whole)
            ),
            Kind.SURNAME: Manner(
                "jaro_winkler", (1.0, 0.92, 0.85), compact, 0.75, 0.75, True, (first_letter, sounds, whole)
            ),
            Kind.NAME: Manner("free_text", (1.0, 0.89, 0.75), text, 0.7, 0.45, True, (first_four, first_word, whole)),
            Kind.COMPANY: Manner(
                "company_name",
                (1.0, 0.89, 0.75),
                cleaning.clean_company,
                0.7,
                0.9,
                True,
                (first_four, first_word, whole),
            ),
            Kind.TEXT: Manner("free_text", (1.0, 0.89, 0.75), text, 0.7, 0.9, True, (first_four, first_word, whole)),
            Kind.CATEGORY: Manner("exact", (1.0,), compact, 0.9, 0.9, False, (whole,)),
            Kind.CODE: Manner("damerau_levenshtein", (1.0, 0.74), compact, 0.8, 0.0, False, (first_four, whole)),
            Kind.PLACE_CODE: Manner("damerau_levenshtein", (1.0, 0.74), compact, 0.8, 0.9, False, (first_four, whole)),
            Kind.DATE: Manner(
                "calendar_date", (1.0, 0.87, 0.6), cleaning.clean_date, 0.85, 0.0, False, (year, month_and_day, whole)
            ),
            Kind.EMAIL: Manner(
                "email_address", (1.0, 0.9, 0.8), cleaning.clean_email, 0.75, 0.0, False, (local_part, whole)
            ),
            Kind.PHONE: Manner("damerau_levenshtein", (1.0, 0.85), cleaning.clean_phone, 0.75, 0.3, False, (whole,)),
            Kind.DOMAIN: Manner("jaro_winkler", (1.0, 0.92), cleaning.clean_domain, 0.8, 0.75, False, (whole,)),
            Kind.NUMBER: Manner("numeric", (1.0, 0.99, 0.9), cleaning.clean_number, 0.8, 0.45, False, (whole,)),
        }
    )
