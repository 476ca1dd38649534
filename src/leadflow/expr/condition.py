"""A compiled condition: what it says now, until when, what it reads, and why."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from attrs import field, frozen

from leadflow.expr.check import check
from leadflow.expr.compile import functions
from leadflow.expr.explain import Explanation, explained
from leadflow.expr.lower import lower
from leadflow.expr.nodes import FieldRef, Node, Occurrence, TermRef, walk
from leadflow.expr.reading.parse import parse
from leadflow.expr.signals import SignalTable
from leadflow.expr.text import to_text
from leadflow.expr.typed import depends_on_now
from leadflow.expr.types import Schema


@frozen(eq=False)
class Condition:
    """A condition that can be asked.

    A view has the attributes contact, account, lead, opportunity (the schema's records; each an object or
    None), `signals` (states by signal number) and `term(name, args) -> (value, until_us)`.

    `value(view, now_us)` is its truth; `test(view, now_us)` also says until when: the truth is constant on
    [now, until), as long as no input comes. `reads` names what it depends on: "contact.country",
    "signal:email.clicked", "score:fit", "now".
    """

    node: Node
    source: str
    reads: frozenset[str]
    value: Callable[[Any, int], bool] = field(repr=False)
    test: Callable[[Any, int], tuple[bool, int]] = field(repr=False)
    _schema: Schema = field(repr=False)
    _signals: SignalTable = field(repr=False)

    def until(self, view: Any, now_us: int) -> int:
        """The next instant after now at which the value can change without input; NEVER_US if there is
        none."""
        return self.test(view, now_us)[1]

    def explain(self, view: Any, now_us: int) -> Explanation:
        """The condition part by part, with the value of each; `str()` of it is indented text."""
        return explained(self.node, view, now_us, self._schema, self._signals)

    @property
    def text(self) -> str:
        """The canonical text."""
        return to_text(self.node)


def compile_condition(condition: str | Node, schema: Schema, signals: SignalTable, *, source: str = "") -> Condition:
    """Compile a condition; its signals are added to the table. `source` names the rule in messages.

    Errors: ExpressionError for the first fault; `faults(text, schema)` lists all.

    >>> from types import SimpleNamespace
    >>> from leadflow.expr import Field, Type
    >>> schema = Schema({"contact": {"country": Field("country", Type.CODE)}})
    >>> german = compile_condition('contact.country == "DE"', schema, SignalTable())
    >>> german.value(SimpleNamespace(contact=SimpleNamespace(country="DE")), 0), sorted(german.reads)
    (True, ['contact.country'])
    """
    node = checked(condition, schema, source)
    core = lower(node, schema, signals)
    value, test = functions(core)
    return Condition(node, source, reads(node), value, test, schema, signals)


def checked(condition: str | Node, schema: Schema, source: str = "") -> Node:
    """The tree of a sound condition. Errors: ExpressionError for the first fault."""
    node = parse(condition) if isinstance(condition, str) else condition
    found = check(node, schema)
    if found:
        raise found[0].of(source).error(condition if isinstance(condition, str) else to_text(node))
    return node


def reads(*nodes: Node | None, of_signals: bool = True) -> frozenset[str]:
    """What conditions depend on; without signals, what they take from records, terms and the clock.

    >>> sorted(reads(parse('score("fit") > 5 or any("form.*", within="7d")')))
    ['now', 'score:fit', 'signal:form.*']
    """
    found = set()
    for part in (part for node in nodes if node is not None for part in walk(node)):
        match part:
            case FieldRef():
                found.add(f"{part.record}.{part.name}")
            case TermRef():
                found.add(":".join([part.name, *(str(arg.value) for arg in part.args)]))
            case Occurrence() if of_signals:
                found.add(f"signal:{part.kind}")
                if part.within_us is not None or part.function == "days_since":
                    found.add("now")
            case _ if depends_on_now(part):
                found.add("now")
    return frozenset(found)
