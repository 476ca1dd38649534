"""Tryton under the kit of CRMs, on a real server."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import pytest
from attrs import evolve

from leadflow.errors import AuthenticationError, InvalidInputError, RejectedError, TransientError
from leadflow.ports.crm import Change, Crm, CrmRecord, Refused, Value, Written
from leadflow.testing import CrmConformance
from leadflow_adapters.tryton.plugin import opened

from .conftest import Line, Tryton

pytestmark = pytest.mark.tryton


class TestTryton(CrmConformance):
    """Leads, contacts, accounts and employees; a deal is only told."""

    claims = frozenset({"locks"})
    failures = frozenset({"busy", "cut", "late"})

    @pytest.fixture(autouse=True)
    def end(self, tryton: Tryton, line: Line) -> None:
        self.tryton, self.line, self.is_late = tryton, line, False

    def make(self) -> Crm:
        return opened(self.line.url)

    def there(self, kind: str) -> Collection[str]:
        return self.tryton.ids(kind)

    def add(self, *contacts: Mapping[str, Value]) -> list[str]:
        people = [self.tryton.person(contact) for contact in contacts]
        self.tryton.model("party.party").save(people)
        if self.is_late:
            self.tryton.put_back(str(people[0].id))
        return [str(person.id) for person in people]

    def edit(self, remote: str, fields: Mapping[str, Value]) -> None:
        self.tryton.edit(remote, fields)

    def remove(self, remote: str) -> None:
        self.tryton.model("party.party")(int(remote)).delete()

    def fail(self, failure: str) -> None:
        self.line.next, self.is_late = failure, failure == "late"


@pytest.fixture
def crm(tryton: Tryton, line: Line) -> Crm:
    return opened(line.url)


def told(crm: Crm) -> dict[tuple[str, str], Change]:
    return {(change.kind, change.remote): change for change in crm.changes(None, 1000).changes}


def written(crm: Crm, record: CrmRecord) -> Written:
    (outcome,) = crm.upsert([record])
    assert isinstance(outcome, Written), outcome
    return outcome


def test_what_people_write_around_our_block_stays(crm: Crm, tryton: Tryton) -> None:
    lead = CrmRecord(kind="lead", id="l_1", fields={"state": "open", "stage": "inquiry", "score.interest": 35})
    remote = written(crm, lead).remote
    opportunity = tryton.model("sale.opportunity")(int(remote))
    opportunity.comment = f"Call her on Monday.\n\n{opportunity.comment}\n\nShe likes tea."
    opportunity.save()
    change = told(crm)["lead", remote]
    more = CrmRecord(
        kind="lead",
        id="l_1",
        remote=remote,
        seen=change.version,
        fields={"score.interest": 65, "grade.interest": "hot"},
    )
    written(crm, more)
    opportunity.reload()
    assert "Call her on Monday." in opportunity.comment
    assert "She likes tea." in opportunity.comment
    fields = told(crm)["lead", remote].fields
    assert (fields["stage"], fields["score.interest"], fields["grade.interest"]) == ("inquiry", 65, "hot")


def test_a_state_is_reached_by_its_button(crm: Crm, tryton: Tryton) -> None:
    """Qualified needs an employee: without one it is refused, and the rest stands."""
    person = written(crm, CrmRecord(kind="contact", id="c_1", fields={"last_name": "Kos"})).remote
    lead = CrmRecord(kind="lead", id="l_1", fields={"state": "open"}, links={"contact": person})
    first = written(crm, lead)
    sales = CrmRecord(kind="lead", id="l_1", remote=first.remote, seen=first.version, fields={"state": "qualified"})
    (refused,) = crm.upsert([sales])
    assert isinstance(refused, Refused)
    assert refused.code == "state_refused"
    owner = str(tryton.employee("Bo", "bo@acme.example").id)
    version = told(crm)["lead", first.remote].version
    again = CrmRecord(
        kind="lead", id="l_1", remote=first.remote, seen=version, fields={"state": "qualified"}, links={"owner": owner}
    )
    written(crm, again)
    assert tryton.model("sale.opportunity")(int(first.remote)).state == "opportunity"
    assert told(crm)["opportunity", first.remote].fields["status"] == "open"
    lost = CrmRecord(
        kind="lead",
        id="l_1",
        remote=first.remote,
        seen=told(crm)["lead", first.remote].version,
        fields={"state": "disqualified", "reason": "budget"},
    )
    written(crm, lost)
    opportunity = tryton.model("sale.opportunity")(int(first.remote))
    assert (opportunity.state, opportunity.lost_reason) == ("lost", "budget")
    assert told(crm)["opportunity", first.remote].fields["status"] == "lost"
    closed = CrmRecord(kind="lead", id="l_1", remote=first.remote, seen=told(crm)["lead", first.remote].version)
    (refused,) = crm.upsert([evolve(closed, fields={"score.interest": 5})])
    assert isinstance(refused, Refused)
    assert refused.code == "closed"
    written(crm, evolve(closed, fields={"state": "open", "score.interest": 5}))
    assert tryton.model("sale.opportunity")(int(first.remote)).state == "lead"
    assert told(crm)["lead", first.remote].fields["score.interest"] == 5


def test_a_mail_address_that_is_changed_alone_is_told(crm: Crm, tryton: Tryton) -> None:
    """It does not move the moment of its party."""
    remote = written(
        crm, CrmRecord(kind="contact", id="c_1", fields={"last_name": "Kos", "email": "a@x.example"})
    ).remote
    cursor = crm.changes(None, 1000).cursor
    (address,) = tryton.model("party.party")(int(remote)).contact_mechanisms
    address.value = "b@x.example"
    address.save()
    changes = [change for change in crm.changes(cursor, 1000).changes if change.remote == remote]
    assert changes[-1].fields["email"] == "b@x.example"


def test_equal_moments_are_not_skipped_without_an_overlap(tryton: Tryton, line: Line) -> None:
    """In pages of one, all made in one transaction."""
    people = [tryton.person({"last_name": f"Kos {number}"}) for number in range(5)]
    tryton.model("party.party").save(people)
    crm, cursor, seen = opened(line.url, overlap_s=0), None, []
    for _ in range(20):
        page = crm.changes(cursor, 1)
        seen += [change.remote for change in page.changes]
        cursor = page.cursor
        if page.is_last:
            break
    assert sorted(seen) == sorted({str(person.id) for person in people})


def test_what_tryton_refuses_is_refused_alone(crm: Crm) -> None:
    good, bad = ({"last_name": "Kos", "email": email} for email in ("a@x.example", "no address\nat all"))
    outcomes = crm.upsert(
        [CrmRecord(kind="contact", id="c_1", fields=good), CrmRecord(kind="contact", id="c_2", fields=bad)]
    )
    assert [type(outcome) for outcome in outcomes] == [Written, Refused]
    assert isinstance(outcomes[1], Refused)
    assert "no address" not in outcomes[1].words


def test_a_session_that_has_ended_is_begun_again(crm: Crm) -> None:
    crm.changes()
    crm._door._session = "bm9ib2R5OjE6bm9uZQ=="  # type: ignore[attr-defined]
    assert crm.changes().is_last


def test_who_may_not_enter_is_told(tryton: Tryton, line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRYTON_TEST_PASSWORD", "wrong")
    with pytest.raises(AuthenticationError, match="refuses user or password") as caught:
        opened(line.url).changes()
    assert "wrong" not in repr(caught.value)


def test_nobody_there_is_transient(tryton: Tryton, line: Line) -> None:
    with pytest.raises(TransientError, match="cannot be reached"):
        opened("tryton+http://admin@127.0.0.1:9/crm?secret=env:TRYTON_TEST_PASSWORD").changes()
    with pytest.raises(RejectedError, match="404"):
        opened(line.url.replace("/crm?", "/nope?")).changes()
    with pytest.raises(InvalidInputError, match="names no database"):
        opened("tryton+http://admin@127.0.0.1?secret=env:TRYTON_TEST_PASSWORD")
