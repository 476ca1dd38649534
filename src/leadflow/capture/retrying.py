"""The failed queue: what could not be taken is taken again, mended, or given up. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from attrs import evolve

from leadflow.capture.business import on_deal, on_order
from leadflow.capture.decide import Prepared, on_entry, on_submission
from leadflow.capture.state import Failure
from leadflow.errors import InvalidValueError
from leadflow.model.commands import DropSubmission, RetrySubmission
from leadflow.model.decisions import InputFailed, InputSettled, Refusal
from leadflow.model.records import Deal, Entry, Input, Order, Submission
from leadflow.room import Step, View


def on_retry(view: View, command: RetrySubmission, prepared: Prepared, now_us: int) -> Step | None:
    """A failed submission, entry, order or deal is taken again with corrected fields, under the retry's own key."""
    failure = view.get(Failure, command.submission)
    source = view.input(command.submission)
    if failure is None or source is None or failure.state != "waiting":
        return Step(refusal=Refusal("not_waiting", {"submission": command.submission}))
    if command.mode not in ("new", "replace"):
        return Step(refusal=Refusal("unknown_mode", {"mode": command.mode}))
    # "replace" keeps the moment of the original, "new" is an interaction of now.
    at_us = source.at_us if command.mode == "replace" else command.at_us
    try:
        again = _again(source, command, at_us)
    except InvalidValueError as error:
        return Step(refusal=Refusal("still_failing", {"submission": command.submission, "reasons": str(error)}))
    if again is None:
        return Step(refusal=Refusal("not_retried", {"input": command.submission, "type": source.type}))
    step = _TAKES[type(again)](view, again, prepared, now_us)
    assert step is not None  # noqa: S101 - what capture takes is always answered
    for decision in step.decisions:
        if isinstance(decision, InputFailed):
            reasons = "; ".join(" ".join(reason) for reason in decision.reasons)
            return Step(refusal=Refusal("still_failing", {"submission": command.submission, "reasons": reasons}))
    told = {"submission": command.submission, "fields": dict(command.fields), "mode": command.mode}
    kept = tuple(evolve(record, type=command.type, data={**told, "again": dict(record.data)}) for record in step.inputs)
    settled = InputSettled(subject=command.submission, how="retried", input=command.key)
    return Step((settled, *step.decisions), inputs=kept, facts=step.facts)


def on_drop(view: View, command: DropSubmission, prepared: Prepared, now_us: int) -> Step | None:
    """A failed input is given up."""
    failure = view.get(Failure, command.submission)
    if failure is None or failure.state != "waiting":
        return Step(refusal=Refusal("not_waiting", {"submission": command.submission}))
    return Step((InputSettled(subject=command.submission, how="dropped", input=command.key),))


_TAKES: Mapping[type[Any], Callable[[View, Any, Prepared, int], Step | None]] = {
    Submission: on_submission,
    Entry: on_entry,
    Order: on_order,
    Deal: on_deal,
}

RETRIED = tuple(cls.type for cls in _TAKES)
"""The types of inputs that can be taken again."""


def _again(source: Input, command: RetrySubmission, at_us: int) -> Any:
    """What was told, mended, under the retry's key; None for what capture does not take."""
    data, actor, batch, fields = source.data, command.actor, source.batch, command.fields
    if source.type == "submission":
        told = {**data["fields"], **fields}
        visitor, context = data.get("visitor"), data.get("context", {})
        return Submission(command.key, data["form"], told, at_us, visitor, context, actor, batch, source.id)
    if source.type == "entry":
        record = data["record"]
        values = _mended(data["values"], fields, record)
        policy, strategy = data.get("policy"), data.get("strategy")
        return Entry(command.key, record, values, at_us, policy, strategy, data.get("line"), actor, batch)
    if source.type == "order":
        told = {"contact": {}, "lines": (), "currency": None, "visitor": None, **data}
        told = _mended(told, fields)
        lines = tuple(told["lines"])
        return Order(command.key, at_us, told["contact"], told["currency"], lines, told["visitor"], actor, batch)
    if source.type == "opportunity":
        told = {"lead": {}, "contact": {}, "values": {}, **data}
        own = {name: value for name, value in fields.items() if name.partition(".")[0] in _DEAL}
        told = _mended(told, own)
        values = {**told["values"], **{name: value for name, value in fields.items() if name not in own}}
        return Deal(
            command.key, at_us, str(told.get("id", "")), told["lead"], told["contact"], told.get("status") or "open",
            None if told.get("amount") is None else str(told["amount"]), told.get("currency"), told.get("campaign"),
            told.get("owner"), values, actor, batch,
        )  # fmt: skip
    return None


_DEAL = ("lead", "contact", "status", "amount", "currency", "campaign", "owner")


def _mended(told: Mapping[str, Any], fields: Mapping[str, Any], record: str | None = None) -> dict[str, Any]:
    """Values with fields changed: "contact.email" is a field of what stands under "contact".

    Errors: InvalidValueError where one thing would take the place of many, or the other way round.

    >>> _mended({"contact": {"email": "?"}, "currency": "EUR"}, {"contact.email": "ana@kos.example"})
    {'contact': {'email': 'ana@kos.example'}, 'currency': 'EUR'}
    >>> _mended({"contact": {"email": "?"}}, {"email": "ana@kos.example"}, "contact")
    {'contact': {'email': 'ana@kos.example'}}
    """
    mended = dict(told)
    for name, value in fields.items():
        head, dot, field = name.partition(".")
        if not dot and record is not None:
            head, field = record, name
        if field:
            inner = mended.get(head)
            mended[head] = {**(inner if isinstance(inner, Mapping) else {}), field: value}
        elif _shape(value) != _shape(mended.get(head)):
            raise InvalidValueError(f"{name}: expected {_shape(mended.get(head))}", code="invalid_field")
        else:
            mended[head] = value
    return mended


def _shape(value: Any) -> str:
    if isinstance(value, Mapping):
        return "a mapping"
    if isinstance(value, (list, tuple)):
        return "a list of mappings" if all(isinstance(each, Mapping) for each in value) else "a list"
    return "one value"
