"""Hypothesis strategies for what comes into a flow.

Values come from small pools, so that the same person, visitor, company and key meet again and again, late, early, blank
and damaged: most faults live where records collide.

All take keywords only; records are the dicts that `flow.ingest` and `flow.do` take.

>>> from hypothesis import find
>>> find(submissions(forms=["newsletter"]), lambda record: True)["form"]
'newsletter'
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from leadflow.model.account import Account
from leadflow.model.contact import Contact
from leadflow.model.ids import derive_id
from leadflow.model.lead import Lead
from leadflow.model.time import parse_duration, parse_instant, to_datetime
from leadflow.model.values import FLAGS, LeadState

try:
    from hypothesis import strategies as st
    from hypothesis.strategies import SearchStrategy
except ImportError as error:  # pragma: no cover - the extra is there where tests run
    raise ImportError("leadflow.testing.strategies needs Hypothesis: pip install 'leadflow[testing]'") from error

EMAILS = (
    "ana@kos.example",
    " ANA@Kos.example ",
    "bo@kos.example",
    "cy@gmail.com",
    "dee@nova.example",
    "Éva@xn--nva-hoa.example",
)
DAMAGED_EMAILS = ("", "not an address", None)
COMPANIES = ("Kos d.o.o.", "KOS", "Nova Ltd", "", None)
FORMS = ("demo-request", "newsletter", "event-registration", "no-such-form")
KINDS = ("page.visited", "email.clicked", "email.opened", "event.attended", "webinar.left")
PAGES = ("pricing", "home", "docs")
PRODUCTS = ("sensor", "app", ["sensor", "app"], "app; chair")
VISITORS = ("ck-1", "ck-2", "ck-3")
KEYS = 6
"""How many keys of each kind of record there are: few, so that keys repeat, with the same body and with another."""
AROUND = "2026-01-15T12:00:00Z"

Record = dict[str, Any]
Records = SearchStrategy[Record]


def _sometimes(strategy: SearchStrategy[Any]) -> SearchStrategy[Any]:
    return st.one_of(st.none(), strategy)


def _given(**fields: SearchStrategy[Any]) -> Records:
    """A record without the fields that came out as None."""
    return st.fixed_dictionaries(fields).map(lambda record: {k: v for k, v in record.items() if v is not None})


def _keys(prefix: str, keys: int) -> SearchStrategy[str]:
    return st.integers(1, keys).map(lambda n: f"{prefix}-{n}")


def _ids(role: str, keys: int) -> SearchStrategy[str]:
    """Ids of records that submissions and interactions of these keys make, if they make any."""
    made = st.tuples(st.sampled_from(["s", "s", "s", "i", "e"]), st.integers(1, keys))
    return made.map(lambda pair: derive_id(role, f"{pair[0]}-{pair[1]}"))


def instants(*, around: str = AROUND, within: str = "120d") -> SearchStrategy[str]:
    """ISO 8601 texts on whole days and hours around a moment: equal and out-of-order times are frequent."""
    middle, reach = parse_instant(around), parse_duration(within)
    hours = st.integers(-reach // 3_600_000_000, reach // 3_600_000_000)
    near = st.one_of(st.sampled_from([0, 0, 24, -24, 24 * 30, -24 * 89, -24 * 90, -24 * 91]), hours)
    return near.map(lambda hour: to_datetime(middle + hour * 3_600_000_000).isoformat())


def submissions(
    *,
    keys: int = KEYS,
    forms: Sequence[str] = FORMS,
    emails: Sequence[str | None] = (*EMAILS, *DAMAGED_EMAILS),
    at: SearchStrategy[Any] | None = None,
) -> Records:
    """Filled forms, some without what is required, of forms that do not exist, or with values that cannot be read."""
    fields = _given(
        email=st.sampled_from(emails),
        company=st.sampled_from(COMPANIES),
        first_name=_sometimes(st.sampled_from(["Ana", "  ", "Bo"])),
        job_level=_sometimes(st.sampled_from(["manager", "student", "c-level", "wizard"])),
        employees=_sometimes(st.sampled_from(["120", "5", "", "many"])),
        country=_sometimes(st.sampled_from(["si", "DE", ""])),
    )
    return _given(
        type=st.just("submission"),
        key=_keys("s", keys),
        form=st.sampled_from(forms),
        fields=fields,
        at=_sometimes(instants()) if at is None else at,
        visitor=_sometimes(st.sampled_from(VISITORS)),
        context=_sometimes(
            _given(
                page=_sometimes(st.sampled_from(PAGES)),
                campaign=_sometimes(st.just("spring")),
                product=_sometimes(st.sampled_from(PRODUCTS)),
            )
        ),
    )


def references(*, keys: int = KEYS, emails: Sequence[str | None] = EMAILS) -> Records:
    """How an interaction names its contact: by address, by id, by nothing, or by nobody that is known."""
    return st.one_of(
        st.sampled_from([each for each in emails if each is not None]).map(lambda email: {"email": email}),
        _ids("contact", keys).map(lambda id_: {"id": id_}),
        st.just({}),
    )


def interactions(
    *,
    keys: int = 2 * KEYS,
    kinds: Sequence[str] = KINDS,
    emails: Sequence[str | None] = EMAILS,
    at: SearchStrategy[Any] | None = None,
) -> Records:
    """What people do; by name, by cookie, by both, or by neither."""
    return _given(
        type=st.just("interaction"),
        id=_keys("i", keys),
        kind=st.sampled_from(kinds),
        at=_sometimes(instants()) if at is None else at,
        contact=references(emails=emails),
        visitor=_sometimes(st.sampled_from(VISITORS)),
        properties=_given(page=_sometimes(st.sampled_from(PAGES)), form=_sometimes(st.just("demo-request"))),
    )


def orders(
    *, keys: int = KEYS, emails: Sequence[str | None] = EMAILS, at: SearchStrategy[Any] | None = None
) -> Records:
    """Purchases of one or two lines, or none."""
    line = st.fixed_dictionaries(
        {
            "product": st.sampled_from(["p1", "p2"]),
            "quantity": st.integers(1, 3),
            "price": st.sampled_from(["9.90", "0", "1200"]),
        }
    )
    return _given(
        type=st.just("order"),
        id=_keys("o", keys),
        at=_sometimes(instants()) if at is None else at,
        contact=references(emails=emails),
        currency=st.sampled_from(["EUR", "USD"]),
        lines=st.lists(line, max_size=2),
    )


def opportunities(*, keys: int = 3, at: SearchStrategy[Any] | None = None) -> Records:
    """Deals as sales reports them: of a lead, of a contact, again and again."""
    return _given(
        type=st.just("opportunity"),
        id=_keys("d", keys),
        at=_sometimes(instants()) if at is None else at,
        lead=_sometimes(_ids("lead", KEYS).map(lambda id_: {"id": id_})),
        contact=references(),
        status=st.sampled_from(["open", "won", "lost"]),
        amount=_sometimes(st.sampled_from(["1200.00", "0"])),
        currency=_sometimes(st.just("EUR")),
    )


def entries(
    *,
    keys: int = KEYS,
    emails: Sequence[str | None] = (*EMAILS, *DAMAGED_EMAILS),
    at: SearchStrategy[Any] | None = None,
) -> Records:
    """Rows of an imported file: a contact, perhaps with its account and a lead, under each policy."""
    contact = _given(
        email=st.sampled_from(emails),
        first_name=_sometimes(st.sampled_from(["Ana", "Eva"])),
        job_level=_sometimes(st.sampled_from(["manager", "student"])),
    )
    account = _given(name=st.sampled_from(COMPANIES), employees=_sometimes(st.sampled_from([5, 50, 500])))
    return _given(
        type=st.just("contact"),
        key=_keys("e", keys),
        contact=contact,
        account=_sometimes(account),
        lead=_sometimes(st.sampled_from(PAGES).map(lambda page: {"context": {"page": page}})),
        policy=_sometimes(st.sampled_from(["fill", "overwrite", "skip", "create"])),
        batch=_sometimes(st.just("import-1")),
        at=_sometimes(instants()) if at is None else at,
    )


def commands(*, keys: int = 2 * KEYS, users: Sequence[str] = ("ana", "bo", "cy")) -> Records:
    """What people say: about leads and contacts that the other records may have made, and often sensible."""
    lead, contact, user = _ids("lead", KEYS), _ids("contact", KEYS), st.sampled_from(users)
    stages = ["inquiry", "teleprospecting-acceptance", "sales-acceptance", "no-such-stage"]
    steps = ["budget", "sales_ready", "teleprospect_accepted", "purchase_need", "no-such-step"]
    shapes: dict[str, dict[str, SearchStrategy[Any]]] = {
        "set_flag": {"lead": lead, "flag": st.sampled_from(FLAGS), "value": st.booleans()},
        "set_step": {"lead": lead, "step": st.sampled_from(steps), "value": st.sampled_from([True, False, 5])},
        "advance": {
            "lead": lead,
            "how": st.sampled_from(["complete", "skip", "back", "set"]),
            "to": _sometimes(st.sampled_from(stages)),
        },
        "end_process": {"lead": lead, "how": st.sampled_from(["finish", "abandon"])},
        "reactivate": {"lead": lead},
        "set_lead_state": {
            "lead": lead,
            "state": st.sampled_from(list(LeadState)).map(str),
            "reason": _sometimes(st.just("no budget")),
        },
        "assign": {"lead": lead, "owner": _sometimes(user)},
        "claim": {"lead": lead, "user": user},
        "credit": {"lead": lead},
        "pause_user": {"user": user, "until": _sometimes(instants())},
        "set_alerts": {"user": user, "kinds": st.sampled_from([{}, {"email.*": "digest"}, {"*": "off"}])},
        "identify": {"visitor": st.sampled_from(VISITORS), "contact": contact},
        "merge": {"winner": contact, "loser": contact},
        "unmerge": {"loser": contact},
        "retry_submission": {
            "submission": _keys("s", KEYS),
            "fields": _given(email=st.sampled_from([*EMAILS, *DAMAGED_EMAILS])),
            "mode": st.sampled_from(["new", "replace"]),
        },
        "drop_submission": {"submission": _keys("s", KEYS)},
    }
    return st.one_of(
        [_given(type=st.just(kind), key=_keys(f"p-{kind}", keys), **fields) for kind, fields in shapes.items()]
    )


def histories(
    *,
    min_size: int = 1,
    max_size: int = 12,
    with_commands: bool = True,
    at: SearchStrategy[Any] | None = None,
) -> SearchStrategy[list[Record]]:
    """Records of every kind in order of receipt; with what people say in between."""
    kinds = [submissions(at=at), interactions(at=at), entries(at=at), orders(at=at), opportunities(at=at)]
    if with_commands:
        kinds += [commands(), submissions(at=at)]
    return st.lists(st.one_of(kinds), min_size=min_size, max_size=max_size)


# -- the model's own values --------------------------------------------------------------------------------


def contacts() -> SearchStrategy[Contact]:
    """Contacts, some with hardly anything known."""
    return st.builds(
        Contact,
        id=_ids("contact", KEYS),
        email=st.sampled_from([*(each.strip() for each in EMAILS), None]),
        first_name=_sometimes(st.sampled_from(["Ana", "Bo"])),
        country=_sometimes(st.sampled_from(["SI", "DE"])),
        account_id=_sometimes(_ids("account", KEYS)),
        consent=st.integers(0, 5),
        custom=st.sampled_from([{}, {"job_level": "manager"}]),
        version=st.integers(1, 3),
    )


def accounts() -> SearchStrategy[Account]:
    """Accounts, some with a name only."""
    return st.builds(
        Account,
        id=_ids("account", KEYS),
        name=st.sampled_from(["Kos d.o.o.", "Nova Ltd", None]),
        domain=st.sampled_from(["kos.example", "nova.example", None]),
        employees=_sometimes(st.sampled_from([0, 5, 50, 500])),
        revenue=_sometimes(st.sampled_from([Decimal("0"), Decimal("1200000.50")])),
        version=st.integers(1, 3),
    )


def leads() -> SearchStrategy[Lead]:
    """Leads in every state, of a contact, an account, or of nobody."""
    return st.builds(
        Lead,
        id=_ids("lead", KEYS),
        contact_id=_sometimes(_ids("contact", KEYS)),
        account_id=_sometimes(_ids("account", KEYS)),
        state=st.sampled_from(list(LeadState)).map(str),
        page=_sometimes(st.sampled_from(PAGES)),
        owner_id=_sometimes(st.sampled_from(["ana", "bo"])),
        sales_ready=st.booleans(),
        created_us=instants().map(parse_instant),
        version=st.integers(1, 3),
    )
