"""Ready-made linkages for contacts and accounts."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence

from attrs import evolve

from leadflow.errors import InvalidValueError
from leadflow.matching.comparators import Comparator, default_comparators
from leadflow.matching.linkage.kinds import Kind, comparison, part
from leadflow.matching.linkage.lookups import keys_for
from leadflow.matching.linkage.shapes import kinds_of, sampled
from leadflow.matching.linkage.spec import BlockingKey, Comparison, KeyPart, LinkageSpec, Row, SwapComparison


def contact_spec(comparators: Mapping[str, Comparator] | None = None) -> LinkageSpec:
    """People: first_name, last_name, email, phone, company, city, postcode, birth_date; what a row lacks is missing.

    >>> [each.field for each in contact_spec().comparisons][:3]
    ['first_name', 'last_name', 'email']
    """
    known = default_comparators() if comparators is None else comparators
    kinds = {
        "first_name": Kind.GIVEN_NAME,
        "last_name": Kind.SURNAME,
        "email": Kind.EMAIL,
        "phone": Kind.PHONE,
        "company": Kind.COMPANY,
        "city": Kind.TEXT,
        "postcode": Kind.PLACE_CODE,
        "birth_date": Kind.DATE,
    }
    first, last = part("first_name", Kind.GIVEN_NAME, 1), part("last_name", Kind.SURNAME, 1)
    postcode, company = part("postcode", Kind.PLACE_CODE, 1), part("company", Kind.COMPANY)
    year, city = part("birth_date", Kind.DATE), part("city", Kind.TEXT)
    keys = (
        BlockingKey("email", (part("email", Kind.EMAIL),)),
        BlockingKey("phone", (part("phone", Kind.PHONE),)),
        BlockingKey("birth date", (part("birth_date", Kind.DATE, 2),)),
        BlockingKey("names", (first, last), unordered=True),
        *_either("name, postcode", first, last, postcode),
        *_either("name, company", first, last, company),
        *_either("name, birth year", first, last, year),
        *_either("name, city", first, last, city),
    )
    return LinkageSpec(
        comparisons=tuple(comparison(field, kind, known) for field, kind in kinds.items()),
        keys=keys,
        swaps=(SwapComparison("first_name", "last_name"),),
    )


def account_spec(comparators: Mapping[str, Comparator] | None = None) -> LinkageSpec:
    """Companies: name, domain, phone, city, postcode, country; what a row lacks is missing."""
    known = default_comparators() if comparators is None else comparators
    kinds = {
        "name": Kind.COMPANY,
        "domain": Kind.DOMAIN,
        "phone": Kind.PHONE,
        "city": Kind.TEXT,
        "postcode": Kind.PLACE_CODE,
        "country": Kind.CATEGORY,
    }
    start, word = part("name", Kind.COMPANY), part("name", Kind.COMPANY, 1)
    keys = (
        BlockingKey("domain", (part("domain", Kind.DOMAIN),)),
        BlockingKey("phone", (part("phone", Kind.PHONE),)),
        BlockingKey("name", (start,)),
        BlockingKey("word", (word,)),
        BlockingKey("place", (part("postcode", Kind.PLACE_CODE, 1), part("city", Kind.TEXT))),
        BlockingKey("name, postcode", (start, part("postcode", Kind.PLACE_CODE, 1))),
        BlockingKey("word, city", (word, part("city", Kind.TEXT))),
    )
    return LinkageSpec(comparisons=_of_companies(kinds, known), keys=keys)


def _of_companies(kinds: Mapping[str, Kind], comparators: Mapping[str, Comparator]) -> tuple[Comparison, ...]:
    """For companies a domain is an identity; for people it is what colleagues share."""
    compared = (comparison(field, kind, comparators) for field, kind in kinds.items())
    return tuple(evolve(each, shared=0.0) if kinds[each.field] is Kind.DOMAIN else each for each in compared)


def spec_for(rows: Sequence[Row], comparators: Mapping[str, Comparator] | None = None) -> LinkageSpec:
    """A linkage for rows of any shape: what each column holds, and the keys to look it up by, are read off the rows.

    Errors: InvalidValueError when no column is worth comparing.

    >>> rows = [{"surname": "Kos", "born": "1980-02-03"}, {"surname": "Koss", "born": "1980-02-03"}]
    >>> spec = spec_for(rows)
    >>> [each.comparator.name for each in spec.comparisons]
    ['jaro_winkler']
    """
    known = default_comparators() if comparators is None else comparators
    sample = sampled(rows)
    kinds = kinds_of(sample)
    if not kinds:
        raise InvalidValueError(
            "no column holds two different values", code="nothing_to_compare", hint="pass rows with fields to compare"
        )
    swaps = _swaps(kinds)
    return LinkageSpec(
        comparisons=(
            tuple(comparison(field, kind, known) for field, kind in kinds.items())
            if {Kind.GIVEN_NAME, Kind.SURNAME} & set(kinds.values())
            else _of_companies(kinds, known)
        ),
        keys=keys_for(sample, kinds, swaps, len(rows)),
        swaps=swaps,
    )


def _swaps(kinds: Mapping[str, Kind]) -> tuple[SwapComparison, ...]:
    """A given name and a surname, and text columns that differ by a number only (address 1 and 2)."""
    given = [field for field, kind in kinds.items() if kind is Kind.GIVEN_NAME]
    surnames = [field for field, kind in kinds.items() if kind is Kind.SURNAME]
    swaps = [SwapComparison(given[0], surnames[0], 0.85)] if len(given) == len(surnames) == 1 else []
    texts = [field for field, kind in kinds.items() if kind is Kind.TEXT and re.search(r"\d$", field)]
    stems = Counter(field.rstrip("0123456789") for field in texts)
    for stem, count in stems.items():
        if count == 2:
            first, second = (field for field in texts if field.rstrip("0123456789") == stem)
            swaps.append(SwapComparison(first, second, 0.75))
    return tuple(swaps)


def _either(name: str, first: KeyPart, last: KeyPart, other: KeyPart) -> tuple[BlockingKey, BlockingKey]:
    """Either name with a further part: one name of keys, so that exchanged names meet."""
    return BlockingKey(name, (first, other)), BlockingKey(name, (last, other))
