"""A funnel as a picture: SVG that stands alone or in a page, in light and dark, with words for those who hear it."""

from __future__ import annotations

from html import escape

from leadflow.reporting.figures import Funnel, StageFigures
from leadflow.reporting.pieces import cells, clean, fitted, share_text, span_text

STYLE = """\
.lf-page{fill:#ffffff}.lf-title{font-weight:600}.lf-text{fill:#1c2733}.lf-dim{fill:#556372}
.lf-track{fill:#eef2f6}.lf-entered{fill:#2563b8}.lf-passed{fill:#a9c7ec}.lf-flow{fill:#2563b8;fill-opacity:.12}
.lf-won{fill:#1f7a4d}
@media (prefers-color-scheme:dark){.lf-page{fill:#12181f}.lf-text{fill:#e8eef4}.lf-dim{fill:#a3b1bf}
.lf-track{fill:#1e2731}.lf-entered{fill:#6aa5f0}.lf-passed{fill:#2f5585}.lf-flow{fill:#6aa5f0;fill-opacity:.16}
.lf-won{fill:#4fbf86}}"""
"""The picture's colours; fixed, so that a page can name their digest in its policy."""

_FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'DejaVu Sans', sans-serif"
_WIDTH, _MARGIN = 800, 24
_BAR_LEFT, _BAR_WIDTH, _BAR_HEIGHT, _STEP = 300, 270, 30, 58
_COUNTS, _SHARES = 640, 700
_TOP = 92


def funnel_svg(figures: Funnel, *, is_alone: bool = True) -> str:
    """The funnel as one SVG element: dark bars for leads that were in a stage, light for those that passed it over.

    A title and a description say the same in words. `is_alone=False` is for a page that has a heading and STYLE
    itself: heading, colours and background are left out. Shape: 800 units wide; no script, no link.

    >>> funnel_svg(Funnel(process="p", label="A & B")).splitlines()[1]
    '<title id="lf-title">A &amp; B: 0 leads</title>'
    """
    rows = len(figures.stages) + (figures.won is not None)
    top = _TOP if is_alone else _TOP - 62
    height = top + rows * _STEP + 44
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-labelledby="lf-title lf-desc" '
        f'viewBox="0 0 {_WIDTH} {height}" width="{_WIDTH}" height="{height}" font-family="{escape(_FONT)}">',
        f'<title id="lf-title">{_e(figures.title)}: {_leads(figures.started)}</title>',
        f'<desc id="lf-desc">{_e(describe(figures))}</desc>',
    ]
    if is_alone:
        parts.append(f"<style>{STYLE}</style>")
        parts.append(f'<rect class="lf-page" width="{_WIDTH}" height="{height}" fill="#ffffff"/>')
        parts.extend(_head(figures))
    parts.extend(_headings(top - 12))
    for place, stage in enumerate(figures.stages):
        following = figures.stages[place + 1].reached if place + 1 < len(figures.stages) else figures.won
        parts.extend(_stage(stage, top + place * _STEP, figures.started, following))
    if figures.won is not None:
        parts.extend(_won(figures, top + len(figures.stages) * _STEP))
    parts.extend(_legend(height - 26))
    parts.append("</svg>")
    return "\n".join(parts) + "\n"


def describe(figures: Funnel) -> str:
    """The funnel in words, for those who do not see the picture."""
    said = [
        f"{stage.label}: {_leads(stage.reached)} came this far"
        + (f" ({share_text(stage.from_start)})" if stage.from_start is not None else "")
        + (f", {stage.skipped:,} of them skipped it" if stage.skipped else "")
        + f", {stage.now_in:,} here now"
        for stage in figures.stages
    ]
    if figures.won is not None:
        said.append(f"Won: {_leads(figures.won)}")
    return ". ".join(said) + ("." if said else "")


def _e(text: str) -> str:
    return escape(clean(text))


def _leads(count: int) -> str:
    return f"{count:,} lead{'' if count == 1 else 's'}"


def _text(x: float, y: float, text: str, style: str = "lf-text", *, size: int = 14, anchor: str = "start") -> str:
    fill = "#556372" if "lf-dim" in style else "#1c2733"
    return (
        f'<text class="{style}" x="{x:g}" y="{y:g}" font-size="{size}" text-anchor="{anchor}" fill="{fill}">'
        f"{escape(text)}</text>"
    )


def _rect(style: str, x: float, y: float, width: float, fill: str) -> str:
    return (
        f'<rect class="{style}" x="{x:g}" y="{y:g}" width="{width:.1f}" height="{_BAR_HEIGHT}" rx="3" fill="{fill}"/>'
        if width > 0
        else ""
    )


def _head(figures: Funnel) -> list[str]:
    title = fitted(clean(figures.title), min(cells(clean(figures.title)), 64))
    return [
        _text(_MARGIN, 38, title, "lf-text lf-title", size=19),
        _text(_MARGIN, 62, _leads(figures.started), "lf-dim"),
    ]


def _headings(y: int) -> list[str]:
    named = (("leads", _COUNTS), ("share", _SHARES), ("here now", _WIDTH - _MARGIN))
    return [_text(x, y, heading, "lf-dim", size=12, anchor="end") for heading, x in named]


def _length(count: int, base: int) -> float:
    """A bar's length; something that is there is never drawn as nothing."""
    return max(_BAR_WIDTH * count / base, 2.0) if base and count else 0.0


def _stage(stage: StageFigures, y: int, started: int, following: int | None) -> list[str]:
    reached, entered = _length(stage.reached, started), _length(stage.entered, started)
    parts = [_rect("lf-track", _BAR_LEFT, y, _BAR_WIDTH, "#eef2f6")]
    if following is not None and stage.reached:
        below = _length(following, started)
        bottom, top = y + _STEP, y + _BAR_HEIGHT
        parts.append(
            f'<path class="lf-flow" fill="#2563b8" fill-opacity="0.12" '
            f'd="M{_BAR_LEFT} {top}H{_BAR_LEFT + reached:.1f}L{_BAR_LEFT + below:.1f} {bottom}H{_BAR_LEFT}Z"/>'
        )
    parts.append(_rect("lf-passed", _BAR_LEFT, y, reached, "#a9c7ec"))
    parts.append(_rect("lf-entered", _BAR_LEFT, y, min(entered, reached), "#2563b8"))
    parts.extend(_labels(stage.label, _times(stage), y))
    parts.extend(_numbers(f"{stage.reached:,}", share_text(stage.from_start), f"{stage.now_in:,}", y))
    return [part for part in parts if part]


def _times(stage: StageFigures) -> str:
    if stage.median_us is None:
        return f"waiting {span_text(stage.waiting_us)} (median)" if stage.waiting_us is not None else ""
    return f"median {span_text(stage.median_us)}, nine of ten within {span_text(stage.p90_us)}"


def _labels(label: str, below: str, y: int) -> list[str]:
    text = clean(label)
    parts = [_text(_MARGIN, y + 13, fitted(text, min(cells(text), 34)), size=14)]
    if below:
        parts.append(_text(_MARGIN, y + 29, below, "lf-dim", size=11))
    return parts


def _numbers(leads: str, share: str, now: str, y: int) -> list[str]:
    return [
        _text(_COUNTS, y + 20, leads, anchor="end"),
        _text(_SHARES, y + 20, share, "lf-dim", anchor="end"),
        _text(_WIDTH - _MARGIN, y + 20, now, anchor="end"),
    ]


def _won(figures: Funnel, y: int) -> list[str]:
    won = figures.won or 0
    lost = f"{figures.lost:,} lost" if figures.lost is not None else ""
    return [
        _rect("lf-track", _BAR_LEFT, y, _BAR_WIDTH, "#eef2f6"),
        _rect("lf-won", _BAR_LEFT, y, _length(won, figures.started), "#1f7a4d"),
        *_labels("Won", lost, y),
        *_numbers(f"{won:,}", share_text(figures.won_ratio), "", y),
    ]


def _legend(y: int) -> list[str]:
    return [
        f'<rect class="lf-entered" x="{_BAR_LEFT}" y="{y}" width="12" height="12" rx="2" fill="#2563b8"/>',
        _text(_BAR_LEFT + 18, y + 11, "were in the stage", "lf-dim", size=12),
        f'<rect class="lf-passed" x="{_BAR_LEFT + 140}" y="{y}" width="12" height="12" rx="2" fill="#a9c7ec"/>',
        _text(_BAR_LEFT + 158, y + 11, "passed it over", "lf-dim", size=12),
    ]
