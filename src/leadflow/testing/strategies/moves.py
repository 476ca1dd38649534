"""What may happen under a playbook, as moves: time passes, then one or a few records come that belong together.

Records are bare: without keys and moments, and commands without their lead. A story completes them; so does `histories`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from attrs import evolve, frozen
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from leadflow.capture.rules import Form
from leadflow.model.lead import CONTEXT_COLUMNS
from leadflow.model.time import HOUR_US, MINUTE_US, parse_duration
from leadflow.process.rules import Stage
from leadflow.testing.strategies.basics import Record
from leadflow.testing.strategies.fitting import Asked, Deed

PEOPLE = ("ana@kos.example", "bo@nova.example")
_COMPANIES = {"ana@kos.example": "Kos d.o.o.", "bo@nova.example": "Nova Ltd"}
_GAPS = ("1min", "1h", "1d")
LEAD_MODES = ("contact-and-lead", "lead")


@frozen
class Move:
    """Time passes (`after`, "" for none), then these records come."""

    after: str
    records: tuple[Record, ...]


def moves(asked: Asked, *, with_commands: bool = True) -> SearchStrategy[Move]:
    """Moves that fit what a playbook asks about, those that make leads first."""
    who = st.sampled_from(PEOPLE)
    what: list[SearchStrategy[tuple[Record, ...]]] = [
        *(_filled(asked, name, form, who) for name, form in _forms(asked)),
        *([_told_lead(asked, who)] if not _leads_come(asked) else []),
        *(_done(deed, who) for deed in asked.deeds),
    ]
    told = _told(asked, who)
    if told is not None:
        what.append(told)
    if with_commands:
        what += [commands.map(lambda record: (record,)) for commands in _commands(asked)]
        what += [st.just(worked(asked, stage)) for stage in _stages(asked)]
    gaps = st.sampled_from(("", "", *_GAPS, *asked.spans, *map(beyond, asked.spans)))
    return st.builds(Move, gaps, st.one_of(what))


def beyond(span: str) -> str:
    """A little more than a span.

    >>> beyond("30d"), beyond("15min")
    ('721h', '16min')
    """
    length = parse_duration(span)
    return f"{length // HOUR_US + 1}h" if length >= HOUR_US else f"{length // MINUTE_US + 1}min"


def _forms(asked: Asked) -> list[tuple[str, Form]]:
    """Those that make leads first."""
    forms = asked.playbook.capture.forms.items()
    return sorted(forms, key=lambda pair: pair[1].mode not in LEAD_MODES)


def _leads_come(asked: Asked) -> bool:
    return any(form.mode in LEAD_MODES for form in asked.playbook.capture.forms.values())


def _stages(asked: Asked) -> Iterator[Stage]:
    for process in asked.playbook.process.processes.values():
        yield from process.stages


# -- what people outside do -------------------------------------------------------------------------------


def filled(asked: Asked, name: str, form: Form, who: str, pick: Any) -> Record:
    """Somebody fills a form; `pick(values)` chooses among the values of a field."""
    fields = {field: _value(asked, target, who, pick) for field, target in form.fields.items()}
    fields |= {field: "x" for field in form.required if field not in fields}
    context = {
        column: pick(asked.of(f"lead.{column}"))
        for column in CONTEXT_COLUMNS
        if f"lead.{column}" in asked.values and column not in form.context
    }
    record: Record = {"type": "submission", "form": name, "fields": _some(fields, form.required)}
    return {**record, "context": _some(context)} if _some(context) else record


def _value(asked: Asked, target: str, who: str, pick: Any) -> Any:
    if target == "contact.email":
        return who
    if target == "account.name" and target not in asked.values:
        return _COMPANIES[who]
    value = pick(asked.of(target))
    return value if isinstance(value, (str, bool, list)) or value is None else str(value)


def _some(fields: Mapping[str, Any], required: Sequence[str] = ()) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not None or name in required}


def _filled(asked: Asked, name: str, form: Form, who: SearchStrategy[str]) -> SearchStrategy[tuple[Record, ...]]:
    """A form with what is required, and perhaps with more."""
    optional = [field for field in form.fields if field not in form.required]
    chosen = st.lists(st.sampled_from(optional), unique=True) if optional else st.just([])

    @st.composite
    def fill(draw: st.DrawFn) -> tuple[Record, ...]:
        wanted = {*form.required, *draw(chosen)}
        fields = {field: target for field, target in form.fields.items() if field in wanted}
        return (
            filled(asked, name, evolve(form, fields=fields), draw(who), lambda values: draw(st.sampled_from(values))),
        )

    return fill()


def done(deed: Deed, who: str) -> tuple[Record, ...]:
    """Somebody does something as often as it counts."""
    properties = dict(deed.properties)
    if deed.kind == "order":
        line = {"product": "p1", "quantity": 1, "price": str(properties.get("amount", 100))}
        order: Record = {"type": "order", "contact": {"email": who}, "currency": "EUR", "lines": [line]}
        return (order,) * deed.times
    record: Record = {"type": "interaction", "kind": deed.kind, "contact": {"email": who}, "properties": properties}
    return (record,) * deed.times


def _done(deed: Deed, who: SearchStrategy[str]) -> SearchStrategy[tuple[Record, ...]]:
    often = st.sampled_from(sorted({1, deed.times}))
    return st.builds(lambda chosen, times: done(deed, chosen)[:times], who, often)


def told(asked: Asked, who: str, pick: Any) -> Record | None:
    """What another system says of a contact and its account: fields that rules ask for and no form sets."""
    set_by_forms = {target for form in asked.playbook.capture.forms.values() for target in form.fields.values()}
    wanted = _wanted(asked, set_by_forms, pick)
    if not wanted:
        return None
    contact, account = wanted.get("contact", {}), wanted.get("account", {})
    record: Record = {"type": "contact", "email": who, **contact, "policy": "overwrite"}
    return {**record, "account": {"name": _COMPANIES[who], **account}} if account else record


def _wanted(asked: Asked, but: set[str], pick: Any) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for target, values in asked.values.items():
        record, _, name = target.partition(".")
        if record in ("contact", "account") and target not in but and values and name not in ("email", "id"):
            value = pick(values)
            if value is not None:
                found.setdefault(record, {})[name] = value
    return found


def _told(asked: Asked, who: SearchStrategy[str]) -> SearchStrategy[tuple[Record, ...]] | None:
    if told(asked, PEOPLE[0], lambda values: values[0]) is None:
        return None

    @st.composite
    def tell(draw: st.DrawFn) -> tuple[Record, ...]:
        record = told(asked, draw(who), lambda values: draw(st.sampled_from((None, *values))))
        return () if record is None else (record,)

    return tell()


def told_lead(asked: Asked, who: str, pick: Any) -> Record:
    """A lead that another system hands over, for playbooks whose forms make none."""
    context = {
        column: pick(asked.of(f"lead.{column}")) for column in CONTEXT_COLUMNS if f"lead.{column}" in asked.values
    }
    return {"type": "lead", "contact": {"email": who}, "lead": {"context": _some({"page": "pricing", **context})}}


def _told_lead(asked: Asked, who: SearchStrategy[str]) -> SearchStrategy[tuple[Record, ...]]:
    return who.map(lambda chosen: (told_lead(asked, chosen, lambda values: values[0]),))


# -- what people at work say ------------------------------------------------------------------------------


def worked(asked: Asked, stage: Stage) -> tuple[Record, ...]:
    """Somebody answers every step of a stage so that it can be completed, and completes it."""
    first = {step.name: asked.answers(step)[:1] for step in stage.steps}
    answered = [
        {"type": "set_step", "step": name, "value": value} for name, values in first.items() for value in values
    ]
    return (*answered, {"type": "advance"})


def _commands(asked: Asked) -> list[SearchStrategy[Record]]:
    steps = [(step.name, answer) for stage in _stages(asked) for step in stage.steps for answer in asked.answers(step)]
    users = _users(asked)
    found: list[SearchStrategy[Record]] = [st.just({"type": "advance"})]
    if steps:
        found.append(st.sampled_from(steps).map(lambda pair: {"type": "set_step", "step": pair[0], "value": pair[1]}))
    if asked.flags:
        found.append(
            st.builds(
                lambda flag, value: {"type": "set_flag", "flag": flag, "value": value},
                st.sampled_from(asked.flags),
                st.sampled_from([True, False]),
            )
        )
    found.append(st.sampled_from(users).map(lambda user: {"type": "claim", "user": user}))
    found.append(st.sampled_from(["disqualified", "recycled"]).map(lambda to: {"type": "set_lead_state", "state": to}))
    found.append(st.just({"type": "advance", "how": "back"}))
    found.append(st.sampled_from(["finish", "abandon"]).map(lambda how: {"type": "end_process", "how": how}))
    processes = list(asked.playbook.process.processes)
    if len(processes) > 1:
        found.append(st.sampled_from(processes).map(lambda name: {"type": "switch_process", "process": name}))
    return found


def _users(asked: Asked) -> tuple[str, ...]:
    """Who takes leads by the rules."""
    rules = asked.playbook.assignment
    users = [member.user for pool in rules.pools for member in pool.members]
    users += [user for queue in rules.queues for user in queue.members]
    return tuple(dict.fromkeys(users)) or ("ana",)


# -- the eager --------------------------------------------------------------------------------------------


def eager(asked: Asked) -> list[tuple[Move, ...]]:
    """Histories of somebody who does all that the rules ask for, so that what can be reached is reached.

    One for each of the values that rules turn on, with everything that can be done, with flags only, and with none of both.
    """
    most = max((len(values) for values in asked.values.values()), default=1)
    deeds = tuple(record for deed in asked.wanted for record in done(deed, PEOPLE[0]))
    flags = tuple({"type": "set_flag", "flag": flag} for flag in asked.flags)
    kinds = ((deeds, asked.fillings), (flags, 1), ((), 1))
    return [_eager(asked, number, between, often) for number in range(min(most, 3)) for between, often in kinds]


def _eager(asked: Asked, number: int, between: tuple[Record, ...], often: int) -> tuple[Move, ...]:
    def pick(values: Sequence[Any]) -> Any:
        return values[number % len(values)]

    who = PEOPLE[0]
    record = told(asked, who, pick)
    first = [Move("", (record,))] if record is not None else []
    first += [Move("", (filled(asked, name, form, who, pick),)) for name, form in _forms(asked) for _ in range(often)]
    if not _leads_come(asked):
        first.append(Move("", (told_lead(asked, who, pick),)))
    # The lead that is worked is that of the latest record which has one.
    first += first[-1:] if not _leads_come(asked) else [Move("", (filled(asked, *_forms(asked)[0], who, pick),))]
    by_step = [Move("", (record,)) for record in between]
    waits = [Move(beyond(span), ()) for span in asked.spans[-1:] if not number]
    return (*first, *by_step, *waits, *(Move("1h", worked(asked, stage)) for stage in _stages(asked)))
