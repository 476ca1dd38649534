"""CRMs with one fault each. Not collected by itself: test_crm_kit.py runs the kit on them and reads what failed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

from attrs import define, evolve, field

from leadflow.errors import AdapterError, InvalidInputError, TransientError
from leadflow.ports.crm import (
    CAPABILITIES,
    LINKS,
    Change,
    Changes,
    Conflict,
    CrmRecord,
    Gone,
    Offer,
    Outcome,
    Refused,
    Value,
    Written,
    check_deletes,
    check_records,
)

FIELDS = {
    "user": frozenset({"name", "email", "is_active"}),
    "account": frozenset({"name", "domain", "country", "city"}),
    "contact": frozenset({"first_name", "last_name", "email", "phone", "city", "country"}),
    "lead": frozenset({"state", "source", "campaign", "sales_ready"}),
    "opportunity": frozenset({"status", "amount", "currency"}),
}


@define
class Row:
    """A record at the other end."""

    kind: str
    remote: str
    at_us: int
    ours: str | None = None
    fields: dict[str, Value] = field(factory=dict)
    links: dict[str, str] = field(factory=dict)
    version: int = 1
    is_deleted: bool = False


class Server:
    """The other end: rows with moments, of which many may be the same; fails once as it is told."""

    def __init__(self) -> None:
        self.rows: dict[tuple[str, str], Row] = {}
        self.now_us = 1_000_000
        self.next: str | None = None

    def answer(self, *but: str) -> str | None:
        if self.next in but:
            return None
        told, self.next = self.next, None
        if told == "busy":
            raise TransientError("too many", adapter="planted", operation="call", retry_after=30)
        return told

    def touch(self, row: Row) -> None:
        self.now_us += 1
        row.at_us = self.now_us
        row.version += 1

    def create(self, kind: str, at_us: int | None = None) -> Row:
        if at_us is None:
            self.now_us += 1
        remote = f"r-{len(self.rows) + 1}"
        row = self.rows[kind, remote] = Row(kind, remote, self.now_us if at_us is None else at_us)
        return row

    # -- people at work there ---------------------------------------------------------------------------

    def add(self, contacts: Sequence[Mapping[str, Value]]) -> list[str]:
        is_late, self.next = self.next == "late", None
        if not is_late:
            self.now_us += 1
        made = [self.create("contact", self.now_us) for _ in contacts]
        for row, fields in zip(made, contacts, strict=True):
            row.fields.update(fields)
        return [row.remote for row in made]

    def edit(self, remote: str, fields: Mapping[str, Value]) -> None:
        row = self.rows["contact", remote]
        row.fields.update(fields)
        self.touch(row)

    def remove(self, remote: str) -> None:
        row = self.rows["contact", remote]
        row.is_deleted = True
        self.touch(row)


class Honest:
    """A right CRM that claims everything. A cursor is a moment and the ids that were told of it."""

    capabilities = frozenset(CAPABILITIES)

    def __init__(self, server: Server) -> None:
        self.server = server

    @property
    def offer(self) -> Offer:
        return Offer(capabilities=self.capabilities, fields=FIELDS)

    def check(self, records: Sequence[CrmRecord]) -> None:
        check_records(records, self.offer, "planted")

    def upsert(self, records: Sequence[CrmRecord]) -> list[Outcome]:
        self.check(records)
        is_cut = self.server.answer() == "cut"
        outcomes = [self.put(record) for record in records]
        if is_cut:
            raise AdapterError("the answer was lost", adapter="planted", operation="upsert")
        return outcomes

    def find(self, record: CrmRecord) -> Row | None:
        if record.remote is not None:
            return self.server.rows.get((record.kind, record.remote))
        found = (row for row in self.server.rows.values() if (row.kind, row.ours) == (record.kind, record.id))
        return next(found, None)

    def put(self, record: CrmRecord) -> Outcome:
        roles = LINKS[record.kind]
        for role, remote in record.links.items():
            other = self.server.rows.get((roles[role], remote))
            if other is None or other.is_deleted:
                return Refused(code="unknown_link", field=role)
        row = self.find(record)
        if row is None and record.remote is None:
            row = self.server.create(record.kind)
        elif row is None or row.is_deleted:
            return Gone(remote=record.remote or "")
        elif self.is_so(row, record):
            row.ours = record.id
            return self.written(row)
        elif self.is_stale(row, record):
            return self.conflict(row)
        row.ours = record.id
        row.fields.update(record.fields)
        row.links.update(record.links)
        self.server.touch(row)
        return self.written(row)

    def is_so(self, row: Row, record: CrmRecord) -> bool:
        return {**row.fields, **record.fields} == row.fields and {**row.links, **record.links} == row.links

    def is_stale(self, row: Row, record: CrmRecord) -> bool:
        return "locks" in self.capabilities and record.seen != str(row.version)

    def written(self, row: Row) -> Written:
        return Written(remote=row.remote, version=str(row.version))

    def conflict(self, row: Row) -> Outcome:
        return Conflict(
            remote=row.remote, version=str(row.version), fields=dict(row.fields), links=dict(row.links), at_us=row.at_us
        )

    def delete(self, records: Sequence[CrmRecord]) -> list[Outcome]:
        check_deletes(self.offer, "planted")
        return [self.take(record) for record in records]

    def take(self, record: CrmRecord) -> Outcome:
        row = self.find(record)
        if row is not None and not row.is_deleted:
            if record.seen is not None and record.seen != str(row.version):
                return self.conflict(row)
            row.is_deleted = True
            self.server.touch(row)
        return Gone(remote=record.remote or "")

    def changes(self, since: str | None = None, limit: int = 100) -> Changes:
        self.server.answer("late", "cut")
        at_us, told = self.read(since)
        rows = sorted(self.server.rows.values(), key=lambda row: (row.at_us, row.remote))
        new = [row for row in rows if self.is_new(row, at_us, told)]
        page = new[:limit]
        if page:
            told = frozenset(row.remote for row in page if row.at_us == page[-1].at_us) | (
                told if page[-1].at_us == at_us else frozenset()
            )
            at_us = page[-1].at_us
        cursor = f"{at_us}:{','.join(sorted(told))}"
        return Changes(changes=tuple(map(self.change, page)), cursor=cursor, is_last=len(new) <= limit)

    def read(self, since: str | None) -> tuple[int, frozenset[str]]:
        moment, _, told = (since or "0:").partition(":")
        if not moment.isdigit():
            raise InvalidInputError("no such cursor", code="unknown_cursor")
        return int(moment), frozenset(filter(None, told.split(",")))

    def is_new(self, row: Row, at_us: int, told: frozenset[str]) -> bool:
        return (row.at_us, row.remote not in told) >= (at_us, True)

    def change(self, row: Row) -> Change:
        content = {} if row.is_deleted else {"fields": dict(row.fields), "links": dict(row.links)}
        return Change(
            kind=row.kind, remote=row.remote, version=str(row.version), at_us=row.at_us, id=row.ours,
            is_deleted=row.is_deleted, **content,  # type: ignore[arg-type]
        )  # fmt: skip

    def close(self) -> None:
        pass


class Plain(Honest):
    """A right CRM that claims nothing."""

    capabilities = frozenset()

    def changes(self, since: str | None = None, limit: int = 100) -> Changes:
        page = super().changes(since, limit)
        return evolve(page, changes=tuple(each for each in page.changes if not each.is_deleted))


# -- planted faults -----------------------------------------------------------------------------------------


class SaysWrittenAndIsNot(Honest):
    def put(self, record: CrmRecord) -> Outcome:
        return Written(remote=record.remote or f"r-{record.id}", version="1")


class MakesASecondOnRepeat(Honest):
    def find(self, record: CrmRecord) -> Row | None:
        return None if record.remote is None else super().find(record)


class NotesAfterTheAnswer(Honest):
    """Our id is written in a second step, which a cut leaves out."""

    def upsert(self, records: Sequence[CrmRecord]) -> list[Outcome]:
        is_cut = self.server.next == "cut"
        try:
            return super().upsert(records)
        finally:
            if is_cut:
                for row in self.server.rows.values():
                    row.ours = None


class DropsAnUpdate(Honest):
    def put(self, record: CrmRecord) -> Outcome:
        row = self.find(record)
        return super().put(record) if row is None or not record.fields else self.written(row)


class DropsTheLastOfABatch(Honest):
    def upsert(self, records: Sequence[CrmRecord]) -> list[Outcome]:
        outcomes = super().upsert(records)
        if len(records) > 20:
            row = self.find(records[-1])
            assert row is not None
            row.fields["last_name"] = "Kos"
        return outcomes


class ShufflesOutcomes(Honest):
    def upsert(self, records: Sequence[CrmRecord]) -> list[Outcome]:
        return super().upsert(records)[::-1]


class BlanksTheRest(Honest):
    def put(self, record: CrmRecord) -> Outcome:
        row = self.find(record)
        if row is not None and not self.is_so(row, record) and not self.is_stale(row, record):
            row.fields.clear()
        return super().put(record)


class IgnoresBlanks(Honest):
    def put(self, record: CrmRecord) -> Outcome:
        fields = {name: value for name, value in record.fields.items() if value is not None}
        return super().put(evolve(record, fields=fields))


class SwallowsAConflict(Honest):
    def is_stale(self, row: Row, record: CrmRecord) -> bool:
        return False


class SaysWrittenOfAConflict(Honest):
    def conflict(self, row: Row) -> Outcome:
        return self.written(row)


class LocksOnlyWhatWasSeen(Honest):
    def is_stale(self, row: Row, record: CrmRecord) -> bool:
        return record.seen is not None and super().is_stale(row, record)


class StopsAtAConflict(Honest):
    def upsert(self, records: Sequence[CrmRecord]) -> list[Outcome]:
        outcomes: list[Outcome] = []
        for record in records:
            conflicts = any(isinstance(each, Conflict) for each in outcomes)
            outcomes.append(Refused(code="stopped") if conflicts else super().upsert([record])[0])
        return outcomes


class FailsWholeBatches(Honest):
    def upsert(self, records: Sequence[CrmRecord]) -> list[Outcome]:
        before = {key: evolve(row) for key, row in self.server.rows.items()}
        outcomes = super().upsert(records)
        refused = [each for each in outcomes if isinstance(each, Refused)]
        if refused:
            self.server.rows = before
        return [refused[0] for _ in outcomes] if refused else outcomes


class MakesWhatWentAnew(Honest):
    def find(self, record: CrmRecord) -> Row | None:
        row = super().find(record)
        if row is not None and row.is_deleted:
            row.is_deleted = False
        return row


class DoesNotAdopt(Honest):
    def put(self, record: CrmRecord) -> Outcome:
        row = self.find(record)
        return super().put(evolve(record, remote=None)) if row is not None and row.ours is None else super().put(record)


class ForgetsOurId(Honest):
    def change(self, row: Row) -> Change:
        return evolve(super().change(row), id=None)


class ForgetsLinks(Honest):
    def change(self, row: Row) -> Change:
        return evolve(super().change(row), links={})


class SkipsAPage(Honest):
    def changes(self, since: str | None = None, limit: int = 100) -> Changes:
        page = super().changes(since, limit)
        return page if page.is_last else evolve(page, cursor=super().changes(page.cursor, limit).cursor)


class EndsEarly(Honest):
    def changes(self, since: str | None = None, limit: int = 100) -> Changes:
        return evolve(super().changes(since, limit), is_last=True)


class PagesByMomentAlone(Honest):
    """The cursor is `moment >`: what bears the moment of the last change of a page is skipped."""

    def is_new(self, row: Row, at_us: int, told: frozenset[str]) -> bool:
        return row.at_us > at_us


class HoldsMoreThanAsked(Honest):
    def changes(self, since: str | None = None, limit: int = 100) -> Changes:
        return super().changes(since, limit + 1)


class RemembersPagesItself(Honest):
    """A record that was on a page does not come again."""

    def is_new(self, row: Row, at_us: int, told: frozenset[str]) -> bool:
        seen: set[str] = self.__dict__.setdefault("seen", set())
        is_new = super().is_new(row, at_us, told) and row.remote not in seen
        if at_us or told:
            return is_new
        seen.clear()
        return super().is_new(row, at_us, told)

    def change(self, row: Row) -> Change:
        self.__dict__.setdefault("seen", set()).add(row.remote)
        return super().change(row)


class TakesAnyCursor(Honest):
    def read(self, since: str | None) -> tuple[int, frozenset[str]]:
        with suppress(InvalidInputError):
            return super().read(since)
        return 0, frozenset()


class Echoes(Honest):
    """What we wrote comes back with a version that nobody was told."""

    def change(self, row: Row) -> Change:
        return evolve(super().change(row), version=f"{row.version}/{row.at_us}")


class TakesEditsForEchoes(Honest):
    def change(self, row: Row) -> Change:
        return evolve(super().change(row), version="1")

    def written(self, row: Row) -> Written:
        return Written(remote=row.remote, version="1")


class MissesABlankedField(Honest):
    def change(self, row: Row) -> Change:
        fields = {name: value or "kept" for name, value in row.fields.items()}
        change = super().change(row)
        return change if row.is_deleted else evolve(change, fields=fields)


class LosesDeletes(Honest):
    def changes(self, since: str | None = None, limit: int = 100) -> Changes:
        page = super().changes(since, limit)
        return evolve(page, changes=tuple(each for each in page.changes if not each.is_deleted))


class TellsNoDeletesToWhoSawNothing(Honest):
    def changes(self, since: str | None = None, limit: int = 100) -> Changes:
        page = super().changes(since, limit)
        is_begin = self.read(since)[0] == 0
        return evolve(page, changes=tuple(each for each in page.changes if not (is_begin and each.is_deleted)))


class GuessesDeletes(Plain):
    def changes(self, since: str | None = None, limit: int = 100) -> Changes:
        return Honest.changes(self, since, limit)


class IgnoresALock(Plain):
    def check(self, records: Sequence[CrmRecord]) -> None:
        super().check([evolve(record, seen=None) for record in records])


class IgnoresAField(Plain):
    def check(self, records: Sequence[CrmRecord]) -> None:
        kept = [{name: v for name, v in r.fields.items() if name in FIELDS.get(r.kind, ())} for r in records]
        super().check([evolve(record, fields=fields) for record, fields in zip(records, kept, strict=True)])


class IgnoresAKind(Honest):
    def upsert(self, records: Sequence[CrmRecord]) -> list[Outcome]:
        return super().upsert([record for record in records if record.kind in FIELDS])


class IgnoresALink(Honest):
    def check(self, records: Sequence[CrmRecord]) -> None:
        super().check([evolve(record, links={}) for record in records])

    def put(self, record: CrmRecord) -> Outcome:
        return super().put(evolve(record, links={r: i for r, i in record.links.items() if r in LINKS[record.kind]}))


class TakesWhatItOnlyTells(Honest):
    @property
    def offer(self) -> Offer:
        return evolve(super().offer, only_told=frozenset({"opportunity"}))

    def check(self, records: Sequence[CrmRecord]) -> None:
        check_records(records, super().offer, "planted")


class IgnoresADelete(Plain):
    def delete(self, records: Sequence[CrmRecord]) -> list[Outcome]:
        return [Gone(remote=record.remote or "") for record in records]


class DeletesUnseen(Honest):
    def take(self, record: CrmRecord) -> Outcome:
        return super().take(evolve(record, seen=None))


class NamesNoWait(Honest):
    def upsert(self, records: Sequence[CrmRecord]) -> list[Outcome]:
        try:
            return super().upsert(records)
        except TransientError as error:
            raise TransientError("later") from error


class KeepsNumbersAsText(Honest):
    def change(self, row: Row) -> Change:
        fields = {name: str(value) if type(value) is int else value for name, value in row.fields.items()}
        change = super().change(row)
        return change if row.is_deleted else evolve(change, fields=fields)


class TrimsZeros(Honest):
    def put(self, record: CrmRecord) -> Outcome:
        fields: dict[str, Any] = {
            name: value.lstrip("0") if isinstance(value, str) else value for name, value in record.fields.items()
        }
        return super().put(evolve(record, fields=fields))


class ClosesOnce(Honest):
    def close(self) -> None:
        if self.__dict__.setdefault("closed", False):
            raise RuntimeError("closed already")
        self.__dict__["closed"] = True


PLANTED = {
    SaysWrittenAndIsNot: "test_what_is_written_is_there",
    MakesASecondOnRepeat: "test_the_same_again_changes_nothing",
    NotesAfterTheAnswer: "test_a_lost_answer_makes_no_second_record",
    DropsAnUpdate: "test_an_update_arrives_and_leaves_the_rest",
    DropsTheLastOfABatch: "test_every_record_of_a_batch_is_written",
    ShufflesOutcomes: "test_every_record_of_a_batch_is_written",
    BlanksTheRest: "test_an_update_arrives_and_leaves_the_rest",
    IgnoresBlanks: "test_an_update_arrives_and_leaves_the_rest",
    SwallowsAConflict: "test_a_change_that_was_not_seen_is_a_conflict",
    SaysWrittenOfAConflict: "test_a_change_that_was_not_seen_is_a_conflict",
    LocksOnlyWhatWasSeen: "test_what_was_never_seen_is_not_overwritten",
    StopsAtAConflict: "test_a_change_that_was_not_seen_is_a_conflict",
    FailsWholeBatches: "test_one_bad_record_does_not_hold_up_the_others",
    MakesWhatWentAnew: "test_what_has_gone_is_not_made_anew",
    DoesNotAdopt: "test_what_was_made_there_becomes_ours",
    ForgetsOurId: "test_what_was_made_there_becomes_ours",
    ForgetsLinks: "test_what_is_written_is_there",
    SkipsAPage: "test_pages_neither_skip_nor_end_early",
    EndsEarly: "test_pages_neither_skip_nor_end_early",
    PagesByMomentAlone: "test_equal_and_late_times_are_not_skipped",
    HoldsMoreThanAsked: "test_pages_neither_skip_nor_end_early",
    RemembersPagesItself: "test_a_change_between_two_pages_is_told",
    TakesAnyCursor: "test_a_strange_cursor_is_refused",
    Echoes: "test_what_we_wrote_is_known_for_it",
    TakesEditsForEchoes: "test_what_others_change_is_told",
    MissesABlankedField: "test_what_others_change_is_told",
    LosesDeletes: "test_what_went_is_told",
    TellsNoDeletesToWhoSawNothing: "test_what_went_is_told",
    GuessesDeletes: "test_nothing_is_said_to_have_gone",
    IgnoresALock: "test_a_lock_is_refused",
    IgnoresAField: "test_a_field_that_is_not_kept_is_refused",
    IgnoresAKind: "test_a_kind_that_is_not_kept_is_refused",
    IgnoresALink: "test_a_link_that_is_not_kept_is_refused",
    TakesWhatItOnlyTells: "test_a_kind_that_is_not_kept_is_refused",
    IgnoresADelete: "test_taking_away_is_refused",
    DeletesUnseen: "test_a_record_is_taken_away",
    NamesNoWait: "test_a_busy_end_is_told_as_transient",
    KeepsNumbersAsText: "test_scores_and_fields_of_ones_own_are_kept",
    TrimsZeros: "test_any_text_arrives",
    ClosesOnce: "test_closing_twice_is_harmless",
}
"""The fault, and the test that is there to find it."""
