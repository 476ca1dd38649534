"""The kit of CRMs: records going out."""

from __future__ import annotations

from typing import ClassVar

from attrs import evolve

from leadflow.ports.crm import Gone, Refused, Written
from leadflow.testing.selling.base import OnCrm
from leadflow.testing.selling.samples import (
    TEXTS,
    agree,
    contact,
    content_of,
    family,
    named,
    one,
    sample,
)


class GoingOut(OnCrm):
    """What is written is there, once, and nothing else."""

    is_kit: ClassVar[bool] = True

    def test_what_is_written_is_there(self) -> None:
        """Every kind: once, with its fields and links, under our id."""
        crm = self.make()
        for record, written in family(crm, 1):
            assert list(self.there(record.kind)) == [written.remote], f"a {record.kind}"
            told = content_of(crm)[record.kind, written.remote]
            assert (told.id, told.version) == (record.id, written.version)
            agree(told.fields, record.fields)
            agree(told.links, record.links)

    def test_the_same_again_changes_nothing(self) -> None:
        """By our id, by the id there, by another object: no second one."""
        for record, written in family(self.make(), 1):
            for again in (record, evolve(record, remote=written.remote)):
                assert one(self.make().upsert([again]), Written) == written
            assert len(self.there(record.kind)) == 1, f"a second {record.kind}"

    def test_an_update_arrives_and_leaves_the_rest(self) -> None:
        """A field that is named changes, the others stay, and None makes one blank."""
        crm = self.make()
        record, written = contact(crm, 1)
        changed = evolve(record, fields={"last_name": "Novak"}, remote=written.remote, seen=self._seen(written))
        after = one(crm.upsert([changed]), Written)
        assert after.version != written.version, "the version stays when the record changes"
        agree(content_of(crm)["contact", written.remote].fields, {**record.fields, "last_name": "Novak"})
        blank = evolve(changed, fields={"email": None}, seen=self._seen(after))
        one(crm.upsert([blank]), Written)
        told = content_of(crm)["contact", written.remote].fields
        assert (told.get("email"), told["last_name"]) == (None, "Novak")

    def test_every_record_of_a_batch_is_written(self) -> None:
        """Outcomes in the order of the records."""
        crm = self.make()
        records = [sample(crm, "contact", number) for number in range(30)]
        outcomes = crm.upsert(records)
        assert len(outcomes) == len(records)
        assert len(self.there("contact")) == len(records)
        told = {change.id: change for change in content_of(crm).values()}
        for record, outcome in zip(records, outcomes, strict=True):
            assert isinstance(outcome, Written)
            assert (told[record.id].remote, told[record.id].version) == (outcome.remote, outcome.version)
            agree(told[record.id].fields, record.fields)
        more = [evolve(record, fields={"last_name": f"Novak {record.id}"}) for record in records]
        seen = [self._seen(outcome) for outcome in outcomes if isinstance(outcome, Written)]
        crm.upsert([evolve(record, seen=version) for record, version in zip(more, seen, strict=True)])
        names = {change.id: change.fields["last_name"] for change in content_of(crm).values()}
        assert names == {record.id: f"Novak {record.id}" for record in records}

    def test_one_bad_record_does_not_hold_up_the_others(self) -> None:
        """A link to what is not there is refused, alone."""
        crm = self.make()
        _, gone = contact(crm, 9)
        self.remove(gone.remote)
        bad = evolve(sample(crm, "lead", 2), links={"contact": gone.remote})
        outcomes = crm.upsert([sample(crm, "lead", 1), bad, sample(crm, "lead", 3)])
        assert [type(outcome) for outcome in outcomes] == [Written, Refused, Written]
        assert isinstance(outcomes[1], Refused)
        assert outcomes[1].code == "unknown_link"
        assert len(self.there("lead")) == 2

    def test_any_text_arrives(self) -> None:
        """In every script, and what a spreadsheet or a query would take for more than a text."""
        crm = self.make()
        outcomes = crm.upsert([named(f"c_{n}", text) for n, text in enumerate(TEXTS)])
        assert all(isinstance(outcome, Written) for outcome in outcomes)
        told = {change.id: change.fields["last_name"] for change in content_of(crm).values()}
        assert told == {f"c_{n}": text for n, text in enumerate(TEXTS)}

    def test_what_was_made_there_becomes_ours(self) -> None:
        """Named by its id there it takes our id, and is then found by it."""
        crm = self.make()
        (remote,) = self.add({"first_name": "Eva", "last_name": "Zupan"})
        told = content_of(crm)["contact", remote]
        assert told.id is None
        ours = evolve(named("c_9", "Zupan"), remote=remote, seen=told.version if "locks" in self.claims else None)
        written = one(crm.upsert([ours]), Written)
        assert content_of(crm)["contact", remote].id == "c_9"
        assert one(self.make().upsert([evolve(ours, remote=None, seen=self._seen(written))]), Written) == written
        assert list(self.there("contact")) == [remote]

    def test_what_has_gone_is_not_made_anew(self) -> None:
        """Somebody took it away there: that is respected."""
        crm = self.make()
        record, written = contact(crm, 1)
        self.remove(written.remote)
        again = evolve(record, fields={"last_name": "Novak"}, remote=written.remote, seen=self._seen(written))
        assert one(crm.upsert([again]), Gone).remote == written.remote
        assert not self.there("contact")
