"""Named, versioned pure functions that turn a field into its part of a match key.

| name | what it does |
|---|---|
| `email` | NFC, domain as IDNA, case folded; +tags and dots stay; junk gives no key |
| `email-loose` | also without +tag and Gmail dots: a hint, never for sending |
| `phone:SI` | E.164, numbers without country code read as Slovenian (extra `normalize`) |
| `phone-digits` | digits only |
| `company` | without legal form, by our own table |
| `company-cleanco` | without legal form, by cleanco (extra `normalize`) |
| `domain` | of an address, web address or bare name; never free mail |
| `domain-registrable` | what was registered: acme.co.uk (extra `normalize`) |
| `text` | compatibility form, caseless, whitespace collapsed |
| `name` | also without diacritics; İ, I, ı and i are one letter |
| `exact`, `digits`, `postcode` | as is; decimal digits; without spaces and country letters |

Each returns text, or None when the value identifies nothing. None raises on any text.

>>> normaliser("email").function(" Ana@Example.SI ")
'ana@example.si'
"""

from leadflow.normalise.emails import parse_email
from leadflow.normalise.normaliser import Normalise, Normaliser
from leadflow.normalise.registry import normaliser, normalisers

__all__ = ["Normalise", "Normaliser", "normaliser", "normalisers", "parse_email"]
