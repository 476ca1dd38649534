"""Lists of leads: which, in what order, with whom they belong to and how they score."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import Any

from attrs import frozen

from leadflow.assignment.state import Handover
from leadflow.engine.answers.reading import Reading
from leadflow.engine.planning.rulebook import Rulebook
from leadflow.errors import InvalidInputError, NotFoundError
from leadflow.expr import Condition, SignalTable, compile_condition
from leadflow.model.account import Account
from leadflow.model.contact import Contact
from leadflow.model.lead import Lead
from leadflow.model.values import NOTHING
from leadflow.ports.store import Scan, Store

_PAGE = 500
_SCORE = re.compile(r"score(?:\(\s*['\"]([\w.-]+)['\"]\s*\))?")
_ORDERS = frozenset({"id", "created_at", "updated_at", "stage", "state", "owner", "stage_since", "sales_ready_at"})


@frozen
class Listed:
    """A lead in a list, with its contact, its account, its points by model and who has which of its product lines."""

    lead: Lead
    contact: Contact | None
    account: Account | None
    scores: Mapping[str, int]
    grades: Mapping[str, str | None]
    lines: Mapping[str, str] = NOTHING


class Lists:
    """Lists over one store under one set of rules."""

    def __init__(self, store: Store, rulebook: Rulebook, schema: Any) -> None:
        self._store = store
        self._rulebook = rulebook
        self._schema = schema
        self._scoring = rulebook.rules["scoring"]

    def leads(
        self, where: str | None, order_by: str | None, limit: int | None, now_us: int, since_us: int | None = None
    ) -> list[Listed]:
        """Leads for which a condition holds, in order. Errors: ExpressionError, InvalidInputError."""
        if limit is not None and limit < 0:
            raise InvalidInputError("limit must not be negative")
        signals = SignalTable()
        condition = None if where is None else compile_condition(where, self._schema, signals)
        found = self._listed(self._ordered(order_by), condition, signals, now_us, since_us)
        return list(islice(found, limit))

    def _ordered(self, order_by: str | None) -> Iterator[list[Lead]]:
        """Pages of leads in order."""
        order = order_by or "-updated_at"
        name = order.lstrip("-")
        score = _SCORE.fullmatch(name)
        if score is not None:
            return self._by_score(self._model(score[1]), order.startswith("-"))
        if name not in _ORDERS:
            raise InvalidInputError(
                f"cannot order by {name!r}", hint=f"one of score, {', '.join(sorted(_ORDERS))}, with - for descending"
            )
        column = name.removesuffix("_at") + "_us" if name.endswith("_at") else name
        column = {"owner": "owner_id", "stage_since": "stage_since_us"}.get(column, column)
        return self._pages("lead", ("-" if order.startswith("-") else "") + column)

    def _model(self, name: str | None) -> str:
        models = self._scoring.models
        if name is None:
            if len(models) != 1:
                raise InvalidInputError(f'which score? write score("name"): {", ".join(models) or "no model is live"}')
            return str(next(iter(models)))
        if name not in models:
            raise NotFoundError(f"no live model {name!r}", hint=f"one of {', '.join(models)}")
        return name

    def _pages(self, table: str, order: str, where: tuple[tuple[str, str, Any], ...] = ()) -> Iterator[list[Any]]:
        after = None
        column = order.lstrip("-")
        while True:
            page = list(self._store.scan(Scan(table=table, where=where, order=order, after=after, limit=_PAGE)))
            if not page:
                return
            yield page
            after = (getattr(page[-1], column), page[-1].id)

    def _by_score(self, model: str, is_descending: bool) -> Iterator[list[Lead]]:
        column = {"contact": "contact_id", "account": "account_id"}.get(self._scoring.models[model].model.target)
        order = "-points" if is_descending else "points"
        for page in self._pages("score", order, (("model", "=", model),)):
            if column is None:
                rows = self._store.load([("lead", score.subject) for score in page]).rows
                yield [row for score in page if (row := rows["lead", score.subject]) is not None]
                continue
            rows = self._store.load([(f"lead.{column}", score.subject) for score in page]).rows
            yield [lead for score in page for lead in rows[f"lead.{column}", score.subject]]

    def _listed(
        self,
        pages: Iterable[list[Lead]],
        condition: Condition | None,
        signals: SignalTable,
        now_us: int,
        since_us: int | None,
    ) -> Iterator[Listed]:
        for leads in pages:
            if since_us is not None:
                leads = [lead for lead in leads if lead.created_us >= since_us]
            view = Reading(self._store, self._rulebook)
            self._fetch(view, leads, condition is not None and len(signals) > 0)
            for lead in leads:
                asked = view.asked(lead=lead, signals=signals)
                if condition is None or condition.value(asked, now_us):
                    yield self._described(lead, asked, view.get(Handover, lead.id))

    def _fetch(self, view: Reading, leads: list[Lead], has_behaviour: bool) -> None:
        """One round for all contacts and accounts of a page, one for all scores."""
        view.require([("contact", lead.contact_id) for lead in leads if lead.contact_id is not None])
        ids = []
        for lead in leads:
            asked = view.asked(lead=lead)
            contact = asked.contact
            ids.append((lead, contact, lead.account_id or (contact.account_id if contact is not None else None)))
        keys: list[tuple[str, str]] = [("account", account) for _, _, account in ids if account is not None]
        keys.extend(("handover", lead.id) for lead in leads)
        for lead, contact, account in ids:
            subjects = {"lead": lead.id, "contact": contact.id if contact is not None else None, "account": account}
            for name, compiled in self._scoring.models.items():
                subject = subjects[compiled.model.target]
                if subject is not None:
                    keys.append(("score", f"{subject}|{name}"))
        if has_behaviour:
            keys.extend(("input.subject", contact.id) for _, contact, _ in ids if contact is not None)
        view.require(keys)

    def _described(self, lead: Lead, asked: Any, handover: Handover | None) -> Listed:
        scores, grades = {}, {}
        for name in self._scoring.models:
            points, _ = asked.term("score", (name,))
            if points is not None:
                scores[name] = points
                grades[name] = asked.term("grade", (name,))[0]
        lines = NOTHING if handover is None else handover.lines
        return Listed(lead, asked.contact, asked.account, scores, grades, lines)
