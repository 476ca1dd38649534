"""S003-17: the process as a horizontal bar with the active stage open."""

from __future__ import annotations

import unicodedata

from hypothesis import given, settings
from hypothesis import strategies as st

from leadflow.reporting import StageView, Step, draw_bar, plain_text, view_stages
from leadflow.reporting.pieces import cells

calm = settings(deadline=None, max_examples=60)

DAY = 86_400_000_000
MARKETING = {
    "inquiry": "Inquiry",
    "automated-qualification": "Automated marketing qualification",
    "teleprospecting-acceptance": "Teleprospecting acceptance",
    "teleprospecting-qualification": "Teleprospecting qualification",
    "sales-acceptance": "Sales acceptance",
}
marks = st.sampled_from(["completed", "skipped", "active", "ahead", "left", "abandoned"])
spent = st.none() | st.integers(0, 400 * DAY)
ascii_texts = st.text(st.characters(codec="ascii"), min_size=1, max_size=40)
stages = st.builds(StageView, name=st.just("s"), label=st.text(min_size=1, max_size=40), mark=marks, spent_us=spent)
plain_stages = st.builds(StageView, name=st.just("s"), label=ascii_texts, mark=marks, spent_us=spent)
steps = st.builds(Step, label=st.text(max_size=30), value=st.none() | st.text(max_size=60), is_needed=st.booleans())


@calm
@given(st.lists(stages, min_size=1, max_size=12), st.lists(steps, max_size=4), st.integers(24, 130), st.booleans())
def test_no_line_is_wider_than_asked_whatever_people_call_things(
    views: list[StageView], answers: list[Step], width: int, is_ascii: bool
) -> None:
    lines = draw_bar(views, answers, note="since yesterday", width=width, is_ascii=is_ascii)
    for line in lines:
        assert sum(cells(piece.text) for piece in line) <= width
    assert not any(unicodedata.category(sign) == "Cc" for line in lines for piece in line for sign in piece.text)


@calm
@given(st.lists(plain_stages, min_size=1, max_size=8), st.integers(24, 100))
def test_in_ascii_every_sign_is_ascii(views: list[StageView], width: int) -> None:
    assert plain_text(draw_bar(views, width=width, is_ascii=True)).isascii()


def test_sales_ready_skips_the_callers_and_the_last_stage_is_open() -> None:
    """S003-17, S003-20: what was skipped is marked as such, the active stage shows its steps."""
    visits = [
        ("inquiry", 0, 0, "automatic"),
        ("automated-qualification", 0, 12 * DAY, "automatic"),
        ("teleprospecting-acceptance", 12 * DAY, 12 * DAY, "skipped"),
        ("teleprospecting-qualification", 12 * DAY, 12 * DAY, "skipped"),
        ("sales-acceptance", 12 * DAY, None, None),
    ]
    views = view_stages(MARKETING, visits, "active", 15 * DAY)
    step = Step(label="Sales accepted", is_needed=True)
    assert plain_text(draw_bar(views, [step], note="since Monday", width=80)).splitlines() == [
        "✓━━━━━━ ✓━━━━━━━━━━━━━━━━━━━━━━ –╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌ –╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌ ●━━━━━━━━━━",
        "Inquiry Automated marketing     Teleprospecting  Teleprospecting     Sales",
        "        qualification           acceptance       qualification       acceptance",
        "0 s     12 d                    skipped          skipped             3 d",
        "╭─ Sales acceptance ──────────────────────────────────────────── since Monday ─╮",
        "│ ○ Sales accepted  (needed)                                                   │",
        "╰──────────────────────────────────────────────────────────────────────────────╯",
    ]


def test_what_does_not_fit_goes_on_in_a_further_row() -> None:
    views = view_stages(MARKETING, [("inquiry", 0, None, None)], "active", DAY)
    text = plain_text(draw_bar(views, width=40, is_ascii=True))
    tracks = [line for line in text.splitlines() if line.startswith(("o-", ">="))]
    assert len(tracks) == 2
    assert sum(track.count("o") for track in tracks) == 4
    assert all(word in text for label in MARKETING.values() for word in label.split())


def test_a_lead_that_went_back_is_active_again_where_it_is() -> None:
    visits = [("a", 0, 5, "completed"), ("b", 5, 9, "back"), ("a", 9, None, None)]
    found = view_stages({"a": "A", "b": "B", "c": "C"}, visits, "active", 20)
    assert [(stage.mark, stage.spent_us) for stage in found] == [("active", 16), ("left", 4), ("ahead", None)]
    assert (found[0].since_us, found[1].since_us) == (9, None)


def test_a_process_that_has_ended_has_no_open_stage() -> None:
    visits = [("a", 0, 5, "completed"), ("b", 5, 9, "abandoned")]
    views = view_stages({"a": "A", "b": "B"}, visits, "abandoned", 20)
    assert [stage.mark for stage in views] == ["completed", "abandoned"]
    assert len(draw_bar(views, [Step(label="x")], width=40)) == 3


def test_a_value_cannot_break_out_of_its_frame() -> None:
    view = StageView(name="a", label="A\x1b[31m", mark="active")
    text = plain_text(draw_bar([view], [Step(label="Need", value="x\r\n\x1b]0;owned\x07\u202e")], width=60))
    assert "\x1b" not in text
    assert "\u202e" not in text
    assert len(text.splitlines()) == 5
