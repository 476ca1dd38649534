"""Records go out once, changes come in as records and commands of ours; nothing is made twice or comes back."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

import leadflow
from leadflow.engine.answers.fitting import examples
from leadflow.engine.opening import migrate_store
from leadflow.engine.syncing.report import Synced
from leadflow.errors import InvalidInputError, SchemaVersionError
from leadflow.model.lead import Lead
from leadflow.model.time import to_datetime
from leadflow.ports.store import Scan
from leadflow.stores.schema import SCHEMA_VERSION
from leadflow.testing import VirtualClock

from .conftest import Folder, with_rules


def only_lead(flow: leadflow.Flow) -> Lead:
    (lead,) = flow.store.scan(Scan(table="lead"))
    assert isinstance(lead, Lead)
    return lead


def types_of(flow: leadflow.Flow, id_: str) -> list[str]:
    return [each.type for each in flow.store.scan(Scan(table="decision", where=(("subject", "=", id_),), order="seq"))]


# -- out ------------------------------------------------------------------------------------------------------


def test_everything_goes_out_once(flow: leadflow.Flow, folder: Folder) -> None:
    """Account, contact, lead and owner, each with what it refers to; scores and stage with the lead."""
    assert flow.sync(folder.path).sent == 4
    account, contact, lead, user = (folder.one(kind) for kind in ("account", "contact", "lead", "user"))
    assert (user["leadflow_id"], contact["account"], lead["contact"]) == ("bo", account["id"], contact["id"])
    assert (contact["email"], lead["leadflow_id"]) == ("ana@kos.example", only_lead(flow).id)
    assert (lead["stage"], lead["score.interest"], lead["grade.interest"]) == ("automated-qualification", "35", "warm")
    before = {path.name: path.read_bytes() for path in folder.path.glob("*.csv")}
    for _ in range(2):
        done = flow.sync(folder.path)
        assert (done.sent, done.taken, done.refused) == (0, 0, 0)
    assert {path.name: path.read_bytes() for path in folder.path.glob("*.csv")} == before


def test_only_what_changed_goes_out(flow: leadflow.Flow, folder: Folder) -> None:
    flow.sync(folder.path)
    flow.submit("newsletter", {"email": "bo@kos.example"}, key="s-2").one().unwrap()
    assert flow.sync(folder.path).sent <= 2
    flow.do({"type": "assign", "key": "a-1", "lead": only_lead(flow).id, "owner": "bo"}).one().unwrap()
    assert flow.sync(folder.path).sent == 1
    assert next(row for row in folder.rows("lead") if row["owner"])["owner"] == folder.one("user")["id"]


def test_points_go_out_that_no_decision_tells_of(flow: leadflow.Flow, folder: Folder, clock: VirtualClock) -> None:
    """S004-10: points fade and grow within a grade."""
    flow.sync(folder.path)
    before = folder.one("lead")["score.interest"]
    click = {"type": "interaction", "id": "i-1", "kind": "email.clicked", "contact": {"email": "ana@kos.example"}}
    assert flow.do(click).decisions == ()
    points = flow.score_at(only_lead(flow).id, to_datetime(clock()))
    assert flow.sync(folder.path).sent == 1
    assert folder.one("lead")["score.interest"] == str(points) != before


def test_an_owner_who_is_told_of_later_follows(flow: leadflow.Flow, folder: Folder) -> None:
    """A link to a record that is not there yet waits for it."""
    flow.do({"type": "assign", "key": "a-1", "lead": only_lead(flow).id, "owner": "cy"}).one().unwrap()
    flow.sync(folder.path)
    assert folder.one("lead")["owner"] == ""
    assert flow.sync(folder.path).sent == 0
    flow.ingest([{"type": "user", "key": "u-2", "id": "cy", "name": "Cy"}])
    flow.sync(folder.path)
    flow.sync(folder.path)
    cy = next(row for row in folder.rows("user") if row["leadflow_id"] == "cy")
    assert folder.one("lead")["owner"] == cy["id"]


def test_an_undone_import_is_taken_back_there(flow: leadflow.Flow, folder: Folder, tmp_path: Path) -> None:
    flow.sync(folder.path)
    path = tmp_path / "fair.csv"
    path.write_text("email,first_name\neva@x.example,Eva\n")
    batch = flow.import_file(path).batch
    flow.sync(folder.path)
    assert len(folder.rows("contact")) == 2
    flow.undo_import(batch)
    flow.sync(folder.path)
    assert folder.one("contact")["email"] == "ana@kos.example"


# -- in -------------------------------------------------------------------------------------------------------


def test_an_edit_comes_in_and_is_explained(flow: leadflow.Flow, folder: Folder) -> None:
    flow.sync(folder.path)
    contact = folder.one("contact")["leadflow_id"]
    folder.edit("contact", phone="+386 40 123", title="CTO")
    done = flow.sync(folder.path)
    assert (done.taken, done.asked, done.refused) == (1, 0, 0)
    row = flow.store.load([("contact", contact)]).rows["contact", contact]
    assert (row.phone, row.title) == ("+386 40 123", "CTO")
    told = [each for each in flow.explain(contact).decisions if each.actor == "crm:crm"]
    assert [each.type for each in told] == ["record_matched", "record_updated"]
    assert flow.sync(folder.path).sent == 0, "what came from there goes back"


def test_a_column_of_their_own_stays_theirs(flow: leadflow.Flow, folder: Folder) -> None:
    """A CRM holds more than we know of: it hinders nothing, and stays."""
    flow.sync(folder.path)
    folder.edit("contact", notes="likes tea", phone="+386 40 123")
    folder.add("contact", email="eva@kos.example", notes="new")
    done = flow.sync(folder.path)
    assert (done.taken, done.refused) == (2, 0)
    assert {row["notes"] for row in folder.rows("contact")} == {"likes tea", "new"}


def test_somebody_new_there_is_ours_too(flow: leadflow.Flow, folder: Folder) -> None:
    """Made there: known here, and told our id; without an address too."""
    flow.sync(folder.path)
    account = folder.one("account")["id"]
    folder.add("contact", email="eva@kos.example", first_name="Eva", account=account)
    folder.add("contact", first_name="Nameless", phone="+386 1 1")
    done = flow.sync(folder.path)
    assert (done.taken, done.refused) == (2, 0)
    for name, accounts in (("Eva", {folder.one("account")["leadflow_id"]}), ("Nameless", {None})):
        (row,) = [row for row in flow.store.scan(Scan(table="contact")) if row.first_name == name]
        assert {row.account_id} == accounts
        (there,) = [each for each in folder.rows("contact") if each["first_name"] == name]
        assert there["leadflow_id"] == row.id
    assert flow.sync(folder.path) == Synced(echoes=flow.sync(folder.path).echoes)


def test_somebody_there_whom_we_know_is_found(flow: leadflow.Flow, folder: Folder) -> None:
    """The CRM was there before us: the matching rules say who is the same; nobody is there twice."""
    folder.add("contact", id="0017", email="ANA@kos.example", title="CTO", first_name="Anna")
    assert flow.sync(folder.path).refused == 0
    (row,) = flow.store.scan(Scan(table="contact"))
    there = folder.one("contact")
    assert (there["id"], there["leadflow_id"], there["last_name"]) == ("0017", row.id, "Kos")
    assert (row.title, row.first_name) == ("CTO", "Anna"), "changed there last"


def test_one_that_is_there_twice_is_told(flow: leadflow.Flow, folder: Folder) -> None:
    flow.sync(folder.path)
    folder.add("contact", email="ana@kos.example", title="CTO")
    done = flow.sync(folder.path)
    assert [problem[2] for problem in done.problems] == ["double"]
    assert len(folder.rows("contact")) == 2
    assert flow.sync(folder.path).sent == 0


def test_what_went_there_is_not_made_anew(flow: leadflow.Flow, folder: Folder) -> None:
    flow.sync(folder.path)
    folder.write("contact", [])
    assert flow.sync(folder.path).gone == 1
    flow.submit("demo-request", {"email": "ana@kos.example", "phone": "+386 1 2"}, key="s-2").one().unwrap()
    flow.sync(folder.path)
    assert folder.rows("contact") == []
    assert len(list(flow.store.scan(Scan(table="contact")))) == 1, "what we know of somebody stays"


def test_a_lead_is_worked_on_there(flow: leadflow.Flow, folder: Folder) -> None:
    """Owner, flag, stage and state come in as the commands that they are."""
    flow.sync(folder.path)
    lead = only_lead(flow).id
    stage = flow.playbook.process.processes["marketing"].stages[2].name
    folder.edit("lead", owner=folder.one("user")["id"], teleprospect_ready="yes", stage=stage)
    assert flow.sync(folder.path).refused == 0
    now = only_lead(flow)
    assert (now.owner_id, now.teleprospect_ready, now.stage) == ("bo", True, stage)
    assert {"owner_assigned", "lead_flagged", "stage_changed"} <= set(types_of(flow, lead))
    folder.edit("lead", state="disqualified", reason="budget")
    flow.sync(folder.path)
    assert (only_lead(flow).state, only_lead(flow).reason) == ("disqualified", "budget")


def test_what_the_rules_refuse_is_told_and_set_right(flow: leadflow.Flow, folder: Folder) -> None:
    flow.sync(folder.path)
    folder.edit("lead", stage="no-such-stage")
    done = flow.sync(folder.path)
    assert [(problem[2], problem[3]) for problem in done.problems] == [("unknown_stage", "stage")]
    assert folder.one("lead")["stage"] == only_lead(flow).stage
    assert flow.sync(folder.path).refused == 0


def test_a_win_there_is_a_deal_here(flow: leadflow.Flow, folder: Folder) -> None:
    """The lead is qualified, its process ends, and learning sees it."""
    flow.sync(folder.path)
    lead = folder.one("lead")
    folder.add("opportunity", lead=lead["id"], contact=lead["contact"], status="won", amount="1200.50", currency="EUR")
    done = flow.sync(folder.path)
    assert (done.taken, done.refused) == (1, 0)
    now = only_lead(flow)
    assert (now.state, now.reason) == ("qualified", "won")
    (deal,) = flow.store.scan(Scan(table="opportunity"))
    assert (str(deal.amount), deal.lead_id) == ("1200.50", now.id)
    (example,) = examples(flow.store, flow.rulebook, flow.schema, ("lead.form",))
    assert example.won
    assert folder.one("lead")["state"] == "qualified"
    folder.edit("opportunity", status="lost")
    flow.sync(folder.path)
    assert only_lead(flow).state == "disqualified"


def test_a_lead_that_somebody_makes_there(flow: leadflow.Flow, folder: Folder) -> None:
    """With a new person, both in one go."""
    flow.sync(folder.path)
    folder.add("contact", id="900", email="eva@x.example", first_name="Eva")
    folder.add(
        "lead", contact="900", source="fair", campaign="fair-26", state="qualified", owner=folder.one("user")["id"]
    )
    assert flow.sync(folder.path).refused == 0
    (lead,) = [row for row in flow.store.scan(Scan(table="lead")) if row.campaign == "fair-26"]
    contact = flow.store.load([("contact", lead.contact_id)]).rows["contact", lead.contact_id]
    assert (lead.source, lead.state, lead.owner_id, contact.email) == ("fair", "qualified", "bo", "eva@x.example")


def test_a_lead_of_somebody_unknown_is_told(flow: leadflow.Flow, folder: Folder) -> None:
    folder.add("lead", contact="nobody", campaign="fair-26")
    assert [problem[2] for problem in flow.sync(folder.path).problems] == ["unknown_link"]
    assert len(list(flow.store.scan(Scan(table="lead")))) == 1


def test_a_user_who_leaves_there_leaves_here(flow: leadflow.Flow, folder: Folder) -> None:
    flow.sync(folder.path)
    folder.add("user", name="Cy", email="cy@acme.example")
    folder.write(
        "user", [{**row, "is_active": "no" if row["leadflow_id"] == "bo" else "yes"} for row in folder.rows("user")]
    )
    flow.sync(folder.path)
    users = {user.name: user for user in flow.store.scan(Scan(table="user"))}
    assert (users["Bo"].is_active, users["Cy"].is_active) == (False, True)
    assert "user_left" in types_of(flow, "bo")


def test_what_cannot_be_read_waits_in_the_failed_queue(flow: leadflow.Flow, folder: Folder) -> None:
    flow.sync(folder.path)
    folder.edit("contact", email="not an address")
    done = flow.sync(folder.path)
    assert [(problem[2], problem[3]) for problem in done.problems] == [("invalid_email", "email")]
    (failure,) = flow.store.scan(Scan(table="failure"))
    assert failure.state == "waiting"
    assert folder.one("contact")["email"] == "ana@kos.example", "ours stands"


# -- several CRMs, other rules, older stores --------------------------------------------------------------------


def test_two_crms_are_kept_apart(flow: leadflow.Flow, tmp_path: Path, clock: VirtualClock) -> None:
    one, two = (Folder(tmp_path / name, clock) for name in ("one", "two"))
    flow.sync(one.path, name="one")
    flow.sync(two.path, name="two")
    one.edit("contact", title="CTO")
    flow.sync(one.path, name="one")
    flow.sync(two.path, name="two")
    assert two.one("contact")["title"] == "CTO"


def test_a_folder_that_was_lost_is_filled_again_under_another_name(flow: leadflow.Flow, folder: Folder) -> None:
    flow.sync(folder.path)
    assert flow.sync(folder.path.with_name("other"), name="other").sent == 4


def test_other_rules_look_at_everything_again(flow: leadflow.Flow, folder: Folder, clock: VirtualClock) -> None:
    flow.sync(folder.path)
    rules = {
        "contact": {"last_name": {"name": "surname"}, "title": {"way": "none"}},
        "lead": {"score.interest": {"name": "rating"}},
    }
    flow = with_rules(flow, clock, rules)
    flow.sync(folder.path)
    assert (folder.one("contact")["surname"], folder.one("lead")["rating"]) == ("Kos", "35")
    folder.edit("contact", surname="Novak", title="CTO")
    flow.sync(folder.path)
    (row,) = flow.store.scan(Scan(table="contact"))
    assert (row.last_name, row.title) == ("Novak", None)


@pytest.mark.parametrize("name", ["", "a|b", "a:b", "a#b"])
def test_a_name_that_would_be_misread_is_refused(flow: leadflow.Flow, folder: Folder, name: str) -> None:
    with pytest.raises(InvalidInputError, match="short name"):
        flow.sync(folder.path, name=name)


def test_a_store_without_links_is_migrated(tmp_path: Path, clock: VirtualClock) -> None:
    """A store of version 3 gets the table, and synchronises."""
    path = tmp_path / "leads.db"
    with leadflow.open(f"sqlite:///{path}", now=clock) as flow:
        flow.submit("demo-request", {"email": "ana@kos.example"}, key="s-1").one().unwrap()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("DROP TABLE leadflow_crmlink")
        connection.execute("PRAGMA user_version = 3")
        connection.commit()
    with pytest.raises(SchemaVersionError, match="version 3"):
        leadflow.open(f"sqlite:///{path}", now=clock)
    assert migrate_store(f"sqlite:///{path}")[:2] == (3, SCHEMA_VERSION)
    with leadflow.open(f"sqlite:///{path}", now=clock) as flow:
        assert flow.sync(tmp_path / "crm").sent == 3
