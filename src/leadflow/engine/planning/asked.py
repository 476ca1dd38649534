"""What a condition is asked about: a lead with its contact and account, their behaviour, and the rooms' terms."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from leadflow.model.account import Account
from leadflow.model.contact import Contact
from leadflow.model.identity import group_of
from leadflow.model.records import Input
from leadflow.model.time import NEVER_US
from leadflow.room import View


class Asked:
    """Records are read when a condition reads them, behaviour only when it asks for some."""

    __slots__ = ("_account", "_contact", "_signals", "_table", "_terms", "_view", "lead", "opportunity")

    def __init__(
        self, view: View, terms: Mapping[str, Any], lead: Any, contact: Any, account: Any, signals: Any
    ) -> None:
        self._view = view
        self._terms = terms
        self._table = signals
        self._signals: Mapping[int, Any] | None = None
        self._contact = contact
        self._account = account
        self.lead = lead
        self.opportunity = None

    @property
    def contact(self) -> Contact | None:
        """The contact asked about, or the lead's."""
        if self._contact is None and self.lead is not None and self.lead.contact_id is not None:
            self._contact = self._view.get(Contact, self.lead.contact_id)
        return self._contact  # type: ignore[no-any-return]

    @property
    def account(self) -> Account | None:
        """The account asked about, or the lead's, or the contact's."""
        if self._account is None:
            id_ = None if self.lead is None else self.lead.account_id
            contact = self.contact
            if id_ is None and contact is not None:
                id_ = contact.account_id
            if id_ is not None:
                self._account = self._view.get(Account, id_)
        return self._account

    @property
    def signals(self) -> Mapping[int, Any]:
        """The contact's behaviour, counted from its inputs and those of visitors and contacts that it stands for."""
        if self._signals is None:
            signals: dict[int, Any] = {}
            contact = self.contact
            if self._table is not None and len(self._table) and contact is not None:
                for id_ in group_of(self._view, contact.id):
                    for record in self._view.find(Input, "subject", id_):
                        if record.kind is not None:
                            signals.update(self._table.observe(signals, record.kind, record.properties, record.at_us))
            self._signals = signals
        return self._signals

    def term(self, name: str, args: tuple[Any, ...]) -> tuple[Any, int]:
        """What a room answers for one of its terms."""
        found = self._terms.get(name)
        if found is None:
            return None, NEVER_US
        term, rules = found
        return term(self._view, self, args, rules)  # type: ignore[no-any-return]
