"""P33: what a hook point costs, without plugins and with some.

The point where observers are told is the line in the code itself, taken from its source and run in a loop; a loop without it
is taken off. Normalisers and strategies have no point while records come in: they are looked up when a flow is opened, so
that without plugins nothing is left of them. With plugins, observers are called through the flow's own method, and a policy
through the guard that checks what it gives.
"""

from __future__ import annotations

import inspect
import textwrap
from collections.abc import Callable
from itertools import repeat
from statistics import median
from time import process_time
from typing import Any

import leadflow
from bench.harness import Figure
from bench.template import NOW_US
from bench.workload import Clock, interactions, people, playbook
from leadflow.engine.flow import Flow
from leadflow.engine.planning.carrying import Carrier
from leadflow.hookspecs import hookimpl
from leadflow.plugins import load, policies_of
from leadflow.ports.store import ChangeSet, Snapshot

_POINT = "_tell"
_IMPLS = (1, 3, 10)


def _nothing(decisions: Any) -> None:
    """An observer that does nothing."""


def _plain(text: str) -> str:
    """A normaliser that does nothing."""
    return text


class _Policy:
    @hookimpl
    def leadflow_register_policies(self, register: Any) -> None:
        register.normaliser("bench.plain", _plain)


def _point() -> str:
    """The condition under which observers are told, as it stands in the code."""
    lines = [
        line.strip() for line in inspect.getsource(Carrier.carry_out).splitlines() if f"self.{_POINT} is not" in line
    ]
    assert len(lines) == 1, lines
    return lines[0]


def _loop(body: str, names: dict[str, Any]) -> Callable[[int], float]:
    """CPU seconds that `count` turns of a body take."""
    code = textwrap.dedent(
        """
        def run(count):
            begun = process_time()
            for _ in repeat(None, count):
        {body}
            return process_time() - begun
        """
    ).replace("{body}", textwrap.indent(body, "        "))
    scope = {**names, "process_time": process_time, "repeat": repeat}
    exec(code, scope)  # noqa: S102 - our own code
    run: Callable[[int], float] = scope["run"]
    return run


def _over(body: str, base: str, names: dict[str, Any], rounds: int, count: int) -> list[float]:
    """Microseconds by which a body is slower than another, by round."""
    one, other = _loop(body, names), _loop(base, names)
    one(count), other(count)
    return sorted(1e6 * (one(count) - other(count)) / count for _ in range(rounds))


def _figure(name: str, found: list[float], aim: float, unit: str = "us", note: str = "") -> Figure:
    low, high = found[0], found[-1]
    note = note or f"{low:.3g}..{high:.3g}"
    return Figure("P33", name, median(found), unit, aim=aim, floor=2 * aim, judged="value", best="least", note=note)


def _ingest(rounds: int, records: int) -> tuple[list[float], int]:
    """Microseconds of one record, singly, into a store in memory without plugins; and how many points each passes."""
    someone = list(people(200))
    emails = [person.email for person in someone]
    flow = leadflow.open(playbook=playbook(), now=Clock(NOW_US, 1_000_000))
    flow.ingest(person.record for person in someone)
    passed = 0
    commit = flow.store.commit

    def counted(change: ChangeSet) -> None:
        nonlocal passed
        passed += 1
        commit(change)

    took = []
    stream = interactions(emails, records * (rounds + 1), prefix="h", start_us=NOW_US, pace_us=1_000_000)
    for number in range(rounds + 1):
        lot = [next(stream) for _ in range(records)]
        begun = process_time()
        done = flow.ingest(lot, batch_size=1)
        took.append(1e6 * (process_time() - begun) / records)
        assert done.counts == {"accepted": records}, done
        if number == 0:
            flow.store.commit = counted  # type: ignore[method-assign]
            flow.ingest([next(interactions(emails, 1, prefix="c", start_us=NOW_US, pace_us=1))], batch_size=1)
            flow.store.commit = commit  # type: ignore[method-assign]
    return sorted(took[1:]), passed


def run(rounds: int = 15, count: int = 200_000, records: int = 400) -> list[Figure]:
    """P33."""
    change = ChangeSet(Snapshot({}), decisions=(object(),))  # type: ignore[arg-type]
    bare = leadflow.open()
    assert getattr(bare._carrier, _POINT) is None
    names = {"self": bare._carrier, "change": change}
    point = _over(f"{_point()}\n    raise AssertionError", "pass", names, rounds, count)
    figures = [_figure("a hook point without plugins", point, 0.1)]
    for number in _IMPLS:
        observers = dict.fromkeys((f"o{each}" for each in range(number)), _nothing)
        flow = Flow(bare.store, bare.playbook, observers=observers)
        own = {"self": flow._carrier, "change": change}
        body = f"{_point()}\n    self.{_POINT}(change.decisions)"
        found = _over(body, "pass", own, rounds, count // 4)
        figures.append(_figure(f"told to {number} observers that do nothing", found, 0.1 + 0.1 * number))
    plugins = load(only=(), also={"bench": _Policy()})
    guarded = policies_of(plugins).normalisers["bench.plain"].function
    found = _over("guarded('ana')", "pass", {"guarded": guarded}, rounds, count // 4)
    figures.append(_figure("a plugin's normaliser that does nothing, guarded", found, 0.2))
    took, passed = _ingest(rounds, records)
    assert passed == 1, "one commit, and so one point, for each record"
    share = [100 * passed * each / median(took) for each in point]
    figures.append(_figure("all hook points of one ingest", sorted(share), 1.0, "%", f"of {median(took):.0f} us"))
    return figures
