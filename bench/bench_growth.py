"""What does not grow: the cost of a record with the store, the cost of a tick with what is not due, memory with a file.

Stores of many leads are made from a few thousand that went through leadflow, copied under other names (bench.template).
"""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from bench.harness import Figure, Spent, Watch, compared, in_turns
from bench.template import MADE, NOW_US, Template, make_template
from bench.workload import SEED, Clock, interactions, people, playbook
from leadflow.engine.flow import Flow
from leadflow.engine.opening import open_store

FLOOR = 1 / 1.5
MOST_MIB = 200.0
BATCH = 1000
PACE_US = 80_000_000


# -- the cost of a record ---------------------------------------------------------------------------------


def growth(folder: Path, copies: tuple[int, ...], rounds: int, lot: int) -> list[Figure]:
    """Interactions into stores of different sizes, a lot a round each."""
    variants = {}
    with ExitStack() as stack:
        for number in copies:
            template = make_template(folder, number)
            path = template.copy(f"grows-{number}.db")
            store = open_store(f"sqlite:///{path}", synchronous="NORMAL", check=False)
            flow = stack.enter_context(Flow(store, playbook(), now=Clock(NOW_US, BATCH * PACE_US)))
            variants[f"{MADE * number:,} leads"] = _ingesting(template, flow, lot)
        measured = in_turns(variants, rounds, warm=1)
    for number in copies:
        (folder / f"grows-{number}.db").unlink()
    base, *larger = variants
    return [
        compared("growth", f"a record at {name}", measured, name, base, unit="records", aim=1 / 1.1, floor=FLOOR)
        for name in larger
    ]


def _ingesting(template: Template, flow: Flow, lot: int) -> Callable[[], Spent]:
    starts = iter(range(NOW_US, NOW_US * 2, lot * PACE_US))

    def ingest() -> Spent:
        start_us = next(starts)
        records = list(interactions(template.emails, lot, prefix=f"g{start_us}-", start_us=start_us, pace_us=PACE_US))
        with Watch() as watch:
            done = flow.ingest(records, batch_size=BATCH)
        assert done.counts == {"accepted": lot}, done
        return watch.spent(lot)

    return ingest


# -- tick -------------------------------------------------------------------------------------------------


def tick(folder: Path, copies: int, rounds: int) -> list[Figure]:
    """Timers of which one in a hundred is due, beside a store that holds nothing but those."""
    template = make_template(folder, copies)
    until_us, due = _one_in_a_hundred(template.path)
    small = template.copy("due.db")
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
        found = connection.execute(
            "SELECT valid_until_us FROM leadflow_score WHERE valid_until_us IS NOT NULL ORDER BY 1 LIMIT 1 OFFSET ?",
            (max(1, total // 100) - 1,),
        ).fetchone()[0]
        due = connection.execute("SELECT count(*) FROM leadflow_score WHERE valid_until_us <= ?", (found,))
        return int(found), int(due.fetchone()[0])


def _keep_due(path: Path, until_us: int) -> None:
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("CREATE TEMP TABLE due (contact TEXT PRIMARY KEY)")
    for select in (
        "SELECT subject FROM leadflow_score WHERE valid_until_us <= ?",
        "SELECT l.contact_id FROM leadflow_lead l JOIN leadflow_process p ON p.lead_id = l.id WHERE p.due_us <= ?",
        "SELECT l.contact_id FROM leadflow_lead l JOIN leadflow_handover h ON h.id = l.id WHERE h.due_us <= ?",
    ):
        connection.execute(f"INSERT OR IGNORE INTO due {select}", (until_us,))
    for table, column in (("score", "subject"), ("contact", "id"), ("lead", "contact_id"), ("input", "subject")):
        connection.execute(f"DELETE FROM leadflow_{table} WHERE {column} NOT IN (SELECT contact FROM due)")
    for table, column in (("process", "lead_id"), ("handover", "id")):
        connection.execute(f"DELETE FROM leadflow_{table} WHERE {column} NOT IN (SELECT id FROM leadflow_lead)")
    connection.execute("VACUUM")
    connection.close()


# -- memory -----------------------------------------------------------------------------------------------


def memory(folder: Path, rows: int, lines: int) -> list[Figure]:
    """Peak memory of a process of its own that takes a whole file in, beside that for a twentieth of it."""
    figures = []
    for kind, count, write, verb in (("csv", rows, write_csv, "import"), ("jsonl", lines, write_jsonl, "ingest")):
        few = max(count // 20, 1000)
        low, _ = _peak(folder, kind, few, write)
        mib, seconds = _peak(folder, kind, count, write)
        figures.append(
            Figure(
                "memory",
                f"{verb} of {count:,} lines of {kind}, peak",
                mib,
                "MiB",
                low,
                f"MiB for {few:,}",
                mib / low,
                floor=MOST_MIB,
                judged="value",
                best="least",
                note=f"{1e6 * seconds / count:.0f} CPU us a line",
            )
        )
    return figures


def write_csv(path: Path, count: int) -> None:
    """A list of contacts as an event organiser would send it."""
    with path.open("w", encoding="utf-8") as file:
        file.write("E-Mail,First name,Last name,Country,Company\n")
        for person in people(count, SEED + 1):
            contact = person.record["contact"]
            company = person.record.get("account", {}).get("name", "")
            file.write(
                f"{person.email},{contact['first_name']},{contact['last_name']},{contact['country']},{company}\n"
            )


def write_jsonl(path: Path, count: int) -> None:
    """What visitors did, one a line."""
    emails = [person.email for person in people(max(100, count // 20), SEED + 2)]
    with path.open("w", encoding="utf-8") as file:
        for record in interactions(emails, count, prefix="j", start_us=NOW_US, pace_us=PACE_US):
            file.write(json.dumps(record) + "\n")


def _peak(folder: Path, kind: str, count: int, write: Callable[[Path, int], None]) -> tuple[float, float]:
    file, store = folder / f"{count}.{kind}", folder / f"{kind}-{count}.db"
    write(file, count)
    child = [sys.executable, "-m", "bench.bench_growth", str(file), str(store)]
    text = subprocess.run(child, check=True, stdout=subprocess.PIPE, text=True).stdout
    file.unlink()
    store.unlink()
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
    print(json.dumps([_most_mib(), watch.cpu]))


def _records(lines: Any) -> Iterator[Any]:
    for line in lines:
        yield json.loads(line)


def _most_mib() -> float:
    """Peak memory of this process; what the system counts for a child includes its parent's before it became its own."""
    try:
        status = Path("/proc/self/status").read_text(encoding="ascii")
    except OSError:
        import resource

        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return peak / (1024 if sys.platform != "darwin" else 1024**2)
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024


def run(
    folder: Path,
    copies: tuple[int, ...] = (2, 20),
    rounds: int = 7,
    lot: int = 5000,
    rows: int = 20_000,
    lines: int = 100_000,
) -> list[Figure]:
    """All three."""
    return [
        *growth(folder, copies, rounds, lot),
        *tick(folder, copies[-1], rounds),
        *memory(folder, rows, lines),
    ]


if __name__ == "__main__":
    _child(Path(sys.argv[1]), Path(sys.argv[2]))
