"""manage.py work_leads: what is due, and what must leave. Run it from a timer; twice at once does no harm."""

from typing import Any

from django.core.management.base import BaseCommand
from django.db import connection

import leadflow


class Command(BaseCommand):
    """A worker has a flow of its own: it delivers, which nobody can roll back."""

    help = "Do what is due and write what must leave as .eml files into a folder."

    def add_arguments(self, parser: Any) -> None:
        """Where to."""
        parser.add_argument("--to", default="outbox")

    def handle(self, *arguments: Any, to: str, **options: Any) -> None:
        """Tick, then deliver."""
        with leadflow.open(f"sqlite:///{connection.settings_dict['NAME']}") as flow:
            due, delivered = flow.tick(), flow.deliver(to)
        self.stdout.write(f"{due} due, {delivered.total} messages")
