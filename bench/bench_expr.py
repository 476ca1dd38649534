"""P17: score one lead by 30 rules, with the mask of fired rules, against plain closures on ready-made facts.

The 30 rules (14 on who somebody is, 16 on what they did) are written in leadflow's language and, for the limit, as one
closure per rule over a flat dict. Both give the same scores. leadflow reads records and signal states, knows None, and
says until when the score holds; the closures do none of that.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from statistics import median
from time import process_time
from typing import Any

from leadflow.expr import Field, Schema, SignalTable, Type
from leadflow.expr.points import ScoreProgram, ScoreRule, compile_score
from leadflow.model.time import DAY_US

# Few enough that all stay in the processor's cache, as the one lead at hand does.
LEADS = 400
ROUNDS = 51
AIM, FLOOR = 2.5, 1.25
NOW_US = 20_500 * DAY_US
COUNTRIES = ("US", "DE", "FR", "GB", "ES", "IT", "NL", "SE", "PL", "BR", "IN", "JP")
INDUSTRIES = ("software", "finance", "retail", "health", "energy", "education", "media", "public")
TITLES = ("ceo", "cto", "cfo", "vp sales", "manager", "engineer", "analyst", "intern", "student", "owner")
SOURCES = ("web", "event", "referral", "ads", "cold", "partner")
KINDS = ("visit", "pricing", "form", "open", "click", "download", "webinar", "demo", "call", "unsubscribe")
KIND_WEIGHTS = (40, 6, 8, 20, 9, 6, 3, 2, 4, 2)
DEMOGRAPHIC: tuple[tuple[int, str, str, Any], ...] = (
    (10, "country", "in", ("US", "DE", "GB")),
    (5, "country", "in", ("FR", "NL", "SE")),
    (-5, "country", "==", "BR"),
    (15, "title", "in", ("ceo", "cto", "cfo", "owner")),
    (10, "title", "in", ("vp sales", "manager")),
    (-20, "title", "in", ("student", "intern")),
    (10, "industry", "in", ("software", "finance")),
    (5, "industry", "==", "health"),
    (15, "employees", ">=", 1000),
    (10, "employees", "between", (200, 999)),
    (5, "employees", "between", (50, 199)),
    (10, "budget", ">=", 50000),
    (-10, "budget", "<", 1000),
    (5, "source", "in", ("referral", "partner")),
)
BEHAVIOUR = (
    (5, "visit", 5),
    (10, "visit", 20),
    (8, "pricing", 1),
    (12, "pricing", 3),
    (10, "form", 1),
    (5, "form", 3),
    (3, "open", 3),
    (6, "click", 2),
    (6, "download", 1),
    (12, "webinar", 1),
    (25, "demo", 1),
    (15, "call", 1),
    (-30, "unsubscribe", 1),
)
RECENCY = ((10, "<", 7), (-10, ">=", 60), (-20, ">=", 180))
HOLDERS = {"country": "contact", "title": "contact", "source": "lead", "budget": "lead"}


class Contact:
    """What the rules read of a contact."""

    __slots__ = ("country", "title")


class Account:
    """What the rules read of an account."""

    __slots__ = ("employees", "industry")


class Lead:
    """What the rules read of a lead."""

    __slots__ = ("budget", "source")


class View:
    """One subject as the program sees it."""

    __slots__ = ("account", "contact", "lead", "signals")


def schema() -> Schema:
    """The records of this bench."""
    types = {"title": Type.TEXT, "employees": Type.NUMBER, "budget": Type.NUMBER}
    records: dict[str, dict[str, Field]] = {"contact": {}, "account": {}, "lead": {}}
    for name in ("country", "title", "industry", "source", "employees", "budget"):
        records[HOLDERS.get(name, "account")][name] = Field(name, types.get(name, Type.CODE))
    return Schema(records)


def rules() -> list[ScoreRule]:
    """The 30 rules in the language."""
    texts: list[tuple[int, str]] = []
    for points, name, op, operand in DEMOGRAPHIC:
        field = f"{HOLDERS.get(name, 'account')}.{name}"
        if op == "between":
            texts.append((points, f"{operand[0]} <= {field} <= {operand[1]}"))
        elif op == "in":
            texts.append((points, f"{field} in {json.dumps(operand)}"))
        else:
            texts.append((points, f"{field} {op} {json.dumps(operand)}"))
    texts += ((points, f'count("{kind}") >= {least}') for points, kind, least in BEHAVIOUR)
    texts += ((points, f'days_since("*") {op} {days}') for points, op, days in RECENCY)
    return [ScoreRule(name=f"r{i}", points=points, when=text) for i, (points, text) in enumerate(texts)]


def closures() -> Callable[[dict[str, Any]], int]:
    """The same rules as one closure each over a flat dict: the limit."""

    def test(name: str, op: str, operand: Any) -> Callable[[dict[str, Any]], bool]:
        if op == "in":
            among = frozenset(operand)
            return lambda facts: facts[name] in among
        if op == "==":
            return lambda facts: facts[name] == operand
        if op == ">=":
            return lambda facts: facts[name] >= operand
        if op == "<":
            return lambda facts: facts[name] < operand
        low, high = operand
        return lambda facts: low <= facts[name] <= high

    tests = [(points, test(name, op, operand)) for points, name, op, operand in DEMOGRAPHIC]
    tests += [(points, test(f"n_{kind}", ">=", least)) for points, kind, least in BEHAVIOUR]
    tests += [(points, test("d_any", op, days)) for points, op, days in RECENCY]

    def score(facts: dict[str, Any]) -> int:
        total = 0
        for points, holds in tests:
            if holds(facts):
                total += points
        return total

    return score


def subjects(count: int, seed: int, table: SignalTable) -> tuple[list[dict[str, Any]], list[View]]:
    """The same random leads as flat facts and as views."""
    rng = random.Random(seed)
    index = {signal.kind: number for number, signal in enumerate(table.signals)}
    all_facts, views = [], []
    for _ in range(count):
        facts: dict[str, Any] = {
            "country": rng.choice(COUNTRIES),
            "title": rng.choice(TITLES),
            "industry": rng.choice(INDUSTRIES),
            "source": rng.choice(SOURCES),
            "employees": int(10 ** rng.uniform(0, 4.5)),
            "budget": round(10 ** rng.uniform(2, 6), 2),
            "d_any": round(rng.expovariate(1 / 45), 3),
        }
        view = View()
        view.contact, view.account, view.lead = Contact(), Account(), Lead()
        for name in ("country", "title", "industry", "source", "employees", "budget"):
            setattr(getattr(view, HOLDERS.get(name, "account")), name, facts[name])
        view.signals = {index["*"]: (1, NOW_US - int(facts["d_any"] * DAY_US))}
        for kind, weight in zip(KINDS, KIND_WEIGHTS, strict=True):
            times = facts[f"n_{kind}"] = int(rng.expovariate(8 / weight))
            if times:
                view.signals[index[kind]] = (times,)
        all_facts.append(facts)
        views.append(view)
    return all_facts, views


def _whole(program: ScoreProgram, views: list[View]) -> None:
    score = program.score
    for view in views:
        score(view, NOW_US)


def _in_two_steps(program: ScoreProgram, view: View) -> tuple[int, int, int]:
    bits, static_until_us = program.static(view, NOW_US)
    points, fired, until_us = program.total(view.signals, bits, NOW_US)
    return points, fired, min(until_us, static_until_us)


def _limit(score: Callable[[dict[str, Any]], int], facts: list[dict[str, Any]]) -> None:
    for each in facts:
        score(each)


def _behaviour(program: ScoreProgram, known: list[tuple[View, int]]) -> None:
    total = program.total
    for view, bits in known:
        total(view.signals, bits, NOW_US)


def run(leads: int = LEADS, rounds: int = ROUNDS, seed: int = 1) -> list[dict[str, Any]]:
    """Measure interleaved, in turning order; ratios are medians over rounds of CPU time."""
    table = SignalTable()
    program = compile_score(rules(), {}, schema(), table)
    score = closures()
    facts, views = subjects(leads, seed, table)
    assert [program.score(view, NOW_US)[0] for view in views] == [score(each) for each in facts]
    assert all(_in_two_steps(program, view) == program.score(view, NOW_US) for view in views)
    known = [(view, program.static(view, NOW_US)[0]) for view in views]
    variants: dict[str, Callable[[], None]] = {
        "plain closures": lambda: _limit(score, facts),
        "score, mask and until": lambda: _whole(program, views),
        "an interaction's share (static part known)": lambda: _behaviour(program, known),
    }
    seconds: dict[str, list[float]] = {name: [] for name in variants}
    names = list(variants)
    for number in range(rounds + 1):
        turn = number % len(names)
        for name in [*names[turn:], *names[:turn]]:
            start = process_time()
            variants[name]()
            if number:  # the first round only warms up
                seconds[name].append(process_time() - start)
    base = seconds[names[0]]
    rows = []
    for name, spent in seconds.items():
        ratios = sorted(limit / own for limit, own in zip(base, spent, strict=True))
        rows.append(
            {
                "id": "P17" if name == "score, mask and until" else "P17/aside",
                "name": f"30 rules: {name}",
                "figure": leads / median(spent),
                "unit": "leads per CPU second",
                "ratio": median(ratios),
                "spread": (ratios[0], ratios[-1]),
                "aim": AIM if name == "score, mask and until" else None,
                "floor": FLOOR if name == "score, mask and until" else None,
            }
        )
    return rows


if __name__ == "__main__":
    for row in run():
        low, high = row["spread"]
        spread = f"[{low:.2f}..{high:.2f}]"
        print(f"{row['id']:10} {row['name']:62} {row['figure'] / 1000:8.0f}k/s  {row['ratio']:5.2f} x {spread}")
