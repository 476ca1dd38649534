"""Turn the two files of the Olist marketing funnel into one stream of leadflow records, in time order.

    python prepare.py FOLDER > olist.jsonl
    python prepare.py --like-it FOLDER        # writes a small generated look-alike of the two files into FOLDER

The data set (licence CC BY-NC-SA 4.0) is not part of leadflow.
"""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from pathlib import Path
from typing import Any

from leadflow.model.ids import derive_id

LEADS = "olist_marketing_qualified_leads_dataset.csv"
DEALS = "olist_closed_deals_dataset.csv"
TOLD = {
    "sdr_id": "teleprospector",
    "sr_id": "salesperson",
    "business_segment": "business_segment",
    "lead_type": "lead_type",
    "lead_behaviour_profile": "behaviour_profile",
    "business_type": "business_type",
    "declared_monthly_revenue": "declared_monthly_revenue",
}


def rows(path: Path) -> Iterator[dict[str, str]]:
    """The rows of a file."""
    with path.open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)


def moment(text: str) -> datetime:
    """Dates of the data set are day-month-year, sometimes with hours; taken as UTC."""
    day, _, clock = text.partition(" ")
    return datetime.strptime(f"{day} {clock or '00:00'}", "%d-%m-%Y %H:%M").replace(tzinfo=UTC)


def records(folder: Path) -> list[dict[str, Any]]:
    """All records, the earliest first."""
    found: list[tuple[datetime, int, dict[str, Any]]] = []
    for row in rows(folder / LEADS):
        at = moment(row["first_contact_date"])
        mql = row["mql_id"]
        context = {"page": row["landing_page_id"], "source": row["origin"] or "unknown"}
        found.append(
            (at, 0, {"type": "lead", "key": f"mql:{mql}", "contact": {"mql_id": mql}, "lead": {"context": context}})
        )
    first = {record["key"]: at for at, _, record in found}
    for row in rows(folder / DEALS):
        mql = row["mql_id"]
        # A few deals are dated before the first contact: a lead cannot be won before it is known.
        at = max(moment(row["won_date"]), first[f"mql:{mql}"] + timedelta(minutes=1))
        lead = derive_id("lead", f"mql:{mql}")
        told = {name: row[column] for column, name in TOLD.items() if row.get(column)}
        found.append((at, 1, {"type": "lead", "key": f"told:{mql}", "id": lead, **told}))
        for order, (flag, actor) in enumerate(
            (
                ("teleprospect_ready", None),
                ("teleprospect_accepted", row["sdr_id"]),
                ("sales_ready", row["sdr_id"]),
                ("sales_accepted", row["sr_id"]),
            ),
            2,
        ):
            said = {"type": "set_flag", "key": f"{flag}:{mql}", "lead": lead, "flag": flag, "actor": actor}
            found.append((at, order, said))
        deal = {"type": "opportunity", "id": mql, "lead": {"id": lead}, "status": "won", "owner": row["sr_id"]}
        found.append((at, 6, deal))
    return [{**record, "at": at.isoformat()} for at, _, record in _in_order(found)]


def _in_order(found: list[tuple[datetime, int, dict[str, Any]]]) -> list[tuple[datetime, int, dict[str, Any]]]:
    """Within a moment: new leads first, then each deal's records in their order."""

    def place(each: tuple[datetime, int, dict[str, Any]]) -> tuple[datetime, int, str, int]:
        at, order, record = each
        name = record.get("key", record.get("id", ""))
        return at, 0 if order == 0 else 1, name.rpartition(":")[2], order

    return sorted(found, key=place)


def _draw(name: str, sides: int) -> int:
    """A die that always falls the same for the same name."""
    return int.from_bytes(blake2b(name.encode(), digest_size=4).digest(), "big") % sides


def look_alike(folder: Path, leads: int = 1200) -> None:
    """Write generated files of the same shape: the same every time, some pages and origins win more than others."""
    folder.mkdir(parents=True, exist_ok=True)
    origins = ("organic_search", "paid_search", "social", "unknown", "direct_traffic", "email", "referral", "")
    start = datetime(2017, 6, 14, tzinfo=UTC)
    arrived = [(n, start + timedelta(days=n * 350 // leads)) for n in range(leads)]
    page = [_draw(f"page {n}", 13) for n in range(leads)]
    origin = [_draw(f"origin {n}", 8) for n in range(leads)]
    with (folder / LEADS).open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["mql_id", "first_contact_date", "landing_page_id", "origin"])
        for n, at in arrived:
            writer.writerow([f"m{n:05d}", at.strftime("%d-%m-%Y"), f"page{page[n]}", origins[origin[n]]])
    with (folder / DEALS).open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["mql_id", "seller_id", "won_date", *TOLD])
        for n, at in arrived:
            chance = (20 if page[n] < 4 else 5) + (8 if origin[n] in (0, 4) else 0)
            if _draw(f"won {n}", 100) < chance:
                won = at + timedelta(days=3 + _draw(f"days {n}", 40), hours=n % 24)
                row = [f"m{n:05d}", f"s{n}", won.strftime("%d-%m-%Y %H:%M"), f"sdr{n % 4}", f"sr{n % 6}"]
                writer.writerow([*row, f"segment{n % 5}", "online_medium", "cat", "reseller", "0"])


def main(arguments: list[str]) -> int:
    """The command line."""
    if len(arguments) == 2 and arguments[0] == "--like-it":
        look_alike(Path(arguments[1]))
        return 0
    if len(arguments) != 1:
        print(__doc__, file=sys.stderr)
        return 2
    folder = Path(arguments[0])
    for name in (LEADS, DEALS):
        if not (folder / name).is_file():
            print(f"{folder / name} is not there", file=sys.stderr)
            return 2
    for record in records(folder):
        print(json.dumps(record))
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
