"""The kit of CRMs: what is claimed works, what is not is refused, and failures are told."""

from __future__ import annotations

from typing import ClassVar

from attrs import evolve

from leadflow.errors import AdapterError, TransientError
from leadflow.ports.crm import KINDS, LINKS, Conflict, CrmRecord, Gone, Written
from leadflow.testing.conformance import needs
from leadflow.testing.selling.base import OnCrm
from leadflow.testing.selling.samples import (
    agree,
    contact,
    content_of,
    named,
    one,
    sample,
    unsupported,
    walk,
)


class Offering(OnCrm):
    """Locks, deletes, fields, and an end that is busy or breaks off."""

    is_kit: ClassVar[bool] = True

    @needs("locks")
    def test_a_change_that_was_not_seen_is_a_conflict(self) -> None:
        """Claimed: locks. Nothing is overwritten unseen; the conflict says how it stands; what was seen is written."""
        crm = self.make()
        (record, written), (_, other) = contact(crm, 1), contact(crm, 2)
        self.edit(written.remote, {"last_name": "Theirs"})
        ours = evolve(record, fields={"last_name": "Ours"}, remote=written.remote, seen=written.version)
        second = evolve(named("c_2", "Ours"), remote=other.remote, seen=other.version)
        conflict, fine = crm.upsert([ours, second])
        assert isinstance(conflict, Conflict), f"told as {conflict}"
        assert isinstance(fine, Written)
        told = content_of(crm)["contact", written.remote]
        assert (conflict.remote, conflict.version) == (written.remote, told.version)
        assert conflict.fields["last_name"] == told.fields["last_name"] == "Theirs"
        one(crm.upsert([evolve(ours, seen=conflict.version)]), Written)
        assert content_of(crm)["contact", written.remote].fields["last_name"] == "Ours"

    @needs("locks")
    def test_what_was_never_seen_is_not_overwritten(self) -> None:
        """Claimed: locks. A first write that finds another content is a Conflict; one that finds its own is not."""
        crm = self.make()
        record, written = contact(crm, 1)
        assert one(self.make().upsert([record]), Written) == written
        self.edit(written.remote, {"last_name": "Theirs"})
        assert one(self.make().upsert([record]), Conflict).fields["last_name"] == "Theirs"
        assert content_of(crm)["contact", written.remote].fields["last_name"] == "Theirs"

    @needs("no locks")
    def test_a_lock_is_refused(self) -> None:
        """Not claimed: locks. A version that was seen is not ignored, and nothing is written."""
        crm = self.make()
        record, written = contact(crm, 1)
        ours = evolve(record, fields={"last_name": "Ours"}, remote=written.remote, seen=written.version)
        unsupported(lambda: crm.upsert([ours]))
        assert content_of(crm)["contact", written.remote].fields["last_name"] == "Kos"

    # -- what is offered, and what is not -------------------------------------------------------------------

    @needs("deletes")
    def test_a_record_is_taken_away(self) -> None:
        """Claimed: deletes. Also twice; with locks not when somebody changed it."""
        crm = self.make()
        record, written = contact(crm, 1)
        if "locks" in self.claims:
            self.edit(written.remote, {"last_name": "Theirs"})
            one(crm.delete([evolve(record, remote=written.remote, seen=written.version)]), Conflict)
            assert list(self.there("contact")) == [written.remote]
        for _ in range(2):
            one(crm.delete([evolve(record, remote=written.remote)]), Gone)
            assert not self.there("contact")

    @needs("no deletes")
    def test_taking_away_is_refused(self) -> None:
        """Not claimed: deletes."""
        crm = self.make()
        record, written = contact(crm, 1)
        unsupported(lambda: crm.delete([evolve(record, remote=written.remote)]))
        assert list(self.there("contact")) == [written.remote]

    @needs("custom_fields")
    def test_scores_and_fields_of_ones_own_are_kept(self) -> None:
        """Claimed: custom_fields. Numbers stay numbers."""
        crm = self.make()
        lead = evolve(sample(crm, "lead", 1), fields={"score.interest": 65, "grade.interest": "A", "job_level": "0012"})
        written = one(crm.upsert([lead]), Written)
        agree(content_of(crm)["lead", written.remote].fields, lead.fields)

    @needs("no custom_fields")
    def test_a_field_that_is_not_kept_is_refused(self) -> None:
        """Not claimed: custom_fields. Nothing of the batch is written."""
        crm = self.make()
        strange = evolve(named("c_2", "Kos"), fields={"shoe_size": 44})
        unsupported(lambda: crm.upsert([named("c_1", "Kos"), strange]))
        assert not self.there("contact")

    def test_a_kind_that_is_not_kept_is_refused(self) -> None:
        """Also one that is only told. Nothing of the batch is written."""
        crm = self.make()
        for kind in ("product", *(kind for kind in KINDS if not crm.offer.takes(kind))):
            unsupported(lambda kind=kind: crm.upsert([named("c_1", "Kos"), CrmRecord(kind=kind, id="p_1")]))
            assert not self.there("contact"), kind

    def test_a_link_that_is_not_kept_is_refused(self) -> None:
        """Nothing of the batch is written."""
        crm = self.make()
        _, other = contact(crm, 1)
        for kind in filter(crm.offer.takes, KINDS):
            for role in ("boss", *(role for role in LINKS[kind] if not crm.offer.keeps_link(kind, role))):
                strange = CrmRecord(kind=kind, id="x_1", links={role: other.remote})
                unsupported(lambda strange=strange: crm.upsert([named("c_2", "Kos"), strange]))
                assert len(self.there("contact")) == 1, f"{kind}.{role}"

    # -- failures -----------------------------------------------------------------------------------------

    @needs("busy")
    def test_a_busy_end_is_told_as_transient(self) -> None:
        """It says when to try again, and the same again goes through, once."""
        crm = self.make()
        calls = (lambda: crm.upsert([named("c_1", "Kos")]), lambda: walk(crm, None, 5))
        for call in calls:
            self.fail("busy")
            wait_s: float | None = None
            try:
                call()
            except TransientError as error:
                wait_s = error.retry_after or 0
            assert wait_s is not None, "told as done, and it was put off"
            assert wait_s > 0, "retry_after: say in how many seconds"
            self.there("contact")  # an obstacle that `fail` set up may be gone once somebody looks
            call()
        assert len(self.there("contact")) == 1

    @needs("cut")
    def test_a_lost_answer_makes_no_second_record(self) -> None:
        """Written there, and nobody could note it: the same again finds it, and what is told of it is known for ours."""
        crm = self.make()
        records = [sample(crm, "contact", number) for number in range(3)]
        self.fail("cut")
        try:
            crm.upsert(records)
        except AdapterError:
            pass
        else:
            raise AssertionError("told as done, and the answer was lost")
        outcomes = self.make().upsert(records)
        assert all(isinstance(outcome, Written) for outcome in outcomes)
        assert len(self.there("contact")) == len(records)
        versions = {change.id: change.version for change in content_of(crm).values()}
        assert versions == {r.id: getattr(o, "version", None) for r, o in zip(records, outcomes, strict=True)}

    def test_closing_twice_is_harmless(self) -> None:
        """Also when nothing was done."""
        crm = self.make()
        crm.close()
        crm.close()
