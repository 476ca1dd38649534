"""What comes into a flow: the dicts that `flow.ingest` and `flow.do` take.

Values come from small pools, so that the same person, visitor, company and key meet again and again, late, early, blank
and damaged: most faults live where records collide.

Every option that is not named is a strategy for the field of that name.

>>> from hypothesis import find, strategies as st
>>> record = find(submissions(forms=["newsletter"], visitor=st.just("ck-9")), lambda record: True)
>>> record["form"], record["visitor"], record["fields"]["email"]
('newsletter', 'ck-9', 'ana@kos.example')
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from leadflow.model.values import FLAGS, LeadState
from leadflow.testing.strategies.basics import (
    COMPANIES,
    DAMAGED_EMAILS,
    EMAILS,
    KEYS,
    PAGES,
    USERS,
    VISITORS,
    Fields,
    Records,
    check_options,
    given,
    ids_of,
    instants,
    keys_of,
    sometimes,
)

FORMS = ("demo-request", "newsletter", "event-registration", "no-such-form")
KINDS = ("page.visited", "email.clicked", "email.opened", "event.attended", "webinar.left")
PRODUCTS = ("sensor", "app", ["sensor", "app"], "app; chair")


def record(what: str, options: Mapping[str, Fields], **fields: Fields) -> Records:
    """A record of these fields; options go before them, and may add who reported it and in which batch."""
    said = {name: option for name, option in options.items() if option is not None}
    check_options(what, said, (*fields, "actor", "batch"))
    return given(**{**fields, **said})


def submissions(
    *,
    keys: int = KEYS,
    forms: Sequence[str] = FORMS,
    emails: Sequence[str | None] = (*EMAILS, *DAMAGED_EMAILS),
    **options: Fields,
) -> Records:
    """Filled forms, some without what is required, of forms that do not exist, or with values that cannot be read."""
    fields = given(
        email=st.sampled_from(emails),
        company=st.sampled_from(COMPANIES),
        first_name=sometimes(st.sampled_from(["Ana", "  ", "Bo"])),
        job_level=sometimes(st.sampled_from(["manager", "student", "c-level", "wizard"])),
        employees=sometimes(st.sampled_from(["120", "5", "", "many"])),
        country=sometimes(st.sampled_from(["si", "DE", ""])),
    )
    return record(
        "submission",
        options,
        type=st.just("submission"),
        key=keys_of("s", keys),
        form=st.sampled_from(forms),
        fields=fields,
        at=sometimes(instants()),
        visitor=sometimes(st.sampled_from(VISITORS)),
        context=sometimes(
            given(
                page=sometimes(st.sampled_from(PAGES)),
                campaign=sometimes(st.just("spring")),
                product=sometimes(st.sampled_from(PRODUCTS)),
            )
        ),
    )


def references(*, keys: int = KEYS, emails: Sequence[str | None] = EMAILS) -> Records:
    """How an interaction names its contact: by address, by id, by nothing, or by nobody that is known."""
    return st.one_of(
        st.sampled_from([each for each in emails if each is not None]).map(lambda email: {"email": email}),
        ids_of("contact", keys).map(lambda id_: {"id": id_}),
        st.just({}),
    )


def interactions(
    *,
    keys: int = 2 * KEYS,
    kinds: Sequence[str] = KINDS,
    emails: Sequence[str | None] = EMAILS,
    **options: Fields,
) -> Records:
    """What people do; by name, by cookie, by both, or by neither."""
    return record(
        "interaction",
        options,
        type=st.just("interaction"),
        id=keys_of("i", keys),
        kind=st.sampled_from(kinds),
        at=sometimes(instants()),
        contact=references(emails=emails),
        visitor=sometimes(st.sampled_from(VISITORS)),
        properties=given(page=sometimes(st.sampled_from(PAGES)), form=sometimes(st.just("demo-request"))),
    )


def orders(*, keys: int = KEYS, emails: Sequence[str | None] = EMAILS, **options: Fields) -> Records:
    """Purchases of one or two lines, or none."""
    line = st.fixed_dictionaries(
        {
            "product": st.sampled_from(["p1", "p2"]),
            "quantity": st.integers(1, 3),
            "price": st.sampled_from(["9.90", "0", "1200"]),
        }
    )
    return record(
        "order",
        options,
        type=st.just("order"),
        id=keys_of("o", keys),
        at=sometimes(instants()),
        contact=references(emails=emails),
        currency=st.sampled_from(["EUR", "USD"]),
        lines=st.lists(line, max_size=2),
    )


def deals(*, keys: int = 3, **options: Fields) -> Records:
    """Deals as sales reports them: of a lead, of a contact, again and again."""
    return record(
        "deal",
        options,
        type=st.just("opportunity"),
        id=keys_of("d", keys),
        at=sometimes(instants()),
        lead=sometimes(ids_of("lead", KEYS).map(lambda id_: {"id": id_})),
        contact=references(),
        status=st.sampled_from(["open", "won", "lost"]),
        amount=sometimes(st.sampled_from(["1200.00", "0"])),
        currency=sometimes(st.just("EUR")),
    )


def entries(
    *,
    keys: int = KEYS,
    emails: Sequence[str | None] = (*EMAILS, *DAMAGED_EMAILS),
    **options: Fields,
) -> Records:
    """Rows of an imported file: a contact, perhaps with its account and a lead, under each policy."""
    contact = given(
        email=st.sampled_from(emails),
        first_name=sometimes(st.sampled_from(["Ana", "Eva"])),
        job_level=sometimes(st.sampled_from(["manager", "student"])),
    )
    account = given(name=st.sampled_from(COMPANIES), employees=sometimes(st.sampled_from([5, 50, 500])))
    return record(
        "entry",
        options,
        type=st.just("contact"),
        key=keys_of("e", keys),
        contact=contact,
        account=sometimes(account),
        lead=sometimes(st.sampled_from(PAGES).map(lambda page: {"context": {"page": page}})),
        policy=sometimes(st.sampled_from(["fill", "overwrite", "skip", "create"])),
        batch=sometimes(st.just("import-1")),
        at=sometimes(instants()),
    )


def commands(*, keys: int = 2 * KEYS, users: Sequence[str] = USERS) -> Records:
    """What people say: about leads and contacts that the other records may have made, and often sensible."""
    lead, contact, user = ids_of("lead", KEYS), ids_of("contact", KEYS), st.sampled_from(users)
    stages = ["inquiry", "teleprospecting-acceptance", "sales-acceptance", "no-such-stage"]
    steps = ["budget", "sales_ready", "teleprospect_accepted", "purchase_need", "no-such-step"]
    shapes: dict[str, dict[str, SearchStrategy[Any]]] = {
        "set_flag": {"lead": lead, "flag": st.sampled_from(FLAGS), "value": st.booleans()},
        "set_step": {"lead": lead, "step": st.sampled_from(steps), "value": st.sampled_from([True, False, 5])},
        "advance": {
            "lead": lead,
            "how": st.sampled_from(["complete", "skip", "back", "set"]),
            "to": sometimes(st.sampled_from(stages)),
        },
        "end_process": {"lead": lead, "how": st.sampled_from(["finish", "abandon"])},
        "reactivate": {"lead": lead},
        "set_lead_state": {
            "lead": lead,
            "state": st.sampled_from(list(LeadState)).map(str),
            "reason": sometimes(st.just("no budget")),
        },
        "assign": {"lead": lead, "owner": sometimes(user)},
        "claim": {"lead": lead, "user": user},
        "credit": {"lead": lead},
        "pause_user": {"user": user, "until": sometimes(instants())},
        "set_alerts": {"user": user, "kinds": st.sampled_from([{}, {"email.*": "digest"}, {"*": "off"}])},
        "identify": {"visitor": st.sampled_from(VISITORS), "contact": contact},
        "merge": {"winner": contact, "loser": contact},
        "unmerge": {"loser": contact},
        "retry_submission": {
            "submission": keys_of("s", KEYS),
            "fields": given(email=st.sampled_from([*EMAILS, *DAMAGED_EMAILS])),
            "mode": st.sampled_from(["new", "replace"]),
        },
        "drop_submission": {"submission": keys_of("s", KEYS)},
    }
    return st.one_of(
        [given(type=st.just(kind), key=keys_of(f"p-{kind}", keys), **fields) for kind, fields in shapes.items()]
    )
