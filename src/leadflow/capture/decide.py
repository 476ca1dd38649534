"""Taking in: submissions and entries become mapped values, or wait in the failed queue with typed reasons. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from attrs import frozen

from leadflow.capture.rules import CaptureRules, Form
from leadflow.expr.types import Schema
from leadflow.expr.values import Fault, read_values
from leadflow.model.decisions import InputFailed
from leadflow.model.facts import RecordsGiven
from leadflow.model.records import Entry, Input, Submission
from leadflow.model.rows import lead_fields
from leadflow.room import Step, View

_WANTED = {
    "contact-and-lead": ("account", "contact", "lead"),
    "contact": ("account", "contact"),
    "lead": ("account", "lead"),
    "store": (),
}

_UPDATES = {"fill": "fill", "overwrite": "overwrite", "skip": "keep", "create": None}


@frozen
class Prepared:
    """Capture's rules with the schema that says which fields exist."""

    rules: CaptureRules
    schema: Schema


def on_submission(view: View, command: Submission, prepared: Prepared, now_us: int) -> Step | None:
    """A submission is mapped and handed to matching; what cannot be read sends it to the failed queue."""
    at_us = min(command.at_us, now_us)
    form = prepared.rules.forms.get(command.form)
    kept = _kept(command, at_us, now_us)
    if form is None:
        return failed(command, kept, [Fault("unknown_form", command.form)])
    values, faults = _mapped(command.fields, form, prepared)
    if faults:
        return failed(command, kept, faults)
    context = {**form.context, **command.context, "form": command.form}
    values["lead"] = {**values.get("lead", {}), **lead_fields(context)}
    given = RecordsGiven(
        input=command.key,
        at_us=at_us,
        values=values,
        wanted=_WANTED[form.mode],
        strategies={
            target: name
            for target, name in (("contact", form.contact), ("account", form.account), ("lead", form.lead))
            if name is not None
        },
        always_new=("lead",) if form.always_new_lead else (),
        visitor=command.visitor,
        kind=form.kind,
        properties=context,
    )
    return Step(inputs=(kept,), facts=(given,))


def on_entry(view: View, command: Entry, prepared: Prepared, now_us: int) -> Step | None:
    """A row of a file, or a record typed in: mapped values by record."""
    at_us = min(command.at_us, now_us)
    kept = Input(
        id=command.key,
        type=command.type,
        at_us=at_us,
        received_us=now_us,
        actor=command.actor,
        batch=command.batch,
        data={"record": command.record, "values": dict(command.values), "policy": command.policy,
              "strategy": command.strategy, "line": command.line},
    )  # fmt: skip
    values: dict[str, dict[str, Any]] = {}
    faults: list[Fault] = []
    known: dict[str, str] = {}
    for record, content in command.values.items():
        if record not in prepared.schema.records:
            faults.append(Fault("unknown_record", record))
            continue
        content = dict(content)
        id_ = content.pop("id", None)
        if id_ is not None:
            known[record] = str(id_)
        context = content.pop("context", None) if record == "lead" else None
        values[record], found = read_values(record, content, prepared.schema)
        faults.extend(found)
        if context is not None and not isinstance(context, Mapping):
            faults.append(Fault("invalid_field", "lead.context"))
        elif context:
            values[record].update(lead_fields(context))
    policy = command.policy or "fill"
    if policy not in _UPDATES:
        faults.append(Fault("invalid_choice", "policy"))
    if faults:
        return failed(command, kept, faults)
    given = RecordsGiven(
        input=command.key,
        at_us=at_us,
        values=values,
        wanted=_wanted_of(values),
        known=known,
        strategies={} if command.strategy is None else {command.record: command.strategy},
        always_new=(command.record,) if command.policy == "create" else (),
        update=_UPDATES[policy],
    )
    return Step(inputs=(kept,), facts=(given,))


def _wanted_of(values: Mapping[str, Any]) -> tuple[str, ...]:
    """The records of an entry; a contact's company address tells its account too."""
    found = [record for record in ("contact", "lead", "user", "product", "opportunity") if record in values]
    return ("account", *found) if "account" in values or "contact" in values else tuple(found)


def _kept(command: Submission, at_us: int, now_us: int) -> Input:
    return Input(
        id=command.key,
        type=command.type,
        at_us=at_us,
        received_us=now_us,
        actor=command.actor,
        batch=command.batch,
        data={
            "form": command.form,
            "fields": dict(command.fields),
            "context": dict(command.context),
            **({"visitor": command.visitor} if command.visitor is not None else {}),
        },
    )


def _mapped(fields: Mapping[str, Any], form: Form, prepared: Prepared) -> tuple[dict[str, dict[str, Any]], list[Fault]]:
    """A form's fields as values by record; faults for missing, oversized and unreadable ones."""
    rules = prepared.rules
    if len(fields) > rules.max_fields:
        return {}, [Fault("too_many_fields", "")]
    faults = [
        Fault("field_too_long", name)
        for name, value in fields.items()
        if isinstance(value, str) and len(value) > rules.max_field_chars
    ]
    if faults:
        return {}, faults
    faults = [Fault("missing_required", name) for name in form.required if _blank(fields.get(name))]
    by_record: dict[str, dict[str, Any]] = {}
    for name, target in form.fields.items():
        if name in fields:
            record, _, field = target.partition(".")
            by_record.setdefault(record, {})[field] = fields[name]
    values: dict[str, dict[str, Any]] = {}
    for record, content in by_record.items():
        values[record], found = read_values(record, content, prepared.schema)
        faults.extend(found)
    return values, faults


def _blank(value: Any) -> bool:
    return value is None or (isinstance(value, str) and not value.strip())


def failed(command: Any, kept: Input, faults: list[Fault]) -> Step:
    """The input is kept, and waits in the failed queue with its faults as reasons."""
    reasons = tuple((fault.code, fault.field) for fault in faults)
    form = getattr(command, "form", None)
    return Step((InputFailed(subject=command.key, record=command.type, form=form, reasons=reasons),), inputs=(kept,))
