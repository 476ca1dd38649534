"""How interest comes in: S003-5, S003-6, form modes, the failed queue, files, visitors, LinkedIn."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from leadflow.capture.reading.linkedin import submission
from leadflow.capture.rules import Form

from .conftest import Start
from .scene import Scene, form, forms

# -- where contacts and leads come from -------------------------------------------------------------------


def test_s003_5_a_contact_typed_in(scene: Scene) -> None:
    """S003-5: manual entry."""
    made = scene.say("contact", contact={"email": "ana@kos.example", "first_name": "Ana"}, actor="marketer")
    contact = scene.contact(made.contact)
    assert (contact.email, contact.first_name) == ("ana@kos.example", "Ana")
    assert {each.actor for each in made.decisions} == {"marketer"}


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("people.csv", "E-mail;First name;Company\nana@kos.example;Ana;Kos d.o.o.\n"),
        ("people.jsonl", '{"email": "ana@kos.example", "first_name": "Ana"}\n'),
        ("people.vcf", "BEGIN:VCARD\nVERSION:3.0\nN:Kos;Ana;;;\nFN:Ana Kos\nEMAIL:ana@kos.example\nEND:VCARD\n"),
    ],
)
def test_s003_5_contacts_of_a_file(scene: Scene, tmp_path: Path, name: str, content: str) -> None:
    """S003-5: file import."""
    path = tmp_path / name
    path.write_text(content, encoding="utf-8")
    report = scene.flow.import_file(path)
    assert (report.rows, report.is_ok) == (1, True), report
    (contact,) = scene.rows("contact")
    assert (contact.email, contact.first_name) == ("ana@kos.example", "Ana")
    assert scene.flow.import_file(path)["accepted"] == 0
    assert len(scene.rows("contact")) == 1


def test_s003_5_an_import_can_be_undone(scene: Scene, tmp_path: Path) -> None:
    """S003-5: only what the import made and nobody used since goes; the rest is listed."""
    path = tmp_path / "people.csv"
    path.write_text("email,first_name\nana@a.example,Ana\nbo@b.example,Bo\n", encoding="utf-8")
    report = scene.flow.import_file(path)
    used = scene.submit(email="bo@b.example")
    undone = scene.flow.undo_import(report.batch)
    assert used.contact in undone["kept"]
    assert {contact.email for contact in scene.rows("contact")} == {"bo@b.example"}


def test_s003_5_s003_6_an_event_registration(scene: Scene) -> None:
    """S003-5, S003-6: the registration makes contact and lead, and counts as an interaction of its own kind."""
    registered = scene.submit("event-registration", context={"event": "open-day"}, first_name="Ana")
    lead = scene.lead(registered.lead)
    assert (lead.event, lead.contact_id) == ("open-day", registered.contact)
    assert [kept.kind for kept in scene.rows("input")] == ["event.registered"]


def test_s003_6_registering_twice_for_an_event_makes_one_lead(scene: Scene) -> None:
    """Section 2, event registration: again for the same event is a new registration and no new lead."""
    leads = [scene.submit("event-registration", context={"event": e}).lead for e in ("fair", "fair", "open-day")]
    assert leads[0] == leads[1] != leads[2]
    assert len(scene.rows("input")) == 3


def _linkedin(id_: str = "1-5", email: str = "ana@kos.example") -> dict[str, Any]:
    def answer(number: int, text: str) -> dict[str, Any]:
        return {"questionId": number, "answerDetails": {"textQuestionAnswer": {"answer": text}}}

    questions = [
        {"questionId": 1, "predefinedField": "EMAIL"},
        {"questionId": 2, "predefinedField": "FIRST_NAME"},
        {"questionId": 3, "predefinedField": "COMPANY_NAME"},
        {"questionId": 4, "name": "favourite_colour"},
    ]
    return {
        "id": id_,
        "submittedAt": 1_762_070_400_000,
        "leadType": "SPONSORED",
        "versionedLeadGenFormUrn": "urn:li:versionedLeadGenForm:(urn:li:leadGenForm:72,1)",
        "leadMetadata": {"sponsoredLeadMetadata": {"campaign": "urn:li:sponsoredCampaign:9"}},
        "formResponse": {"answers": [answer(1, email), answer(2, "Ana"), answer(3, "Kos"), answer(4, "blue")]},
        "form": {"content": {"questions": questions}},
    }


@pytest.fixture
def linkedin(start: Start) -> Scene:
    return start(forms(**{"linkedin:72": form()}))


def test_s003_5_s003_6_a_linkedin_form(linkedin: Scene) -> None:
    """S003-5, S003-6: a LinkedIn lead form makes the contact with its lead; fields that nobody mapped stay with it."""
    taken = linkedin.flow.do(submission(_linkedin())).one()
    lead, contact = linkedin.lead(taken.lead), linkedin.contact(taken.contact)
    assert (contact.first_name, linkedin.account(taken.account).name) == ("Ana", "Kos")
    assert (lead.source, lead.campaign) == ("linkedin", "urn:li:sponsoredCampaign:9")
    assert "favourite_colour" not in contact.custom
    assert linkedin.row("input", "1-5").data["fields"]["favourite_colour"] == "blue"


def test_s003_6_a_linkedin_form_read_again_changes_nothing(linkedin: Scene) -> None:
    """Section 2, LinkedIn: a sync that reads a response again makes no second lead."""
    first = linkedin.flow.do(submission(_linkedin())).one()
    again = linkedin.flow.do(submission(_linkedin())).one()
    assert (first.status, again.status) == ("accepted", "repeated")
    assert len(linkedin.rows("lead")) == 1


def test_s003_6_a_linkedin_form_joins_a_known_contact(linkedin: Scene) -> None:
    """S003-6: likewise matched to an existing contact."""
    known = linkedin.submit()
    assert linkedin.flow.do(submission(_linkedin())).one().contact == known.contact


def test_s003_6_a_lead_after_a_call_is_linked_by_hand(scene: Scene) -> None:
    """S003-6: a lead typed in belongs to nobody; a person links it to a contact, and then it can be scored."""
    made = scene.say("lead", lead={"context": {"campaign": "phone"}})
    assert scene.lead(made.lead).basis is None
    person = scene.say("contact", contact={"email": "ana@kos.example"})
    scene.say("lead", lead={"id": made.lead, "contact_id": person.contact}).unwrap()
    assert scene.lead(made.lead).contact_id == person.contact
    assert scene.points(made.lead, "interest") is not None


def test_s003_6_leads_of_a_file_and_their_mapping_by_hand(scene: Scene, tmp_path: Path) -> None:
    """S003-6: imported leads, each then mapped to a contact or an account."""
    path = tmp_path / "leads.csv"
    path.write_text("page\npricing\ndocs\n", encoding="utf-8")
    report = scene.flow.import_file(path, record="lead", mapping={"page": "lead.context.page"})
    assert report.is_ok, report
    first, second = sorted(scene.rows("lead"), key=lambda lead: lead.page)
    assert (first.page, first.basis, second.page, second.basis) == ("docs", None, "pricing", None)
    person = scene.say("contact", contact={"email": "ana@gmail.com"})
    company = scene.say("account", account={"name": "Nova"})
    scene.say("lead", lead={"id": first.id, "contact_id": person.contact}).unwrap()
    scene.say("lead", lead={"id": second.id, "account_id": company.account}).unwrap()
    assert (scene.lead(first.id).basis, scene.lead(second.id).basis) == ("contact", "account")


def test_s003_6_a_row_that_names_its_person_links_the_lead(scene: Scene, tmp_path: Path) -> None:
    """S003-6 and section 10: what the other system does by hand: a row with an address links its lead at once."""
    path = tmp_path / "leads.csv"
    path.write_text("page,email\npricing,ana@kos.example\n", encoding="utf-8")
    mapping = {"page": "lead.context.page", "email": "contact.email"}
    scene.flow.import_file(path, record="lead", mapping=mapping)
    (lead,) = scene.rows("lead")
    assert scene.contact(lead.contact_id).email == "ana@kos.example"


# -- form modes -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("mode", "contacts", "leads"), [("contact-and-lead", 1, 1), ("contact", 1, 0), ("lead", 0, 1), ("store", 0, 0)]
)
def test_what_a_form_makes(start: Start, mode: str, contacts: int, leads: int) -> None:
    """Section 3.2: four modes; the submission itself is always kept."""
    scene = start(forms(f=form(mode=mode)))
    assert scene.submit("f").status == "accepted"
    assert (len(scene.rows("contact")), len(scene.rows("lead"))) == (contacts, leads)
    assert [kept.data["fields"] for kept in scene.rows("input")] == [{"email": "ana@kos.example"}]


def test_a_contact_form_moves_the_score_of_existing_leads(start: Start) -> None:
    """Section 3.2, only contacts: no lead of its own, yet the contact's leads are scored by it."""
    from leadflow.scoring.rules import Rule

    from .scene import scoring

    scene = start(scoring(Rule(name="any form", points=3, each="form.submitted")))
    lead = scene.submit().lead
    letter = scene.submit("newsletter")
    assert (letter.lead, scene.points(lead)) == (None, 6)


def test_a_lead_form_takes_the_contact_that_the_cookie_names(start: Start) -> None:
    """Section 3.2, only leads: a known visitor is the parent, and the interaction counts for that contact."""
    scene = start(forms(f=form(mode="lead")))
    known = scene.submit(visitor="ck")
    made = scene.submit("f", email=None, visitor="ck")
    assert scene.lead(made.lead).contact_id == known.contact
    assert made.lead != known.lead
    assert scene.points(known.contact, "interest") == 35


def test_a_lead_form_of_an_unknown_visitor_makes_an_orphan(start: Start) -> None:
    """Section 3.2, only leads: nobody known, no parent."""
    scene = start(forms(f=form(mode="lead")))
    made = scene.submit("f", email=None, visitor="ck")
    assert scene.lead(made.lead).basis is None
    assert made.contact is None


def test_a_store_form_counts_for_the_visitor_once_he_is_known(start: Start) -> None:
    """Section 3.2, no update; section 10: what was kept is attributed afterwards."""
    scene = start(forms(f=form(mode="store")))
    scene.submit("f", visitor="ck")
    known = scene.submit(visitor="ck")
    days = scene.flow.explain(known.contact or "").scores[0].shares
    assert ("asks for a demo", 35) in [(name, points) for name, points, _, _ in days]
    assert len(scene.rows("lead")) == 1


def test_always_new_lead(start: Start) -> None:
    """Section 3.2: a lead for every submission, without matching; the contact is still found."""
    scene = start(forms(f=form(always_new_lead=True)))
    first, again = scene.submit("f"), scene.submit("f")
    assert first.lead != again.lead
    assert first.contact == again.contact


# -- the failed queue -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"email": ""}, ("missing_required", "email")),
        ({"email": "ana at kos"}, ("invalid_email", "contact.email")),
        ({"job_level": "wizard"}, ("invalid_choice", "contact.job_level")),
        ({"employees": "many"}, ("invalid_value", "account.employees")),
    ],
)
def test_s003_8_nothing_is_lost_and_the_reason_is_typed(scene: Scene, fields: Any, reason: tuple[str, str]) -> None:
    """Section 3.2, failures: kept with typed reasons, nothing made."""
    submitted = scene.submit(**{"email": "ana@kos.example", **fields})
    assert submitted.status == "failed"
    assert reason in submitted.reasons
    (failure,) = scene.rows("failure")
    assert (failure.state, failure.form, failure.reasons) == ("waiting", "demo-request", submitted.reasons)
    assert scene.rows("contact") == []


def test_a_form_nobody_knows(scene: Scene) -> None:
    """A submission of an unknown form waits too."""
    assert scene.submit("no-such-form").reasons == (("unknown_form", "no-such-form"),)


@pytest.mark.parametrize(("mode", "moment"), [("replace", "2026-11-02T09:00:00+00:00"), ("new", None)])
def test_a_failed_submission_is_mended_and_retried(scene: Scene, mode: str, moment: str | None) -> None:
    """Section 3.2, fix and retry: as a new interaction of now, or in the place of the original."""
    failed = scene.submit(email="ana at kos", first_name="Ana")
    scene.clock.advance("2d")
    retried = scene.say("retry_submission", submission=failed.key, fields={"email": "ana@kos.example"}, mode=mode)
    assert retried.unwrap().lead is not None
    assert scene.contact(retried.contact).first_name == "Ana"
    assert scene.row("failure", failed.key).state == "retried"
    kept = scene.row("input", retried.key)
    from leadflow.model.time import to_datetime

    expected = moment or scene.clock.at.isoformat()
    assert (kept.kind, to_datetime(kept.at_us).isoformat()) == ("form.submitted", expected)


def test_a_retry_that_still_fails_is_refused_and_waits_on(scene: Scene) -> None:
    """Section 3.2: the place in the queue is kept."""
    failed = scene.submit(email="")
    retried = scene.say("retry_submission", submission=failed.key, fields={"email": "still wrong"})
    assert (retried.status, retried.refusal and retried.refusal.code) == ("refused", "still_failing")
    assert scene.row("failure", failed.key).state == "waiting"
    assert scene.say("drop_submission", submission=failed.key, reason="spam").is_ok
    assert scene.row("failure", failed.key).state == "dropped"
    assert scene.say("retry_submission", submission=failed.key).refusal is not None


WAITING = [
    ({"type": "contact", "email": "ana at kos", "last_name": "Kos"}, {"email": "ana@kos.example"}),
    ({"type": "contact", "email": "ana at kos", "last_name": "Kos"}, {"contact.email": "ana@kos.example"}),
    ({"type": "lead", "contact": {"email": "ana at kos"}, "page": "p"}, {"contact.email": "ana@kos.example"}),
    ({"type": "order", "contact": {"email": "ana at kos"}}, {"contact.email": "ana@kos.example"}),
    (
        {"type": "order", "contact": {"email": "ana@kos.example"}, "lines": [{"quantity": "many"}]},
        {"lines": [{"quantity": 2, "price": "9.90"}]},
    ),
    (
        {"type": "deal", "id": "d-1", "status": "lost", "amount": "much", "contact": {"email": "ana@kos.example"}},
        {"amount": "12.50"},
    ),
]


@pytest.mark.parametrize(("record", "fields"), WAITING)
def test_what_else_waits_is_mended_and_retried(scene: Scene, record: dict[str, Any], fields: dict[str, Any]) -> None:
    """Not only forms: typed-in records, rows of files, orders and deals, all as if they had come right at once."""
    failed = scene.flow.do({"key": "w-1", **record}).one()
    assert failed.status == "failed"
    assert scene.say("retry_submission", submission=failed.key, fields={}).refusal.code == "still_failing"
    retried = scene.say("retry_submission", submission=failed.key, fields=fields)
    assert scene.contact(retried.unwrap().contact).email == "ana@kos.example"
    assert scene.row("failure", failed.key).state == "retried"
    if record["type"] == "deal":
        assert str(scene.row("opportunity", "d-1").amount) == "12.50"


def test_one_value_does_not_mend_many(scene: Scene) -> None:
    """A contact that becomes a text is told, and nothing breaks."""
    failed = scene.flow.do({"key": "w-1", "type": "order", "contact": {"email": "ana at kos"}}).one()
    for fields in ({"contact": "ana@kos.example"}, {"lines": "2"}, {"lines": [1]}):
        told = scene.say("retry_submission", submission=failed.key, fields=fields).refusal
        assert told is not None
        assert told.code == "still_failing"
    assert scene.row("failure", failed.key).state == "waiting"


def test_an_interaction_is_sent_again_instead(scene: Scene) -> None:
    """What happened once is not typed in: it comes again under another key."""
    failed = scene.flow.do({"type": "interaction", "id": "i-1", "kind": "page.visited"}).one()
    told = scene.say("retry_submission", submission=failed.key, fields={}).refusal
    assert told is not None
    assert told.code == "not_retried"


@pytest.mark.parametrize("field", ["owner", "owner_id"])
def test_a_field_may_be_named_as_conditions_name_it(scene: Scene, field: str) -> None:
    """`lead.owner` in a rule and `owner` in a record are the same column."""
    made = scene.flow.do({"type": "lead", "key": "k", "contact": {"email": "a@kos.example"}, "page": "p", field: "ana"})
    lead = scene.flow.leads(where='lead.owner == "ana"')[0].lead
    assert (lead.id, lead.owner_id, dict(lead.custom)) == (made.one().lead, "ana", {})


def test_the_same_key_again_changes_nothing(scene: Scene) -> None:
    """Section 10: an idempotency key; another body under it is a conflict, and tells so."""
    first = scene.submit(key="r-1")
    again = scene.submit(key="r-1")
    assert (again.status, again.lead) == ("repeated", first.lead)
    assert scene.submit(key="r-1", first_name="Eva").status == "conflict"
    assert len(scene.rows("input")) == 1


# -- visitors ---------------------------------------------------------------------------------------------


def test_visits_before_identification_count_afterwards(scene: Scene) -> None:
    """Section 10: what a visitor did anonymously counts for the contact, from the moment he is known."""
    for _ in range(2):
        scene.did("page.visited", email=None, visitor="ck", page="pricing")
        scene.clock.advance("1d")
    known = scene.submit(visitor="ck")
    shares = {name: points for name, points, _, _ in scene.flow.explain(known.contact or "").scores[0].shares}
    assert shares["looks at prices"] == 16
    scene.did("page.visited", email=None, visitor="ck", page="pricing")
    assert scene.points(known.contact, "interest") == 35 + 24


def test_the_earliest_identification_of_a_visitor_stands(scene: Scene) -> None:
    """A device shared by two people does not make them one."""
    ana = scene.submit(visitor="ck")
    scene.clock.advance("1min")
    bo = scene.submit(email="bo@kos.example", visitor="ck")
    assert ana.contact != bo.contact
    assert scene.did("page.visited", email=None, visitor="ck").contact is None
    identified = scene.say("identify", visitor="ck", contact=bo.contact)
    assert identified.refusal is not None
    assert identified.refusal.code == "visitor_known"


def test_a_visitor_is_identified_by_hand(scene: Scene) -> None:
    """`identify` says who a visitor is."""
    ana = scene.submit()
    scene.did("page.visited", email=None, visitor="ck", page="pricing")
    before = scene.points(ana.contact, "interest")
    scene.say("identify", visitor="ck", contact=ana.contact).unwrap()
    assert scene.points(ana.contact, "interest") == (before or 0) + 8


# -- consent ----------------------------------------------------------------------------------------------


def test_consent_is_not_withdrawn_by_a_form_that_does_not_ask(start: Start) -> None:
    """Section 10: absence on a form is no withdrawal, neither is a blank box."""
    asks = Form(fields={"email": "contact.email", "consent": "contact.consent"})
    scene = start(forms(asks=asks))
    first = scene.submit("asks", consent="marketing")
    scene.submit("demo-request")
    scene.submit("asks", consent="")
    assert scene.contact(first.contact).consent == 4
