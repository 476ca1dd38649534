"""Learning a scoring model from 100,000 leads x 30 fields, beside a bare counting loop over the same cells.

The counting loop is the least any learner must do: look at every cell once and count its value by outcome.
Figures are CPU seconds of one core and ratios in the same run.

    python bench/bench_fit.py [scale]
"""

from __future__ import annotations

import math
import random
import sys
import time
from collections.abc import Callable
from functools import partial
from typing import Any

from leadflow.model.time import DAY_US
from leadflow.scoring.fit import Example, FitSettings, learn
from leadflow.scoring.fit.settings import Method

LEADS = 100_000
METHODS: tuple[Method, ...] = ("naive_bayes", "logistic", "best")
TEXTS, NUMBERS, FLAGS = 15, 10, 5


def made(leads: int, seed: int = 7) -> list[Example]:
    """Leads with a hidden log-odds model over some of their 30 fields; a tenth of the cells is empty."""
    chance = random.Random(seed)
    sizes = [4 + 3 * place for place in range(TEXTS)]
    pulls = [[chance.gauss(0, 0.5) if place % 2 else 0.0 for _ in range(size)] for place, size in enumerate(sizes)]
    examples = []
    for row in range(leads):
        features: dict[str, Any] = {}
        odds = -2.2
        for place, size in enumerate(sizes):
            level = int(size * chance.random() ** 2)
            odds += pulls[place][level]
            features[f"lead.text_{place}"] = f"value {level}" if chance.random() > 0.1 else None
        for place in range(NUMBERS):
            number = int(10 ** chance.uniform(0, 4))
            odds += 0.3 * (math.log10(number) - 2) if place % 3 == 0 else 0.0
            features[f"account.number_{place}"] = number if chance.random() > 0.1 else None
        for place in range(FLAGS):
            flag = chance.random() < 0.3
            odds += 0.4 * flag if place == 0 else 0.0
            features[f"contact.flag_{place}"] = flag
        won = chance.random() < 1 / (1 + math.exp(-odds))
        examples.append(Example(f"l_{row:07}", row * DAY_US // 200, won, features))
    return examples


def counted(examples: list[Example]) -> int:
    """Look at every cell once and count it by outcome."""
    counts: dict[tuple[str, Any], list[int]] = {}
    for example in examples:
        won = example.won
        for cell in example.features.items():
            pair = counts.get(cell)
            if pair is None:
                pair = counts[cell] = [0, 0]
            pair[won] += 1
    return len(counts)


def run(scale: float = 1.0) -> list[dict[str, Any]]:
    """One row per variant: name, leads, fields, CPU seconds, ratio to the counting loop, held-back AUC."""
    examples = made(int(LEADS * scale))
    base, _ = _timed(lambda: counted(examples))
    rows: list[dict[str, Any]] = [_row("counting loop", examples, base, base, None)]
    both = 0.0
    for method in METHODS:
        seconds, fit = _timed(partial(learn, examples, FitSettings(method=method)))
        both += seconds if method != "best" else 0.0
        rows.append(_row(f"fit {method}", examples, seconds, base, fit.report.points.auc))
    rows.append(_row("fit both methods", examples, both, base, None))
    return rows


def _row(name: str, examples: list[Example], seconds: float, base: float, auc: float | None) -> dict[str, Any]:
    return {
        "name": name,
        "leads": len(examples),
        "fields": TEXTS + NUMBERS + FLAGS,
        "seconds": round(seconds, 3),
        "ratio": round(seconds / base, 2),
        "auc": None if auc is None else round(auc, 4),
    }


def _timed(work: Callable[[], Any]) -> tuple[float, Any]:
    start = time.process_time()
    result = work()
    return time.process_time() - start, result


if __name__ == "__main__":
    for row in run(float(sys.argv[1]) if len(sys.argv) > 1 else 1.0):
        print(row)
