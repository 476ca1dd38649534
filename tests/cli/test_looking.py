"""leads, show, explain, report, export: what is stored, for people and for programs."""

from __future__ import annotations

import csv
import json
import tracemalloc
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

import leadflow
from leadflow.playbook.default import default_text


def test_leads_are_listed_by_condition_and_order(run: Any, store: Path) -> None:
    """S004-11: a list of leads with a score over X."""
    found = run("leads", "--where", 'score("interest") >= 60', "--order", "-score", "--json").stdout.splitlines()
    assert [json.loads(line)["contact"]["last_name"] for line in found] == ["Kos"]
    text = run("leads", "--order", "-score").stdout
    assert text.splitlines()[0].split() == ["id", "contact", "account", "interest", "stage", "owner"]
    assert "Nina Kos" in text.splitlines()[1]


def test_a_list_has_the_columns_that_are_asked_for(run: Any, store: Path) -> None:
    words = [
        "leads",
        "--columns",
        "contact.email,account.name,source,score,grade,lead.sales_ready",
        "--order",
        "created_at",
    ]
    head, first, *_ = run(*words).stdout.splitlines()
    assert head.split() == [
        "contact.email",
        "account.name",
        "source",
        "interest",
        "interest",
        "grade",
        "lead.sales_ready",
    ]
    assert first.split() == ["nina@kos.example", "Kos", "d.o.o.", "fair", "73", "hot", "yes"]


def test_new_since_somebody_looked(run: Any, store: Path) -> None:
    """S004-12: the team just checks this list for new leads."""
    assert len(run("leads", "--since", "9d", "--json").stdout.splitlines()) == 2
    assert len(run("leads", "--since", "2026-11-13T00:00:00Z", "--json").stdout.splitlines()) == 1
    assert "no lead for which that holds" in run("leads", "--since", "1d").stdout
    assert "the first 1; --limit 0 lists all" in run("leads", "--limit", 1).output


def test_a_leads_card_has_contact_account_score_bar_and_owner(run: Any, ids: dict[str, str]) -> None:
    """S003-16, S003-17: each stage with its steps, the active one open."""
    text = run("show", ids["lead"]).stdout
    for said in (
        "Nina Kos, manager, SI",
        "Kos d.o.o., 120 employees",
        "sales ready",
        "owner",
        "interest 73 (hot, sales-ready from 60; falls below on 2027-02-08 if idle",
        "●━━",
        "╭─ Sales acceptance ──",
        "✓ Sales accepted: yes",
    ):
        assert said in text
    assert max(len(line) for line in text.splitlines()) <= 80
    plain = run("show", ids["lead"], "--plain").stdout
    assert "+- Sales acceptance ---" in plain
    assert "Nina Kos" in plain


def test_a_leads_card_for_programs(run: Any, ids: dict[str, str]) -> None:
    card = json.loads(run("show", ids["lead"], "--json").stdout)
    assert (card["id"], card["record"]) == (ids["lead"], "lead")
    assert card["contact"]["id"] == ids["contact"]
    assert card["account"]["name"] == "Kos d.o.o."
    assert card["owner"]["id"] in ("ana", "bo")
    assert [stage["mark"] for stage in card["process"]["stages"]] == [
        "completed",
        "skipped",
        "skipped",
        "skipped",
        "active",
    ]
    assert card["scores"][0]["falls_below_at"] == "2027-02-08T09:00:00+00:00"


def test_contacts_and_accounts_are_shown_with_their_leads(run: Any, ids: dict[str, str]) -> None:
    assert ids["lead"] in run("show", ids["contact"]).stdout
    assert json.loads(run("show", ids["account"], "--json").stdout)["contacts"][0]["id"] == ids["contact"]
    assert "type: submission" in run("show", "s-1").stdout


def test_explain_says_what_the_score_is_made_of_and_what_was_decided(run: Any, ids: dict[str, str]) -> None:
    text = run("explain", ids["lead"]).stdout
    for said in (
        "Score interest: 73 (hot, sales-ready from 60)",
        "+35  asks for a demo",
        "+8  looks at prices",
        "counts until 2026-12-09",
        "the contact reached 60 by interest",
        "the lead given to",
        "2026-11-10 09:00",
    ):
        assert said in text
    assert max(len(line) for line in text.splitlines()) <= 80
    plain = json.loads(run("explain", ids["lead"], "--json").stdout)
    assert sum(share[1] for share in plain["scores"][0]["shares"]) == 73
    assert run("explain", ids["lead"], "--at", "2027-06-01T00:00:00Z").stdout == "interest 10 on 2027-06-01 00:00 UTC\n"


def test_the_funnel_in_text_figures_and_groups(run: Any, store: Path) -> None:
    """The issue, 11: report prints stage counts, conversion, time in stage."""
    text = run("report", "--by", "source").stdout
    assert "Lead to opportunity: marketing and sales" in text
    assert "3 leads" in text
    assert "█" in text
    assert max(len(line) for line in text.splitlines()) <= 100
    figures = json.loads(run("report", "--by", "source", "--json").stdout)
    assert figures["started"] == 3
    assert [stage["reached"] for stage in figures["stages"]] == [3, 3, 1, 1, 1]
    assert figures["stages"][2]["skipped"] == 1
    assert [(group["name"], group["started"]) for group in figures["groups"]] == [("web", 2), ("fair", 1)]
    assert figures["won"] == 0
    by_country = json.loads(run("report", "--by", "contact.country", "--json").stdout)
    assert {group["name"] for group in by_country["groups"]} == {"SI", "DE"}


def test_the_funnel_as_picture_and_page(run: Any, store: Path, tmp_path: Path) -> None:
    run("report", "--svg", "funnel.svg", "--html", "funnel.html")
    root = ElementTree.parse(tmp_path / "funnel.svg").getroot()  # noqa: S314 - our own file
    assert root.get("role") == "img"
    page = (tmp_path / "funnel.html").read_text(encoding="utf-8")
    assert "2026-11-20 12:00 UTC" in page
    assert "cannot write" in run("report", "--svg", "nowhere/funnel.svg", code=2).output


def test_a_report_without_colours_and_pictures(run: Any, store: Path) -> None:
    plain = run("report", "--plain").stdout
    assert "█" not in plain
    assert "Sales acceptance" in plain


@pytest.mark.parametrize("words", [["--by", "contact.contry"], ["--process", "nurture"], ["--by", "weather.today"]])
def test_a_report_over_what_does_not_exist_is_refused(words: list[str], run: Any, store: Path) -> None:
    assert run("report", *words, code=2).output.startswith("leadflow: there is no ")


def test_export_is_safe_to_open_in_a_spreadsheet(run: Any, store: Path, tmp_path: Path) -> None:
    run("export", "contacts", "--out", "contacts.csv")
    with (tmp_path / "contacts.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 2
    assert {row["first_name"] for row in rows} == {"Nina", "'=Paul"}
    assert {row["account.name"] for row in rows} == {"Kos d.o.o.", "Weiß GmbH"}


def test_export_of_leads_for_programs(run: Any, store: Path) -> None:
    found = [
        json.loads(line) for line in run("export", "leads", "--json", "--where", "lead.sales_ready").stdout.splitlines()
    ]
    assert [(lead["contact.email"], lead["score.interest"]) for lead in found] == [("nina@kos.example", 73)]
    head, *rows = run("export", "leads").stdout.splitlines()
    assert len(rows) == 3
    assert len(set(head.split(","))) == len(head.split(","))
    assert "are for leads" in run("export", "contacts", "--where", "true", code=2).output


def test_the_same_options_before_and_after_the_command(run: Any, store: Path) -> None:
    assert run("--json", "leads").stdout == run("leads", "--json").stdout
    assert run("--store", "sqlite:///leads.db", "leads").stdout == run("leads", "--store", "sqlite:///leads.db").stdout


VIEWS = """
[assignment]
default_owner = "queue:unassigned"
queues = [{ name = "unassigned" }]
[[assignment.views]]
name = "hot"
where = 'score("interest") >= 60'
order = "-score"
columns = ["contact.last_name", "score"]
[[assignment.views]]
name = "all"
"""


@pytest.fixture
def with_views(store: Path, tmp_path: Path) -> Path:
    """The built-in playbook with list views."""
    text = default_text()
    path = tmp_path / "views.toml"
    path.write_text(text[: text.index("[assignment]")] + VIEWS, encoding="utf-8")
    return path


def test_a_list_view_of_the_playbook(run: Any, with_views: Path) -> None:
    """S004-9, rule 107: condition, order and columns by name; others may be given beside it."""
    text = run("--playbook", with_views, "leads", "--view", "hot").stdout
    assert [line.split() for line in text.splitlines()] == [["contact.last_name", "interest"], ["Kos", "73"]]
    other = run("--playbook", with_views, "leads", "--view", "hot", "--columns", "source").stdout
    assert other.split() == ["source", "fair"]
    wrong = run("--playbook", with_views, "leads", "--view", "hott", code=2)
    assert "did you mean" in wrong.output


def test_new_in_a_list_view_since_the_user_looked(run: Any, with_views: Path) -> None:
    """S004-12, rule 107: marked with *, alone with --new, gone once seen."""
    words = ["--playbook", with_views, "leads", "--view", "hot", "--user", "ana"]
    assert run(*words, "--seen").stdout.splitlines()[1].split() == ["*", "Kos", "73"]
    assert run(*words).stdout.splitlines()[1].split() == ["Kos", "73"]
    assert "no lead for which that holds" in run(*words, "--new").stdout
    assert [json.loads(line)["is_new"] for line in run(*words, "--json").stdout.splitlines()] == [False]
    assert "--seen needs --view and --user" in run("leads", "--seen", code=2).output


def test_lists_and_exports_of_everything_keep_memory_flat(run: Any, store: Path, tmp_path: Path) -> None:
    """Every row, in pages, in columns that stay in line; 3,000 leads cost hardly more than 600."""

    def peak(*words: str) -> int:
        tracemalloc.start()
        run(*words, "--out", "leads.csv")
        found = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return found

    def fill(first: int, last: int) -> None:
        with leadflow.open(f"sqlite:///{store}", synchronous="OFF") as flow:
            flow.ingest(
                {
                    "type": "submission",
                    "key": f"m-{n}",
                    "form": "demo-request",
                    "fields": {"email": f"m{n}@kos.example"},
                }
                for n in range(first, last)
            )

    fill(0, 600)
    few = peak("export", "leads")
    fill(600, 3000)
    many = peak("export", "leads")
    assert len((tmp_path / "leads.csv").read_text(encoding="utf-8").splitlines()) == 3004
    assert many < 1.5 * few
    shown = run("leads", "--limit", "0").stdout.splitlines()
    assert len(shown) == 3004
    assert {line.index("automated-qualification") for line in shown[5:] if "automated-qualification" in line} == {
        shown[0].index("stage")
    }
    with leadflow.open(f"sqlite:///{store}") as flow:
        assert len({listed.lead.id for listed in flow.each_lead()}) == 3003
