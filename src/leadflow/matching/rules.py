"""What the user configures about matching."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from attrs import field, frozen

from leadflow.errors import InvalidValueError

TARGETS: Final = ("contact", "account", "lead")
TIES: Final = ("latest", "oldest", "ask", "reject")
UPDATES: Final = ("overwrite", "fill", "keep")
BLANKS: Final = ("keep", "overwrite")
PARENTS: Final = ("overwrite", "keep")
CLOSED: Final = ("new", "match")


@frozen(kw_only=True)
class Strategy:
    """How an incoming record finds its contact, account or lead (S003-7, S003-9).

    `keys` are tried in order, the next when nobody has the one before; each is a list of fields that must all be equal,
    e.g. ["email"] or ["contact", "context"]. A field may name its normaliser: "email:email-loose". A key with a blank
    field does not apply; when none applies the record cannot be matched and a submission fails with
    `missing_strategy_field`. For leads, "contact" is the contact it belongs to (without one, its account), "account" its
    account if it has no contact, and "context" the first of event, page, form, campaign, product that the interest came
    with.

    `tie`: several records have the key: take the "latest" updated (default), the "oldest", take the latest but "ask" a
    person to look, or "reject". `update`: submitted values "overwrite" stored ones (default), only "fill" blanks, or
    "keep" what is stored. `blank`: a blank submitted value "keep"s what is stored (default) or is allowed to
    "overwrite" it. `parent`: a matched lead of another contact is given to this one ("overwrite", default), or not.
    `closed`: a qualified or disqualified lead is not matched, a "new" one is linked to it (default), or it is a "match".
    """

    target: str
    keys: tuple[tuple[str, ...], ...]
    tie: str = "latest"
    update: str = "overwrite"
    blank: str = "keep"
    parent: str = "overwrite"
    closed: str = "new"

    def __attrs_post_init__(self) -> None:
        for name, value, allowed in (
            ("target", self.target, TARGETS),
            ("tie", self.tie, TIES),
            ("update", self.update, UPDATES),
            ("blank", self.blank, BLANKS),
            ("parent", self.parent, PARENTS),
            ("closed", self.closed, CLOSED),
        ):
            if value not in allowed:
                raise InvalidValueError(f"{name}: {value!r} is not one of {', '.join(allowed)}")
        if not self.keys or not all(self.keys):
            raise InvalidValueError("keys: a strategy needs at least one key with at least one field")


DEFAULT_STRATEGIES: Final[Mapping[str, Strategy]] = {
    "email": Strategy(target="contact", keys=(("email",),)),
    "domain-or-name": Strategy(target="account", keys=(("domain",), ("name",)), update="fill"),
    "contact-and-context": Strategy(target="lead", keys=(("contact", "context"),)),
}


@frozen(kw_only=True)
class MatchingRules:
    """All strategies by name, and the default of each kind, which always exists (S003-9).

    `unknown_contact`: an interaction of somebody unknown makes a contact ("create", default) or is only kept ("keep").
    """

    strategies: Mapping[str, Strategy] = field(factory=lambda: dict(DEFAULT_STRATEGIES))
    contact: str = "email"
    account: str = "domain-or-name"
    lead: str = "contact-and-context"
    unknown_contact: str = "create"
    protected: tuple[str, ...] = ("source",)
    """Fields that keep their first value whatever a strategy says: the original source."""
    comparators: Mapping[str, str] = field(factory=dict)
    """Which comparator compares a field ("contact.last_name") when duplicates are looked for; else the usual one."""

    def default(self, target: str) -> str:
        """The name of the default strategy of a target."""
        return str(getattr(self, target))
