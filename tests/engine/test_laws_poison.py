"""One record that cannot be taken is told alone, with a code; all others of its batch go in as if it had not been there."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leadflow.engine.intake.records import COMMANDS
from leadflow.errors import LeadflowError
from leadflow.model.ids import derive_id
from leadflow.model.records import Deal, Entry, Interaction, Order, Submission
from leadflow.ports.store import Scan
from leadflow.testing import VirtualClock, contents, invariants
from leadflow.testing.strategies import submissions

LAW = settings(max_examples=60, deadline=None)
CONTACT, OTHER, LEAD = derive_id("contact", "g-1"), derive_id("contact", "g-2"), derive_id("lead", "g-1")
WHO = {"email": "bo@kos.example"}
GOOD: dict[str, dict[str, Any]] = {
    "interaction": {"id": "k", "kind": "page.visited", "contact": WHO, "visitor": "ck-1", "lead": LEAD,
                    "properties": {"page": "pricing"}, "at": None, "actor": "ana", "batch": None},
    "submission": {"key": "k", "form": "demo-request", "fields": {**WHO, "company": "Kos", "employees": "5"},
                   "visitor": "ck-1", "context": {"page": "pricing"}, "at": None},
    "order": {"id": "k", "contact": WHO, "currency": "EUR", "visitor": "ck-1",
              "lines": [{"product": "p", "quantity": 1, "price": "1"}]},
    "opportunity": {"id": "d-1", "key": "k", "lead": {"id": LEAD}, "contact": WHO, "status": "won", "amount": "10",
                    "currency": "EUR", "campaign": "spring", "owner": "ana"},
    "contact": {"key": "k", "contact": WHO, "account": {"name": "K"}, "lead": {"context": {"page": "pricing"}},
                "policy": "fill", "strategy": "email", "line": 5, "batch": "b"},
    "account": {"key": "k", "account": {"name": "K", "employees": 5}, "policy": "overwrite", "strategy": None},
    "lead": {"key": "k", "lead": {"id": LEAD, "page": "home"}, "contact": WHO, "policy": "skip", "strategy": None},
    "user": {"id": "ana", "name": "Ana", "email": "u@kos.example", "is_active": True, "manager_id": "bo"},
    "product": {"id": "p", "name": "P", "line": "hardware", "price": "5", "currency": "EUR"},
    "retry_submission": {"key": "k", "submission": "g-bad", "fields": WHO, "mode": "replace"},
    "drop_submission": {"key": "k", "submission": "g-bad", "reason": "spam"},
    "merge": {"key": "k", "winner": CONTACT, "loser": OTHER, "fields": {"email": "loser"}},
    "unmerge": {"key": "k", "loser": OTHER},
    "identify": {"key": "k", "visitor": "ck-9", "contact": CONTACT},
    "remove_records": {"key": "k", "batch": "b", "records": [[OTHER, 1]]},
    "set_flag": {"key": "k", "lead": LEAD, "flag": "sales_ready", "value": True},
    "set_step": {"key": "k", "lead": LEAD, "step": "budget", "value": 5},
    "advance": {"key": "k", "lead": LEAD, "to": None, "how": "complete", "reason": "called"},
    "rescore": {"key": "k", "model": "fit", "subjects": [CONTACT]},
    "relocate": {"key": "k", "lead": LEAD, "process": "marketing", "to": "inquiry"},
    "switch_process": {"key": "k", "lead": LEAD, "process": "marketing"},
    "end_process": {"key": "k", "lead": LEAD, "how": "abandon", "reason": ""},
    "reactivate": {"key": "k", "lead": LEAD},
    "set_lead_state": {"key": "k", "lead": LEAD, "state": "disqualified", "reason": "no budget"},
    "assign": {"key": "k", "lead": LEAD, "owner": "ana", "reason": ""},
    "claim": {"key": "k", "lead": LEAD, "user": "ana"},
    "credit": {"key": "k", "lead": LEAD, "reason": ""},
    "deactivate_user": {"key": "k", "user": "ana"},
}  # fmt: skip
ODD = [
    None, "", " ", "\0", "a\0b", "\ud800", "\x1f", "=", "x" * 300, "c_", "l_x", "v_x", "_", "NaN", "1e999", "no-such",
    "2026-01-01T00:00:00Z", "9999-12-31T23:59:59Z", CONTACT, OTHER, LEAD, "domain-or-name",
    0, -1, 1, True, False, 1.5, float("nan"), float("inf"), 2**62, 2**63, -(2**63) - 1, Decimal("NaN"), Decimal("1e400"),
    datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 1), b"x", object(), {1}, {1: 2},  # noqa: DTZ001 - naive on purpose
    (), [], [None], [1], [[CONTACT, 1]], [[CONTACT]], [[None, None]], [[CONTACT, "1"]], {}, [{}],
    {"id": None}, {"id": 5}, {"id": []}, {"id": "x" * 500}, {"id": OTHER, "merged_into": OTHER}, {"email": None},
    {"email": 5}, {"email": []}, {"email": "x"}, {"consent": -1}, {"employees": "1e30"}, {"context": 5},
    {"page": {"deep": [1]}}, {"contact_id": 5}, {"contact_id": "c_nobody"}, {"stage": "x"}, {"process": "x"},
    {"created_at": 2**62}, {"version": 5}, {"custom": {}}, [{"product": None}], [{"product": [], "price": "x"}],
    [{"price": float("nan")}], [{"price": "1e30", "quantity": "1e30"}], [{"quantity": True}],
]  # fmt: skip


def _damaged(record: dict[str, Any], name: str, inner: str | None, value: Any) -> dict[str, Any]:
    if inner is not None and isinstance(record.get(name), dict):
        value = {**record[name], inner: value}
    return {**record, name: value}


@st.composite
def poisons(draw: st.DrawFn) -> dict[str, Any]:
    """A good record of any type with one to three fields that hold something odd."""
    kind = draw(st.sampled_from(sorted(GOOD)))
    record = {"type": kind, **GOOD[kind]}
    for _ in range(draw(st.integers(1, 3))):
        name = draw(st.sampled_from([*GOOD[kind], "strange"]))
        inside = [*record[name]] if isinstance(record.get(name), dict) else []
        inner = draw(st.sampled_from([None, *(each for each in inside if isinstance(each, str)), "id", "merged_into"]))
        record = _damaged(record, name, inner, draw(st.sampled_from(ODD)))
    return record


CLASSES = (Interaction, Submission, Order, Deal, Entry, *(cls for name, cls in COMMANDS.items() if name != "command"))


@st.composite
def made_poisons(draw: st.DrawFn) -> Any:
    """The same as a program makes it, without a mapping: nothing has looked at its fields."""
    cls = draw(st.sampled_from(CLASSES))
    plain = {**GOOD.get(cls.type, {}), "at_us": 0, "record": "contact", "values": {"contact": WHO}, "key": "k"}
    fields = {each.name: plain.get(each.name, each.default) for each in attrs.fields(cls)}
    name = draw(st.sampled_from(sorted(fields)))
    return cls(**{**fields, name: draw(st.sampled_from(ODD))})


def _before(flow: Any) -> None:
    flow.ingest(
        [
            {"type": "submission", "key": "g-1", "form": "demo-request", "fields": {"email": "ana@kos.example"}},
            {"type": "submission", "key": "g-2", "form": "demo-request", "fields": WHO, "visitor": "ck-2"},
            {"type": "submission", "key": "g-bad", "form": "demo-request", "fields": {}},
        ]
    )


@LAW
@given(
    poison=st.one_of(poisons(), made_poisons()),
    good=st.lists(submissions(forms=["demo-request", "newsletter"]), min_size=1, max_size=3),
    place=st.integers(0, 3),
)
def test_a_poison_record_is_told_alone(opened: Any, poison: Any, good: list[Any], place: int) -> None:
    """F61, B: whatever comes in, the call ends, the poison alone is told with a code, the others stand as without it."""
    place = min(place, len(good))
    with opened(now=VirtualClock("2026-01-15T12:00:00Z")) as flow:
        _before(flow)
        alone = flow.ingest(good)
        without = contents(flow)
    with opened(now=VirtualClock("2026-01-15T12:00:00Z")) as flow:
        _before(flow)
        mixed = flow.ingest([*good[:place], poison, *good[place:]])
        told = [problem for problem in mixed.problems if problem[0] == place]
        others = [(at - (at > place), *rest) for at, *rest in mixed.problems if at != place]
        assert mixed.total == len(good) + 1
        if told and told[0][2] in ("invalid", "refused"):
            assert (others, contents(flow)) == ([tuple(each) for each in alone.problems], without)
        if told:
            code = told[0][3].replace(":", " ").replace("(", " ").split()[0]
            assert code.replace("_", "").isalpha()
        assert invariants(flow) == []
        flow.leads()
        flow.tick()
        flow.replay(flow.playbook)


@LAW
@given(poison=st.one_of(poisons(), made_poisons()))
def test_doing_a_poison_record_ends_with_an_error_of_ours_or_an_answer(opened: Any, poison: Any) -> None:
    """`do` and `preview` raise before anything is written, or answer; never with an error that is not ours."""
    with opened(now=VirtualClock("2026-01-15T12:00:00Z")) as flow:
        _before(flow)
        before = contents(flow)
        try:
            previewed = flow.preview(poison)
        except LeadflowError as error:
            with pytest.raises(type(error)):
                flow.do({"type": "submission", "key": "g-9", "form": "newsletter", "fields": WHO}, poison)
            assert contents(flow) == before
        else:
            assert flow.do(poison) == previewed


@pytest.mark.parametrize("record", ["contact", "account", "lead"])
def test_nothing_that_comes_in_says_who_stands_for_whom(opened: Any, record: str) -> None:
    """A record that named itself as the one it was merged into once stopped everything for ever."""
    with opened(now=VirtualClock("2026-01-15T12:00:00Z")) as flow:
        id_ = getattr(flow.submit("demo-request", {"email": "ana@kos.example", "company": "Kos"}, key="g-1"), record)
        result = flow.do({"type": record, "key": "k", record: {"id": id_, "merged_into": id_}}).one()
        assert (result.status, result.reasons) == ("failed", (("not_settable", f"{record}.merged_into"),))


@pytest.mark.parametrize("strategy", ["no-such", "domain-or-name", "contact-and-context"])
def test_a_strategy_that_does_not_fit_fails_with_its_reason(opened: Any, strategy: str) -> None:
    """One that does not exist, one that finds accounts, one that finds leads."""
    with opened() as flow:
        done = flow.ingest([{"type": "contact", "key": "k", "email": "ana@kos.example", "strategy": strategy}])
        assert (done.counts, done.problems[0][3]) == ({"failed": 1}, "unknown_strategy strategy")
        assert [failure.id for failure in flow.store.scan(Scan(table="failure"))] == ["k"]


def test_a_product_is_told_its_line(opened: Any) -> None:
    """The line of a product is not the line of a file."""
    with opened() as flow:
        assert flow.do({"type": "product", "id": "p", "name": "Sensor", "line": "hardware"}).status == "accepted"
        assert [product.line for product in flow.store.scan(Scan(table="product"))] == ["hardware"]
