"""What `import leadflow` costs over bare Python, and that it loads no database."""

from __future__ import annotations

import resource
import subprocess
import sys
from time import perf_counter

from bench.harness import Figure, Rounds, Spent, in_turns

FLOOR_MS = 60.0
_LOADED = "import leadflow, sys; print(sorted({'sqlite3', 'cattrs', 'pluggy', 'attrs'} & sys.modules.keys()))"


def _python(code: str) -> Spent:
    start, before = perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, "-c", code], check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime
    return Spent(1, cpu, perf_counter() - start)


def _over(measured: Rounds, name: str, clock: str) -> tuple[float, float, float]:
    pairs = zip(measured.each(name, clock), measured.each("bare", clock), strict=True)
    extra = sorted(1000 * (own - bare) for own, bare in pairs)
    return extra[len(extra) // 2], extra[0], extra[-1]


def run(rounds: int = 15) -> list[Figure]:
    """Milliseconds over bare Python: of CPU, which neighbours stretch less; the wall clock's stand in the note."""
    loaded = subprocess.run([sys.executable, "-c", _LOADED], check=True, capture_output=True, text=True).stdout.strip()
    assert "sqlite3" not in loaded, f"import leadflow loads {loaded}"
    measured = in_turns(
        {
            "bare": lambda: _python("pass"),
            "import": lambda: _python("import leadflow"),
            "open": lambda: _python("import leadflow; leadflow.open('memory:').close()"),
        },
        rounds,
        warm=1,
    )
    figures = []
    for name, title, floor in (
        ("import", "import leadflow over bare Python, no sqlite3", FLOOR_MS),
        ("open", "the same, and open a store in memory", None),
    ):
        extra, low, high = _over(measured, name, "cpu")
        wall, _, _ = _over(measured, name, "wall")
        bare = 1000 / measured.per_second("bare")
        figures.append(
            Figure(
                "start" if floor else "start/aside",
                title,
                extra,
                "CPU ms",
                bare,
                "ms bare Python",
                floor=floor,
                judged="value",
                best="least",
                note=f"{low:.0f}..{high:.0f} ms of CPU, {wall:.0f} ms by the wall; loaded: {loaded}",
            )
        )
    return figures
