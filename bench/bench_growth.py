"""What does not grow: the cost of a record with the store, the cost of a tick with what is not due, memory with a file.

Stores of many leads are made from a few thousand that went through leadflow, copied under other names (bench.template).
"""

from __future__ import annotations

import json
import resource
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from bench.harness import Figure, Spent, Watch, compared, in_turns
from bench.template import NOW_US, Template, make_template
from bench.workload import SEED, Clock, interactions, people, playbook
from leadflow.engine.flow import Flow
from leadflow.engine.opening import open_store

MADE = 5000
FLOOR = 1 / 1.5
MOST_MIB = 200.0
BATCH = 1000
CHUNK = 5000
PACE_US = 80_000_000


# -- the cost of a record ---------------------------------------------------------------------------------


def _ingesting(template: Template, flow: Flow, name: str) -> Callable[[], Spent]:
    """A variant that takes the next few thousand interactions in, in the store as it stands."""
    turns = iter(range(1_000_000))

    def run() -> Spent:
        turn = next(turns)
        start_us = NOW_US + turn * CHUNK * PACE_US
        records = list(
            interactions(template.emails, CHUNK, prefix=f"{name}{turn}-", start_us=start_us, pace_us=PACE_US)
        )
        flow._now = Clock(start_us, BATCH * PACE_US)
        with Watch() as watch:
            done = flow.ingest(records)
        assert done.counts == {"accepted": CHUNK}, done
        return watch.spent(CHUNK)

    return run


def growth(folder: Path, copies: tuple[int, ...], rounds: int) -> list[Figure]:
    """Interactions into stores of different sizes, in turns."""
    variants = {}
    for number in copies:
        template = make_template(folder, MADE, number)
        flow = Flow(open_store(f"sqlite:///{template.path}", synchronous="NORMAL", check=False), playbook())
        variants[f"{MADE * number:,} leads"] = _ingesting(template, flow, f"g{number}-")
    measured = in_turns(variants, rounds, warm=1)
    base, *larger = variants
    return [
        compared("growth", f"a record at {name}", measured, name, base, unit="records", aim=1 / 1.1, floor=FLOOR)
        for name in larger
    ]


# -- tick -------------------------------------------------------------------------------------------------


def tick(folder: Path, copies: int, rounds: int) -> list[Figure]:
    """Timers of which one in a hundred is due, beside a store that holds nothing but those."""
    template = make_template(folder, MADE, copies)
    until_us, due = _one_in_a_hundred(template.path)
    small = folder / "due.db"
    template.copy(small.name)
    _keep_due(small, until_us)
    rules = playbook()
    done: set[int] = set()

    def ticking(path: Path) -> Callable[[], Spent]:
        def run() -> Spent:
            copy = Template(path, []).copy("tick.db")
            store = open_store(f"sqlite:///{copy}", synchronous="NORMAL", check=False)
            with Flow(store, rules) as flow, Watch() as watch:
                count = flow.tick(until_us)
            done.add(count)
            return watch.spent(count)

        return run

    name = f"{MADE * copies:,} leads"
    measured = in_turns({name: ticking(template.path), "only the due": ticking(small)}, rounds, warm=1)
    assert len(done) == 1, f"the stores had different work: {done}"
    title = f"tick over {name}, {due:,} due"
    return [compared("tick", title, measured, name, "only the due", unit="timers", aim=1 / 1.1, floor=FLOOR)]


def _one_in_a_hundred(path: Path) -> tuple[int, int]:
    with sqlite3.connect(path) as connection:
        total = connection.execute("SELECT count(*) FROM leadflow_score").fetchone()[0]
        wanted = max(1, total // 100)
        found = connection.execute(
            "SELECT valid_until_us FROM leadflow_score WHERE valid_until_us IS NOT NULL ORDER BY 1 LIMIT 1 OFFSET ?",
            (wanted - 1,),
        ).fetchone()[0]
        due = connection.execute("SELECT count(*) FROM leadflow_score WHERE valid_until_us <= ?", (found,)).fetchone()[0]
    return int(found), int(due)


def _keep_due(path: Path, until_us: int) -> None:
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("CREATE TEMP TABLE due AS SELECT subject FROM leadflow_score WHERE valid_until_us <= ?", (until_us,))
    connection.execute(
        "INSERT INTO due SELECT contact_id FROM leadflow_lead WHERE id IN"
        " (SELECT lead_id FROM leadflow_process WHERE due_us <= ?1 UNION SELECT id FROM leadflow_handover WHERE due_us <= ?1)",
        (until_us,),
    )
    for table, column in (("score", "subject"), ("contact", "id"), ("lead", "contact_id"), ("input", "subject")):
        connection.execute(f"DELETE FROM leadflow_{table} WHERE {column} NOT IN (SELECT subject FROM due)")
    for table, column in (("process", "lead_id"), ("handover", "id")):
        connection.execute(f"DELETE FROM leadflow_{table} WHERE {column} NOT IN (SELECT id FROM leadflow_lead)")
    connection.execute("DELETE FROM leadflow_matchkey WHERE id LIKE 'contact|%'")
    connection.execute("VACUUM")
    connection.close()


# -- memory -----------------------------------------------------------------------------------------------


def write_csv(path: Path, count: int) -> None:
    """A list of contacts as an event organiser would send it."""
    with path.open("w", encoding="utf-8") as file:
        file.write("E-Mail,First name,Last name,Country,Company\n")
        for person in people(count, SEED + 1):
            contact = person.record["contact"]
            company = person.record.get("account", {}).get("name", "")
            file.write(f"{person.email},{contact['first_name']},{contact['last_name']},{contact['country']},{company}\n")


def write_jsonl(path: Path, count: int) -> None:
    """What visitors did, one a line."""
    emails = [person.email for person in people(max(100, count // 20), SEED + 2)]
    with path.open("w", encoding="utf-8") as file:
        for record in interactions(emails, count, prefix="j", start_us=NOW_US, pace_us=PACE_US):
            file.write(json.dumps(record) + "\n")


def memory(folder: Path, rows: int, lines: int) -> list[Figure]:
    """Peak memory of a process of its own that takes a whole file in."""
    figures = []
    for kind, count, write in (("csv", rows, write_csv), ("jsonl", lines, write_jsonl)):
        peaks = {}
        for size in (max(count // 20, 1000), count):
            file = folder / f"{size}.{kind}"
            write(file, size)
            peaks[size] = _peak(file, folder / f"{kind}{size}.db")
        (small, low), (large, (mib, seconds)) = peaks.items()
        verb = "import of" if kind == "csv" else "ingest of"
        figures.append(
            Figure(
                "memory",
                f"{verb} {large:,} lines of {kind}, peak",
                mib,
                "MiB",
                low[0],
                f"MiB for {small:,}",
                mib / low[0],
                floor=MOST_MIB,
                judged="value",
                best="least",
                note=f"{1e6 * seconds / large:.0f} CPU us a line",
            )
        )
    return figures


def _peak(file: Path, store: Path) -> tuple[float, float]:
    child = [sys.executable, "-m", "bench.bench_growth", str(file), str(store)]
    text = subprocess.run(child, check=True, capture_output=True, text=True).stdout
    mib, seconds = json.loads(text.splitlines()[-1])
    return mib, seconds


def _child(file: Path, store: Path) -> None:
    """What the process of its own does."""
    with Flow(open_store(f"sqlite:///{store}", synchronous="OFF"), playbook()) as flow, Watch() as watch:
        if file.suffix == ".csv":
            report = flow.import_file(file)
            assert report.is_ok, report.errors[:3]
        else:
            with file.open(encoding="utf-8") as lines:
                done = flow.ingest(_records(lines))
            assert set(done.counts) == {"accepted"}, done
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(json.dumps([peak / (1024 if sys.platform != "darwin" else 1024**2), watch.cpu]))


def _records(lines: Any) -> Iterator[Any]:
    for line in lines:
        yield json.loads(line)


def run(copies: tuple[int, ...] = (2, 20), rounds: int = 5, rows: int = 50_000, lines: int = 100_000) -> list[Figure]:
    """All three."""
    with TemporaryDirectory(prefix="bench-") as name:
        folder = Path(name)
        figures = growth(folder, copies, rounds)
        figures += tick(folder, copies[-1], rounds)
        figures += memory(folder, rows, lines)
    return figures


if __name__ == "__main__":
    _child(Path(sys.argv[1]), Path(sys.argv[2]))
