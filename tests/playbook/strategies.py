"""Playbooks of every form, small ones first, and TOML in every way of writing it."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from leadflow.assignment.rules import (
    AssignmentRules,
    Entry,
    Leave,
    ListView,
    Member,
    Pool,
    ProductLine,
    Queue,
    Schedule,
    Sla,
    Territory,
)
from leadflow.assignment.views.rules import SCOPES
from leadflow.capture.rules import MODES, CaptureRules, Form
from leadflow.matching.rules import BLANKS, CLOSED, PARENTS, TARGETS, TIES, UPDATES, MatchingRules, Strategy
from leadflow.playbook.fault import quoted
from leadflow.playbook.playbook import TYPES, Attribute, Playbook
from leadflow.process.rules import Action, Branch, Process, ProcessRules, ProcessStep, Stage
from leadflow.scoring.rules import STATES, Grade, Group, Model, Rule, ScoringRules

NAMES = ["a", "b", "fit", "with space", "dot.ted", 'qu"ote', "čevapi", "x'y", "b\\s", "1"]
names = st.sampled_from(NAMES)
texts = st.sampled_from(["", "x", 'say "x"', "it's", "both \" and '", "two\nlines", "'\n''", "tab\there"]) | st.text(
    max_size=6
)
words = st.sampled_from(["contact.email", "account.name", "x"])
conditions = st.sampled_from(['lead.page == "x"', "lead.sales_ready", 'any("email.clicked",\n  within="30d")'])
points = st.integers(-100, 100)
spans = st.sampled_from(["1d", "36h", "2w"])
scalars = texts | st.integers(-5, 5) | st.booleans() | st.floats(allow_nan=False, allow_infinity=False, width=16)


def maybe(strategy: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.none() | strategy


def several(strategy: st.SearchStrategy[Any], unique: str | None = None, least: int = 0) -> st.SearchStrategy[Any]:
    by = None if unique is None else lambda item: getattr(item, unique)
    return st.lists(strategy, min_size=least, max_size=least + 2, unique_by=by).map(tuple)


def tables(strategy: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.dictionaries(names, strategy, max_size=2)


# -- rooms ------------------------------------------------------------------------------------------------

attributes = st.sampled_from(list(TYPES)).flatmap(
    lambda kind: st.builds(
        Attribute,
        type=st.just(kind),
        choices=st.just(()) if kind not in ("text", "code", "texts", "codes") else several(texts),
        label=texts,
    )
)
forms = st.builds(
    Form,
    mode=st.sampled_from(MODES),
    fields=tables(words),
    required=several(names),
    contact=maybe(names),
    always_new_lead=st.booleans(),
    context=tables(scalars),
)
capture = st.builds(CaptureRules, forms=tables(forms), max_fields=st.sampled_from([1_000, 7]))
strategies = st.builds(
    Strategy,
    target=st.sampled_from(TARGETS),
    keys=several(several(st.sampled_from(["email", "name:company", "context"]), least=1), least=1),
    tie=st.sampled_from(TIES),
    update=st.sampled_from(UPDATES),
    blank=st.sampled_from(BLANKS),
    parent=st.sampled_from(PARENTS),
    closed=st.sampled_from(CLOSED),
)
matching = st.just(MatchingRules()) | st.builds(
    MatchingRules, strategies=tables(strategies), contact=names, unknown_contact=st.sampled_from(["create", "keep"])
)
rules = st.one_of(
    st.builds(Rule, name=names, points=points, when=conditions, group=maybe(names)),
    st.builds(
        Rule,
        name=names,
        points=points,
        each=st.sampled_from(["email.clicked", "*"]),
        where=tables(scalars),
        within=maybe(spans),
        limit=maybe(st.integers(1, 9)),
    ),
    st.builds(Rule, name=names, points=points, of=st.just("order"), at_least=st.integers(1, 3)),
    st.builds(Rule, name=names, points=points, none=st.just("*"), within=maybe(spans)),
)
models = st.builds(
    Model,
    target=st.sampled_from(["contact", "account", "lead"]),
    state=st.sampled_from(STATES),
    threshold=maybe(points),
    rearm=st.integers(0, 9),
    floor=maybe(points),
    rules=several(rules, "name"),
    groups=tables(st.builds(Group, at_most=maybe(points))),
    grades=several(st.builds(Grade, name=names, at_least=points), "name"),
)
scoring = st.builds(ScoringRules, models=tables(models), marks_sales_ready=st.booleans())
branches = several(st.builds(Branch, to=names, when=maybe(conditions)))
actions = several(
    st.builds(Action, do=st.just("flag"), value=st.just("sales_ready")) | st.builds(Action, do=st.just("assign"))
)
stages = st.builds(
    Stage,
    name=names,
    label=texts,
    steps=several(st.builds(ProcessStep, name=names, label=texts, required=st.booleans()), "name"),
    gate=maybe(conditions),
    next=branches,
    automatic=branches,
    sla=maybe(spans),
    on_entry=actions,
)
processes = st.builds(Process, stages=several(stages, "name", least=1), label=texts, applies=maybe(conditions))
process = st.builds(ProcessRules, processes=tables(processes))
leaves = st.just(Leave("2026-08-01", "2026-08-14"))
members = st.builds(Member, user=names, skills=several(names), paused=st.booleans(), leave=several(leaves))
hours = st.sampled_from([{}, {"mon-fri": ("09:00-12:00", "13:00-18:00")}, {"sat": ()}])
assignment = st.builds(
    AssignmentRules,
    default_owner=st.sampled_from(["queue:a", "user:bo"]),
    entries=several(
        st.builds(Entry, name=names, when=maybe(conditions), target=st.just("queue:a"), stop=st.booleans()), "name"
    ),
    pools=several(st.builds(Pool, name=names, members=several(members, "user")), "name"),
    queues=several(st.builds(Queue, name=names, members=several(names), alarm_after=maybe(spans)), "name"),
    territories=several(st.builds(Territory, name=names, target=st.just("user:bo"), cities=several(names)), "name"),
    product_lines=several(
        st.builds(ProductLine, name=names, products=several(names), target=st.just("user:bo")), "name"
    ),
    schedules=several(st.builds(Schedule, name=names, week=hours), "name"),
    slas=several(st.builds(Sla, name=names, within=spans), "name"),
    views=several(
        st.builds(ListView, name=names, where=maybe(conditions), columns=several(names), scope=st.sampled_from(SCOPES)),
        "name",
    ),
    notify=maybe(names),
)

playbooks = st.builds(
    Playbook,
    name=texts,
    time_zone=st.sampled_from(["UTC", "Europe/Ljubljana"]),
    currency=st.sampled_from(["EUR", "USD"]),
    attributes=st.dictionaries(
        st.sampled_from(["contact", "lead"]),
        st.dictionaries(st.sampled_from(["budget", "naïve"]), attributes, max_size=2),
        max_size=2,
    ),
    capture=st.just(CaptureRules()) | capture,
    matching=matching,
    scoring=st.just(ScoringRules()) | scoring,
    process=st.just(ProcessRules()) | process,
    assignment=st.just(Playbook().assignment) | assignment,
    moved=tables(names),
)
"""Playbooks of the right form. Names may point nowhere: that is for check to say."""


# -- TOML -------------------------------------------------------------------------------------------------

trees = st.dictionaries(
    names | st.text(max_size=3),
    st.recursive(
        scalars,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names | st.text(max_size=3), inner, max_size=3),
        max_leaves=8,
    ),
    max_size=4,
)


@st.composite
def documents(draw: st.DrawFn, contents: st.SearchStrategy[dict[str, Any]] = trees) -> str:
    """A TOML text that says some tree, in any mixture of the ways in which TOML can say it."""
    writer = _Writer(draw)
    writer.table((), draw(contents))
    return draw(st.sampled_from(["\n", "\r\n"])).join(writer.lines)


class _Writer:
    """Draws a way of writing for each part."""

    def __init__(self, draw: st.DrawFn) -> None:
        self.draw = draw
        self.lines: list[str] = []

    def one(self, *ways: Any) -> Any:
        return self.draw(st.sampled_from(ways))

    def table(self, path: tuple[str, ...], table: dict[str, Any]) -> None:
        """The pairs of a table, then the tables below it with headers of their own."""
        below = []
        for key, value in table.items():
            if self.is_list_of_tables(value) and self.one(False, True):
                below.append(("[[", "]]", key, value))
            elif isinstance(value, dict) and self.one(False, True):
                below.append(("[", "]", key, [value]))
            else:
                self.pair(self.key(key), value)
        for opens, closes, key, items in below:
            here = (*path, key)
            for item in items:
                space = self.one("", " ")
                dotted = f"{space}.{space}".join(self.key(part) for part in here)
                self.lines += [self.one("", "# note", "  "), f"{opens}{space}{dotted}{space}{closes}{self.note()}"]
                self.table(here, item)

    def pair(self, key: str, value: Any) -> None:
        if isinstance(value, dict) and value and self.one(False, True):
            for inner, item in value.items():
                self.pair(f"{key}{self.one('.', ' . ')}{self.key(inner)}", item)
        else:
            self.lines += f"{self.one('', '  ')}{key}{self.one('=', ' = ')}{self.value(value)}{self.note()}".split("\n")

    @staticmethod
    def is_list_of_tables(value: Any) -> bool:
        return isinstance(value, list) and bool(value) and all(isinstance(item, dict) for item in value)

    def note(self) -> str:
        return self.one("", "", "  # [not] = 'this'")

    def key(self, key: str) -> str:
        plain = key.isascii() and key.replace("-", "a").replace("_", "a").isalnum()
        return self.one(*([key] if plain else []), quoted(key), *([f"'{key}'"] if self.is_literal(key) else []))

    @staticmethod
    def is_literal(text: str) -> bool:
        return "'" not in text and all(sign >= " " and sign != "\x7f" for sign in text)

    def value(self, value: Any) -> str:
        if isinstance(value, bool):
            return "true" if value else "false"
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, list):
            gap = self.one("", " ", "\n  ", " # a ] note\n")
            items = ",".join(f"{gap}{self.value(item)}{gap}" for item in value)
            return f"[{items}{self.one('', ',') if value else ''}{gap}]"
        if isinstance(value, dict):
            return "{" + ", ".join(f" {self.key(key)} = {self.value(item)}" for key, item in value.items()) + " }"
        return repr(value)

    def text(self, text: str) -> str:
        ways = [quoted(text), "".join(('"', *(f"\\U{ord(sign):08x}" for sign in text), '"'))]
        if self.is_literal(text):
            ways.append(f"'{text}'")
        if self.is_literal(text.replace("\n", "")):
            ways += [f"'''\n{text}'''"] if "'''" not in text else []
        ways.append(f'"""\n{quoted(text)[1:-1]}\\\n   """')
        return self.one(*ways)
