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
from itertools import islice
from pathlib import Path
from statistics import median
from typing import Any

from bench.capture import Statement, captured, key_of_addresses, opened, raw_loop, shared
from bench.harness import Figure, Rounds, Spent, Watch, compared, in_turns
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
    """Interactions into stores of different sizes, a lot a round each, beside bare writes of the same rows into copies.

    In a store of a million leads a batch changes a page or more for every row, in one of ten thousand the same few pages
    over and over, and each changed page is written to the log: the bare writes alone cost several times more. So what is
    judged is leadflow beside the bare writes, there and here; the plain ratios stand beside it.
    """
    variants: dict[str, Callable[[], Spent]] = {}
    names = [f"{MADE * number:,} leads" for number in copies]
    with ExitStack() as stack:
        for number, name in zip(copies, names, strict=True):
            template = make_template(folder, number)
            lots = _lots(template, rounds + 1, lot)
            sent = _caught(template, lots)
            raw = stack.enter_context(opened(template.copy(f"raw-{number}.db"), "NORMAL"))
            variants[f"raw {name}"] = _again(raw, lots, sent)
            # The template itself: at a million leads one copy more would be some gigabytes, and nobody needs it afterwards.
            variants[name] = _ingesting(stack.enter_context(_flow(template.path)), lots)
        measured = in_turns(variants, rounds, warm=1)
    for number in copies:
        (folder / f"raw-{number}.db").unlink()
    base, *larger = names
    figures = []
    for name in larger:
        ratios = sorted(
            (raw / own) / (raw_base / own_base)
            for raw, own, raw_base, own_base in zip(
                *(measured.each(side) for side in (f"raw {name}", name, f"raw {base}", base)), strict=True
            )
        )
        judged = Figure(
            "growth", f"a record at {name} beside bare writes", 1e6 * median(measured.each(name)), "CPU us/record",
            1e6 * median(measured.each(base)), f"us at {base}", median(ratios), ratios[0], ratios[-1],
            aim=1 / 1.1, floor=FLOOR,
        )  # fmt: skip
        figures.append(judged)
        for side, other in ((name, base), (f"raw {name}", f"raw {base}")):
            figures.append(compared("growth/aside", f"a record at {side}", measured, side, other, unit="records"))
    return figures


def _flow(path: Path) -> Flow:
    store = open_store(f"sqlite:///{path}", synchronous="NORMAL", check=False)
    return Flow(store, playbook(), now=Clock(NOW_US, BATCH * PACE_US))


def _lots(template: Template, count: int, lot: int) -> list[list[dict[str, Any]]]:
    stream = interactions(template.emails, count * lot, prefix="g", start_us=NOW_US, pace_us=PACE_US)
    return [list(islice(stream, lot)) for _ in range(count)]


def _caught(template: Template, lots: list[list[dict[str, Any]]]) -> list[list[Statement]]:
    """What leadflow sends to take the lots in, by transaction."""
    path = template.copy("caught.db")
    with captured() as written, _flow(path) as flow:
        for lot in lots:
            flow.ingest(lot, batch_size=BATCH)
    path.unlink()
    return [batch for batch in written.batches if batch]


def _again(
    raw: sqlite3.Connection, lots: list[list[dict[str, Any]]], sent: list[list[Statement]]
) -> Callable[[], Spent]:
    waiting, batches = iter(lots), iter(sent)
    key = key_of_addresses(raw, [record["contact"]["email"] for record in lots[0]])

    def write() -> Spent:
        addresses = [record["contact"]["email"] for record in next(waiting)]
        parts = [addresses[at : at + BATCH] for at in range(0, len(addresses), BATCH)]
        shares = [shared(part, next(batches)) for part in parts]
        with Watch() as watch:
            raw_loop(raw, key, shares)
        return watch.spent(len(addresses))

    return write


def _ingesting(flow: Flow, lots: list[list[dict[str, Any]]]) -> Callable[[], Spent]:
    waiting = iter(lots)

    def ingest() -> Spent:
        lot = next(waiting)
        with Watch() as watch:
            done = flow.ingest(lot, batch_size=BATCH)
        assert done.counts == {"accepted": len(lot)}, done
        return watch.spent(len(lot))

    return ingest


# -- tick -------------------------------------------------------------------------------------------------


def tick(folder: Path, copies: int, rounds: int) -> list[Figure]:
    """Timers of which one in a hundred is due, beside a store that holds nothing but those.

    Rows that lie a hundred apart are on as many pages, rows of a store of their own share them: the bare writes alone
    cost several times more. So what is judged is what leadflow adds to the bare writes of the same rows in the same
    store; the plain ratio stands beside it.
    """
    whole = make_template(folder, copies).path
    due = folder / "due.db"
    until_us, count = _one_in_a_hundred(whole)
    _only_due(whole, due, until_us)
    with captured() as written:
        done = _ticked(whole, until_us)
    sent = [batch for batch in written.batches if batch]

    def own(path: Path) -> Callable[[], Spent]:
        def run() -> Spent:
            spent = _ticked(path, until_us)
            assert spent.count == done.count, "the stores had different work"
            return spent

        return run

    measured = in_turns(
        {
            "all": own(whole),
            "due": own(due),
            "raw all": lambda: _written_again(whole, sent, done.count),
            "raw due": lambda: _written_again(due, sent, done.count),
        },
        rounds,
        warm=1,
    )
    due.unlink()
    name = f"tick over {MADE * copies:,} leads, {count:,} due"
    figure = compared("tick", f"{name}: the same", measured, "all", "due", unit="timers")
    figure.id, figure.peer_name = "tick/aside", "only the due"
    added = [_added(measured, which) for which in ("all", "due")]
    ratios = sorted(small / large for large, small in zip(*added, strict=True))
    large, small = (median(each) for each in added)
    judged = Figure(
        "tick", f"{name}: beyond bare writes", 1e6 * large, "CPU us/timer", 1e6 * small, "us only the due",
        median(ratios), ratios[0], ratios[-1], aim=1 / 1.1, floor=FLOOR,
    )  # fmt: skip
    return [judged, figure]


def _added(measured: Rounds, which: str) -> list[float]:
    """What leadflow adds to the bare writes, by round."""
    pairs = zip(measured.each(which), measured.each(f"raw {which}"), strict=True)
    return [max(own - raw, 1e-9) for own, raw in pairs]


def _ticked(path: Path, until_us: int) -> Spent:
    copy = Template(path, []).copy("tick.db")
    store = open_store(f"sqlite:///{copy}", synchronous="NORMAL", check=False)
    with Flow(store, playbook()) as flow, Watch() as watch:
        count = flow.tick(until_us)
    copy.unlink()
    return watch.spent(count)


def _written_again(path: Path, sent: list[list[Statement]], count: int) -> Spent:
    copy = Template(path, []).copy("tick.db")
    with opened(copy, "NORMAL") as connection, Watch() as watch:
        for batch in sent:
            connection.execute("BEGIN IMMEDIATE")
            for sql, values in batch:
                connection.execute(sql, values)
            connection.execute("COMMIT")
    copy.unlink()
    return watch.spent(count)


def _one_in_a_hundred(path: Path) -> tuple[int, int]:
    with sqlite3.connect(path) as connection:
        total = connection.execute("SELECT count(*) FROM leadflow_score").fetchone()[0]
        found = connection.execute(
            "SELECT valid_until_us FROM leadflow_score WHERE valid_until_us IS NOT NULL ORDER BY 1 LIMIT 1 OFFSET ?",
            (max(1, total // 100) - 1,),
        ).fetchone()[0]
        due = connection.execute("SELECT count(*) FROM leadflow_score WHERE valid_until_us <= ?", (found,))
        return int(found), int(due.fetchone()[0])


_DUE = (
    "SELECT subject FROM leadflow_score WHERE valid_until_us <= ?",
    "SELECT l.contact_id FROM leadflow_process p JOIN leadflow_lead l ON l.id = p.lead_id WHERE p.due_us <= ?",
    "SELECT l.contact_id FROM leadflow_handover h JOIN leadflow_lead l ON l.id = h.id WHERE h.due_us <= ?",
)
_THEIRS = {
    "contact": "id IN (SELECT contact FROM due)",
    "score": "subject IN (SELECT contact FROM due)",
    "input": "subject IN (SELECT contact FROM due)",
    "lead": "contact_id IN (SELECT contact FROM due)",
    "account": "id IN (SELECT account_id FROM main.leadflow_contact)",
    "process": "lead_id IN (SELECT id FROM main.leadflow_lead)",
    "handover": "id IN (SELECT id FROM main.leadflow_lead)",
    "pool": "1",
    "workload": "1",
}


def _only_due(template: Path, path: Path, until_us: int) -> None:
    open_store(f"sqlite:///{path}").close()
    connection = sqlite3.connect(path)
    connection.execute("CREATE TEMP TABLE due (contact TEXT PRIMARY KEY)")
    with sqlite3.connect(template) as whole:
        for select in _DUE:
            connection.executemany("INSERT OR IGNORE INTO due VALUES (?)", whole.execute(select, (until_us,)))
    connection.commit()
    connection.execute("ATTACH ? AS whole", (str(template),))
    for table, condition in _THEIRS.items():
        connection.execute(f"INSERT INTO main.leadflow_{table} SELECT * FROM whole.leadflow_{table} WHERE {condition}")
    connection.commit()
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
    """All three; growth last but one, because it writes into the templates."""
    return [
        *tick(folder, copies[-1], rounds if copies[-1] < 100 else 2),
        *growth(folder, copies, rounds, lot),
        *memory(folder, rows, lines),
    ]


if __name__ == "__main__":
    _child(Path(sys.argv[1]), Path(sys.argv[2]))
