"""A funnel as one web page that needs nothing else: the picture, and the same figures as tables."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable, Sequence
from hashlib import sha256
from html import escape

from leadflow.model.time import to_datetime
from leadflow.reporting.figures import Funnel
from leadflow.reporting.pieces import clean, share_text, span_text
from leadflow.reporting.svg import STYLE, funnel_svg

_PAGE_STYLE = f"""
:root{{color-scheme:light dark;--ink:#1c2733;--dim:#556372;--rule:#d5dde5;--paper:#fff}}
@media (prefers-color-scheme:dark){{:root{{--ink:#e8eef4;--dim:#a3b1bf;--rule:#33404d;--paper:#12181f}}}}
body{{margin:0 auto;padding:2rem 1.5rem;max-width:60rem;background:var(--paper);color:var(--ink);
font:16px/1.5 system-ui,-apple-system,'Segoe UI',Roboto,'DejaVu Sans',sans-serif}}
h1{{font-size:1.5rem;margin:0}}h2{{font-size:1.15rem;margin:2.5rem 0 .5rem}}p{{color:var(--dim);margin:.25rem 0 1.5rem}}
figure{{margin:0}}svg{{display:block;width:100%;height:auto}}.wide{{overflow-x:auto}}
table{{border-collapse:collapse;width:100%;font-size:.875rem;font-variant-numeric:tabular-nums}}
th,td{{padding:.35rem .5rem;text-align:right;border-bottom:1px solid var(--rule);white-space:nowrap}}
th:first-child{{text-align:left;padding-left:0}}tbody th{{font-weight:500}}
thead th{{color:var(--dim);font-weight:500;white-space:normal;vertical-align:bottom}}
{STYLE}
"""
_POLICY = (
    "default-src 'none'; base-uri 'none'; form-action 'none'; "
    f"style-src 'sha256-{b64encode(sha256(_PAGE_STYLE.encode()).digest()).decode()}'"
)
_HEADINGS = (
    "Stage", "Leads", "Of all", "Of before", "Were in it", "Completed", "Skipped", "Here now", "Median",
    "9 of 10 within",
)  # fmt: skip


def funnel_page(figures: Funnel, *, made_us: int | None = None) -> str:
    """The page. No script, nothing from elsewhere; its policy allows its own style and nothing more.

    `made_us` is the moment to print as the report's date. Every text is escaped: field values are what visitors typed.

    >>> "<script" in funnel_page(Funnel(process="p", label="<script>"))
    False
    """
    title = escape(clean(figures.title))
    made = "" if made_us is None else f", {to_datetime(made_us):%Y-%m-%d %H:%M} UTC"
    parts = [
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">',
        f'<meta http-equiv="Content-Security-Policy" content="{escape(_POLICY)}">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f"<title>{title}</title>\n<style>{_PAGE_STYLE}</style>\n</head>\n<body>\n<main>",
        f"<h1>{title}</h1>\n<p>{figures.started:,} lead{'' if figures.started == 1 else 's'}{made}</p>",
        f"<figure>\n{funnel_svg(figures, is_alone=False)}</figure>",
        "<h2>Stages</h2>",
        _table(_HEADINGS, _stage_rows(figures)),
    ]
    if figures.by is not None:
        parts.append(f"<h2>By {escape(clean(figures.by))}</h2>")
        parts.append(_table(_group_headings(figures), _group_rows(figures)))
    parts.append("</main>\n</body>\n</html>\n")
    return "\n".join(parts)


def _stage_rows(figures: Funnel) -> Iterable[Sequence[str]]:
    for place, stage in enumerate(figures.stages):
        yield (
            stage.label, f"{stage.reached:,}", share_text(stage.from_start),
            share_text(stage.from_previous) if place else "",
            f"{stage.entered:,}", f"{stage.completed:,}", f"{stage.skipped:,}", f"{stage.now_in:,}",
            span_text(stage.median_us), span_text(stage.p90_us),
        )  # fmt: skip
    if figures.won is not None:
        yield ("Won", f"{figures.won:,}", share_text(figures.won_ratio), *[""] * 7)


def _group_headings(figures: Funnel) -> Sequence[str]:
    won = () if figures.won is None else ("Won", "Won of all")
    return (figures.by or "", *(stage.label for stage in figures.stages), *won)


def _group_rows(figures: Funnel) -> Iterable[Sequence[str]]:
    for group in figures.groups:
        won = () if group.won is None else (f"{group.won:,}", share_text(group.won_ratio))
        yield (group.name or "", *(f"{stage.reached:,}" for stage in group.stages), *won)


def _table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    head = "".join(f'<th scope="col">{escape(clean(heading))}</th>' for heading in headings)
    body = "\n".join(
        f'<tr><th scope="row">{escape(clean(row[0]))}</th>{"".join(f"<td>{escape(clean(text))}</td>" for text in row[1:])}'
        "</tr>"
        for row in rows
    )
    table = f"<table>\n<thead><tr>{head}</tr></thead>\n<tbody>\n{body}\n</tbody>\n</table>"
    return f'<div class="wide" tabindex="0">\n{table}\n</div>'
