"""Every condition of a playbook: does it read, does it ask for what there is, can it be true."""

from __future__ import annotations

from collections.abc import Iterator

from attrs import frozen

from leadflow.errors import ExpressionError
from leadflow.expr import Schema, faults, lint, parse, to_text
from leadflow.expr import nodes as n
from leadflow.expr.fault import did_you_mean
from leadflow.expr.text import quoted
from leadflow.playbook.fault import WARNING, Finding, Path, listed
from leadflow.playbook.playbook import Playbook
from leadflow.scoring.rules import Model

_MODEL_READS = {
    "contact": ("contact", "account"),
    "account": ("account",),
    "lead": ("contact", "account", "lead"),
}
_LEAD_READS = ("contact", "account", "lead")


@frozen(kw_only=True)
class Rule:
    """A condition and where it stands; `records` is what it can read there, `has_terms` whether rooms answer it."""

    path: Path
    text: str
    records: tuple[str, ...] = _LEAD_READS
    has_terms: bool = True


def rules_of(playbook: Playbook) -> Iterator[Rule]:
    """Every condition of a playbook.

    >>> from leadflow.playbook.default import default_playbook
    >>> [rule.text for rule in rules_of(default_playbook()) if rule.path[0] == "scoring"][-1]
    'account.employees >= 50'
    """
    for name, model in playbook.scoring.models.items():
        for number, rule in enumerate(model.rules):
            if rule.when is not None:
                path: Path = ("scoring", "models", name, "rules", number, "when")
                yield Rule(path=path, text=rule.when, records=_MODEL_READS[model.target], has_terms=False)
    yield from _of_processes(playbook)
    for number, entry in enumerate(playbook.assignment.entries):
        if entry.when is not None:
            yield Rule(path=("assignment", "entries", number, "when"), text=entry.when)
    for number, view in enumerate(playbook.assignment.views):
        if view.where is not None:
            yield Rule(path=("assignment", "views", number, "where"), text=view.where)
    for number, sla in enumerate(playbook.assignment.slas):
        if sla.criterion is not None:
            yield Rule(path=("assignment", "slas", number, "criterion"), text=sla.criterion)


def _of_processes(playbook: Playbook) -> Iterator[Rule]:
    for name, process in playbook.process.processes.items():
        top: Path = ("process", "processes", name)
        if process.applies is not None:
            yield Rule(path=(*top, "applies"), text=process.applies)
        for position, stage in enumerate(process.stages):
            here = (*top, "stages", position)
            if stage.gate is not None:
                yield Rule(path=(*here, "gate"), text=stage.gate)
            for key, branches in (("next", stage.next), ("automatic", stage.automatic)):
                for number, branch in enumerate(branches):
                    if branch.when is not None:
                        yield Rule(path=(*here, key, number, "when"), text=branch.when)


def kind_finding(path: Path, kind: str, schema: Schema) -> Finding | None:
    """What is wrong with a kind of interaction that stands outside a condition, if anything."""
    try:
        # Asked as a condition, it is checked like any other.
        found = [(each.message, each.hint) for each in faults(f"any({quoted(kind)})", schema)]
    except ExpressionError as error:
        found = [(error.message, error.hint)]
    return Finding(path=path, message=found[0][0], hint=found[0][1], code="unknown_kind") if found else None


def condition_findings(playbook: Playbook, schema: Schema) -> Iterator[Finding]:
    """What is wrong with conditions, and what they say in vain."""
    for rule in rules_of(playbook):
        found = list(_faults(rule, schema))
        node = _tree(rule)
        if node is not None:
            found += _out_of_reach(rule, node, schema)
            found += _grades(rule, node, playbook)
        yield from found
        if node is not None and not found:
            yield from _idle_models(rule, node, playbook)
            for each in lint(node, schema):
                yield _warning(rule, each.span, each.message, _INSTEAD.get(each.code, ""), each.code)


_INSTEAD = {
    "never_true": "look for parts that exclude each other",
    "always_true": "leave it out, or ask for less",
    "duplicate": "leave one of them out",
}


def _tree(rule: Rule) -> n.Node | None:
    try:
        return parse(rule.text)
    except ExpressionError:
        return None


def _faults(rule: Rule, schema: Schema) -> Iterator[Finding]:
    try:
        found = [(each.message, each.hint, each.span) for each in faults(rule.text, schema)]
    except ExpressionError as error:
        found = [(error.message, error.hint, error.span)]
    for message, hint, span in found:
        yield Finding(path=rule.path, message=message, hint=hint, code="invalid_condition", span=span)


def _out_of_reach(rule: Rule, node: n.Node, schema: Schema) -> Iterator[Finding]:
    """Records and terms that exist, but that nobody answers where this condition is asked."""
    for part in n.walk(node):
        if isinstance(part, n.FieldRef) and part.record in schema.records and part.record not in rule.records:
            said, hint = f"{part.record} cannot be read here", f"only {listed(rule.records, 'and')} can"
        elif isinstance(part, n.TermRef) and part.name in schema.terms and not rule.has_terms:
            said = f"{part.name} cannot be asked in a scoring rule"
            hint = "a model reads records and interactions; ask in a process or an assignment rule"
        else:
            continue
        yield Finding(path=rule.path, message=said, hint=hint, code="out_of_reach", span=part.span)


def _grades(rule: Rule, node: n.Node, playbook: Playbook) -> Iterator[Finding]:
    """Grades of another model: the type check only knows all grades of all models."""
    everywhere = {grade.name for model in playbook.scoring.models.values() for grade in model.grades}
    for term, literal in _grade_comparisons(node):
        model = playbook.scoring.models.get(str(term.args[0].value))
        grades = () if model is None else tuple(dict.fromkeys(grade.name for grade in model.grades))
        if model is not None and literal.value in everywhere and literal.value not in grades:
            said = f"{to_text(term)} is never {literal.value!r}"
            hint = did_you_mean(str(literal.value), grades) or f"known: {', '.join(grades)}".rstrip(": ")
            yield Finding(path=rule.path, message=said, hint=hint, code="unknown_grade", span=literal.span)


def _grade_comparisons(node: n.Node) -> Iterator[tuple[n.TermRef, n.Literal]]:
    for part in n.walk(node):
        if not isinstance(part, n.Compare):
            continue
        for side, other in ((part.left, part.right), (part.right, part.left)):
            if isinstance(side, n.TermRef) and side.name == "grade" and len(side.args) == 1:
                items = other.items if isinstance(other, n.ListLiteral) else (other,)
                yield from ((side, item) for item in items if isinstance(item, n.Literal))


def _idle_models(rule: Rule, node: n.Node, playbook: Playbook) -> Iterator[Finding]:
    for part in n.walk(node):
        if isinstance(part, n.TermRef) and part.name in ("score", "grade") and part.args:
            name = str(part.args[0].value)
            model: Model | None = playbook.scoring.models.get(name)
            if model is not None and model.state != "live":
                said = f"the model {name} is {_STATES[model.state]}, so it has no score"
                yield _warning(
                    rule, part.span, said, f'write state = "live" in scoring.models.{name}', "model_not_live"
                )


_STATES = {"draft": "a draft", "stopped": "stopped"}


def _warning(rule: Rule, span: n.Span, said: str, hint: str, code: str) -> Finding:
    return Finding(path=rule.path, message=said, hint=hint, severity=WARNING, code=code, span=span)
