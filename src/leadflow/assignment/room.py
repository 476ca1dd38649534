"""Assignment as the engine sees it."""

from leadflow.room import Room

ROOM = Room(name="assignment", prepare=lambda playbook, schema: playbook.assignment)
