"""Territories: the most specific one that covers a place."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from datetime import date
from typing import Final

from attrs import frozen

from leadflow.assignment.pools.hours import local_day
from leadflow.assignment.rules import Territory

LEVELS: Final = ("postcode", "city", "region", "country", "default")
"""Most specific first."""


@frozen(kw_only=True)
class Place:
    """Where a contact or account is; None is not known.

    >>> Place(country="SI", postcode="1000").city is None
    True
    """

    postcode: str | None = None
    city: str | None = None
    region: str | None = None
    country: str | None = None


NOWHERE: Final = Place()
"""A place of which nothing is known."""


@frozen(kw_only=True)
class TerritoryMatch:
    """The territory (None: none covers the place) and why.

    `level` is the most specific criterion that matched, `prefix_length` that of the postcode. `passed_over`
    has (territory, code) of the others: "elsewhere", "not_valid_yet", "no_longer_valid", "less_specific" or
    "later_in_order". No part of the place itself is in it.
    """

    territory: Territory | None = None
    level: str | None = None
    prefix_length: int = 0
    passed_over: tuple[tuple[str, str], ...] = ()


def match_territory(
    territories: Sequence[Territory], place: Place, at_us: int, time_zone: str = "UTC"
) -> TerritoryMatch:
    """The most specific territory that covers a place on the day.

    Postcode (longest prefix) beats city, region, country, default; then the lowest order, then the name.

    >>> north = Territory(name="north", target="user:ana", countries=("SI",), postcodes=("4",))
    >>> rest = Territory(name="rest", target="user:bo")
    >>> found = match_territory((rest, north), Place(country="si", postcode="4000"), at_us=0)
    >>> found.territory.name, found.level, found.passed_over
    ('north', 'postcode', (('rest', 'less_specific'),))
    """
    today = date.fromordinal(local_day(at_us, time_zone)).isoformat()
    known = Place(
        postcode=_postcode(place.postcode),
        city=_folded(place.city),
        region=_folded(place.region),
        country=_folded(place.country),
    )
    covering: list[tuple[int, int, int, str, Territory]] = []
    codes: dict[str, str] = {}
    for territory in territories:
        found = _coverage(territory, known)
        if (code := _out_of_time(territory, today)) is not None:
            codes[territory.name] = code
        elif found is None:
            codes[territory.name] = "elsewhere"
        else:
            covering.append((*found, territory.order, territory.name, territory))
    best = min(covering, key=lambda row: row[:4], default=None)
    for row in covering:
        if best is not None and row is not best:
            codes[row[3]] = "less_specific" if row[:2] > best[:2] else "later_in_order"
    return TerritoryMatch(
        territory=best[4] if best else None,
        level=LEVELS[best[0]] if best else None,
        prefix_length=-best[1] if best else 0,
        passed_over=tuple((one.name, codes[one.name]) for one in territories if one.name in codes),
    )


def _out_of_time(territory: Territory, today: str) -> str | None:
    if territory.valid_from is not None and today < territory.valid_from:
        return "not_valid_yet"
    if territory.valid_until is not None and today > territory.valid_until:
        return "no_longer_valid"
    return None


def _coverage(territory: Territory, known: Place) -> tuple[int, int] | None:
    """Index of the level and minus the length of the postcode prefix; None when a criterion does not hold."""
    length = 0
    if territory.postcodes:
        prefixes = (_postcode(prefix) for prefix in territory.postcodes)
        length = max((len(prefix) for prefix in prefixes if (known.postcode or "").startswith(prefix)), default=0)
        if not length:
            return None
    criteria = (
        (territory.cities, known.city),
        (territory.regions, known.region),
        (territory.countries, known.country),
    )
    for wanted, value in criteria:
        if wanted and (not value or value not in map(_folded, wanted)):
            return None
    asked = (territory.postcodes, territory.cities, territory.regions, territory.countries, ("default",))
    return next(number for number, wanted in enumerate(asked) if wanted), -length


def _folded(text: str | None) -> str:
    return " ".join(unicodedata.normalize("NFKC", text or "").split()).casefold()


def _postcode(text: str | None) -> str:
    return "".join(sign for sign in _folded(text) if sign.isalnum())
