"""Both sides changed the same field: the playbook says whose value stands, and nothing is overwritten unseen."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import leadflow
from leadflow.errors import InvalidInputError, NotFoundError, PlaybookError
from leadflow.model.contact import Contact
from leadflow.playbook.check import check_file
from leadflow.playbook.codec import playbook_from
from leadflow.ports.store import Scan
from leadflow.testing import VirtualClock, invariants

from ..testing.planted_crms import Honest, Plain, Server
from .conftest import START, Folder, with_rules


def ana(flow: leadflow.Flow) -> Contact:
    (row,) = flow.store.scan(Scan(table="contact"))
    assert isinstance(row, Contact)
    return row


def we_say(flow: leadflow.Flow, key: str, **fields: str) -> None:
    record = {"type": "contact", "key": key, "policy": "overwrite", "contact": {"id": ana(flow).id, **fields}}
    flow.do(record).one().unwrap()


@pytest.mark.parametrize(
    ("policy", "last", "stands"),
    [
        ("ours", "theirs", "ours"),
        ("theirs", "ours", "theirs"),
        ("newest", "ours", "ours"),
        ("newest", "theirs", "theirs"),
    ],
)
def test_the_policy_decides(
    flow: leadflow.Flow, folder: Folder, clock: VirtualClock, policy: str, last: str, stands: str
) -> None:
    """On both sides, and what only one side changed is not lost over it."""
    flow = with_rules(flow, clock, {"policy": "ask", "contact": {"phone": {"policy": policy}}})
    flow.sync(folder.path)
    for side in ("theirs", "ours") if last == "ours" else ("ours", "theirs"):
        clock.advance("1h")
        if side == "ours":
            we_say(flow, "k-1", phone="ours", city="Kranj")
        else:
            folder.edit("contact", phone="theirs", title="CTO")
    assert flow.sync(folder.path).asked == 0
    there = folder.one("contact")
    assert ana(flow).phone == there["phone"] == stands
    assert (ana(flow).title, there["title"], ana(flow).city, there["city"]) == ("CTO", "CTO", "Kranj", "Kranj")
    done = flow.sync(folder.path)
    assert (done.sent, done.taken) == (0, 0)


@pytest.fixture
def asking(flow: leadflow.Flow, folder: Folder, clock: VirtualClock) -> leadflow.Flow:
    """A phone number that differs, and a title that does not."""
    flow = with_rules(flow, clock, {"policy": "ask"})
    flow.sync(folder.path)
    we_say(flow, "k-1", phone="ours")
    folder.edit("contact", phone="theirs", title="CTO")
    assert flow.sync(folder.path).asked == 1
    return flow


def test_what_is_asked_stays_as_it_is_and_is_seen(asking: leadflow.Flow, folder: Folder) -> None:
    (conflict,) = asking.conflicts()
    assert (conflict.kind, conflict.record) == ("contact", ana(asking).id)
    assert dict(conflict.fields) == {"phone": ("ours", "theirs")}
    we_say(asking, "k-2", city="Kranj")
    done = asking.sync(folder.path)
    assert (done.sent, done.asked) == (1, 0)
    assert (ana(asking).phone, folder.one("contact")["phone"]) == ("ours", "theirs")
    assert (ana(asking).title, folder.one("contact")["city"]) == ("CTO", "Kranj")


@pytest.mark.parametrize("choice", ["ours", "theirs"])
def test_what_is_decided_stands_on_both_sides(asking: leadflow.Flow, folder: Folder, choice: str) -> None:
    (conflict,) = asking.conflicts()
    asking.settle(conflict.id, phone=choice)
    assert asking.conflicts() == []
    asking.sync(folder.path)
    assert ana(asking).phone == folder.one("contact")["phone"] == choice
    assert asking.sync(folder.path).sent == 0


def test_a_decision_on_nothing_is_refused(asking: leadflow.Flow) -> None:
    (conflict,) = asking.conflicts()
    for choices in ({"phone": "mine"}, {"title": "ours"}):
        with pytest.raises(InvalidInputError, match="expected ours or theirs"):
            asking.settle(conflict.id, **choices)
    with pytest.raises(NotFoundError):
        asking.settle("crm|contact|nobody", phone="ours")
    assert len(asking.conflicts()) == 1


def test_a_change_between_reading_and_writing_is_no_loss(flow: leadflow.Flow, clock: VirtualClock) -> None:
    """Somebody saves there while we are about to: the CRM says conflict, and both changes stand."""
    server = Server()

    class Racing(Honest):
        def upsert(self, records: Any) -> Any:
            for record in records:
                if record.kind == "contact" and record.seen is not None:
                    server.rows["contact", record.remote].fields["title"] = "CTO"
                    server.touch(server.rows["contact", record.remote])
            return super().upsert(records)

    flow.sync(Honest(server))
    we_say(flow, "k-1", phone="1")
    crm = Racing(server)
    crm.offer  # noqa: B018 - the same all the time
    flow.sync(crm)
    flow.sync(Honest(server))
    (there,) = [row for (kind, _), row in server.rows.items() if kind == "contact"]
    assert (there.fields["phone"], there.fields.get("title")) == ("1", "CTO")
    assert (ana(flow).phone, ana(flow).title) == ("1", "CTO")


NAMES = st.sampled_from(["phone", "city", "first_name"])
VALUES = st.sampled_from(["a", "b", "c"])
STEPS = st.lists(
    st.tuples(st.sampled_from(["ours", "theirs"]), NAMES, VALUES) | st.just(("sync", "", "")), min_size=1, max_size=8
)


@pytest.mark.parametrize("crm", [Honest, Plain], ids=["with locks", "without"])
@pytest.mark.parametrize("policy", ["ours", "theirs", "newest"])
def test_both_sides_come_to_the_same_and_rest(crm: type[Honest], policy: str) -> None:
    """Property: whatever both did, two synchronisations later all fields agree, and the next has nothing to do."""

    @settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
    @given(STEPS)
    def agrees(steps: list[tuple[str, str, str]]) -> None:
        clock, server = VirtualClock(START), Server()
        with leadflow.open("memory:", now=clock) as plain:
            plain.submit("demo-request", {"email": "ana@kos.example"}, key="s-1").one().unwrap()
            flow = with_rules(plain, clock, {"policy": policy})
            flow.sync(crm(server))
            (remote,) = [remote for kind, remote in server.rows if kind == "contact"]
            for number, (side, name, value) in enumerate(steps):
                clock.advance("1min")
                server.now_us = clock()
                if side == "ours":
                    we_say(flow, f"k-{number}", **{name: value})
                elif side == "theirs":
                    server.edit(remote, {name: value})
                else:
                    flow.sync(crm(server))
            flow.sync(crm(server))
            flow.sync(crm(server))
            there = server.rows["contact", remote].fields
            for name in ("phone", "city", "first_name", "email"):
                assert getattr(ana(flow), name) == there.get(name)
            done = flow.sync(crm(server))
            assert (done.sent, done.taken, done.asked, done.refused) == (0, 0, 0, 0)
            assert invariants(flow) == []

    agrees()


# -- the section [crm] ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "[crm.contact]\nphne = {}",
            "2:1 crm.contact.phne: a contact has no field phne that goes to a CRM; did you mean phone",
        ),
        ('[crm]\npolicy = "mine"', "2:10 crm.policy:"),
        ('[crm.lead]\nstate = { way = "up" }', "crm.lead.state.way:"),
        ('[crm.lead]\n"score.fitness" = {}', '2:1 crm.lead."score.fitness": there is no model fitness'),
        (
            '[crm.contact]\nphone = { name = "tel" }\ncity = { name = "tel" }',
            "the CRM would call phone and city the same: tel",
        ),
        ("[crm.contract]\nx = {}", "crm.contract: there is no such key"),
    ],
)
def test_a_slip_is_told_with_its_place(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "playbook.toml"
    path.write_text(text)
    assert any(said in str(fault) for fault in check_file(path)), [str(fault) for fault in check_file(path)]


def test_a_section_that_is_right_has_no_faults(tmp_path: Path) -> None:
    path = tmp_path / "playbook.toml"
    path.write_text(
        '[attributes.contact]\njob_level = {}\n[scoring.models.fit]\nthreshold = 5\n[crm]\npolicy = "ask"\n'
        '[crm.contact]\njob_level = { name = "x_level", policy = "ours", way = "out" }\nowner = { policy = "theirs" }\n'
        '[crm.lead]\n"score.fit" = { name = "rating" }\n'
    )
    assert [str(fault) for fault in check_file(path) if fault.path.startswith("crm")] == []


def test_a_playbook_without_the_section_has_the_digest_that_it_had() -> None:
    assert playbook_from({"crm": {}}).digest == playbook_from({}).digest
    with pytest.raises(PlaybookError, match=r"crm\.policy"):
        playbook_from({"crm": {"policy": 1}})
