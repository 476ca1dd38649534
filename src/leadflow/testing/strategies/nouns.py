"""The model's own values: contacts, accounts, leads, opportunities, and the people who work them.

Every option is a strategy for the field of its name.

>>> from hypothesis import find, strategies as st
>>> contact = find(contacts(country=st.just("SI")), lambda contact: contact.email is not None)
>>> contact.id, contact.email, contact.first_name, contact.country
('c_1', 'ana@kos.example', None, 'SI')
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from attrs import evolve
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from leadflow.model.account import Account
from leadflow.model.business import Opportunity, Product, User
from leadflow.model.contact import Contact
from leadflow.model.lead import Lead
from leadflow.model.time import parse_instant
from leadflow.model.values import CONSENT_LEVELS, FLAGS, NOTHING, LeadState, Money
from leadflow.testing.strategies.basics import (
    EMAILS,
    KEYS,
    PAGES,
    USERS,
    Fields,
    check_options,
    instants,
    made,
    several,
    sometimes,
)

AMOUNTS = tuple(map(Decimal, ("0", "9.90", "1200", "1200000.50")))
INDUSTRIES = ("energy", "retail")


def _ids(prefix: str) -> SearchStrategy[str]:
    return st.integers(1, KEYS).map(lambda n: f"{prefix}_{n}")


def _moments() -> SearchStrategy[int]:
    return instants().map(parse_instant)


def _customs(**fields: SearchStrategy[object]) -> SearchStrategy[object]:
    given = st.fixed_dictionaries(dict(fields))
    return st.one_of(st.just(NOTHING), given)


def contacts(**options: Fields) -> SearchStrategy[Contact]:
    """Contacts, some with hardly anything known."""
    fields = {
        "id": _ids("c"),
        "email": st.sampled_from([*(each.strip() for each in EMAILS), None]),
        "first_name": sometimes(st.sampled_from(["Ana", "Bo"])),
        "country": sometimes(st.sampled_from(["SI", "DE"])),
        "account_id": sometimes(_ids("a")),
        "consent": st.sampled_from(sorted(CONSENT_LEVELS.values())),
        "custom": _customs(job_level=st.sampled_from(["manager", "student"])),
        "created_us": _moments(),
        "version": st.integers(1, 3),
    }
    return made(Contact, fields, options)


def accounts(**options: Fields) -> SearchStrategy[Account]:
    """Accounts, some with a name only."""
    fields = {
        "id": _ids("a"),
        "name": st.sampled_from(["Kos d.o.o.", "Nova Ltd", None]),
        "domain": st.sampled_from(["kos.example", "nova.example", None]),
        "industry": sometimes(st.sampled_from(INDUSTRIES)),
        "employees": sometimes(st.sampled_from([0, 5, 50, 500])),
        "revenue": sometimes(st.sampled_from(AMOUNTS)),
        "created_us": _moments(),
        "version": st.integers(1, 3),
    }
    return made(Account, fields, options)


def leads(**options: Fields) -> SearchStrategy[Lead]:
    """Leads in every state, of a contact, an account, or of nobody."""
    fields = {
        "id": _ids("l"),
        "contact_id": sometimes(_ids("c")),
        "account_id": sometimes(_ids("a")),
        "state": st.sampled_from(list(LeadState)).map(str),
        "page": sometimes(st.sampled_from(PAGES)),
        "owner_id": sometimes(st.sampled_from(USERS)),
        **dict.fromkeys(FLAGS, st.booleans()),
        "created_us": _moments(),
        "version": st.integers(1, 3),
    }
    return made(Lead, fields, options)


def opportunities(**options: Fields) -> SearchStrategy[Opportunity]:
    """Deals as they are kept; see `deals` for what sales reports."""
    fields = {
        "id": _ids("d"),
        "lead_id": sometimes(_ids("l")),
        "contact_id": sometimes(_ids("c")),
        "status": st.sampled_from(["open", "won", "lost"]),
        "amount": sometimes(st.sampled_from(AMOUNTS)),
        "currency": st.sampled_from(["EUR", "USD"]),
        "created_us": _moments(),
        "version": st.integers(1, 3),
    }
    return made(Opportunity, fields, options)


def products(**options: Fields) -> SearchStrategy[Product]:
    """Products, some of a line and with a price."""
    fields = {
        "id": st.sampled_from(["p1", "p2"]),
        "name": st.sampled_from(["Sensor", "App", None]),
        "line": sometimes(st.sampled_from(["hardware", "software"])),
        "price": sometimes(st.sampled_from(AMOUNTS)),
        "currency": st.just("EUR"),
        "version": st.integers(1, 3),
    }
    return made(Product, fields, options)


def users(**options: Fields) -> SearchStrategy[User]:
    """People who work leads; `ana` has the address `ana@sales.example`, unless an option says another."""
    fields = {
        "id": st.sampled_from(USERS),
        "team": sometimes(st.sampled_from(["inbound", "field"])),
        "manager_id": sometimes(st.just("cy")),
        "time_zone": sometimes(st.just("Europe/Ljubljana")),
        "is_active": st.one_of(st.just(True), st.booleans()),
        "version": st.integers(1, 3),
    }
    said = set(options)
    return made(User, fields, options).map(lambda user: _named(user, said))


def _named(user: User, said: set[str]) -> User:
    """The name and address of somebody's id, where no option says them."""
    own: dict[str, Any] = {"name": user.id.capitalize(), "email": f"{user.id}@sales.example"}
    return evolve(user, **{name: value for name, value in own.items() if name not in said})


def teams(*, least: int = 1, most: int = 3, **options: Fields) -> SearchStrategy[tuple[User, ...]]:
    """The users of one team, each with another id and all with one manager. Options are those of `users`.

    >>> from hypothesis import find
    >>> [(user.id, user.team, user.manager_id) for user in find(teams(least=2), lambda team: True)]
    [('ana', 'inbound', 'cy'), ('bo', 'inbound', 'cy')]
    """
    check_options("User", options, [name for name in User.__annotations__ if name != "table"])
    own = {"team": st.just("inbound"), "manager_id": st.just("cy")}
    return several(users(**{**own, **options}), least=least, most=most, by="id")


def amounts() -> SearchStrategy[Money]:
    """Money, some of it none."""
    return st.builds(Money, st.sampled_from(AMOUNTS), st.sampled_from(["EUR", "USD"]))
