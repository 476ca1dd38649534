"""Fuzzy matching: pairs compared per second, arrivals per second, and what is found, on generated people and companies.

P20 and P22 are absolute aims. On a shared machine they are judged beside a raw loop in the same rounds: it calls the same
comparators for every field of the same candidate pairs, filters nothing and remembers nothing. It does some 40,000 pairs
a second where the aims were set.

    python -m bench.bench_matching [scale]
"""

from __future__ import annotations

import importlib.util
import sys
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any

from attrs import evolve

from bench.harness import Rounds, Spent, Watch, in_turns
from leadflow.matching.duplicates import DuplicateReport, find_duplicates, learn_weights
from leadflow.matching.linkage.index import Index
from leadflow.matching.linkage.kinds import Kind, part
from leadflow.matching.linkage.spec import BlockingKey, LinkageSpec, Row
from leadflow.matching.linkage.specs import account_spec, contact_spec, spec_for
from leadflow.matching.linkage.stored import Stored

RAW = 40_000
PAIRS, ARRIVALS = 120_000, 2_500
LEAST_F1 = {"people": 0.98, "people without id": 0.95, "contacts": 0.96, "companies": 0.96}
_RECORDS = Path(__file__).parents[1] / "tests" / "matching" / "corrupted_records.py"


def run(scale: float = 1.0, rounds: int = 3) -> list[dict[str, Any]]:
    """One row per figure: value, ratio to its limit with spread, aim and floor."""
    made = _records()
    people, _ = made.people(int(3300 * scale), seed=1)
    spec = spec_for(people)
    dense = _denser(spec)
    stored, pairs = _candidates(people, dense)
    size = int(5000 * scale)
    contacts, _ = made.contacts(size, seed=2)
    variants = {
        "raw loop": lambda: _raw(stored, pairs[: max(int(20_000 * scale), 100)]),
        "dense": lambda: _found(people, dense),
        "derived": lambda: _found(people, spec),
        "contacts": partial(_arrived, learn_weights(contacts[:size], contact_spec()), contacts[:size], contacts[size:]),
        "people": partial(_arrived, learn_weights(people, spec), people, people[: size // 4]),
    }
    measured = in_turns(variants, rounds)
    near = len(pairs) / len(people)
    rows = [
        _row("P20", f"pairs compared, training included, {near:.0f} a row", measured, "dense", PAIRS),
        _row("P20", "pairs compared with the keys as derived", measured, "derived", None),
        _row("P22", f"arrivals against {size:,} contacts", measured, "contacts", ARRIVALS),
        _row("P22", f"arrivals against {len(people):,} people", measured, "people", ARRIVALS),
    ]
    return rows + _quality(made, int(3000 * scale))


def _row(id_: str, name: str, measured: Rounds, variant: str, per_second: int | None) -> dict[str, Any]:
    ratio, low, high = measured.ratio(variant, "raw loop")
    row = {"id": id_, "name": name, "figure": round(measured.per_second(variant)), "unit": "/CPU s"}
    row |= {"limit": "raw loop", "limit_figure": round(measured.per_second("raw loop"))}
    row |= {"ratio": ratio, "spread": (low, high)}
    if per_second:
        row |= {"aim": per_second / RAW, "floor": per_second / RAW / 2}
    return row


def _quality(made: ModuleType, count: int) -> list[dict[str, Any]]:
    people, people_truth = made.people(count, seed=21)
    bare = [{name: value for name, value in row.items() if name != "soc_sec_id"} for row in people]
    contacts, contacts_truth = made.contacts(count, seed=22)
    companies, companies_truth = made.companies(count, seed=23)
    cases = {
        "people": (people, people_truth, spec_for(people)),
        "people without id": (bare, people_truth, spec_for(bare)),
        "contacts": (contacts, contacts_truth, contact_spec()),
        "companies": (companies, companies_truth, account_spec()),
    }
    rows = []
    for name, (records, truth, spec) in cases.items():
        found = f1(find_duplicates(records, spec), truth)
        floor = LEAST_F1[name]
        rows.append(
            {"id": "P19", "name": f"F1, {name}", "figure": found, "unit": "", "judged": "value", "floor": floor}
        )
    return rows


def f1(report: DuplicateReport, truth: set[tuple[int, int]]) -> float:
    """Of all pairs of rows that are in one cluster, against the true pairs."""
    got = {(a, b) for group in report.clusters for a in group for b in group if a < b}
    return 2 * len(got & truth) / (len(got) + len(truth))


def _denser(spec: LinkageSpec) -> LinkageSpec:
    """The derived keys and one that brings some 20 more candidates a row."""
    names = [
        BlockingKey("sounds", (part("surname", Kind.SURNAME, 1),)),
        BlockingKey("year", (part("date_of_birth", Kind.DATE),)),
    ]
    return evolve(spec, keys=(*spec.keys, *names))


def _candidates(rows: list[Row], spec: LinkageSpec) -> tuple[Stored, list[tuple[int, int]]]:
    stored = Stored(spec)
    for row in rows:
        stored.keep(*stored.read(row))
    pairs = [(left, right) for left, others, _ in stored.pairs() for right in others]
    return stored, pairs


def _found(rows: list[Row], spec: LinkageSpec) -> Spent:
    with Watch() as watch:
        report = find_duplicates(rows, spec)
    return watch.spent(report.compared)


def _raw(stored: Stored, pairs: list[tuple[int, int]]) -> Spent:
    comparisons = [(each.comparator.function, each.levels) for each in stored.spec.comparisons]
    texts = stored.texts
    with Watch() as watch:
        for left, right in pairs:
            codes = []
            for (function, levels), a, b in zip(comparisons, texts[left], texts[right], strict=True):
                code = 0
                if a and b:
                    alike = function(a, b)
                    code = 1 + next((at for at, level in enumerate(levels) if alike >= level), len(levels))
                codes.append(code)
    return watch.spent(len(pairs))


def _arrived(weights: Any, rows: list[Row], arrivals: list[Row]) -> Spent:
    index = Index(weights, rows)
    with Watch() as watch:
        for row in arrivals:
            index.candidates(row)
    return watch.spent(len(arrivals))


def _records() -> ModuleType:
    found = importlib.util.spec_from_file_location("corrupted_records", _RECORDS)
    assert found is not None
    assert found.loader is not None
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    return module


if __name__ == "__main__":
    for row in run(float(sys.argv[1]) if len(sys.argv) > 1 else 1.0):
        print(row)
