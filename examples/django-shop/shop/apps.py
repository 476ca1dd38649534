"""leadflow's tables are made, and follow the playbook, whenever `manage.py migrate` has run."""

from typing import Any

from django.apps import AppConfig
from django.db import connections, transaction
from django.db.models.signals import post_migrate

import leadflow


class ShopConfig(AppConfig):
    """The application."""

    name = "shop"

    def ready(self) -> None:
        """Ask to be told of migrations."""
        post_migrate.connect(make_leads, sender=self)


def make_leads(using: str, **_: Any) -> None:
    """Beside the shop's own tables, in the same database."""
    with transaction.atomic(using=using):
        leadflow.make_tables(connections[using])
