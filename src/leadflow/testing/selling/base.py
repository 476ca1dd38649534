"""What a kit of CRMs asks of its subclass: how to make one, and how people work at the other end."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from types import MappingProxyType
from typing import ClassVar, Final

from leadflow.ports.crm import CAPABILITIES, KINDS, Crm, Value, Written
from leadflow.testing.conformance import Conformance

FAILURES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "busy": "the next call is put off: too many (HTTP: 429)",
        "cut": "the next upsert is carried out, and its answer is lost on the way",
        "late": "what `add` makes next bears the moment of the last change there, or an earlier one",
    }
)


class OnCrm(Conformance):
    """The base of the parts of the kit."""

    is_kit: ClassVar[bool] = True
    capabilities: ClassVar[Collection[str]] = CAPABILITIES

    # -- what a subclass says -----------------------------------------------------------------------------

    def make(self) -> Crm:
        """A CRM to the other end."""
        raise NotImplementedError("say how a CRM is made: def make(self)")

    def there(self, kind: str) -> Collection[str]:
        """The ids there of all records of a kind that were made since the test began, seen by another way."""
        raise NotImplementedError("say what is there: def there(self, kind)")

    def add(self, *contacts: Mapping[str, Value]) -> list[str]:
        """Somebody makes contacts there, all at one moment. Returns their ids there."""
        raise NotImplementedError("say how contacts are made there: def add(self, *contacts)")

    def edit(self, remote: str, fields: Mapping[str, Value]) -> None:
        """Somebody changes a contact there."""
        raise NotImplementedError("say how a contact is changed there: def edit(self, remote, fields)")

    def remove(self, remote: str) -> None:
        """Somebody takes a contact away there."""
        raise NotImplementedError("say how a contact is taken away there: def remove(self, remote)")

    def fail(self, failure: str) -> None:
        """Make the other end show a failure once."""
        raise NotImplementedError(f"say how {failure!r} is brought about: def fail(self, failure)")

    # -- declared -----------------------------------------------------------------------------------------

    def test_claims_and_failures_are_known(self) -> None:
        """A slip in a name would take a test away, and what is offered is what is claimed."""
        assert self.claims <= set(CAPABILITIES), f"no such capability: {sorted(self.claims - set(CAPABILITIES))}"
        assert self.failures is not None, f"say which failures can be brought about, of {', '.join(FAILURES)}"
        assert self.failures <= set(FAILURES), f"no such failure: {sorted(self.failures - set(FAILURES))}"
        offer = self.make().offer
        assert offer.capabilities == self.claims, "the offer names other capabilities than `claims`"
        assert {"contact", "lead"} <= set(offer.fields) - offer.only_told, "contacts and leads at least"
        assert set(offer.fields) <= set(KINDS)
        assert offer.keeps_link("lead", "contact"), "a lead is somebody's"
        assert {"first_name", "last_name", "email"} <= offer.fields["contact"]

    # -- private ------------------------------------------------------------------------------------------

    def _seen(self, written: Written) -> str | None:
        return written.version if "locks" in self.claims else None
