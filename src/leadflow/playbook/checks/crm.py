"""The CRM: fields that no record has, and two that the CRM would call the same."""

from __future__ import annotations

from collections.abc import Iterator

from leadflow.crm.vocabulary import FIELDS, KINDS, LINKS
from leadflow.expr.fault import did_you_mean
from leadflow.playbook.fault import Finding
from leadflow.playbook.playbook import Playbook


def crm_findings(playbook: Playbook) -> Iterator[Finding]:
    """What is wrong with the section `[crm]`."""
    for kind in KINDS:
        known = (*FIELDS[kind], *LINKS[kind], *playbook.attributes.get(kind, ()))
        taken: dict[str, str] = {}
        for name, said in playbook.crm.named(kind).items():
            yield from _named(playbook, kind, name, known)
            called = said.name or name
            if called in taken:
                message = f"the CRM would call {taken[called]} and {name} the same: {called}"
                yield Finding(path=("crm", kind, name), message=message, code="same_name", is_key=True)
            taken[called] = name


def _named(playbook: Playbook, kind: str, name: str, known: tuple[str, ...]) -> Iterator[Finding]:
    what, _, model = name.partition(".")
    if kind == "lead" and what in ("score", "grade") and model:
        if model not in playbook.scoring.models:
            hint = did_you_mean(model, playbook.scoring.models)
            yield _fault(kind, name, f"there is no model {model}", hint, "unknown_model")
    elif name not in known:
        hint = did_you_mean(name, known) or f"one of {', '.join(known)}"
        yield _fault(kind, name, f"a {kind} has no field {name} that goes to a CRM", hint, "unknown_field")


def _fault(kind: str, name: str, message: str, hint: str, code: str) -> Finding:
    return Finding(path=("crm", kind, name), message=message, hint=hint, code=code, is_key=True)
