"""From what a program or a file hands over (dicts, JSON lines) to commands, and from commands to kept inputs and back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import attrs

from leadflow.engine.intake.checking import check_field, check_made, check_plain, is_simple, read_key
from leadflow.errors import InvalidInputError
from leadflow.matching.decide import read_reference, reference_text
from leadflow.model import commands as _commands
from leadflow.model.coding import from_plain, plain_value, to_plain
from leadflow.model.commands import Command
from leadflow.model.records import Deal, Entry, Input, Interaction, Order, Submission
from leadflow.model.time import parse_instant
from leadflow.model.values import NOTHING

_BESIDE = frozenset({"at_us", "actor", "batch", "line", "policy", "strategy"})
"""What is not the body of an order, a deal or an entry: the same body under its key is a repeat however it came."""
_BASE = frozenset({"key", "at_us", "actor"})
COMMANDS: Mapping[str, type[Command]] = {
    cls.type: cls for cls in vars(_commands).values() if isinstance(cls, type) and issubclass(cls, Command)
}


def read_record(record: Any, at_us: int) -> Any:
    """A command from a record: an attrs value as it is, a mapping by its "type".

    `at_us` stands in where the record does not say when. Errors: InvalidInputError naming the field.
    """
    if type(record) is not dict and not isinstance(record, Mapping):
        if isinstance(record, (Interaction, Submission, Order, Deal, Entry, Command)):
            check_made(record)
            return record
        raise InvalidInputError(f"expected a mapping, got {type(record).__name__}", code="not_a_record")
    kind = record.get("type")
    reader = _READERS.get(kind) if isinstance(kind, str) else None
    if reader is None:
        known = ", ".join(sorted(_READERS))
        raise InvalidInputError(
            f"type: {str(kind)[:40]!r} is not a type of record", code="unknown_type", hint=f"one of {known}"
        )
    if not is_simple(record):
        check_plain(record)
    return reader(record, at_us)


def _key(record: Mapping[str, Any]) -> str:
    value = record.get("id") or record.get("key")
    return read_key(value, "id")


def _at(record: Mapping[str, Any], at_us: int) -> int:
    at = record.get("at")
    return at_us if at is None else parse_instant(at)


def _mapping(record: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = record.get(name)
    if value is None:
        return NOTHING
    if type(value) is not dict and not isinstance(value, Mapping):
        raise InvalidInputError(f"{name}: expected a mapping, got {type(value).__name__}", code="invalid_field")
    return value


def _reference(record: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """How a record names its contact or lead; an id that is blank names nobody."""
    value = _mapping(record, name)
    if "id" not in value:
        return value
    id_ = value["id"]
    if id_ is None or id_ == "":
        return {field: content for field, content in value.items() if field != "id"}
    if type(id_) is str or type(id_) is int:
        return value
    raise InvalidInputError(f"{name}.id: expected text, got {type(id_).__name__}", code="invalid_field")


def _text(record: Mapping[str, Any], name: str) -> str | None:
    value = record.get(name)
    if value is None or isinstance(value, str):
        return value or None
    raise InvalidInputError(f"{name}: expected text, got {type(value).__name__}", code="invalid_field")


_INTERACTION = frozenset(
    {"type", "id", "key", "kind", "at", "contact", "visitor", "lead", "properties", "actor", "batch"}
)


def _interaction(record: Mapping[str, Any], at_us: int) -> Interaction:
    find = record.get
    kind = find("kind")
    if not isinstance(kind, str) or not kind or len(kind) > 100:
        raise InvalidInputError("kind: expected text such as email.clicked", code="invalid_kind")
    properties = find("properties", NOTHING)
    if type(properties) is not dict:
        properties = _mapping(record, "properties")
    contact = find("contact", NOTHING)
    if type(contact) is not dict or "id" in contact:
        contact = _reference(record, "contact")
    if not _INTERACTION.issuperset(record):
        properties = {**properties, "extra": {k: v for k, v in record.items() if k not in _INTERACTION}}
    at, lead = find("at"), find("lead")
    return Interaction(
        _key(record),
        kind,
        at_us if at is None else parse_instant(at),
        contact,
        _text(record, "visitor") if "visitor" in record else None,
        lead if lead is None or type(lead) is str else _lead_id(lead),
        properties,
        _text(record, "actor") if "actor" in record else None,
        _text(record, "batch") if "batch" in record else None,
    )


def _lead_id(lead: Any) -> str | None:
    found = lead.get("id") if isinstance(lead, Mapping) else lead
    if found is None or isinstance(found, str):
        return found
    raise InvalidInputError("lead: expected an id", code="invalid_field")


def _submission(record: Mapping[str, Any], at_us: int) -> Submission:
    form = record.get("form")
    if not isinstance(form, str) or not form:
        raise InvalidInputError("form: expected the name of a form", code="invalid_form")
    return Submission(
        _key(record),
        form,
        _mapping(record, "fields"),
        _at(record, at_us),
        _text(record, "visitor"),
        _mapping(record, "context"),
        _text(record, "actor"),
        _text(record, "batch"),
    )


def _order(record: Mapping[str, Any], at_us: int) -> Order:
    lines = record.get("lines") or ()
    if not isinstance(lines, (list, tuple)) or not all(isinstance(line, Mapping) for line in lines):
        raise InvalidInputError("lines: expected a list of mappings", code="invalid_field")
    return Order(
        _key(record),
        _at(record, at_us),
        _reference(record, "contact"),
        _text(record, "currency"),
        tuple(lines),
        _text(record, "visitor"),
        _text(record, "actor"),
        _text(record, "batch"),
    )


_DEAL = frozenset(
    {
        "type",
        "id",
        "key",
        "at",
        "lead",
        "contact",
        "status",
        "amount",
        "currency",
        "campaign",
        "owner",
        "actor",
        "batch",
    }
)


def _deal(record: Mapping[str, Any], at_us: int) -> Deal:
    at_us = _at(record, at_us)
    id_ = read_key(record.get("id"), "id")
    amount = record.get("amount")
    status = _text(record, "status") or "open"
    # The same deal is reported again and again: what it says now is part of the input's key.
    key = record.get("key") or f"{id_}@{status}@{at_us}"
    return Deal(
        read_key(key),
        at_us,
        id_,
        _reference(record, "lead"),
        _reference(record, "contact"),
        status,
        None if amount is None else str(amount),
        _text(record, "currency"),
        _text(record, "campaign"),
        _text(record, "owner"),
        {name: value for name, value in record.items() if name not in _DEAL},
        _text(record, "actor"),
        _text(record, "batch"),
    )


_ENTRY = frozenset({"type", "key", "at", "policy", "strategy", "line", "actor", "batch"})


def _entry(record: Mapping[str, Any], at_us: int) -> Entry:
    kind = record["type"]
    own = {name: value for name, value in record.items() if name not in _ENTRY}
    if kind == "product" and "line" in record:
        own["line"] = record["line"]  # the product line, not a line of a file
    values = {name: own.pop(name) for name in ("contact", "account", "lead") if isinstance(own.get(name), Mapping)}
    if own:
        values[kind] = {**values.get(kind, {}), **own}
    key = record.get("key") or f"{kind}:{read_key(record.get('id'), 'key')}@{_at(record, at_us)}"
    return Entry(
        read_key(key),
        kind,
        values,
        _at(record, at_us),
        _text(record, "policy"),
        _text(record, "strategy"),
        None if kind == "product" else _line(record),
        _text(record, "actor"),
        _text(record, "batch"),
    )


def _line(record: Mapping[str, Any]) -> int | None:
    line = record.get("line")
    if line is None or type(line) is int:
        return line
    raise InvalidInputError(f"line: expected a number, got {type(line).__name__}", code="invalid_field")


def _command(record: Mapping[str, Any], at_us: int) -> Command:
    # A blank is as good as nothing, except where a yes or no is asked for: that is not guessed.
    plain = {
        name: value
        for name, value in record.items()
        if name not in ("type", "at", "id") and (value is not None or name == "value")
    }
    read = {**plain, "key": _key(record), "at_us": _at(record, at_us)}
    for name, value in read.items():
        check_field(COMMANDS[record["type"]], name, value)
    return from_plain(COMMANDS[record["type"]], read)


_READERS: Mapping[str, Callable[[Mapping[str, Any], int], Any]] = {
    "interaction": _interaction,
    "submission": _submission,
    "order": _order,
    "opportunity": _deal,
    "deal": _deal,
    **dict.fromkeys(("contact", "account", "lead", "user", "product"), _entry),
    **{kind: _command for kind in COMMANDS if kind != "command"},
}


def to_input(command: Any, now_us: int) -> Input:
    """A command as it is kept when no room keeps it in a form of its own."""
    return Input(
        command.key,
        command.type,
        min(command.at_us, now_us),
        now_us,
        actor=command.actor,
        batch=getattr(command, "batch", None),
        data=to_plain(command, _BASE),
    )


def same_input(kept: Input, command: Any) -> bool:
    """Whether a repeated key comes with the body that was kept under it."""
    if kept.type != command.type:
        return False
    if isinstance(command, Submission):
        data = kept.data
        return bool(
            data.get("form") == command.form and plain_value(data.get("fields", {})) == plain_value(command.fields)
        )
    if isinstance(command, Interaction):
        told = from_input(kept)
        return bool(
            told.kind == command.kind and plain_value(told.properties) == plain_value(command.properties)
        ) and reference_text(told.contact) == reference_text(command.contact)
    if isinstance(command, Command):
        plain = {**_plain(kept, type(command)), "key": kept.id, "at_us": command.at_us}
        return bool(from_plain(type(command), plain) == command)
    return to_plain(from_input(kept), _BESIDE) == to_plain(command, _BESIDE)


def _plain(kept: Input, cls: type[Any]) -> dict[str, Any]:
    """A command's own fields: a room may have kept more beside them."""
    names = {each.name for each in attrs.fields(cls)}
    plain = {name: value for name, value in kept.data.items() if name in names}
    if kept.actor is not None:
        plain["actor"] = kept.actor
    return plain


_KEPT_WHOLE = {"order": Order, "opportunity": Deal, "interaction": Interaction}
"""Orders, deals, and interactions that could not be attributed: all that they told is in the input's data."""


def from_input(kept: Input) -> Any:
    """The command that an input was kept from: what replay feeds again."""
    data = kept.data
    if kept.type == "interaction" and kept.kind is not None:
        return Interaction(
            kept.id, kept.kind or "", kept.told_us, read_reference(kept.reference), data.get("visitor"), kept.lead,
            kept.properties, kept.actor, kept.batch,
        )  # fmt: skip
    if kept.type == "submission":
        return Submission(
            kept.id, data["form"], data["fields"], kept.told_us, data.get("visitor"), data.get("context", NOTHING),
            kept.actor, kept.batch,
        )  # fmt: skip
    if kept.type == "entry":
        return Entry(
            kept.id, data["record"], data["values"], kept.told_us, data.get("policy"), data.get("strategy"),
            data.get("line"), kept.actor, kept.batch,
        )  # fmt: skip
    cls: type[Any] = COMMANDS.get(kept.type) or _KEPT_WHOLE[kept.type]
    return from_plain(cls, {**_plain(kept, cls), "key": kept.id, "at_us": kept.told_us})
