"""Keeping in step with a CRM: what goes out, what comes in, and how far both are."""

from leadflow.engine.syncing.asking import CrmConflict, conflicts, settle
from leadflow.engine.syncing.choosing import crm_for
from leadflow.engine.syncing.report import Synced
from leadflow.engine.syncing.running import sync

__all__ = ["CrmConflict", "Synced", "conflicts", "crm_for", "settle", "sync"]
