"""Text in columns, and text that cannot steer a terminal."""

from __future__ import annotations

import unicodedata

from hypothesis import given, settings
from hypothesis import strategies as st

from leadflow.reporting.pieces import cells, clean, fitted, share_text, span_text, wrapped

calm = settings(deadline=None, max_examples=60)

texts = st.text(max_size=40)


@calm
@given(texts)
def test_clean_text_has_nothing_that_moves_the_cursor_or_turns_the_line(text: str) -> None:
    """S003-17 for people's own words: a value that a visitor typed is shown, never obeyed."""
    shown = clean(text)
    assert len(shown) == len(text)
    assert not any(unicodedata.category(sign) in ("Cc", "Zl", "Zp") for sign in shown)
    assert not any(sign in shown for sign in "\u202a\u202b\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f")


@calm
@given(texts.map(clean), st.integers(0, 30), st.booleans())
def test_fitted_text_takes_exactly_its_columns(text: str, width: int, is_right: bool) -> None:
    assert cells(fitted(text, width, is_right=is_right)) == width


@calm
@given(texts.map(clean), st.integers(2, 30))
def test_wrapped_text_fits_and_loses_no_letter(text: str, width: int) -> None:
    lines = wrapped(text, width)
    assert all(cells(line) <= width for line in lines)
    assert "".join("".join(lines).split()) == "".join(text.split())


def test_spans_and_shares_for_people() -> None:
    assert [span_text(us) for us in (None, 0, 90_000_000, 36_000_000_000, 864_000_000_000)] == [
        "", "0 s", "1.5 min", "10 h", "10 d",
    ]  # fmt: skip
    assert [share_text(share) for share in (None, 0.0, 0.0001, 0.031, 0.5, 1.0)] == [
        "", "0 %", "<0.1 %", "3.1 %", "50 %", "100 %",
    ]  # fmt: skip
