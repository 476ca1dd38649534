"""What the user configures about list views."""

from __future__ import annotations

import re
from typing import Final

from attrs import field, frozen

from leadflow.assignment.checks import is_text, is_texts, maybe_text, one_of

SCOPES: Final = ("all", "mine", "team")
ORDERS: Final = ("created_at", "id", "owner", "sales_ready_at", "stage", "stage_since_at", "state", "updated_at")
"""What lists can be in the order of, beside points."""
_OTHER_ORDERS: Final = ("stage_since",)
_POINTS = re.compile(r"score(?:\(\s*['\"]?([\w.-]+)['\"]?\s*\))?")


@frozen(kw_only=True)
class ListView:
    """A list of leads with a name: those for which `where` holds, evaluated whenever somebody looks; nothing is stored.

    `order` is what `flow.leads` takes, `-` for descending. `columns` are shown on the command line. `scope` "mine" has
    only the leads that the user who looks owns, or has a product line of, "team" those of his team too. `users` and
    `teams` may see it; without both, everybody.

    >>> ListView(name="hot", where='score("interest") > 50', order="-score").is_shared_with("ana", None)
    True
    """

    name: str = field(validator=is_text)
    where: str | None = field(default=None, validator=maybe_text)
    order: str = field(default="-updated_at", validator=is_text)
    columns: tuple[str, ...] = field(default=(), validator=is_texts)
    scope: str = field(default="all", validator=one_of(SCOPES))
    users: tuple[str, ...] = field(default=(), validator=is_texts)
    teams: tuple[str, ...] = field(default=(), validator=is_texts)

    def is_shared_with(self, user: str | None, team: str | None) -> bool:
        """Whether somebody may see the list; nobody in particular sees only what everybody may.

        >>> ListView(name="mine", users=("ana",)).is_shared_with("bo", None)
        False
        """
        if not (self.users or self.teams):
            return True
        return user in self.users or (team is not None and team in self.teams)


def points_of(order: str) -> tuple[bool, str | None]:
    """Whether an order is by points, and by which model's (None: by those of the only one).

    >>> points_of('-score("fit")'), points_of("score"), points_of("stage")
    ((True, 'fit'), (True, None), (False, None))
    """
    found = _POINTS.fullmatch(order.lstrip("-"))
    return (False, None) if found is None else (True, found[1])


def is_order(order: str) -> bool:
    """Whether lists can be in this order, whatever models there are.

    >>> is_order("-created_at"), is_order("score(fit)"), is_order("colour")
    (True, True, False)
    """
    return points_of(order)[0] or order.lstrip("-") in (*ORDERS, *_OTHER_ORDERS)
