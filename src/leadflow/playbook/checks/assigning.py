"""Assignment: names that point nowhere, rules that are never asked, pools that nobody works in."""

from __future__ import annotations

from collections.abc import Iterator

from leadflow.assignment.rules import AssignmentRules, faults
from leadflow.expr import Schema
from leadflow.expr.fault import did_you_mean
from leadflow.model.values import FLAGS
from leadflow.playbook.checks.conditions import kind_finding
from leadflow.playbook.checks.views import view_findings
from leadflow.playbook.fault import WARNING, Finding, Path
from leadflow.playbook.playbook import Playbook

_NAMED = ("entries", "pools", "queues", "territories", "product_lines", "schedules", "slas")


def assignment_findings(playbook: Playbook, schema: Schema) -> Iterator[Finding]:
    """What is wrong with the rules of assignment."""
    rules = playbook.assignment
    for where, said in faults(rules):
        message, _, hint = said.partition("; ")
        code = "unknown_name" if message.startswith("no ") else "missing_queue"
        yield Finding(path=("assignment", *_path(rules, where)), message=message, hint=hint, code=code)
    for number, flag in enumerate(rules.triggers):
        if flag not in FLAGS:
            hint = did_you_mean(flag, FLAGS) or f"one of {', '.join(FLAGS)}"
            path: Path = ("assignment", "triggers", number)
            yield Finding(path=path, message=f"a lead has no flag {flag}", hint=hint, code="unknown_flag")
    for number, kind in enumerate(rules.alerts):
        unknown = kind_finding(("assignment", "alerts", number), kind, schema)
        yield from [] if unknown is None else [unknown]
    yield from view_findings(playbook, schema)
    yield from _shadowed(rules)
    yield from _chain(rules)
    for number, pool in enumerate(rules.pools):
        if all(member.paused for member in pool.members):
            said = f"nobody in the pool {pool.name} takes leads"
            hint = "add members" if not pool.members else "all members are paused"
            yield _warning(("assignment", "pools", number, "members"), said, hint, "empty_pool")


def _path(rules: AssignmentRules, where: str) -> Path:
    """The path by positions of what the room names by names, which may hold dots: `pools.inbound.members.ana`."""
    key, _, rest = where.partition(".")
    if key not in _NAMED:
        return (key,)
    fitting = [
        (len(item.name), number, rest[len(item.name) + 1 :])
        for number, item in enumerate(getattr(rules, key))
        if rest == item.name or rest.startswith(f"{item.name}.")
    ]
    if not fitting:
        return (key,)
    _, number, inner = max(fitting)
    field, _, user = inner.partition(".")
    if field == "members" and user:
        users = [member.user for member in rules.pools[number].members]
        return (key, number, field, users.index(user), "schedule")
    return (key, number, field) if field else (key, number)


def _shadowed(rules: AssignmentRules) -> Iterator[Finding]:
    """A rule without condition that surely ends the search: a queue takes every lead, and so does nobody at all."""
    for number, entry in enumerate(rules.entries[:-1]):
        ends = entry.target is None or entry.target.startswith("queue:")
        if entry.when is None and entry.stop and ends:
            said = f"the rules after {entry.name} are never asked, because it always holds"
            hint = "give it a condition, move it to the end, or write stop = false"
            yield _warning(("assignment", "entries", number, "name"), said, hint, "shadowed_rule")
            return


def _chain(rules: AssignmentRules) -> Iterator[Finding]:
    for number, step in enumerate(rules.chain[:-1]):
        takes_all = step == "default" or step.startswith("queue:") or (step == "queue" and rules.queues)
        if takes_all and rules.chain[number + 1 :] != ("default",):
            said = f"the steps after {step} are never asked, because it takes every lead"
            yield _warning(("assignment", "chain", number), said, "move it to the end", "shadowed_step")
            return


def _warning(path: Path, said: str, hint: str, code: str) -> Finding:
    return Finding(path=path, message=said, hint=hint, severity=WARNING, code=code)
