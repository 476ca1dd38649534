"""Scores are a function of the set of inputs; what has nothing in common can be done in any order."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from leadflow.engine.flow import Flow
from leadflow.testing import VirtualClock, contents, interactions, invariants, submissions
from leadflow.testing.strategies import KINDS, PAGES, VISITORS

LAW = settings(max_examples=30, deadline=None)
PEOPLE = ("ana@kos.example", "bo@kos.example", "cy@gmail.com")


def scores(flow: Flow) -> dict[Any, Any]:
    """Points, grade and readiness by address and model."""
    held = contents(flow)
    emails = {id_: row.get("email") for id_, row in held["contact"].items()}
    return {
        (emails[row["subject"]], row["model"]): (row.get("points", 0), row.get("grade"), row.get("valid_until_us"))
        for row in held["score"].values()
    }


def behaviours() -> Any:
    """Interactions of people known by name, each with a key of its own."""
    each = st.tuples(st.sampled_from(PEOPLE), interactions(kinds=KINDS))
    return st.lists(each, min_size=2, max_size=8).map(
        lambda pairs: [
            {key: value for key, value in record.items() if key != "visitor"}
            | {"id": f"i{n}", "contact": {"email": email}}
            for n, (email, record) in enumerate(pairs)
        ]
    )


def identities(flow: Flow) -> dict[str, str]:
    """Whom each visitor is taken for, by address."""
    held = contents(flow)
    emails = {id_: row.get("email") for id_, row in held["contact"].items()}
    return {id_: emails[row["root"]] for id_, row in held["alias"].items()}


@st.composite
def sightings(draw: st.DrawFn) -> list[Any]:
    """What people do and say under shared cookies: by name, by cookie, by both, now and then; each under its own key."""
    records = []
    for number in range(draw(st.integers(2, 8))):
        record = draw(interactions(kinds=KINDS))
        record |= {"id": f"i{number}", "contact": draw(st.sampled_from([{}, *({"email": each} for each in PEOPLE)]))}
        if not record["contact"]:
            record["visitor"] = draw(st.sampled_from(VISITORS))
        elif draw(st.booleans()):
            form = {"type": "submission", "key": f"s{number}", "form": "newsletter", "fields": record["contact"]}
            record = {**form, **{name: record[name] for name in ("at", "visitor") if name in record}}
        records.append(record)
    return records


@LAW
@given(records=sightings(), data=st.data())
def test_identity_and_scores_do_not_depend_on_the_order_of_receipt(
    opened: Any, records: list[Any], data: st.DataObject
) -> None:
    """House law: who a visitor is, and what counts for whom, follow from the set of inputs."""
    shuffled = data.draw(st.permutations(records))
    found = []
    for history, size in ((records, 1000), (shuffled, 1), (shuffled, 1000)):
        with opened(now=VirtualClock("2026-01-15T12:00:00Z")) as flow:
            flow.ingest(history, batch_size=size)
            assert invariants(flow) == []
            found.append((identities(flow), scores(flow)))
    assert found[0] == found[1] == found[2]


@LAW
@given(records=behaviours(), data=st.data())
def test_scores_do_not_depend_on_the_order_of_receipt(opened: Any, records: list[Any], data: st.DataObject) -> None:
    """House law, F60: the same set of interactions, in any order, in any batch: the same points, grade and validity."""
    shuffled = data.draw(st.permutations(records))
    found = []
    for history, size in ((records, 1000), (shuffled, 1), (shuffled, 1000)):
        with opened(now=VirtualClock("2026-01-15T12:00:00Z")) as flow:
            flow.ingest(history, batch_size=size)
            assert invariants(flow) == []
            found.append(scores(flow))
    assert found[0] == found[1] == found[2]


@LAW
@given(records=behaviours(), cut=st.integers(0, 8))
def test_behaviour_before_identification_counts_like_behaviour_after(opened: Any, records: list[Any], cut: int) -> None:
    """S003, capture: what a visitor did counts from the moment he says who he is, whenever he says it."""
    mine = [{**record, "contact": {}, "visitor": "ck-1"} for record in records]
    says = {"type": "submission", "key": "s-1", "form": "newsletter", "fields": {"email": PEOPLE[0]}, "visitor": "ck-1"}
    found = []
    for history in ([says, *mine], [*mine[:cut], says, *mine[cut:]], [*mine, says]):
        with opened(now=VirtualClock("2026-01-15T12:00:00Z")) as flow:
            for record in history:
                flow.ingest([record])
            assert invariants(flow) == []
            found.append(scores(flow))
    assert found[0] == found[1] == found[2]


def _of(person: int, record: dict[str, Any]) -> dict[str, Any]:
    """A record of one of two people who share nothing: neither address, company, visitor nor key."""
    record = {**record, "visitor": f"ck-{person}", "key": f"{record['key']}-{person}"}
    record["fields"] = {**record["fields"], "email": f"p{person}@x{person}.example", "company": f"Firm {person}"}
    # Not sales-ready: a pool's turns depend on the order of receipt.
    record["fields"].pop("employees", None)
    record["fields"]["job_level"] = "student"
    return record


def _without_order(flow: Flow) -> Any:
    held = contents(flow)
    for table in ("input", "decision"):
        for row in held[table].values():
            row.pop("seq")
    return held


@LAW
@given(
    mine=st.lists(submissions(forms=["demo-request", "newsletter"]), min_size=1, max_size=3),
    yours=st.lists(submissions(forms=["demo-request", "newsletter"]), min_size=1, max_size=3),
    page=st.sampled_from(PAGES),
)
def test_commands_with_disjoint_keys_commute(opened: Any, mine: list[Any], yours: list[Any], page: str) -> None:
    """House law: but for the numbers of receipt, the same rows and the same decisions under the same ids."""
    first, second = [_of(1, record) for record in mine], [_of(2, record) for record in yours]
    found = []
    for history in (first + second, second + first):
        with opened(now=VirtualClock("2026-01-15T12:00:00Z")) as flow:
            for record in history:
                flow.ingest([record])
            found.append(_without_order(flow))
    assert found[0] == found[1]
