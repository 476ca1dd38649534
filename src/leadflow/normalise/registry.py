"""The normalisers by name. A change in what one returns is a new version: stored keys are then made anew."""

from __future__ import annotations

import re
from collections.abc import Mapping
from difflib import get_close_matches
from functools import partial
from types import MappingProxyType
from typing import Final

from attrs import evolve

from leadflow.errors import InvalidValueError, NotFoundError
from leadflow.normalise.companies import cleanco_library, company, company_cleanco
from leadflow.normalise.domains import domain, domain_registrable, suffix_splitter
from leadflow.normalise.emails import email, email_loose
from leadflow.normalise.normaliser import Normalise, Normaliser
from leadflow.normalise.phones import INTERNATIONAL, phone, phone_digits, phone_library
from leadflow.normalise.texts import digits, exact, name, postcode, text

_PLAIN: Final[Mapping[str, Normalise]] = {
    "company": company,
    "digits": digits,
    "domain": domain,
    "email": email,
    "email-loose": email_loose,
    "exact": exact,
    "name": name,
    "phone-digits": phone_digits,
    "postcode": postcode,
    "text": text,
}
_WITH_EXTRA: Final = (
    Normaliser(name="phone", version=1, function=phone, extra="normalize", parameter="region", probe=phone_library),
    Normaliser(name="company-cleanco", version=1, function=company_cleanco, extra="normalize", probe=cleanco_library),
    Normaliser(
        name="domain-registrable",
        version=1,
        function=domain_registrable,
        extra="normalize",
        probe=suffix_splitter,
    ),
)
_ALL: Final[Mapping[str, Normaliser]] = MappingProxyType(
    {each: Normaliser(name=each, version=1, function=function) for each, function in _PLAIN.items()}
    | {each.name: each for each in _WITH_EXTRA}
)
_REGION = re.compile(r"[A-Za-z]{2}")


def normalisers() -> Mapping[str, Normaliser]:
    """All built-in normalisers by name, read only.

    >>> sorted(normalisers())[:4]
    ['company', 'company-cleanco', 'digits', 'domain']
    """
    return _ALL


def normaliser(spec: str) -> Normaliser:
    """The normaliser that a playbook names, with its parameter: `email`, `phone:SI`.

    `phone` needs a region, the country of numbers written without country code; `phone:ZZ` reads only those
    with.
    Errors: NotFoundError for an unknown name, InvalidValueError for a missing, superfluous or unknown
    parameter.

    >>> normaliser("phone:si").name, normaliser("email").version
    ('phone:SI', 1)
    >>> normaliser("e-mail")
    Traceback (most recent call last):
    leadflow.errors.NotFoundError: there is no normaliser 'e-mail'; did you mean email?
    """
    base, colon, parameter = spec.strip().partition(":")
    found = _ALL.get(base)
    if found is None:
        near = get_close_matches(base, _ALL, n=1)
        hint = f"did you mean {near[0]}?" if near else "choose one of " + ", ".join(sorted(_ALL))
        raise NotFoundError(f"there is no normaliser {base[:40]!r}", code="normaliser_unknown", hint=hint)
    if found.parameter is None:
        if colon:
            raise InvalidValueError(f"normaliser {base!r} takes no parameter", hint=f"write {base}")
        return found
    return _with_region(found, parameter.strip().upper())


def _with_region(found: Normaliser, region: str) -> Normaliser:
    hint = "write the country of numbers without country code, e.g. phone:SI, or phone:ZZ for none"
    if not _REGION.fullmatch(region):
        raise InvalidValueError(f"normaliser {found.name!r} needs a region", code="region_missing", hint=hint)
    if region != INTERNATIONAL and _is_unknown(region):
        raise InvalidValueError(
            f"normaliser {found.name!r}: there is no region {region!r}", code="region_unknown", hint=hint
        )
    return evolve(found, name=f"{found.name}:{region}", parameter=None, function=partial(phone, region=region))


def _is_unknown(region: str) -> bool:
    """Whether the package says there is no such region; without the package `require` refuses anyway."""
    try:
        return region not in phone_library().SUPPORTED_REGIONS
    except ImportError:
        return False
