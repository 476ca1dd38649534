"""Lists of leads: which, in what order, with whom they belong to and how they score."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import Any

from attrs import frozen

from leadflow.assignment.state import Handover
from leadflow.assignment.views.rules import ORDERS, is_order, points_of
from leadflow.engine.answers.looking import Looking, Wanted, looking
from leadflow.engine.answers.narrowing import Narrowed, QueryPlan, narrowed
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


@frozen
class Listed:
    """A lead in a list, with its contact, its account, its points by model and who has which of its product lines.

    In a list view, `is_new` says whether it came into being, got ready or was handed over since the user last looked.
    """

    lead: Lead
    contact: Contact | None
    account: Account | None
    scores: Mapping[str, int]
    grades: Mapping[str, str | None]
    lines: Mapping[str, str] = NOTHING
    is_new: bool | None = None


class Lists:
    """Lists over one store under one set of rules."""

    def __init__(self, store: Store, rulebook: Rulebook, schema: Any) -> None:
        self._store = store
        self._rulebook = rulebook
        self._schema = schema
        self._scoring = rulebook.rules["scoring"]

    def leads(self, wanted: Wanted, now_us: int) -> Iterator[Listed]:
        """The leads that are asked for, in order, a page at a time.

        Errors: ExpressionError, InvalidInputError, NotFoundError, RefusedError.
        """
        if wanted.limit is not None and wanted.limit < 0:
            raise InvalidInputError("limit must not be negative")
        look, conditions, signals = self._asked(wanted)
        chosen = narrowed([each.node for each in conditions], self._schema)
        pages = self._ordered(wanted.order_by or look.order, chosen)
        found = self._listed(pages, conditions, signals, now_us, wanted.since_us, look)
        return islice(found, wanted.limit)

    def plan(self, wanted: Wanted) -> QueryPlan:
        """How `leads` would answer. Errors: as `leads`."""
        look, conditions, _ = self._asked(wanted)
        chosen = narrowed([each.node for each in conditions], self._schema)
        order = wanted.order_by or look.order
        self._ordered(order, chosen)
        return QueryPlan(order, chosen.by_store, chosen.by_engine)

    def _asked(self, wanted: Wanted) -> tuple[Looking, list[Condition], SignalTable]:
        look = looking(self._store, self._rulebook, wanted)
        signals = SignalTable()
        texts = [text for text in (look.where, wanted.where) if text is not None]
        return look, [compile_condition(text, self._schema, signals) for text in texts], signals

    def _ordered(self, order: str, chosen: Narrowed) -> Iterator[list[Lead]]:
        """Pages of leads in order, without those that the store can tell from their rows are not meant."""
        by_points, model = points_of(order)
        if by_points:
            pages = self._by_score(self._model(model), order.startswith("-"))
            return ([lead for lead in page if chosen.keeps(lead)] for page in pages)
        name = order.lstrip("-")
        if not is_order(name):
            raise InvalidInputError(
                f"cannot order by {name!r}", hint=f"one of score, {', '.join(ORDERS)}, with - for descending"
            )
        column = name.removesuffix("_at") + "_us" if name.endswith("_at") else name
        column = {"owner": "owner_id", "stage_since": "stage_since_us"}.get(column, column)
        return self._pages("lead", ("-" if order.startswith("-") else "") + column, chosen.filters)

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
        conditions: list[Condition],
        signals: SignalTable,
        now_us: int,
        since_us: int | None,
        look: Looking,
    ) -> Iterator[Listed]:
        for leads in pages:
            if since_us is not None:
                leads = [lead for lead in leads if lead.created_us >= since_us]
            view = Reading(self._store, self._rulebook)
            self._fetch(view, leads, len(signals) > 0)
            for lead in leads:
                handover = view.get(Handover, lead.id)
                is_new = look.is_new(lead, handover)
                if not look.has(view, lead, handover) or (look.only_new and not is_new):
                    continue
                asked = view.asked(lead=lead, signals=signals)
                if all(condition.value(asked, now_us) for condition in conditions):
                    yield self._described(lead, asked, handover, is_new)

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

    def _described(self, lead: Lead, asked: Any, handover: Handover | None, is_new: bool | None) -> Listed:
        scores, grades = {}, {}
        for name in self._scoring.models:
            points, _ = asked.term("score", (name,))
            if points is not None:
                scores[name] = points
                grades[name] = asked.term("grade", (name,))[0]
        lines = NOTHING if handover is None else handover.lines
        return Listed(lead, asked.contact, asked.account, scores, grades, lines, is_new)
