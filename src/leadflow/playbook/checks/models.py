"""Scoring models: rules that cannot work, and points that nobody can reach."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator
from typing import Any

import attrs

from leadflow.errors import InvalidValueError, LeadflowError
from leadflow.expr import Schema
from leadflow.expr.fault import Fault, did_you_mean
from leadflow.expr.points import score_faults
from leadflow.playbook.checks.conditions import kind_finding
from leadflow.playbook.fault import WARNING, Finding, Path, path_text
from leadflow.playbook.plain import is_default
from leadflow.playbook.playbook import Playbook
from leadflow.scoring.prepare import compile_model, score_rule
from leadflow.scoring.rules import Model, Rule

_USED = {
    "when": {"cap", "group"},
    "each": {"where", "within", "limit", "cap", "group", "half_life_days"},
    "of": {"at_least", "where", "within", "group"},
    "none": {"where", "within", "group"},
}
"""What else each kind of rule looks at."""


def model_findings(playbook: Playbook, schema: Schema, faulty: Collection[Path] = ()) -> Iterator[Finding]:
    """What is wrong with models. `faulty` are the paths of conditions that have been told already."""
    for name, model in playbook.scoring.models.items():
        path: Path = ("scoring", "models", name)
        if model.state == "draft":
            said = "the model is a draft, so it scores nobody"
            yield _warning((*path, "state"), said, 'write state = "live" when it is ready', "model_draft")
        if model.rearm < 0:
            yield Finding(path=(*path, "rearm"), message="rearm is a number of points, 0 or more", code="invalid_value")
        found = [each for number in range(len(model.rules)) for each in _rule(model, path, number, schema, faulty)]
        found += _names(model, path)
        found += _groups(model, path)
        yield from found
        yield from _grades(model, path)
        is_sound = not any(each.severity != WARNING for each in found)
        if is_sound and not any((*path, "rules", number, "when") in faulty for number in range(len(model.rules))):
            yield from _compiled(name, model, path, schema)


# -- one rule ---------------------------------------------------------------------------------------------


def _rule(model: Model, path: Path, number: int, schema: Schema, faulty: Collection[Path]) -> Iterator[Finding]:
    rule = model.rules[number]
    here = (*path, "rules", number)
    kind = next(key for key in _USED if getattr(rule, key) is not None)
    if kind != "when":
        unknown = kind_finding((*here, kind), getattr(rule, kind), schema)
        if unknown is not None:
            yield unknown
            return
    elif (*here, "when") in faulty:
        return
    found = list(_as_compiled(here, rule, schema))
    yield from found
    if rule.points == 0:
        yield _warning((*here, "points"), "the rule gives no points", "leave it out", "no_effect")
    for key in sorted(_given(rule) - {*_USED, *_USED[kind], "name", "points"}):
        if all(each.path != (*here, key) for each in found):
            yield _warning((*here, key), f"a rule with {kind} does not look at {key}", "leave it out", "no_effect")


def _given(rule: Rule) -> set[str]:
    """The keys that somebody has written."""
    return {each.name for each in attrs.fields(Rule) if not is_default(each, getattr(rule, each.name))}


def _as_compiled(path: Path, rule: Rule, schema: Schema) -> Iterator[Finding]:
    """What only shows when the rule is made ready to use; groups and names are looked at for the whole model."""
    try:
        found = score_faults([score_rule(attrs.evolve(rule, group=None))], {}, schema)
    except InvalidValueError as error:
        found = [Fault(error.message, hint=error.hint)]
    for each in found[:1]:
        where = _meant(rule, each.message)
        message = each.message.removeprefix(f"{where}: ")
        span = each.span if where == "when" else None
        yield Finding(path=(*path, where), message=message, hint=each.hint, code="invalid_rule", span=span)


def _meant(rule: Rule, message: str) -> str:
    """The key that a message is about."""
    given = _given(rule)
    words = (word for word in message.replace(":", " ").split() if word in given)
    return next(words, "when" if rule.when is not None else "name")


def _names(model: Model, path: Path) -> Iterator[Finding]:
    seen: set[str] = set()
    for number, rule in enumerate(model.rules):
        here = (*path, "rules", number, "name")
        if not rule.name.strip():
            yield Finding(path=here, message="the name is blank", hint="scores are explained by it", code="blank_name")
        elif rule.name in seen:
            said = f"another rule of the model is called {rule.name!r}"
            yield Finding(path=here, message=said, hint="give each a name of its own", code="same_name")
        seen.add(rule.name)


def _groups(model: Model, path: Path) -> Iterator[Finding]:
    used = {rule.group for rule in model.rules}
    for name, group in model.groups.items():
        here = (*path, "groups", name)
        if name not in used:
            yield _warning(here, f"no rule is in the group {name}", "leave it out", "unused_group", is_key=True)
        if group.at_least is not None and group.at_most is not None and group.at_least > group.at_most:
            yield Finding(path=here, message="at_least is more than at_most", code="empty_range", is_key=True)
    if model.floor is not None and model.ceiling is not None and model.floor > model.ceiling:
        yield Finding(path=(*path, "floor"), message="floor is more than ceiling", code="empty_range")
    for number, rule in enumerate(model.rules):
        if rule.group is not None and rule.group not in model.groups:
            table = path_text((*path, "groups", rule.group))
            hint = did_you_mean(rule.group, model.groups) or f"say what it may give: [{table}] at_most = 20"
            here = (*path, "rules", number, "group")
            yield Finding(path=here, message=f"there is no group {rule.group}", hint=hint, code="unknown_group")


# -- grades and points -----------------------------------------------------------------------------------


def _grades(model: Model, path: Path) -> Iterator[Finding]:
    for key in ("at_least", "name"):
        counts = Counter(getattr(grade, key) for grade in model.grades)
        seen: set[Any] = set()
        for number, grade in enumerate(model.grades):
            value = getattr(grade, key)
            if counts[value] > 1 and value in seen:
                said = f"another grade has {key} = {value!r} too"
                yield _warning((*path, "grades", number, key), said, "one of them is never given", "same_grade")
            seen.add(value)


def _compiled(name: str, model: Model, path: Path, schema: Schema) -> Iterator[Finding]:
    """What the least and the most points that can be reached make impossible."""
    try:
        least, most = compile_model(name, model, schema).program.bounds()
    except LeadflowError as error:
        yield Finding(path=path, message=error.message, hint=error.hint, code=error.code, is_key=True)
        return
    threshold = model.threshold
    if threshold is not None and most is not None and threshold > most:
        said = f"the rules give at most {most} points, so the threshold is never reached"
        yield _warning((*path, "threshold"), said, "lower it, or give more points", "unreachable_threshold")
    elif threshold is not None and least is not None and threshold <= least:
        said = f"the rules give at least {least} points, so everybody reaches the threshold at once"
        yield _warning((*path, "threshold"), said, "raise it", "always_reached")
    for number, grade in enumerate(model.grades):
        if most is not None and grade.at_least > most:
            said = f"the rules give at most {most} points, so the grade {grade.name} is never given"
            yield _warning((*path, "grades", number, "at_least"), said, "lower it", "unreachable_grade")
    bottom = max(0, least or 0)
    lowest = min((grade.at_least for grade in model.grades), default=bottom)
    if lowest > bottom and (most is None or most >= bottom):
        position = [grade.at_least for grade in model.grades].index(lowest)
        said = f"scores from {bottom} to {lowest - 1} have no grade"
        hint = f"add a grade with at_least = {bottom}"
        yield _warning((*path, "grades", position, "at_least"), said, hint, "grade_gap")


def _warning(path: Path, said: str, hint: str, code: str, is_key: bool = False) -> Finding:
    return Finding(path=path, message=said, hint=hint, severity=WARNING, code=code, is_key=is_key)
