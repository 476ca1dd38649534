"""What a condition may ask for: the fields of records and the terms that rooms add.

The language knows no capability. A `Schema` says which records, fields, terms and interaction kinds exist;
everything else of the language (literals, comparisons, groups, occurrences) is fixed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from enum import Enum
from keyword import iskeyword
from typing import Any

from attrs import evolve, field, frozen

from leadflow.errors import InvalidValueError

Choices = tuple[str, ...] | Callable[[], Iterable[str]] | None
"""Allowed texts: a tuple, a callable that lists them when asked, or None when any text goes."""

FUNCTIONS = (
    "ago",
    "all",
    "any",
    "contains",
    "count",
    "date",
    "days_since",
    "duration",
    "ends_with",
    "instant",
    "none",
    "starts_with",
    "sum",
    "today",
)
"""The names the language keeps for itself."""


class Type(Enum):
    """The type of a value; its value is the word used in messages.

    At run time TEXT and CODE are str, NUMBER is int or Decimal (money too), BOOLEAN bool, INSTANT and
    DURATION int microseconds, DATE datetime.date, and the two sets any collection of str. TEXT compares
    without regard to case (casefold), CODE exactly.
    """

    TEXT = "text"
    CODE = "code"
    NUMBER = "number"
    BOOLEAN = "yes/no"
    INSTANT = "instant"
    DATE = "date"
    DURATION = "duration"
    TEXT_SET = "set of texts"
    CODE_SET = "set of codes"


TEXTUAL = frozenset({Type.TEXT, Type.CODE})
SETS = frozenset({Type.TEXT_SET, Type.CODE_SET})
CALLABLE = frozenset({Type.TEXT, Type.CODE, Type.NUMBER, Type.BOOLEAN, Type.INSTANT, Type.DURATION})
"""What functions may take and return."""
ORDERED = frozenset({Type.NUMBER, Type.INSTANT, Type.DATE, Type.DURATION})


@frozen
class Field:
    """One field of a record.

    `accessor` is the attribute that holds it (default: the name); with `custom` it is the key in the record's
    `custom` mapping. `choices` are the codes it may hold.

    >>> Field("created_at", Type.INSTANT, "created_us").accessor
    'created_us'
    """

    name: str
    type: Type
    accessor: str = ""
    custom: bool = False
    choices: Choices = None

    def __attrs_post_init__(self) -> None:
        _require_name(self.name, "field")
        if not self.accessor:
            object.__setattr__(self, "accessor", self.name)
        if not self.custom:
            _require_name(self.accessor, "accessor")


@frozen
class Term:
    """A name that a room adds, written `stage`, or `score("fit")` when it takes arguments.

    The view answers it: `view.term(name, args) -> (value, until_us)`. `choices` are the allowed first
    arguments, `values` the codes it may return.

    >>> Term("grade", (Type.CODE,), Type.CODE, choices=("fit",), values=("hot", "cold")).returns
    <Type.CODE: 'code'>
    """

    name: str
    args: tuple[Type, ...]
    returns: Type
    choices: Choices = None
    values: Choices = None

    def __attrs_post_init__(self) -> None:
        _require_name(self.name, "term")


@frozen
class Function:
    """A pure function that a host adds, written `acme.fit_of(contact.title)`: its name has a dot.

    It is called with values of the types that it `takes`, none of them None, and gives one of the type that it `returns`,
    or None; a None among its arguments makes its value None. `version` changes with what it says.

    >>> Function("acme.length", (Type.TEXT,), Type.NUMBER, len).signature
    'acme.length(text) -> number'
    """

    name: str
    takes: tuple[Type, ...]
    returns: Type
    function: Callable[..., Any]
    version: str = "1"

    def __attrs_post_init__(self) -> None:
        owner, _, name = self.name.partition(".")
        _require_name(owner, "owner of a function")
        _require_name(name, "function")
        odd = [kind.value for kind in (*self.takes, self.returns) if kind not in CALLABLE]
        if odd:
            raise InvalidValueError(f"function {self.name}: a {odd[0]} is neither taken nor returned by functions")

    @property
    def signature(self) -> str:
        """What it takes and returns, in words."""
        return f"{self.name}({', '.join(kind.value for kind in self.takes)}) -> {self.returns.value}"


@frozen
class Schema:
    """Everything a condition may ask for. `kinds`, when given, are the known kinds of interaction.

    >>> schema = Schema({"contact": {"country": Field("country", Type.CODE)}})
    >>> schema.with_terms(Term("stage", (), Type.CODE)).terms["stage"].name
    'stage'
    """

    records: Mapping[str, Mapping[str, Field]]
    terms: Mapping[str, Term] = field(factory=dict)
    kinds: Choices = None
    functions: Mapping[str, Function] = field(factory=dict)

    def __attrs_post_init__(self) -> None:
        for record, fields in self.records.items():
            _require_name(record, "record")
            for name, entry in fields.items():
                if name != entry.name:
                    raise InvalidValueError(f"field {entry.name!r} of {record} is listed as {name!r}")
        for name, term in self.terms.items():
            if name != term.name:
                raise InvalidValueError(f"term {term.name!r} is listed as {name!r}")
            if name in FUNCTIONS or name in self.records:
                raise InvalidValueError(f"term {name!r} has a name that is taken", hint="choose another name")

    def with_terms(self, *terms: Term) -> Schema:
        """This schema and more terms; a term of the same name is replaced."""
        return evolve(self, terms={**self.terms, **{term.name: term for term in terms}})

    def with_functions(self, functions: Mapping[str, Function]) -> Schema:
        """This schema and more functions, by name."""
        return evolve(self, functions={**self.functions, **functions}) if functions else self

    def with_fields(self, record: str, *fields: Field) -> Schema:
        """This schema and more fields of one record; a field of the same name is replaced.

        >>> schema = Schema({}).with_fields("contact", Field("shoe_size", Type.NUMBER, custom=True))
        >>> sorted(schema.records["contact"])
        ['shoe_size']
        """
        known = {**self.records.get(record, {}), **{entry.name: entry for entry in fields}}
        return evolve(self, records={**self.records, record: known})


def listed(choices: Choices) -> tuple[str, ...] | None:
    """The allowed texts as a tuple, or None when any text goes.

    >>> listed(lambda: ["b", "a"])
    ('b', 'a')
    """
    if choices is None or isinstance(choices, tuple):
        return choices
    return tuple(choices())


def _require_name(name: str, what: str) -> None:
    if not name.isidentifier() or iskeyword(name) or name.startswith("_"):
        raise InvalidValueError(
            f"{what} {name[:60]!r} is not a name",
            hint="use letters, digits and _, and no word of Python's own",
        )
