"""What a playbook asks about: the values, deeds and spans of time on which its rules turn."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from attrs import frozen

from leadflow.engine.preparing import schema_for
from leadflow.errors import ExpressionError
from leadflow.expr import Schema, Type, parse
from leadflow.expr import nodes as n
from leadflow.model.time import DAY_US, duration_text, parse_duration, to_datetime
from leadflow.model.values import CONSENT_LEVELS, FLAGS
from leadflow.playbook.checks.conditions import rules_of
from leadflow.playbook.playbook import Playbook
from leadflow.process.rules import ProcessStep
from leadflow.scoring.rules import Rule

KNOWN_KINDS = ("page.visited", "email.clicked", "email.opened", "event.attended", "form.submitted", "order")
"""What `"email.*"` or `"*"` may mean, the likeliest first."""
PLAUSIBLE: Mapping[str, Any] = {
    "first_name": "Ana",
    "last_name": "Kos",
    "country": "SI",
    "city": "Ljubljana",
    "postcode": "1000",
    "phone": "+38640123456",
    "name": "Kos d.o.o.",
    "domain": "kos.example",
    "time_zone": "Europe/Ljubljana",
    "currency": "EUR",
    "owner_id": "ana",
}
_BY_TYPE: Mapping[Type, Any] = {
    Type.NUMBER: 5,
    Type.BOOLEAN: True,
    Type.DATE: "2026-01-15",
    Type.INSTANT: "2026-01-15T12:00:00+00:00",
    Type.TEXT_SET: ["x"],
    Type.CODE_SET: ["x"],
}
_MIRRORED = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}
_MOST_TIMES = 20


@frozen
class Deed:
    """Something that a person does, and how often it has to be done to count in full."""

    kind: str
    properties: tuple[tuple[str, Any], ...] = ()
    times: int = 1


@frozen
class Asked:
    """What a playbook asks about.

    `values` are by field ("contact.country"), those for which a rule gives points or lets a lead on first; `deeds` are
    all that count, `wanted` those that do not cost points, `fillings` how often a form counts. `flags` are those of a lead
    that people set, `spans` durations.
    """

    playbook: Playbook
    schema: Schema
    values: Mapping[str, tuple[Any, ...]]
    deeds: tuple[Deed, ...]
    wanted: tuple[Deed, ...]
    fillings: int
    spans: tuple[str, ...]
    flags: tuple[str, ...]

    def of(self, target: str) -> tuple[Any, ...]:
        """Values of a field on which rules turn, else plausible ones."""
        found = self.values.get(target)
        if found:
            return found
        record, _, name = target.partition(".")
        field = self.schema.records[record].get(name)
        if name in PLAUSIBLE:
            return (PLAUSIBLE[name],)
        if field is not None and isinstance(field.choices, (tuple, list, frozenset, set)) and field.choices:
            return tuple(field.choices)
        return (_BY_TYPE.get(Type.TEXT if field is None else field.type, "x"),)

    def answers(self, step: ProcessStep) -> tuple[Any, ...]:
        """What may be answered to a step, what lets the stage be completed first."""
        if step.field is None:
            return (True, False) if step.must_be_yes else ("yes",)
        record, _, name = step.field.partition(".")
        if name.endswith("_id"):
            return ()  # the record says by itself to whom it belongs
        field = self.schema.records[record].get(name)
        if field is not None and field.type is Type.BOOLEAN:
            return (True, False)
        return self.of(step.field)


def asked_by(playbook: Playbook) -> Asked:
    """What the rules of a playbook ask about.

    >>> from leadflow.playbook.default import default_playbook
    >>> asked = asked_by(default_playbook())
    >>> asked.of("account.employees"), asked.of("contact.job_level")[:2], asked.spans[:3]
    ((50, 49), ('c-level', 'manager'), ('2d', '3d', '7d'))
    >>> asked.deeds[0]
    Deed(kind='page.visited', properties=(('page', 'pricing'),), times=3)
    """
    schema = schema_for(playbook)
    rules = [rule for model in playbook.scoring.models.values() for rule in model.rules]
    costly = {rule.when for rule in rules if rule.points < 0}
    texts = sorted((rule.text for rule in rules_of(playbook)), key=lambda text: text in costly)
    nodes = [part for text in texts for part in _parts(text)]
    values: dict[str, list[Any]] = {}
    for record, fields in playbook.attributes.items():
        for name, attribute in fields.items():
            values[f"{record}.{name}"] = list(attribute.choices)
    for target, value in reversed([pair for part in nodes for pair in _values(part)]):
        found = values.setdefault(target, [])
        if value in found:
            found.remove(value)
        found.insert(0, value)
    for model in playbook.scoring.models.values():
        if CONSENT_LEVELS[model.consent]:
            found = values.setdefault("contact.consent", [])
            found[:] = dict.fromkeys([CONSENT_LEVELS[model.consent], *found, 0])
    forms = {form.kind for form in playbook.capture.forms.values()}
    deeds = [*(deed for rule in rules for deed in _deeds_of(rule)), *(deed for part in nodes for deed in _deeds(part))]
    return Asked(
        playbook,
        schema,
        {target: tuple(found) for target, found in values.items()},
        (all_of := tuple(dict.fromkeys(deed for deed in deeds if deed.kind not in forms))),
        tuple(deed for deed in all_of if deed not in _unwanted(rules)),
        max((deed.times for deed in deeds if deed.kind in forms), default=1),
        _spans(playbook, rules, nodes),
        tuple(flag for flag in FLAGS if f"lead.{flag}" in _fields(nodes)),
    )


def _parts(text: str) -> Iterator[n.Node]:
    try:
        yield from n.walk(parse(text))
    except ExpressionError:
        return


def _fields(nodes: Sequence[n.Node]) -> set[str]:
    return {f"{part.record}.{part.name}" for part in nodes if isinstance(part, n.FieldRef)}


# -- values -----------------------------------------------------------------------------------------------


def _values(part: n.Node) -> Iterator[tuple[str, Any]]:
    """(field, value) for each value that a comparison turns on."""
    if isinstance(part, n.TextTest) and isinstance(part.subject, n.FieldRef) and isinstance(part.needle, n.Literal):
        yield _name(part.subject), part.needle.value
    if not isinstance(part, n.Compare):
        return
    left, right, op = part.left, part.right, part.op
    if isinstance(right, n.FieldRef) and op not in ("in", "not in"):
        left, right, op = right, left, _MIRRORED.get(op, op)
    if isinstance(left, n.FieldRef):
        yield from ((_name(left), value) for value in _around(op, right))
    elif isinstance(right, n.FieldRef) and isinstance(left, n.Literal):
        yield _name(right), [left.value]


def _name(field: n.FieldRef) -> str:
    return f"{field.record}.{field.name}"


def _around(op: str, node: n.Node) -> Iterator[Any]:
    """The values next to a constant: first one for which the comparison holds, then one for which it does not."""
    if isinstance(node, n.ListLiteral):
        yield from (_plain(item) for item in node.items)
    elif isinstance(node, n.Literal) and isinstance(node.value, (int, Decimal)) and not isinstance(node.value, bool):
        value = node.value
        below, above = _number(value - 1), _number(value + 1)
        yield from {"<": (below, value), "<=": (value, above), ">": (above, value), ">=": (value, below)}.get(
            op, (value, above)
        )
    elif isinstance(node, (n.Literal, n.DateLiteral, n.InstantLiteral)):
        yield _plain(node)


def _number(value: Any) -> Any:
    return str(value) if isinstance(value, Decimal) else value


def _plain(node: n.Item) -> Any:
    if isinstance(node, n.DateLiteral):
        return node.value.isoformat()
    if isinstance(node, n.InstantLiteral):
        return to_datetime(node.at_us).isoformat()
    if isinstance(node, n.Literal):
        return _number(node.value)
    return None


# -- deeds ------------------------------------------------------------------------------------------------


def _deeds_of(rule: Rule) -> Iterator[Deed]:
    kind = rule.each or rule.of or rule.none
    if kind is not None:
        times = rule.at_least if rule.of else (rule.limit or _times(rule)) if rule.each else 1
        yield Deed(_kind(kind), tuple(sorted(rule.where.items())), min(times, _MOST_TIMES))


def _unwanted(rules: Sequence[Rule]) -> set[Deed]:
    """Deeds by which points are lost."""
    losing = [rule for rule in rules if (rule.points < 0) is (rule.none is None)]
    return {deed for rule in losing for deed in _deeds_of(rule)}


def _times(rule: Rule) -> int:
    """How often a rule without a limit can give points until it is capped."""
    if rule.cap is not None and rule.points:
        return -(-rule.cap // abs(rule.points))
    return 3


def _deeds(part: n.Node) -> Iterator[Deed]:
    if isinstance(part, n.Compare):
        for side, other in ((part.left, part.right), (part.right, part.left)):
            if isinstance(side, n.Occurrence) and isinstance(other, n.Literal):
                yield _enough(side, other.value)
    elif isinstance(part, n.Occurrence):
        yield _enough(part, 1)


def _enough(asked: n.Occurrence, number: Any) -> Deed:
    """What makes a count or a sum as large as the number that it is compared with, and one more."""
    properties = {name: _plain(value) for name, value in asked.where}
    number = int(number) if isinstance(number, (int, Decimal)) else 1
    if asked.function == "sum" and asked.property is not None:
        properties[asked.property] = number + 1
        number = 1
    times = number + 1 if asked.function == "count" and number > 1 else max(1, number)
    return Deed(
        _kind(asked.kind),
        tuple(sorted(properties.items())),
        min(times if asked.function == "count" else 1, _MOST_TIMES),
    )


def _kind(kind: str) -> str:
    """A kind that a pattern means."""
    if not kind.endswith("*"):
        return kind
    return next((each for each in KNOWN_KINDS if each.startswith(kind[:-1])), f"{kind[:-1]}seen")


# -- time -------------------------------------------------------------------------------------------------


def _spans(playbook: Playbook, rules: Sequence[Rule], nodes: Sequence[n.Node]) -> tuple[str, ...]:
    """Every span that a rule waits for or looks back, the shortest first."""
    stages = [stage for process in playbook.process.processes.values() for stage in process.stages]
    texts = [
        *(rule.within for rule in rules),
        *(stage.sla for stage in stages),
        *(queue.alarm_after for queue in playbook.assignment.queues),
        *(sla.within for sla in playbook.assignment.slas),
    ]
    lengths = {parse_duration(text) for text in texts if text is not None}
    lengths |= {rule.half_life_days * DAY_US for rule in rules if rule.half_life_days}
    lengths |= {part.within_us for part in nodes if isinstance(part, n.Occurrence) and part.within_us}
    lengths |= {part.length_us for part in nodes if isinstance(part, (n.Ago, n.DurationLiteral))}
    return tuple(duration_text(length) for length in sorted(lengths))
