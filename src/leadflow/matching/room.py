"""Matching as the engine sees it."""

from __future__ import annotations

from typing import Any

from leadflow.matching import apply, decide, merge, quiet, state
from leadflow.matching.find import Prepared
from leadflow.matching.keys import keyring
from leadflow.model.account import Account
from leadflow.model.business import Opportunity, Product, User
from leadflow.model.commands import Identify, Merge, RemoveRecords, Unmerge
from leadflow.model.contact import Contact
from leadflow.model.decisions import (
    RecordCreated,
    RecordRemoved,
    RecordsMerged,
    RecordsUnmerged,
    RecordUpdated,
    VisitorIdentified,
)
from leadflow.model.facts import RecordsGiven
from leadflow.model.lead import Lead
from leadflow.model.records import Entry, Interaction, Submission
from leadflow.room import Policies, Room, Table


def prepare(playbook: Any, schema: Any, policies: Policies) -> Prepared:
    """Compile the strategies' keys. Errors: NotFoundError for a normaliser or comparator that nobody brings."""
    if playbook.matching.comparators:
        from leadflow.matching.linkage.chosen import chosen_specs, known_comparators

        chosen_specs(playbook.matching.comparators, known_comparators(policies.comparators, policies.versions))
    forms = {name: dict(form.fields) for name, form in playbook.capture.forms.items()}
    return Prepared(playbook.matching, keyring(playbook.matching, policies.normalisers), schema, forms)


ROOM = Room(
    name="matching",
    prepare=prepare,
    tables=(
        Table(Contact, indexes=("account_id", "owner_id"), mints=True),
        Table(Account, indexes=("owner_id",), mints=True),
        Table(Lead, indexes=("contact_id", "account_id", "owner_id", "queue"), orders=(("-updated_us",),), mints=True),
        Table(Opportunity, indexes=("lead_id", "contact_id", "account_id")),
        Table(User),
        Table(Product),
        *state.TABLES,
    ),
    keys={
        Interaction: decide.interaction_keys,
        Submission: decide.submission_keys,
        Entry: decide.entry_keys,
        Merge: merge.merge_keys,
        Unmerge: merge.unmerge_keys,
        RemoveRecords: merge.remove_keys,
    },
    reacts={
        Interaction: decide.on_interaction,
        RecordsGiven: decide.on_given,
        Identify: decide.on_identify,
        Merge: merge.on_merge,
        Unmerge: merge.on_unmerge,
        RemoveRecords: merge.on_remove,
    },
    quiet={Interaction: quiet.quiet_interaction},
    applies={
        RecordCreated: apply.apply_created,
        RecordUpdated: apply.apply_updated,
        VisitorIdentified: apply.apply_identified,
        RecordsMerged: apply.apply_merged,
        RecordRemoved: apply.apply_removed,
        RecordsUnmerged: apply.apply_unmerged,
    },
)
