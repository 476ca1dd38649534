"""manage.py test: an enquiry and its lead are both there, or neither."""

from io import StringIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from unittest.mock import patch

from django.core.management import call_command
from django.db import connection, transaction
from django.test import TestCase, TransactionTestCase

import leadflow
from shop import views
from shop.models import Enquiry

ANA = {"email": "ana@example.si", "company": "Ana d.o.o.", "question": "How much is it?"}


def open_flow() -> Any:
    """As another program sees it."""
    return leadflow.open(f"sqlite:///{connection.settings_dict['NAME']}")


class WithinATransaction(TestCase):
    """Django's usual tests, whose transaction is never committed."""

    def test_a_form_becomes_an_enquiry_and_a_lead(self) -> None:
        assert self.client.post("/", ANA).status_code == 302
        found = self.client.get("/leads/").json()["leads"]
        assert [each["id"] for each in found] == [Enquiry.objects.get().lead]

    def test_a_page_that_is_not_filled_in_makes_nothing(self) -> None:
        assert self.client.post("/", {"email": "?"}).status_code == 200
        assert self.client.get("/leads/").json()["leads"] == []

    def test_each_test_begins_with_nothing(self) -> None:
        assert self.client.get("/leads/").json()["leads"] == []

    def test_joining_outside_of_a_transaction_says_what_to_do(self) -> None:
        # TestCase itself has opened one.
        with (
            patch.object(connection, "in_atomic_block", False),
            patch.object(connection, "autocommit", True),
            self.assertRaisesRegex(leadflow.LeadflowError, r"transaction\.atomic"),
        ):
            leadflow.join(connection)


class WithARealCommit(TransactionTestCase):
    """Transactions that end."""

    def tearDown(self) -> None:
        # Django empties its own tables only.
        with connection.cursor() as cursor:
            for name in connection.introspection.table_names(cursor):
                if name.startswith("leadflow_") and name not in ("leadflow_schema", "leadflow_setting"):
                    cursor.execute(f"DELETE FROM {name}")

    def test_an_exception_in_the_view_takes_both_along(self) -> None:
        seen = []

        def fails(enquiry: Enquiry) -> None:
            seen.extend(each.lead.id for each in leadflow.join(connection).leads())
            raise ZeroDivisionError

        with patch.object(views, "reserve", fails), self.assertRaises(ZeroDivisionError):
            self.client.post("/", ANA)
        assert len(seen) == 1, "the lead was there before the exception"
        assert Enquiry.objects.count() == 0
        with open_flow() as flow:
            assert flow.leads() == []

    def test_an_answer_without_an_exception_keeps_both(self) -> None:
        self.client.post("/", ANA)
        with open_flow() as flow:
            assert [each.lead.id for each in flow.leads()] == [Enquiry.objects.get().lead]

    def test_an_inner_block_takes_only_its_own_along(self) -> None:
        with transaction.atomic():
            flow = leadflow.join(connection)
            flow.submit("demo-request", {"email": "ana@example.si"})
            with self.assertRaises(ZeroDivisionError), transaction.atomic():
                flow.submit("demo-request", {"email": "bo@example.si"})
                raise ZeroDivisionError
        with open_flow() as flow:
            assert [each.contact.email for each in flow.leads()] == ["ana@example.si"]

    def test_the_worker_delivers_what_was_committed(self) -> None:
        with transaction.atomic():
            flow = leadflow.join(connection)
            flow.do({"type": "user", "key": "u", "id": "eva", "email": "eva@shop.example"}).one().unwrap()
            lead = flow.submit("demo-request", {"email": "ana@example.si"}).lead
            flow.do({"type": "assign", "key": "a", "lead": lead, "owner": "eva"}).one().unwrap()
        with TemporaryDirectory() as folder:
            call_command("work_leads", to=folder, stdout=StringIO())
            assert len(list(Path(folder).rglob("*.eml"))) == 1
