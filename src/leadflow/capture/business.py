"""Orders and deals: what other systems report about people who are, or become, customers. Pure."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from leadflow.capture.decide import Prepared, failed
from leadflow.errors import InvalidValueError
from leadflow.expr.values import Fault, read_values
from leadflow.model.facts import RecordsGiven
from leadflow.model.records import Deal, Input, Order
from leadflow.model.values import parse_decimal
from leadflow.room import Step, View

_STATUSES = ("open", "won", "lost")


def on_order(view: View, command: Order, prepared: Prepared, now_us: int) -> Step | None:
    """A purchase is an interaction of its contact, of kind "order", with its amount and products."""
    at_us = min(command.at_us, now_us)
    kept = Input(
        id=command.key, type=command.type, at_us=at_us, received_us=now_us, actor=command.actor, batch=command.batch,
        data={"contact": dict(command.contact), "currency": command.currency, "visitor": command.visitor,
              "lines": [dict(line) for line in command.lines]},
    )  # fmt: skip
    try:
        amount = sum((_line_amount(line) for line in command.lines), Decimal(0))
    except InvalidValueError as error:
        return failed(command, kept, [Fault(error.code, "lines")])
    products = [str(line["product"]) for line in command.lines if line.get("product") is not None]
    properties: dict[str, Any] = {"amount": str(amount), "currency": command.currency}
    if products:
        properties |= {"product": products[0], "products": products}
    values, faults = read_values("contact", _without_id(command.contact), prepared.schema)
    if faults:
        return failed(command, kept, faults)
    if not command.contact and command.visitor is None:
        return failed(command, kept, [Fault("no_subject", "contact")])
    given = RecordsGiven(
        input=command.key,
        at_us=at_us,
        values={"contact": values},
        wanted=("contact",) if command.contact else (),
        known={"contact": str(command.contact["id"])} if "id" in command.contact else {},
        update="fill",
        visitor=command.visitor,
        kind="order",
        properties=properties,
    )
    return Step(inputs=(kept,), facts=(given,))


def _line_amount(line: Any) -> Decimal:
    return parse_decimal(line.get("quantity", 1), "quantity") * parse_decimal(line.get("price", 0), "price")


def _without_id(reference: Any) -> dict[str, Any]:
    return {name: value for name, value in reference.items() if name != "id"}


def on_deal(view: View, command: Deal, prepared: Prepared, now_us: int) -> Step | None:
    """A deal's present state: its opportunity is made or updated, its lead follows."""
    at_us = min(command.at_us, now_us)
    kept = Input(
        id=command.key, type=command.type, at_us=at_us, received_us=now_us, actor=command.actor, batch=command.batch,
        data={"id": command.id, "lead": dict(command.lead), "contact": dict(command.contact), "status": command.status,
              "amount": command.amount, "currency": command.currency, "campaign": command.campaign,
              "owner": command.owner, "values": dict(command.values)},
    )  # fmt: skip
    if command.status not in _STATUSES:
        return failed(command, kept, [Fault("invalid_choice", "status")])
    told = {"status": command.status, "amount": command.amount, "currency": command.currency,
            "campaign": command.campaign, "owner_id": command.owner}  # fmt: skip
    opportunity, faults = read_values("opportunity", {**command.values, **told}, prepared.schema)
    contact, more = read_values("contact", _without_id(command.contact), prepared.schema)
    faults += more
    if faults:
        return failed(command, kept, faults)
    if command.status != "open":
        opportunity["closed_us"] = at_us
    known = {"opportunity": command.id}
    if "id" in command.lead:
        known["lead"] = str(command.lead["id"])
    if "id" in command.contact:
        known["contact"] = str(command.contact["id"])
    wanted = [name for name in ("contact", "lead") if getattr(command, name)]
    given = RecordsGiven(
        input=command.key,
        at_us=at_us,
        values={"opportunity": opportunity, "contact": contact, "lead": {}},
        wanted=(*wanted, "opportunity"),
        known=known,
        update="fill",
    )
    return Step(inputs=(kept,), facts=(given,))
