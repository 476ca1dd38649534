"""The funnel as text, SVG and a page: fits, says the same as the figures, and holds nothing that anybody typed as code."""

from __future__ import annotations

import re
from base64 import b64encode
from hashlib import sha256
from html.parser import HTMLParser
from xml.etree import ElementTree

from hypothesis import given, settings
from hypothesis import strategies as st

from leadflow.reporting import Funnel, StageFigures, Way, draw_funnel, funnel, funnel_page, funnel_svg, plain_text
from leadflow.reporting.pieces import cells

calm = settings(deadline=None, max_examples=60)

NAME = "{http://www.w3.org/2000/svg}"
DAY = 86_400_000_000
labels = st.text(min_size=1, max_size=50)
counts = st.integers(0, 3_000_000)


@st.composite
def figures(draw: st.DrawFn) -> Funnel:
    started = draw(counts)
    reached = sorted((draw(st.integers(0, started)) for _ in range(draw(st.integers(0, 6)))), reverse=True)
    return Funnel(
        process="p",
        label=draw(labels),
        started=started,
        won=draw(st.none() | st.integers(0, started)),
        lost=draw(st.none() | st.integers(0, started)),
        stages=tuple(
            StageFigures(
                name=f"s{place}",
                label=draw(labels),
                reached=count,
                entered=draw(st.integers(0, count)),
                from_start=count / started if started else None,
                median_us=draw(st.none() | st.integers(0, 900 * DAY)),
            )
            for place, count in enumerate(reached)
        ),
        by="lead.source" if draw(st.booleans()) else None,
        groups=(Funnel(process="p", name=draw(labels), started=3),),
    )


def small() -> Funnel:
    passed = (
        ("new", 0, 0, "automatic"),
        ("call", 0, 0, "skipped"),
        ("sales", 0, None, None),
    )
    found = [Way(passed, outcome="won", group="fair"), *[Way((("new", 0, None, None),), group="web")] * 3]
    return funnel("p", {"new": "New", "call": "Call", "sales": "Sales"}, found, label="Sales & more", by="lead.source")


@calm
@given(figures(), st.integers(50, 140), st.booleans())
def test_no_line_is_wider_than_asked(found: Funnel, width: int, is_ascii: bool) -> None:
    for line in draw_funnel(found, width=width, is_ascii=is_ascii):
        assert sum(cells(piece.text) for piece in line) <= width


def test_the_picture_in_text() -> None:
    assert plain_text(draw_funnel(small(), width=60)).splitlines() == [
        "Sales & more                                         4 leads",
        "",
        "                              leads  share  here now  median",
        "New   ██████████████████████      4  100 %         3     0 s",
        "Call  ░░░░░░                      1   25 %         0",
        "Sales █████▌                      1   25 %         1",
        "Won   █████▌                      1   25 %",
        "",
        "█ were in it   ░ passed it over",
    ]


def test_the_picture_in_ascii() -> None:
    text = plain_text(draw_funnel(small(), width=60, is_ascii=True))
    assert text.isascii()
    assert "Sales ######" in text
    assert "Call  ......" in text


@calm
@given(figures())
def test_the_svg_is_well_formed_and_says_the_same_in_words(found: Funnel) -> None:
    root = ElementTree.fromstring(funnel_svg(found))  # noqa: S314 - our own text
    assert root.tag == f"{NAME}svg"
    assert root.get("role") == "img"
    title, desc = root.find(f"{NAME}title"), root.find(f"{NAME}desc")
    assert title is not None
    assert desc is not None
    assert f"{found.started:,} lead" in (title.text or "")
    assert (root.get("aria-labelledby") or "").split() == [title.get("id"), desc.get("id")]
    for stage in found.stages:
        assert f"{stage.reached:,} lead" in (desc.text or "")
    assert {each.tag.removeprefix(NAME) for each in root.iter()} <= {
        "svg",
        "title",
        "desc",
        "style",
        "rect",
        "path",
        "text",
    }


@calm
@given(figures())
def test_no_bar_is_longer_than_its_track_and_none_is_of_negative_length(found: Funnel) -> None:
    for rect in ElementTree.fromstring(funnel_svg(found)).iter(f"{NAME}rect"):  # noqa: S314
        if rect.get("class") in ("lf-entered", "lf-passed", "lf-won"):
            assert 0 < float(rect.get("width") or 0) <= 270


class _Page(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.text: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}
        if tag not in ("meta", "rect", "path"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)

    def handle_data(self, data: str) -> None:
        self.text.append(data)


@calm
@given(figures())
def test_the_page_is_whole_and_holds_no_script_and_nothing_from_elsewhere(found: Funnel) -> None:
    page = _Page()
    page.feed(funnel_page(found, made_us=0))
    page.close()
    assert page.open == []
    assert not page.tags & {"script", "link", "iframe", "object", "img", "base", "form"}
    assert not page.attributes & {"href", "src", "onload", "onclick", "style"}
    assert page.tags >= {"table", "svg", "title", "main"}


def test_the_policy_allows_the_page_its_own_style_and_nothing_more() -> None:
    text = funnel_page(small())
    style = re.search(r"<style>(.*?)</style>", text, re.DOTALL)
    assert style is not None
    digest = b64encode(sha256(style[1].encode()).digest()).decode()
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', text)
    assert policy is not None
    assert f"sha256-{digest}" in policy[1]
    assert "unsafe" not in policy[1]
    assert text.count("<style") == 1


def test_what_visitors_typed_is_text_and_not_markup() -> None:
    evil = '"><script>alert(1)</script>'
    found = Funnel(process="p", label=evil, by="lead.source", groups=(Funnel(process="p", name=evil),), started=1)
    for text in (funnel_svg(found), funnel_page(found)):
        assert "<script" not in text
        assert "&lt;script&gt;" in text


def test_the_tables_say_what_the_picture_shows() -> None:
    page = _Page()
    page.feed(funnel_page(small(), made_us=0))
    text = " ".join(part.strip() for part in page.text if part.strip())
    for said in ("Sales & more", "4 leads, 1970-01-01 00:00 UTC", "By lead.source", "fair", "web", "Won", "25 %"):
        assert said in text
