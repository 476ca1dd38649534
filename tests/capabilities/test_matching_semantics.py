"""How an incoming record finds its contact, account and lead: S003-7 to S003-10, and what the specification leaves open."""

from __future__ import annotations

import pytest

from leadflow.matching.rules import Strategy

from .conftest import Start
from .scene import Scene, form, forms, matching

# -- one person, one contact ------------------------------------------------------------------------------


def test_s003_7_a_new_record_is_made_only_when_none_matches(scene: Scene) -> None:
    """S003-7: the same address is the same contact; another address is another."""
    first, again = scene.submit(), scene.submit(context={"page": "other"})
    other = scene.submit(email="bo@kos.example")
    assert first.contact == again.contact != other.contact
    assert len(scene.rows("contact")) == 2


def test_s003_7_the_decision_names_the_key_and_the_candidates(scene: Scene) -> None:
    """S003-7: why this record: strategy, key (fields, no values) and candidates are in the decision."""
    first, again = scene.submit(), scene.submit()
    matched = next(each.decision for each in again.decisions if each.subject == first.contact)
    assert (matched.strategy, matched.key, matched.candidates) == ("email", ("email",), (first.contact,))
    assert "kos.example" not in str([each.decision for each in again.decisions])


def test_s003_8_page_submissions_update_known_records(scene: Scene) -> None:
    """S003-8: no duplicate; the known contact takes over what the page says, and the interaction is stored for it."""
    first = scene.submit(first_name="Anna", phone="041 111 222")
    again = scene.submit(first_name="Ana", last_name="Kos")
    contact = scene.contact(first.contact)
    assert (contact.first_name, contact.last_name, contact.phone) == ("Ana", "Kos", "041 111 222")
    assert again.lead == first.lead
    assert [kept.kind for kept in scene.rows("input") if kept.subject == first.contact] == ["form.submitted"] * 2


def test_s003_8_an_interaction_is_tied_to_its_contact_when_nothing_is_created(scene: Scene) -> None:
    """S003-8: a new interaction is stored and scored even when no record is made."""
    submitted = scene.submit()
    before = scene.points(submitted.lead, "interest")
    did = scene.did("email.clicked")
    assert did.contact == submitted.contact
    assert did.decisions == ()
    assert scene.points(submitted.lead, "interest") == (before or 0) + 5


@pytest.mark.parametrize("typed", [" ANA@Kos.Example ", "ana@kos.example", "ana@KOS.EXAMPLE", "\u200bana@kos.example"])
def test_s003_7_case_and_blanks_of_an_address_do_not_matter(scene: Scene, typed: str) -> None:
    """S003-7: a normaliser per field: addresses are compared trimmed and without case."""
    assert scene.submit().contact == scene.submit(email=typed).contact


def test_s003_7_turkish_casing_of_a_name(start: Start) -> None:
    """S003-7: ISIK, isik with dotless i, and their capitals are compared as a Turkish reader does."""
    strategy = Strategy(target="contact", keys=(("first_name", "last_name"),))
    scene = start(matching("contact", strategy))
    first = scene.submit(first_name="İrem", last_name="IŞIK")
    again = scene.submit(email="irem@other.example", first_name="irem", last_name="ışık")
    assert first.contact == again.contact


def test_s003_7_an_internationalised_domain_is_one_domain(scene: Scene) -> None:
    """S003-7: the same address written in Unicode and in ASCII."""
    assert scene.submit(email="ana@bücher.example").contact == scene.submit(email="ana@xn--bcher-kva.example").contact


# -- companies --------------------------------------------------------------------------------------------


def test_s003_7_a_company_address_tells_the_account(scene: Scene) -> None:
    """S003-7: colleagues share the account by their domain."""
    assert scene.submit().account == scene.submit(email="bo@kos.example").account is not None


def test_s003_7_a_free_mail_domain_is_never_a_company(scene: Scene) -> None:
    """S003-7: two people with addresses of a free-mail provider have nothing in common."""
    first, other = scene.submit(email="ana@gmail.com"), scene.submit(email="bo@gmail.com")
    assert (first.account, other.account) == (None, None)
    named = scene.submit(email="cy@gmail.com", company="Nova Ltd")
    assert scene.account(named.account).domain is None


def test_s003_7_a_company_is_known_without_its_legal_form(scene: Scene) -> None:
    """S003-7: the second key of the account strategy: the name, normalised."""
    first = scene.submit(email="ana@gmail.com", company="Kos d.o.o.")
    assert scene.submit(email="bo@gmail.com", company="KOS").account == first.account


def test_s003_8_a_form_only_fills_what_is_unknown_of_a_company(scene: Scene) -> None:
    """S003-8: a visitor does not overwrite firmographic data."""
    first = scene.submit(company="Kos d.o.o.", employees="50")
    scene.submit(email="bo@kos.example", company="Kosi & Co", employees="7")
    account = scene.account(first.account)
    assert (account.name, account.employees) == ("Kos d.o.o.", 50)


# -- leads ------------------------------------------------------------------------------------------------


def test_s003_10_a_contact_has_a_lead_for_every_context(scene: Scene) -> None:
    """S003-10: several active leads at once, each with its own context."""
    pages = [scene.submit(context={"page": page}).lead for page in ("pricing", "docs", "pricing")]
    assert pages[0] == pages[2] != pages[1]
    leads = {lead.page for lead in scene.rows("lead") if lead.is_open}
    assert leads == {"pricing", "docs"}


def test_s003_9_forms_without_a_page_do_not_collapse_into_one_lead(scene: Scene) -> None:
    """S003-9: without a page the form is the context, so that embedded forms differ."""
    assert scene.submit().lead != scene.submit("event-registration").lead


def test_s003_10_each_of_several_leads_has_a_score_of_its_own(start: Start) -> None:
    """S003-10: own level of interest: a model of leads reads the lead's context."""
    from leadflow.scoring.rules import Rule

    from .scene import scoring

    scene = start(scoring(Rule(name="prices", points=7, when='lead.page == "pricing"'), target="lead"))
    prices, docs = (scene.submit(context={"page": page}).lead for page in ("pricing", "docs"))
    assert (scene.points(prices), scene.points(docs)) == (7, 0)


def test_s003_10_even_a_customer_gets_a_lead_for_a_new_interest(scene: Scene) -> None:
    """S003-10: a long purchase history does not keep a new lead away."""
    for _ in range(3):
        scene.say(
            "order", contact={"email": "ana@kos.example"}, currency="EUR", lines=[{"price": "90", "product": "p"}]
        )
    submitted = scene.submit()
    assert scene.lead(submitted.lead).contact_id == submitted.contact
    assert len(scene.rows("contact")) == 1


def test_context_is_written_when_a_lead_is_made_and_not_again(scene: Scene) -> None:
    """Section 3.2, context capture: a later submission does not change where the interest came from."""
    first = scene.submit(context={"page": "pricing", "campaign": "spring", "utm_term": "crm"})
    scene.submit(context={"page": "pricing", "utm_term": "erp"})
    lead = scene.lead(first.lead)
    assert (lead.campaign, lead.context["utm_term"]) == ("spring", "crm")


# -- strategies -------------------------------------------------------------------------------------------


def test_s003_9_a_form_may_choose_its_strategy(start: Start) -> None:
    """S003-9: any number of strategies; one form matches by phone, every other by the default."""
    playbook = matching("lead", Strategy(target="lead", keys=(("contact", "context"),)), by_phone=form(contact="phone"))
    strategies = {**playbook.matching.strategies, "phone": Strategy(target="contact", keys=(("phone",),))}
    import attrs

    scene = start(attrs.evolve(playbook, matching=attrs.evolve(playbook.matching, strategies=strategies)))
    first = scene.submit(phone="+386 41 111 222")
    same = scene.submit("by-phone", email="bo@kos.example", phone="0038641111222")
    assert same.contact == first.contact
    assert scene.submit(email="cy@kos.example", phone="+386 41 111 222").contact != first.contact


def test_s003_9_defaults_are_email_for_contacts_and_contact_with_page_for_leads(scene: Scene) -> None:
    """S003-9: one default of each kind exists and serves every form that chooses nothing."""
    rules = scene.flow.playbook.matching
    assert rules.strategies[rules.contact].keys == (("email",),)
    assert rules.strategies[rules.lead].keys == (("contact", "context"),)
    created = [each for each in scene.submit(context={"page": "x"}).decisions if each.type == "record_created"]
    assert {each.decision.record: each.decision.strategy for each in created} == {
        "account": "domain-or-name",
        "contact": "email",
        "lead": "contact-and-context",
    }


def test_s003_9_all_fields_of_a_key_must_be_equal(start: Start) -> None:
    """S003-9: a key is a conjunction: e-mail and last name."""
    scene = start(matching("contact", Strategy(target="contact", keys=(("email", "last_name"),))))
    first = scene.submit(last_name="Kos")
    assert scene.submit(last_name="KOS").contact == first.contact
    assert scene.submit(last_name="Novak").contact != first.contact


def test_s003_9_keys_are_tried_in_order(start: Start) -> None:
    """S003-9: the second key counts only when nobody has the first."""
    scene = start(matching("contact", Strategy(target="contact", keys=(("email",), ("phone",)))))
    first = scene.submit(phone="+38641111222")
    assert scene.submit(email="new@kos.example", phone="+38641111222").contact == first.contact
    assert scene.submit(email="new@kos.example", phone="+38640999888").contact == first.contact


def test_s003_9_a_missing_strategy_field_fails_the_submission(start: Start) -> None:
    """Section 3.1: it does not fall through to "create"; it waits in the failed queue with its reason."""
    scene = start(matching("contact", Strategy(target="contact", keys=(("email", "phone"),))))
    submitted = scene.submit()
    assert (submitted.status, submitted.reasons) == ("failed", (("missing_strategy_field", "contact.email/phone"),))
    assert scene.rows("contact") == []


@pytest.mark.parametrize(("tie", "winner"), [("latest", 1), ("oldest", 0), ("ask", 1)])
def test_s003_7_several_match(start: Start, tie: str, winner: int) -> None:
    """Section 9, tie: the latest updated by default, the oldest, or the latest with a request to look."""
    scene = start(matching("contact", Strategy(target="contact", keys=(("phone",),), tie=tie), plain=form()))
    made = []
    for email in ("ana@kos.example", "bo@kos.example"):
        scene.clock.advance("1h")
        entry = {"email": email, "phone": "+38641111222"}
        made.append(scene.say("contact", contact=entry, policy="create").contact)
    scene.clock.advance("1h")
    again = scene.submit("plain", email=None, phone="+38641111222")
    assert again.contact == made[winner]
    matched = next(each.decision for each in again.decisions if each.type == "record_matched")
    assert matched.outcome == ("ask" if tie == "ask" else "same")
    assert matched.tie == tie
    assert set(matched.candidates) == set(made)


def test_s003_7_several_match_and_are_rejected(start: Start) -> None:
    """Section 9, tie "reject": nobody is chosen; the submission waits for a person."""
    scene = start(matching("contact", Strategy(target="contact", keys=(("phone",),), tie="reject"), plain=form()))
    for email in ("ana@kos.example", "bo@kos.example"):
        scene.say("contact", contact={"email": email, "phone": "+38641111222"}, policy="create").unwrap()
    submitted = scene.submit("plain", email=None, phone="+38641111222")
    assert submitted.status == "failed"
    assert submitted.reasons[0][0] == "several_match"


# -- blanks and updates -----------------------------------------------------------------------------------


@pytest.mark.parametrize(("blank", "left"), [("keep", "Ana"), ("overwrite", None)])
def test_s003_8_a_blank_value(start: Start, blank: str, left: str | None) -> None:
    """Section 9, blank submitted value: kept by default, or allowed to overwrite."""
    scene = start(matching("contact", Strategy(target="contact", keys=(("email",),), blank=blank)))
    first = scene.submit(first_name="Ana")
    scene.submit(first_name="  ")
    assert scene.contact(first.contact).first_name == left


@pytest.mark.parametrize(
    ("update", "left"), [("overwrite", ("Eva", "Kos")), ("fill", ("Ana", "Kos")), ("keep", ("Ana", None))]
)
def test_s003_8_what_a_match_does_to_stored_values(start: Start, update: str, left: tuple[str, str | None]) -> None:
    """Section 3.1, on match: overwrite by default, fill blanks only, or keep."""
    scene = start(matching("contact", Strategy(target="contact", keys=(("email",),), update=update)))
    first = scene.submit(first_name="Ana")
    scene.submit(first_name="Eva", last_name="Kos")
    contact = scene.contact(first.contact)
    assert (contact.first_name, contact.last_name) == left


def test_the_original_source_is_never_overwritten(scene: Scene) -> None:
    """A protected field keeps its first value whatever a strategy says."""
    made = scene.say("contact", contact={"email": "ana@kos.example", "source": "fair"})
    scene.say("contact", contact={"email": "ana@kos.example", "source": "ads"}, policy="overwrite").unwrap()
    assert scene.contact(made.contact).source == "fair"


# -- closed leads and parents -----------------------------------------------------------------------------


@pytest.mark.parametrize("state", ["qualified", "disqualified"])
def test_s003_10_interest_after_a_lead_was_closed_is_a_new_lead(scene: Scene, state: str) -> None:
    """Section 9, closed lead: not matched; the new one is of the same person and names the old one."""
    first = scene.submit()
    scene.say("set_lead_state", lead=first.lead, state=state, reason="done").unwrap()
    again = scene.submit()
    assert again.lead != first.lead
    assert scene.lead(again.lead).previous_id == first.lead
    assert again.contact == first.contact


def test_s003_10_a_recycled_lead_is_open_again(scene: Scene) -> None:
    """A recycled lead takes new interest up."""
    first = scene.submit()
    scene.say("set_lead_state", lead=first.lead, state="recycled", reason="not now").unwrap()
    assert scene.submit().lead == first.lead


def test_s003_10_a_closed_lead_is_matched_where_the_strategy_says_so(start: Start) -> None:
    """Section 9, closed = "match"."""
    scene = start(matching("lead", Strategy(target="lead", keys=(("contact", "context"),), closed="match")))
    first = scene.submit()
    scene.say("set_lead_state", lead=first.lead, state="disqualified", reason="done").unwrap()
    assert scene.submit().lead == first.lead


@pytest.mark.parametrize("parent", ["overwrite", "keep"])
def test_s003_8_a_matched_lead_of_another_contact(start: Start, parent: str) -> None:
    """Section 9, re-parenting: the contact is written into the lead by default, or the first one stays."""
    scene = start(matching("lead", Strategy(target="lead", keys=(("campaign",),), parent=parent)))
    first = scene.submit(context={"campaign": "tender-7"})
    again = scene.submit(email="bo@kos.example", context={"campaign": "tender-7"})
    assert again.lead == first.lead
    assert scene.lead(first.lead).contact_id == (again.contact if parent == "overwrite" else first.contact)
    moved = [each for each in scene.decided("record_updated", first.lead) if "contact_id" in each.links]
    assert len(moved) == (1 if parent == "overwrite" else 0)


def test_a_lead_of_an_account_alone_is_found_by_account_and_context(start: Start) -> None:
    """Without a contact the account is whose the lead is."""
    scene = start(forms(company_only=form(mode="lead")))
    first = scene.submit("company-only", email=None, company="Nova Ltd", context={"page": "x"})
    again = scene.submit("company-only", email=None, company="NOVA", context={"page": "x"})
    other = scene.submit("company-only", email=None, company="Kos", context={"page": "x"})
    assert first.lead == again.lead != other.lead
    assert scene.lead(first.lead).basis == "account"
