"""Two records become one, and two again: who stands for whom, what survives, what comes back."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import leadflow
from leadflow.engine.answers.fold import stored
from leadflow.engine.flow import Flow
from leadflow.scoring.rules import Model, Rule
from leadflow.testing import VirtualClock, histories, invariants

from .conftest import Start
from .scene import START, Scene, scoring

# -- laws -------------------------------------------------------------------------------------------------


def essence(flow: Flow) -> dict[Any, Any]:
    """Everything decided, without what a correction may touch: versions and the moment of the last change."""
    kept = {}
    for key, row in stored(flow.store, flow.rulebook).items():
        plain = {
            name: getattr(row, name)
            for name in type(row).__slots__
            if name not in ("version", "updated_us", "__weakref__")
        }
        if "records" in plain:
            plain["records"] = frozenset(plain["records"])
        kept[key] = plain
    scores = {(row.id, "score"): (row.points, row.signals) for row in Scene(flow, VirtualClock(START)).rows("score")}
    return {**kept, **scores}


@contextmanager
def _flow(kind: str, folder: Path) -> Iterator[Flow]:
    url = "memory:" if kind == "memory" else f"sqlite:///{folder / 'law.db'}"
    options = {} if kind == "memory" else {"synchronous": "OFF"}
    flow = leadflow.open(url, now=VirtualClock("2026-01-20T12:00:00Z"), **options)
    try:
        yield flow
    finally:
        flow.close()


@pytest.mark.parametrize("kind", ["memory", "sqlite"])
@settings(max_examples=30, deadline=None)
@given(history=histories(min_size=3, max_size=9, with_commands=False), data=st.data())
def test_merge_then_unmerge_is_identity(
    kind: str, history: list[Any], data: Any, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Law: when nothing came between, everything is as it was: rows, keys, children, scores; on every store.

    Consent alone is never raised again.
    """
    with _flow(kind, tmp_path_factory.mktemp("law")) as flow:
        flow.ingest(history)
        flow.tick()
        scene = Scene(flow, VirtualClock(START))
        table = data.draw(st.sampled_from(["contact", "account", "lead"]))
        ids = [row.id for row in scene.rows(table) if row.merged_into is None]
        if len(ids) < 2:
            return
        winner, loser = data.draw(st.permutations(ids))[:2]
        before = essence(flow)
        merged = scene.say("merge", winner=winner, loser=loser).unwrap()
        assert invariants(flow) == []
        # What a merge sets off (a threshold reached together, an owner who was told) has happened: only records go back.
        is_quiet = {each.type for each in merged.decisions} <= {"records_merged", "grade_changed"}
        scene.say("unmerge", loser=loser).unwrap()
        after = essence(flow)
        consents = {key for key in before if key[0] == "contact" and before[key]["consent"] != after[key]["consent"]}
        changed = {key for key in {*before, *after} if before.get(key) != after.get(key)} - consents
        assert {key for key in changed if is_quiet or key[0] in ("contact", "account", "alias", "matchkey")} == set()
        assert invariants(flow) == []


# -- contacts ---------------------------------------------------------------------------------------------


def twins(scene: Scene) -> tuple[Any, Any]:
    """One person under two addresses, with a lead each."""
    scene.say("contact", contact={"email": "ana@kos.example", "consent": "profiling", "city": "Ljubljana"}).unwrap()
    scene.say("contact", contact={"email": "ana@nova.example", "consent": "consent", "phone": "+38641111222"}).unwrap()
    first = scene.submit(context={"page": "a"}, first_name="Ana")
    second = scene.submit(email="ana@nova.example", context={"page": "b"}, first_name="Anna")
    return first, second


def test_the_winner_keeps_its_values_and_takes_what_it_lacks(scene: Scene) -> None:
    """Survivorship: the winner's value, else the loser's; a field may be chosen; consent is the stricter one."""
    first, second = twins(scene)
    fields = {"first_name": "loser"}
    scene.say("merge", winner=first.contact, loser=second.contact, fields=fields).unwrap()
    kept = scene.contact(first.contact)
    assert (kept.email, kept.phone, kept.first_name, kept.city) == (
        "ana@kos.example",
        "+38641111222",
        "Anna",
        "Ljubljana",
    )
    assert kept.consent == 1
    assert scene.contact(second.contact).merged_into == first.contact


def test_children_keys_and_scores_move(scene: Scene) -> None:
    """All children move; the loser's address finds the winner; scores are counted anew over both histories."""
    first, second = twins(scene)
    scene.did("email.clicked")
    scene.did("email.clicked", email="ana@nova.example")
    scene.say("merge", winner=first.contact, loser=second.contact).unwrap()
    assert {lead.contact_id for lead in scene.rows("lead")} == {first.contact}
    again = scene.submit(email="ana@nova.example", context={"page": "b"})
    assert again.lead == second.lead
    shares = {name: points for name, points, _, _ in scene.flow.explain(first.contact).scores[0].shares}
    assert shares["clicks in mails"] == 10
    assert scene.say("opportunity", id="d", contact={"id": second.contact}).is_ok
    assert scene.row("opportunity", "d").contact_id == first.contact


def test_an_alias_id_stands_for_the_survivor(scene: Scene) -> None:
    """Alias ids resolve, over several merges too."""
    first, second = twins(scene)
    third = scene.submit(email="ana@third.example")
    scene.say("merge", winner=second.contact, loser=third.contact).unwrap()
    scene.say("merge", winner=first.contact, loser=second.contact).unwrap()
    scene.did("email.clicked", contact={"id": third.contact})
    shares = {name for name, _, _, _ in scene.flow.explain(first.contact).scores[0].shares}
    assert "clicks in mails" in shares
    assert scene.say("merge", winner=third.contact, loser=first.contact).refusal is not None


def test_a_merge_may_make_a_lead_ready(start: Start) -> None:
    """What two halves did together reaches the threshold."""
    scene = start(scoring(Rule(name="clicks", points=5, each="email.clicked"), threshold=10))
    first, second = twins(scene)
    scene.did("email.clicked")
    scene.did("email.clicked", email="ana@nova.example")
    scene.say("merge", winner=first.contact, loser=second.contact).unwrap()
    assert [lead.sales_ready for lead in scene.rows("lead")] == [True, True]


def test_unmerge_gives_back_what_came_since(scene: Scene) -> None:
    """Un-merge with inputs since: what the loser's address told goes with it; a lead made for it too."""
    first, second = twins(scene)
    scene.say("merge", winner=first.contact, loser=second.contact).unwrap()
    scene.clock.advance("1d")
    made = scene.submit(email="ana@nova.example", context={"page": "c"}, last_name="Novak")
    scene.did("email.clicked", email="ana@nova.example")
    scene.say("unmerge", loser=second.contact).unwrap()
    loser = scene.contact(second.contact)
    assert (loser.state, loser.last_name, loser.email) == ("active", "Novak", "ana@nova.example")
    assert scene.lead(made.lead).contact_id == scene.lead(second.lead).contact_id == second.contact
    assert scene.lead(first.lead).contact_id == first.contact
    shares = {name for name, _, _, _ in scene.flow.explain(first.contact).scores[0].shares}
    assert "clicks in mails" not in shares
    (undone,) = scene.decided("records_unmerged")
    assert "last_name" in undone.ambiguous


def test_unmerge_never_raises_consent(scene: Scene) -> None:
    """A withdrawal stays on both sides."""
    first, second = twins(scene)
    scene.say("merge", winner=first.contact, loser=second.contact).unwrap()
    scene.say("unmerge", loser=second.contact).unwrap()
    assert (scene.contact(first.contact).consent, scene.contact(second.contact).consent) == (1, 1)


def test_what_cannot_be_merged_is_refused(scene: Scene) -> None:
    """With a code for each."""
    first, second = twins(scene)
    codes = []
    for winner, loser, fields in (
        (first.contact, first.lead, {}),
        (first.contact, "c_nobody", {}),
        (first.contact, first.contact, {}),
        (first.contact, second.contact, {"no_such": "loser"}),
        (first.contact, second.contact, {"phone": "both"}),
    ):
        result = scene.say("merge", winner=winner, loser=loser, fields=fields)
        codes.append(result.refusal and result.refusal.code)
    codes.append(scene.say("unmerge", loser=second.contact).refusal.code)  # type: ignore[union-attr]
    assert codes == ["not_mergeable", "unknown_id", "same_record", "unknown_field", "unknown_field", "not_merged"]


# -- accounts and leads -----------------------------------------------------------------------------------


def test_accounts_are_merged_with_their_contacts_and_leads(start: Start) -> None:
    """The account that stays has all people; its score counts them all; the other's domain finds it."""
    also = {"company": Model(target="account", rules=(Rule(name="clicks", points=5, each="email.clicked"),))}
    scene = start(scoring(also=also))
    first, second = scene.submit(), scene.submit(email="bo@nova.example", employees="70")
    for email in ("ana@kos.example", "bo@nova.example"):
        scene.did("email.clicked", email=email)
    scene.say("merge", winner=first.account, loser=second.account).unwrap()
    assert scene.account(first.account).employees == 70
    assert scene.points(first.account, "company") == 10
    assert scene.contact(second.contact).account_id == first.account
    assert scene.lead(second.lead).account_id == first.account
    newcomer = scene.submit(email="cy@nova.example")
    assert scene.contact(newcomer.contact).account_id == first.account
    scene.say("unmerge", loser=second.account).unwrap()
    assert scene.contact(second.contact).account_id == second.account
    assert scene.points(first.account, "company") == 5


def test_leads_are_merged_with_their_deals(scene: Scene) -> None:
    """Two interests are one: the deal follows, the alias takes commands and new interest."""
    first, second = (scene.submit(context={"page": page}) for page in ("a", "b"))
    scene.say("opportunity", id="d", lead={"id": second.lead}).unwrap()
    scene.say("merge", winner=first.lead, loser=second.lead).unwrap()
    assert scene.row("opportunity", "d").lead_id == first.lead
    assert scene.submit(context={"page": "b"}).lead != second.lead
    scene.say("unmerge", loser=second.lead).unwrap()
    assert scene.row("opportunity", "d").lead_id == second.lead
