"""The kit of CRMs: changes coming in."""

from __future__ import annotations

from typing import ClassVar

from attrs import evolve

from leadflow.errors import InvalidInputError
from leadflow.ports.crm import Written
from leadflow.testing.conformance import needs
from leadflow.testing.selling.base import OnCrm
from leadflow.testing.selling.samples import (
    contact,
    one,
    remotes,
    row,
    walk,
)


class ComingIn(OnCrm):
    """What changes there is told, and what we wrote is known for it."""

    is_kit: ClassVar[bool] = True

    def test_pages_neither_skip_nor_end_early(self) -> None:
        """Everything there is, in pages of any size, also when it was made at one moment."""
        made = self.add(*(row(number) for number in range(11)))
        for limit in (1, 3, 11, 50):
            assert remotes(walk(self.make(), None, limit)[0]) >= set(made), f"in pages of {limit}"

    def test_a_cursor_goes_on(self) -> None:
        """With what came after it, also for another object, and with nothing that was long ago."""
        crm = self.make()
        self.add(*(row(number) for number in range(4)))
        _, cursor = walk(crm, None, 3)
        more = self.add(row(5), row(6))
        told, cursor = walk(self.make(), cursor, 1)
        assert remotes(told) >= set(more)
        (last,) = self.add(row(7))
        assert last in remotes(walk(self.make(), cursor, 5)[0])

    @needs("late")
    def test_equal_and_late_times_are_not_skipped(self) -> None:
        """What becomes visible after a page, with the moment of its last change or before it, is told at the next."""
        crm = self.make()
        self.add(row(1))
        _, cursor = walk(crm, None, 3)
        self.fail("late")
        (late,) = self.add(row(2))
        assert late in remotes(walk(crm, cursor, 3)[0])

    def test_a_change_between_two_pages_is_told(self) -> None:
        """The record was on a page that is over: it comes again, as it stands now."""
        crm = self.make()
        self.add(*(row(number) for number in range(6)))
        page = crm.changes(None, 2)
        first = page.changes[0]
        self.edit(first.remote, {"last_name": "Novak"})
        told, _ = walk(crm, page.cursor, 2)
        assert [each.fields["last_name"] for each in told if each.remote == first.remote][-1:] == ["Novak"]

    def test_what_we_wrote_is_known_for_it(self) -> None:
        """Whatever is told of it has the version that `upsert` gave, until somebody else changes it."""
        crm = self.make()
        _, cursor = walk(crm, None, 50)
        record, written = contact(crm, 1)
        told, cursor = walk(crm, cursor, 50)
        assert {each.version for each in told if each.remote == written.remote} <= {written.version}
        update = evolve(record, fields={"last_name": "Novak"}, remote=written.remote, seen=self._seen(written))
        written = one(crm.upsert([update]), Written)
        told, cursor = walk(crm, cursor, 50)
        assert {each.version for each in told if each.remote == written.remote} <= {written.version}

    def test_what_others_change_is_told(self) -> None:
        """With another version than ours, our id and the fields as they stand; a moment that is not in the future."""
        crm = self.make()
        record, written = contact(crm, 1)
        _, cursor = walk(crm, None, 50)
        for fields in ({"last_name": "Novak"}, {"email": "new@acme.example"}, {"email": None}):
            self.edit(written.remote, fields)
            told, cursor = walk(crm, cursor, 50)
            mine = [each for each in told if each.remote == written.remote]
            assert mine, f"a change of {', '.join(fields)} is not told"
            assert (mine[-1].kind, mine[-1].id, mine[-1].is_deleted) == ("contact", record.id, False)
            assert mine[-1].version != written.version, "taken for an echo of ours"
            assert {name: mine[-1].fields.get(name) for name in fields} == fields
            assert mine[-1].at_us > 0

    def test_a_strange_cursor_is_refused(self) -> None:
        """With the code that says: start from the beginning."""
        code = "taken"
        try:
            self.make().changes("no cursor of ours", 5)
        except InvalidInputError as error:
            code = error.code
        assert code == "unknown_cursor", f"a cursor that nobody gave: {code}"

    @needs("tells_deletes")
    def test_what_went_is_told(self) -> None:
        """Claimed: tells_deletes. Once it went, and only what went."""
        crm = self.make()
        _, empty = walk(crm, None, 50)
        (_, gone), (_, stays) = contact(crm, 1), contact(crm, 2)
        _, cursor = walk(crm, None, 50)
        self.remove(gone.remote)
        for since, limit in ((cursor, 1), (empty, 50)):
            told, _ = walk(self.make(), since, limit)
            assert {each.remote for each in told if each.is_deleted} == {gone.remote}
        assert stays.remote not in {each.remote for each in walk(crm, None, 50)[0] if each.is_deleted}

    @needs("no tells_deletes")
    def test_nothing_is_said_to_have_gone(self) -> None:
        """Not claimed: tells_deletes. What is not seen is not guessed to have gone."""
        crm = self.make()
        _, gone = contact(crm, 1)
        _, cursor = walk(crm, None, 50)
        self.remove(gone.remote)
        assert not [each for each in walk(crm, cursor, 50)[0] if each.is_deleted]
