"""The kit of CRMs passes what is right and catches what is wrong: each planted fault by the test that is there for it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Collection, Mapping
from typing import Any, ClassVar

import pytest
from attrs import evolve

from leadflow.ports.crm import CAPABILITIES, Crm, Value
from leadflow.testing import CrmConformance
from leadflow.testing.selling import FAILURES

from .planted_crms import FIELDS, PLANTED, Honest, Plain, Server

GUARD = "test_no_test_is_overridden_in_silence"


class OnServer(CrmConformance):
    """The kit on a CRM of the planted server."""

    claims = frozenset(CAPABILITIES)
    failures = frozenset(FAILURES)
    crm: ClassVar[Any] = Honest

    @pytest.fixture(autouse=True)
    def server(self) -> None:
        self.end = Server()

    def make(self) -> Crm:
        return self.crm(self.end)  # type: ignore[no-any-return]

    def there(self, kind: str) -> Collection[str]:
        return [row.remote for row in self.end.rows.values() if row.kind == kind and not row.is_deleted]

    def add(self, *contacts: Mapping[str, Value]) -> list[str]:
        return self.end.add(contacts)

    def edit(self, remote: str, fields: Mapping[str, Value]) -> None:
        self.end.edit(remote, fields)

    def remove(self, remote: str) -> None:
        self.end.remove(remote)

    def fail(self, failure: str) -> None:
        self.end.next = failure


class TestHonest(OnServer):
    """What is right passes, with every capability and failure."""


class TestPlain(OnServer):
    """What is right passes, with no capability at all."""

    claims = frozenset()
    crm = Plain


def failing(kit: type[OnServer]) -> set[str]:
    """The tests of the kit that fail, each run as pytest would."""
    failed = set()
    for name in dir(kit):
        if name.startswith("test_") and callable(getattr(kit, name)):
            test = kit()
            test.end = Server()
            try:
                getattr(test, name)()
            except Exception:
                failed.add(name)
    return failed


@pytest.mark.parametrize(("crm", "caught_by"), PLANTED.items(), ids=lambda each: getattr(each, "__name__", None))
def test_a_planted_fault_is_caught(crm: type[Honest], caught_by: str) -> None:
    kit = type("Planted", (OnServer,), {"crm": crm, "claims": crm.capabilities})
    assert caught_by in failing(kit)


def test_what_is_right_fails_nothing() -> None:
    assert failing(TestHonest) == failing(TestPlain) == set()


@pytest.mark.parametrize("claim", sorted(CAPABILITIES))
def test_a_claim_that_does_not_hold_is_caught(claim: str) -> None:
    crm = type("Claiming", (Plain,), {"capabilities": frozenset({claim})})
    broken = {
        "locks": {"is_stale": lambda self, row, record: False},
        "deletes": {"take": lambda self, record: self.written(self.find(record))},
        "tells_deletes": {},
        "custom_fields": {"put": lambda self, record: Honest.put(self, _without_custom(record))},
    }[claim]
    kit = type("Planted", (OnServer,), {"crm": type("Broken", (crm,), broken), "claims": frozenset({claim})})
    assert failing(kit)


def _without_custom(record: Any) -> Any:
    return evolve(record, fields={name: v for name, v in record.fields.items() if name in FIELDS[record.kind]})


def test_a_slip_in_a_declaration_is_caught() -> None:
    """It would take tests away."""
    for body in (
        {"claims": frozenset({"lock"})},
        {"claims": frozenset({"locks"})},  # less than is offered
        {"failures": frozenset({"bussy"})},
        {"failures": None},
    ):
        assert "test_claims_and_failures_are_known" in failing(type("Slip", (OnServer,), body))


def test_a_test_that_is_taken_away_is_caught() -> None:
    for name in (
        "test_pages_neither_skip_nor_end_early",
        "test_what_is_written_is_there",
        "test_closing_twice_is_harmless",
    ):
        assert GUARD in failing(type("Overriding", (OnServer,), {name: None}))


def test_the_kit_needs_no_pytest_and_no_hypothesis_until_a_test_does() -> None:
    script = (
        "import sys; sys.modules['pytest'] = sys.modules['hypothesis'] = None\n"
        "from leadflow.testing import CrmConformance\n"
        "print(type('Mine', (CrmConformance,), {'failures': frozenset()}).__name__)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "Mine"
