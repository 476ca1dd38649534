"""`leadflow check`: everything that is wrong with a playbook, and what looks like a slip, each with its place."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path as FilePath

from leadflow.errors import PlaybookError
from leadflow.expr import Schema, Term
from leadflow.playbook.checks.assigning import assignment_findings
from leadflow.playbook.checks.comparing import comparator_findings
from leadflow.playbook.checks.conditions import condition_findings
from leadflow.playbook.checks.crm import crm_findings
from leadflow.playbook.checks.forms import form_findings, matching_findings
from leadflow.playbook.checks.models import model_findings
from leadflow.playbook.checks.processes import process_findings
from leadflow.playbook.codec import playbook_of
from leadflow.playbook.fault import WARNING, Fault, Finding
from leadflow.playbook.moved import moved_findings
from leadflow.playbook.playbook import Playbook
from leadflow.playbook.reading import Document, document_of, playbook_error, read_document
from leadflow.playbook.schema import check_schema
from leadflow.room import NO_POLICIES, Policies


def check_playbook(
    playbook: Playbook,
    document: Document | str | None = None,
    *,
    terms: Iterable[Term] | None = None,
    kinds: Iterable[str] | None = None,
    policies: Policies = NO_POLICIES,
) -> tuple[Fault, ...]:
    """Everything that is wrong with a playbook of the right form, faults and warnings, in the order of the text.

    `document` is what the playbook was read from (or its TOML text); without it faults have a path but no line.
    `terms` are what the rooms of an engine add to conditions; without them the usual ones are known. `kinds` are the
    known kinds of interaction; without them any kind may come. `policies` are those that plugins bring.

    >>> from leadflow.playbook.default import default_playbook
    >>> check_playbook(default_playbook())
    ()
    """
    if isinstance(document, str):
        document = document_of(document)
    schema = check_schema(playbook, terms, kinds).with_functions(policies.functions)
    found = _findings(playbook, schema, policies)
    if document is None:
        return tuple(sorted(dict.fromkeys(each.unplaced() for each in found), key=lambda each: each.path))
    return document.faults(found)


def check_file(
    path: str | FilePath,
    *,
    terms: Iterable[Term] | None = None,
    kinds: Iterable[str] | None = None,
    policies: Policies = NO_POLICIES,
) -> tuple[Fault, ...]:
    """Everything that is wrong with a playbook file and those that it includes.

    Faults of form come first and alone: names and conditions are looked into once every part has the right form.
    """
    try:
        document = read_document(path)
        playbook = playbook_of(document)
    except PlaybookError as error:
        return tuple(error.faults)
    return check_playbook(playbook, document, terms=terms, kinds=kinds, policies=policies)


def checked_playbook(
    path: str | FilePath,
    *,
    terms: Iterable[Term] | None = None,
    kinds: Iterable[str] | None = None,
    policies: Policies = NO_POLICIES,
) -> Playbook:
    """The playbook in a file, sure to work; warnings let it pass.

    Errors: PlaybookError with every fault and its place.
    """
    document = read_document(path)
    playbook = playbook_of(document)
    found = check_playbook(playbook, document, terms=terms, kinds=kinds, policies=policies)
    faults = [fault for fault in found if not fault.is_warning]
    if faults:
        raise playbook_error(faults, str(path))
    return playbook


def _findings(playbook: Playbook, schema: Schema, policies: Policies) -> Iterator[Finding]:
    yield from matching_findings(playbook, policies)
    yield from comparator_findings(playbook, policies)
    yield from _strategies(playbook, policies)
    yield from form_findings(playbook)
    conditions = list(condition_findings(playbook, schema))
    yield from conditions
    yield from model_findings(playbook, schema, {each.path for each in conditions if each.severity != WARNING})
    yield from process_findings(playbook, schema)
    yield from assignment_findings(playbook, schema)
    yield from crm_findings(playbook)
    yield from moved_findings(playbook)


def _strategies(playbook: Playbook, policies: Policies) -> Iterator[Finding]:
    """Strategies of pools that nobody brings."""
    for number, pool in enumerate(playbook.assignment.pools):
        if "." in pool.strategy and pool.strategy not in policies.strategies:
            yield Finding(
                path=("assignment", "pools", number, "strategy"),
                message=f"no plugin brings a strategy {pool.strategy}",
                hint="install the plugin that registers it; see leadflow plugins",
                code="unknown_strategy",
            )
