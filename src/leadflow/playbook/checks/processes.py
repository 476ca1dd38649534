"""Business processes: branches that lead nowhere, steps that ask for nothing, stages that nobody reaches."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from leadflow.expr import Schema, Type
from leadflow.expr.fault import did_you_mean
from leadflow.playbook.checks.forms import fields_of
from leadflow.playbook.fault import WARNING, Finding, Path
from leadflow.playbook.playbook import Playbook
from leadflow.process.rules import Branch, Process, ProcessStep, Stage

_RECORDS = ("lead", "contact", "account")


def process_findings(playbook: Playbook, schema: Schema) -> Iterator[Finding]:
    """What is wrong with processes."""
    always: str | None = None
    for name, process in playbook.process.processes.items():
        path: Path = ("process", "processes", name)
        if always is not None and process.applies is not None:
            said = f"a new lead never gets here: {always}, which stands before, takes every lead"
            yield _warning((*path, "applies"), said, f"write applies in {always}, or move this up", "shadowed_process")
        if process.applies is None and always is None:
            always = name
        for position, stage in enumerate(process.stages):
            here = (*path, "stages", position)
            yield from _branches(process, stage, position, here)
            yield from _steps(playbook, schema, stage, here)
            yield from _actions(stage, here)
        yield from _unreached(process, path)


# -- branches ---------------------------------------------------------------------------------------------


def _branches(process: Process, stage: Stage, position: int, path: Path) -> Iterator[Finding]:
    names = [each.name for each in process.stages]
    for key, branches in (("next", stage.next), ("automatic", stage.automatic)):
        for number, branch in enumerate(branches):
            if branch.to not in names:
                hint = did_you_mean(branch.to, names) or f"known: {', '.join(names)}"
                said = f"the process has no stage {branch.to}"
                yield Finding(path=(*path, key, number, "to"), message=said, hint=hint, code="unknown_stage")
        yield from _shadowed((*path, key), branches)
    for number, branch in enumerate(stage.automatic):
        if branch.to in names[: position + 1]:
            said = f"this never happens: {branch.to} is not after {stage.name}"
            hint = "leads move by themselves only forwards; use next"
            yield _warning((*path, "automatic", number, "to"), said, hint, "never_moves")


def _shadowed(path: Path, branches: Sequence[Branch]) -> Iterator[Finding]:
    """The first branch that holds wins, so nothing comes after one that always does, or that says the same."""
    for number, branch in enumerate(branches[:-1]):
        if branch.when is None:
            said = "the branches after this one are never looked at, because it always holds"
            yield _warning((*path, number, "to"), said, "move it to the end", "shadowed_branch")
            return
    seen: set[str] = set()
    for number, branch in enumerate(branches):
        if branch.when in seen:
            said = "a branch before has the same condition, so this one is never taken"
            yield _warning((*path, number, "when"), said, "leave one of them out", "shadowed_branch")
        seen.update(() if branch.when is None else (branch.when,))


def _unreached(process: Process, path: Path) -> Iterator[Finding]:
    reached = set(reachable(process))
    for position, stage in enumerate(process.stages):
        if stage.name not in reached:
            said = f"no way leads to the stage {stage.name}"
            hint = "let a branch lead there; people can still set it by hand"
            yield _warning((*path, "stages", position, "name"), said, hint, "unreached_stage")


def reachable(process: Process) -> Iterable[str]:
    """The stages that a lead can get to when nobody sets one by hand.

    >>> first = Stage(name="a", next=(Branch(to="c"),))
    >>> sorted(reachable(Process(stages=(first, Stage(name="b"), Stage(name="c")))))
    ['a', 'c']
    """
    order = [stage.name for stage in process.stages]
    waiting, reached = [order[0]], {order[0]}
    while waiting:
        position = order.index(waiting.pop())
        stage = process.stages[position]
        ways = [branch.to for branch in stage.automatic if branch.to in order[position + 1 :]]
        for branch in (*stage.next, *(Branch(to=name) for name in order[position + 1 : position + 2])):
            ways.append(branch.to)
            if branch.when is None:
                break
        fresh = {way for way in ways if way in order} - reached
        reached |= fresh
        waiting += fresh
    return reached


# -- steps and actions -----------------------------------------------------------------------------------


def _steps(playbook: Playbook, schema: Schema, stage: Stage, path: Path) -> Iterator[Finding]:
    seen: set[str] = set()
    for number, step in enumerate(stage.steps):
        here = (*path, "steps", number)
        if step.name in seen:
            said = f"another step of the stage is called {step.name!r}"
            yield Finding(path=(*here, "name"), message=said, hint="give each a name of its own", code="same_name")
        seen.add(step.name)
        if step.field is not None:
            yield from _field(playbook, schema, step, (*here, "field"))


def _field(playbook: Playbook, schema: Schema, step: ProcessStep, path: Path) -> Iterator[Finding]:
    record, dot, name = (step.field or "").partition(".")
    if not dot or record not in _RECORDS:
        hint = did_you_mean(record, _RECORDS) if dot else f"write lead.{record}, or leave field out"
        said = f"{step.field!r} is no field of a lead, contact or account"
        yield Finding(path=path, message=said, hint=hint, code="unknown_field")
        return
    known = fields_of(playbook, record)
    if name not in known and name != "state":
        hint = did_you_mean(name, known) or f"declare it in [attributes.{record}.{name}]"
        yield Finding(path=path, message=f"{record} has no field {name}", hint=hint, code="unknown_field")
    elif step.must_be_yes and schema.records[record][name].type is not Type.BOOLEAN:
        said = f"the step must be answered with yes, but {step.field} is no yes/no field"
        yield Finding(path=path, message=said, hint="use required instead of must_be_yes", code="never_yes")


def _actions(stage: Stage, path: Path) -> Iterator[Finding]:
    for key, actions in (("on_entry", stage.on_entry), ("on_exit", stage.on_exit)):
        for number, action in enumerate(actions):
            if action.do == "notify" and not action.value.strip():
                said = "a notification needs a template"
                hint = 'write { do = "notify", value = "stage-entered" }'
                yield Finding(path=(*path, key, number), message=said, hint=hint, code="missing_key")


def _warning(path: Path, said: str, hint: str, code: str) -> Finding:
    return Finding(path=path, message=said, hint=hint, severity=WARNING, code=code)
