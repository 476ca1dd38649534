"""The ordered list of capabilities: a new one is one more line here."""

from __future__ import annotations

from typing import Final

from leadflow.assignment.room import ROOM as ASSIGNMENT
from leadflow.capture.room import ROOM as CAPTURE
from leadflow.engine.mailing.outbox import ROOM as OUTBOX
from leadflow.engine.syncing.links import ROOM as CRM_LINKS
from leadflow.engine.upkeep.recheck import ROOM as RECHECK
from leadflow.engine.upkeep.settings import ROOM as SETTINGS
from leadflow.matching.room import ROOM as MATCHING
from leadflow.ports.store import INPUT_TABLE
from leadflow.process.room import ROOM as PROCESS
from leadflow.room import Room, Table
from leadflow.scoring.room import ROOM as SCORING

ROOMS: Final[tuple[Room, ...]] = (CAPTURE, MATCHING, SCORING, PROCESS, ASSIGNMENT, OUTBOX, SETTINGS, RECHECK, CRM_LINKS)

TABLES: Final[tuple[Table, ...]] = (INPUT_TABLE, *(table for room in ROOMS for table in room.tables))
