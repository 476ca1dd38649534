"""Models, compiled once per playbook."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping
from hashlib import blake2b
from typing import Any

from attrs import field, frozen

from leadflow.expr import Schema, SignalTable, parse
from leadflow.expr.nodes import Call, walk
from leadflow.expr.points import ScoreProgram, ScoreRule, at_least, compile_score, none_of
from leadflow.model.values import CONSENT_LEVELS
from leadflow.room import Policies
from leadflow.scoring.rules import Model, Rule, ScoringRules


@frozen
class Compiled:
    """One live model, ready to score. `digest` names its rules: a stored score of other rules is made anew."""

    name: str
    model: Model
    digest: str
    signals: SignalTable
    program: ScoreProgram
    consent: int
    bounds: tuple[int, ...]
    grades: tuple[str, ...]

    def grade(self, points: int) -> str | None:
        """The grade of a score; None below the first."""
        position = bisect_right(self.bounds, points)
        return self.grades[position - 1] if position else None


@frozen
class Prepared:
    """Scoring's rules, compiled: live models by name and by whose score they are."""

    rules: ScoringRules
    models: Mapping[str, Compiled]
    by_target: Mapping[str, tuple[Compiled, ...]] = field(factory=dict)


def prepare(playbook: Any, schema: Schema, policies: Policies) -> Prepared:
    """Compile every live model."""
    rules: ScoringRules = playbook.scoring
    models = {name: compile_model(name, model, schema) for name, model in rules.models.items() if model.state == "live"}
    by_target = {
        target: tuple(each for each in models.values() if each.model.target == target)
        for target in ("contact", "account", "lead")
    }
    return Prepared(rules, models, by_target)


def compile_model(name: str, model: Model, schema: Schema) -> Compiled:
    """Compile one model. Errors: ExpressionError for a condition that does not parse or check."""
    table = SignalTable()
    groups = {key: (group.at_least, group.at_most) for key, group in model.groups.items()}
    program = compile_score(
        [score_rule(rule) for rule in model.rules],
        groups,
        schema,
        table,
        bounds=(model.floor, model.ceiling),
        source=name,
    )
    grades = sorted(model.grades, key=lambda grade: grade.at_least)
    return Compiled(
        name,
        model,
        blake2b(repr((name, model, *_called(model, schema))).encode(), digest_size=6).hexdigest(),
        table,
        program,
        CONSENT_LEVELS[model.consent],
        tuple(grade.at_least for grade in grades),
        tuple(grade.name for grade in grades),
    )


def _called(model: Model, schema: Schema) -> list[str]:
    """The host's functions that a model calls, with their versions: another version may give other points."""
    if not schema.functions:
        return []
    nodes = (node for rule in model.rules if rule.when is not None for node in walk(parse(rule.when)))
    return sorted({f"{node.name}@{schema.functions[node.name].version}" for node in nodes if isinstance(node, Call)})


def score_rule(rule: Rule) -> ScoreRule:
    """A rule as the condition language takes it."""
    where = dict(rule.where)
    if rule.none is not None:
        return none_of(rule.name, rule.points, rule.none, within=rule.within, where=where, group=rule.group)
    if rule.of is not None:
        return at_least(
            rule.name, rule.points, rule.of, rule.at_least, within=rule.within, where=where, group=rule.group
        )
    return ScoreRule(
        name=rule.name,
        points=rule.points,
        when=rule.when,
        each=None if rule.each is None else (rule.each, where),
        within=rule.within,
        limit=rule.limit,
        cap=rule.cap,
        group=rule.group,
        half_life_days=rule.half_life_days,
    )
