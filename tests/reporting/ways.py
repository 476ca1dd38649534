"""Ways through a process as the engine keeps them, for Hypothesis."""

from __future__ import annotations

from hypothesis import strategies as st

from leadflow.reporting import Way

STAGES = {"new": "New", "nurture": "Being nurtured", "call": "On the phone", "sales": "Sales acceptance"}
NAMES = list(STAGES)
moves = st.lists(
    st.tuples(
        st.sampled_from(["completed", "automatic", "skipped", "back", "set"]),
        st.integers(0, len(NAMES) - 1),
        st.integers(1, 40 * 86_400_000_000),
    ),
    max_size=6,
)


@st.composite
def ways(draw: st.DrawFn) -> Way:
    """A lead that starts at the first stage and moves; stages between are passed over, as the engine records it."""
    visits: list[tuple[str, int, int | None, str | None]] = [("new", 0, None, None)]
    at_us, here = 0, 0
    for how, to, wait_us in draw(moves):
        if to == here or (to < here and how in ("completed", "automatic", "skipped")):
            continue
        at_us += wait_us
        visits[-1] = (*visits[-1][:2], at_us, how)
        visits += [(name, at_us, at_us, "skipped") for name in NAMES[here + 1 : to]]
        visits.append((NAMES[to], at_us, None, None))
        here = to
    status = draw(st.sampled_from(["active", "active", "finished", "abandoned", "background"]))
    if status in ("finished", "abandoned"):
        visits[-1] = (*visits[-1][:2], at_us + 1, "completed" if status == "finished" else "abandoned")
    outcome = draw(st.sampled_from([None, None, "open", "won", "lost"]))
    return Way(tuple(visits), status, outcome, draw(st.sampled_from([None, "ads", "fair", "web"])))
