"""P1 to P4: interactions of known people through everything, beside a bare loop that writes the same rows.

Twenty thousand contacts with leads in the marketing process, thirty scoring rules, addresses as they were typed, in a
steady state in which a few records in a hundred cross a grade or a threshold and set off decisions, moves, assignments
and messages. Both sides start from copies of one file; at the end both files hold the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from bench.capture import Written, captured, content, raw_loop
from bench.harness import Figure, Rounds, Spent, Watch, compared, in_turns
from bench.template import NOW_US, Template, make_template
from bench.workload import Clock, interactions, playbook
from leadflow.engine.flow import Flow
from leadflow.engine.opening import open_store
from leadflow.ports.store import ChangeSet, Scan, Snapshot

MADE, COPIES = 4000, 5
PACE_US = 80_000_000
AIM_CPU_US = 8.0


class Case:
    """One way to ingest: how many records per transaction, how durable, how many records."""

    def __init__(self, template: Template, records: list[dict[str, Any]], batch: int, sync: str) -> None:
        self.template = template
        self.records = records
        self.addresses = [record["contact"]["email"] for record in records]
        self.batch = batch
        self.sync = sync
        with captured() as written:
            path = self._leadflow().path
        self.written = _without_opening(written)
        self.content = content(path)
        self._raw()
        assert content(self.template.path.with_name("raw.db")) == self.content, "the two sides wrote different rows"

    @property
    def variants(self) -> dict[str, Any]:
        """The two sides."""
        return {"leadflow": lambda: self._leadflow().spent, "raw loop": self._raw}

    def _leadflow(self) -> _Run:
        path = self.template.copy("own.db")
        store = open_store(f"sqlite:///{path}", synchronous=self.sync)
        with Flow(store, playbook(), now=Clock(NOW_US, self.batch * PACE_US)) as flow:
            with Watch() as watch:
                done = flow.ingest(self.records, batch_size=self.batch)
        assert done.counts == {"accepted": len(self.records)}, done
        return _Run(path, watch.spent(len(self.records)))

    def _raw(self) -> Spent:
        return raw_loop(lambda: self.template.copy("raw.db"), self.addresses, self.written, self.batch, self.sync)


class _Run:
    def __init__(self, path: Path, spent: Spent) -> None:
        self.path = path
        self.spent = spent


def _without_opening(written: Written) -> Written:
    written.batches = [batch for batch in written.batches if batch]
    return written


# -- the database left out --------------------------------------------------------------------------------


class Prepared:
    """A store that answers from what another answered before, in the same order, and forgets what is committed."""

    def __init__(self, answers: Iterable[Mapping[Any, Any]]) -> None:
        self._answers = iter([Snapshot(dict(rows)) for rows in answers])

    def load(self, keys: Iterable[Any]) -> Snapshot:
        """The next answer."""
        return next(self._answers)

    def commit(self, change: ChangeSet) -> None:
        """Forget it."""

    def scan(self, query: Scan) -> Any:
        """Nothing is looked for."""
        return iter(())

    def close(self) -> None:
        """Nothing is open."""


class Remembering:
    """A store that keeps what another answers."""

    def __init__(self, store: Any) -> None:
        self._store = store
        self.answers: list[dict[Any, Any]] = []

    def load(self, keys: Iterable[Any]) -> Snapshot:
        """Ask, and keep the answer."""
        snapshot: Snapshot = self._store.load(keys)
        self.answers.append(dict(snapshot.rows))
        return snapshot

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)


def without_database(template: Template, records: list[dict[str, Any]], batch: int) -> Any:
    """A variant that ingests with all loads answered in advance."""
    rules = playbook()
    store = Remembering(open_store(f"sqlite:///{template.copy('own.db')}", synchronous="OFF"))
    with Flow(store, rules, now=Clock(NOW_US, batch * PACE_US)) as flow:
        flow.ingest(records, batch_size=batch)

    def run() -> Spent:
        flow = Flow(Prepared(store.answers), rules, now=Clock(NOW_US, batch * PACE_US))
        with Watch() as watch:
            done = flow.ingest(records, batch_size=batch)
        assert done.counts == {"accepted": len(records)}, done
        return watch.spent(len(records))

    return run


# -- figures ----------------------------------------------------------------------------------------------


def run(template: Template | None = None, rounds: int = 7, scale: float = 1.0) -> list[Figure]:
    """P1 to P4."""
    with TemporaryDirectory(prefix="bench-") as folder:
        template = template or make_template(Path(folder), MADE, COPIES)
        sizes = [int(count * scale) for count in (4000, 20_000, 2000)]
        records = list(
            interactions(template.emails, max(sizes), prefix="m", start_us=NOW_US, pace_us=PACE_US)
        )
        figures = []
        for id_, batch, sync, count, clock, aim in (
            ("P1", 1, "NORMAL", sizes[0], "cpu", 0.60),
            ("P2", 1000, "NORMAL", sizes[1], "cpu", 0.60),
            ("P3", 1, "FULL", sizes[2], "wall", 0.75),
        ):
            case = Case(template, records[:count], batch, sync)
            measured = in_turns(case.variants, rounds)
            name = f"ingest, {batch} per transaction, {sync}"
            figures.append(
                compared(
                    id_, name, measured, "leadflow", "raw loop", unit="records", aim=aim, floor=aim / 2, clock=clock,
                    note=str(case.written.per_table()),
                )
            )  # fmt: skip
        figures += _python_share(template, records[: sizes[1]], records[: sizes[0]], rounds)
    return figures


def _python_share(template: Template, many: list[Any], few: list[Any], rounds: int) -> list[Figure]:
    variants = {
        "1000 per transaction": without_database(template, many, 1000),
        "1 per transaction": without_database(template, few, 1),
    }
    measured = in_turns(variants, rounds)
    return [_share(measured, name, name.startswith("1000")) for name in variants]


def _share(measured: Rounds, name: str, is_judged: bool) -> Figure:
    each = sorted(1e6 * seconds for seconds in measured.each(name))
    return Figure(
        "P4" if is_judged else "P4/aside",
        f"Python share, {name}",
        1e6 / measured.per_second(name),
        "CPU us/record",
        measured.per_second(name),
        "records/CPU s",
        aim=AIM_CPU_US if is_judged else None,
        floor=2 * AIM_CPU_US if is_judged else None,
        judged="value",
        best="least",
        note=f"{each[0]:.1f}..{each[-1]:.1f} us",
    )
