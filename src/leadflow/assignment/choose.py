"""Choosing the owner of a lead: the entries in order, then the default chain, then the default owner.

Pure: what it needs to know comes through `Lookup`, what moves comes back in the `Choice`. A test run is the same call
whose result is dropped.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from attrs import define, evolve, field, frozen

from leadflow.assignment.choice import (
    CLAIMED_BY,
    AccountClaim,
    Candidate,
    Choice,
    Considered,
    LineChoice,
    Lookup,
    Request,
)
from leadflow.assignment.eligibility import Params, Situation
from leadflow.assignment.rotation import Pick, Strategy, pick
from leadflow.assignment.rules import AssignmentRules, Entry, Pool, ProductLine, split_target
from leadflow.assignment.territory import match_territory
from leadflow.assignment.turns import PoolState
from leadflow.errors import NotFoundError
from leadflow.model.values import NOTHING

__all__ = ["choose"]


def choose(
    rules: AssignmentRules,
    request: Request,
    lookup: Lookup,
    now_us: int,
    *,
    holds: Callable[[Entry], bool],
    target: str | None = None,
    strategies: Mapping[str, Strategy] = NOTHING,
) -> Choice:
    """Who gets the lead.

    `holds` tells whether an entry's condition holds (asked only of entries that have one). `target` ("pool:inbound")
    is used instead of entries and chain, e.g. to give a lead to the same pool again. `strategies` are the host's own.
    Errors: NotFoundError for a name that `faults(rules)` would list.

    An owned lead keeps its owner unless an entry that holds says `reassign`; an owner who is inactive or a former
    owner does not count. A duplicate goes to the person's owner and uses no turn. An entry whose target finds nobody
    lets the next ones speak. Somebody or some queue is always found as long as `faults(rules)` is empty.
    """
    run = _Run(rules=rules, request=request, lookup=lookup, now_us=now_us, strategies=strategies)
    if target is not None:
        found = run.resolve(target, "target") or run.default("target")
        return run.choice(found, rule="target", stage="target")
    owner = run.present_owner()
    if request.is_duplicate and (known := owner or run.related_owner("duplicate", "person")):
        found = known if isinstance(known, _Found) else run.kept(known, "duplicate")
        return run.choice(found, rule="duplicate", stage="duplicate")
    decided = _by_entries(run, holds, owner)
    if decided is not None:
        return decided
    if owner is not None:
        return run.choice(run.kept(owner, "owner"), rule="owner", stage="kept")
    return _by_chain(run, (*rules.chain, "default"))
