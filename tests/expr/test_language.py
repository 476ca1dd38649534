"""What is and what is not part of the language, and what is said about it."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from time import process_time
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from leadflow.errors import ExpressionError, InvalidValueError
from leadflow.expr import Field, Schema, Term, Type, check, faults, parse, to_text
from leadflow.expr import nodes as n
from leadflow.model.time import DAY_US


def _outcome(attempt: Callable[[], Any]) -> tuple[ExpressionError | None, Any]:
    """The refusal, or the result."""
    try:
        return None, attempt()
    except ExpressionError as error:
        return error, None


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ('contact.country in ["DE", "PL"] and account.employees >= 50', None),
        ("contact.country in ('DE', 'PL',)", 'contact.country in ["DE", "PL"]'),
        ("contact.country in {'DE'}", 'contact.country in ["DE"]'),
        (
            'count("email.clicked", campaign="spring", within="30d") >= 2',
            'count("email.clicked", within="30d", campaign="spring") >= 2',
        ),
        (
            'count("email.*", within="720h", limit=5) > contact.age',
            'count("email.*", within="30d", limit=5) > contact.age',
        ),
        ('sum("order", "amount", within="1y") > 1_000', 'sum("order", "amount", within="1y") > 1000'),
        (
            'days_since("*") < 7 and not any("form.submitted", within="365d")',
            'days_since("*") < 7 and not any("form.submitted", within="1y")',
        ),
        ("1 < contact.age <= 5.50", "1 < contact.age and contact.age <= 5.50"),
        ("none(a, b) or all(c, any(d, e))", "not (a or b) or c and (d or e)"),
        ("none(a) and all(b)", "not a and b"),
        ('none("form.submitted")', 'not any("form.submitted")'),
        ("a is not None and not b is None", "a is not None and b is not None"),
        ("not (a and b)", None),
        ("a and (b or c)", None),
        ("contact.age - (1 - -2) * 3 > 0", None),
        ("contact.age - (contact.age - 1) > 0", None),
        ("(contact.age - contact.age) - 1 > 0", "contact.age - contact.age - 1 > 0"),
        ("contact.age * (contact.age * 2) > 0", None),
        ('"x" in contact.title and contact.created_at > ago("30d")', None),
        ('contact.birthday == today() or contact.birthday < date("2026-01-31")', None),
        (
            'contact.created_at >= instant("2026-01-01T01:00:00+01:00")',
            'contact.created_at >= instant("2026-01-01T00:00:00Z")',
        ),
        ('contact.idle > duration("90min")', None),
        ('score("fit") > 50 # why\n and\r\n\tstage == "x"', 'score("fit") > 50 and stage == "x"'),
        ("contact.title == 'say \"hi\" \\\\ \\n é'", 'contact.title == "say \\"hi\\" \\\\ \\n é"'),
        ("True or False", None),
    ],
)
def test_texts_have_one_canonical_form(text: str, canonical: str | None) -> None:
    assert to_text(parse(text)) == (canonical or text)
    assert parse(to_text(parse(text))) == parse(text)


def test_numbers_are_exact() -> None:
    node = parse("contact.age == 0.1")
    assert isinstance(node, n.Compare)
    assert node.right == n.Literal(Decimal("0.1"))
    assert node.right != n.Literal(Decimal.from_float(0.1))
    assert n.Literal(1) != n.Literal(True)


def test_spans_point_into_the_users_text() -> None:
    text = 'contact.title == "é😀"\nand (contact.age\r\n  >= 5)'
    node = parse(text)
    assert isinstance(node, n.And)
    first, second = node.parts
    assert text[slice(*first.span)] == 'contact.title == "é😀"'
    assert text[slice(*second.span)] == "contact.age\r\n  >= 5"
    assert text[slice(*second.right.span)] == "5"  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("text", "at", "message"),
    [
        ("", "", "empty; write True for always"),
        (" # nothing\n", " # nothing\n", "empty"),
        ("a = b", "a", "write == to compare"),
        ("a AND b", "a", "write and in small letters"),
        ("a && b", "&", "write and"),
        ("a or (b", "(", "never closed"),
        ("a) or (b", ")", "closes nothing"),
        ("(a]", "]", "closes nothing"),
        ("a == 'x", "'", "close the text"),
        ('f"{a}"', "f", "plain text"),
        ('a == "\\d"', "\\d", "unknown escape"),
        ("a == 1e5", "1", "not a number"),
        ("a == 0x10", "0", "not a number"),
        ("a == " + "1" * 26, "1" * 26, "at most 25 digits"),
        ("a / 2 > 1", "a / 2", "only + - * are"),
        ("a if b else c", "a if b else c", "write (a and b) or (not a and c)"),
        ("contact.a.b == 1", "contact.a.b", "a field is written record.field"),
        ("contact['a'] == 1", "contact['a']", "custom fields are written record.field"),
        ("(a < b) == c", "a < b", "a condition cannot be compared"),
        ("a is b", "b", "only None stands after is"),
        ("a in [b]", "b", "a list holds constants only"),
        ("-a > 1", "-a", "write 0 - x"),
        ("a(b)(c)", "a(b)(c)", "only a name can be called"),
        ("any(*a)", "*a", "* is not part"),
        ("any()", "any()", "write any(a, b)"),
        ("a(b)", "a(b)", "takes constants only"),
        ("a(x=1)", "a(x=1)", "takes no named arguments"),
        ('any("x", within="soon")', '"soon"', "not a duration"),
        ('any("x", within="0d")', '"0d"', "longer than nothing"),
        ('count("x", within="900y") > 1', '"900y"', "at most 200y"),
        ('days_since("x", within="3d") > 1', '"3d"', "has no window"),
        ('count("x", within="3d", limit=1001) > 1', "1001", "from 1 to 1000"),
        ('count("x", a=None) > 1', "None", "compares a property with one constant"),
        ("count(x) > 1", "count(x)", "asks for a kind"),
        ('sum("x", within="3d") > 1', 'sum("x", within="3d")', 'write sum("order", "amount"'),
        ('all("x", "y")', None, "not a condition"),
        ('date("31.1.2026") < today()', '"31.1.2026"', 'write date("2026-01-31")'),
        ('instant("2026-01-01T00:00") < ago("1d")', '"2026-01-01T00:00"', "no time zone"),
        ("[x for x in y]", "[x for x in y]", "not part of the language"),
        ("a == b'x'", "b", "plain text"),
    ],
)
def test_what_is_not_part_of_the_language_is_refused_with_a_way_out(text: str, at: str | None, message: str) -> None:
    if at is None:
        found = [(fault.span, str(fault)) for fault in faults(text, Schema({}))]
    else:
        with pytest.raises(ExpressionError) as caught:
            parse(text)
        assert text[slice(*caught.value.span)] == at
        found = [(caught.value.span, str(caught.value))]
    assert message in found[0][1]


@pytest.mark.parametrize(
    ("text", "messages"),
    [
        ('contact.contry == "DE"', ["contact has no field contry; did you mean country?"]),
        ('contct.country == "DE"', ["there is no record contct; did you mean contact?"]),
        (
            "stge == 5 and scoer",
            ["there is no term stge; did you mean stage?", "there is no term scoer; did you mean score?"],
        ),
        ('contact.age == "5"', ["a number cannot be compared with a text"]),
        ("contact.title > contact.title", ["a text has no order"]),
        ("contact.title", ["a text is not a condition"]),
        ("contact.age and True", ["a number is not a condition"]),
        ("5", ["a number is not a condition"]),
        ("None", ["a None is not a condition"]),
        ("contact.age == None", ["write is None"]),
        ("contact.age != None", ["write is not None"]),
        ("contact.age in [1, None]", ["write or field is None"]),
        ('contact.age in [1, "x"]', ["a number is not in a list with a text"]),
        ('"x" in contact.country', ["write == to compare"]),
        ('contact.tags == "x"', ['write "x" in field']),
        ("5 in contact.tags", ["a number is not in a set of texts"]),
        ('contains(contact.tags, "x")', ['write "x" in field']),
        ("contains(contact.title, 5)", ["takes texts, not a number"]),
        ("contact.title + 1 > 2", ["+ calculates with numbers, not with a text"]),
        ('contact.created_at > "2026-01-01"', ["write ago("]),
        ('contact.idle > "30d"', ["write duration("]),
        ('contact.birthday > ago("3d")', ["compare a date with date(...) or today()"]),
        ("contact.created_at == today()", ["an instant is hardly ever exactly a date"]),
        ('ago("3d") < ago("4d")', ["two moments of the clock are compared"]),
        ('score("fitt") > 1', ["score has no 'fitt'; did you mean fit?"]),
        ("score > 1", ["score takes code"]),
        ("stage(1) == 'won'", ["stage takes nothing"]),
        ('stage == "Won"', ["codes are exact: write won"]),
        ('stage in ["won", "lots"]', ["stage is never 'lots'; did you mean lost?"]),
        ('any("email.klicked")', ["did you mean email.clicked?"]),
        ('any("mail.*")', ["there is no kind of interaction 'mail.*'"]),
        ('any("a b")', ["is not a kind of interaction"]),
        ('count("email.clicked", limit=5) > 1', ["limit needs a window"]),
        ('count("email.clicked", within="3d") > 1001', ["at most 1000 occurrences"]),
        ('count("email.clicked") is None', ["is never None"]),
        ("contact == 5", ["contact is a record; ask for one of its fields"]),
        ("null == contact.age or true", ["write None", "write True"]),
        ("ago > contact.age", ["ago needs brackets"]),
    ],
)
def test_every_fault_comes_with_its_place_and_a_way_out(lab: Any, text: str, messages: list[str]) -> None:
    schema = lab.schema.with_terms(Term("stage", (), Type.CODE, values=("open", "won", "lost")))
    schema = Schema(schema.records, schema.terms, kinds=("email.clicked", "order"))
    found = faults(text, schema)
    assert len(found) == len(messages)
    for fault, message in zip(found, messages, strict=True):
        assert message in str(fault)
        assert 0 <= fault.span[0] < fault.span[1] <= len(text)


def test_faults_of_reading_and_checking_come_together(lab: Any) -> None:
    found = faults('contact.age / 2 > 1 and contact.contry == "x" and (a if b else c)', lab.schema)
    assert [fault.span[0] for fault in found] == [0, 24, 51]


@pytest.mark.parametrize(
    "text",
    [
        "(" * 1_000_000,
        "(" * 9_999,
        "[" * 60 + "]" * 60 + "(" * 9_000,
        "not " * 2_400 + "a",
        "-" * 9_990 + "1",
        "1+" * 4_900 + "1",
        "a" + ".b" * 4_900,
        "a<" * 4_900 + "a",
        "none(" * 60 + "a, b" + ")" * 60,
        "a(" * 90 + ")" * 90,
        "a if b else " * 800 + "c",
        "'" * 9_999,
        "\\" * 9_999,
        " or ".join(f"unknown{i} == 1" for i in range(500)),
        "x" * 9_999,
    ],
)
def test_hostile_texts_fail_fast(text: str) -> None:
    schema = Schema({}).with_terms(*(Term(f"known{i}", (), Type.TEXT) for i in range(300)))
    start = process_time()
    refused, found = _outcome(lambda: faults(text, schema))
    assert refused or found
    assert process_time() - start < 1


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=60) | st.text("()[]{}.,'\"\\ aAnotin=<>!+-*/%#\n\r0123 ", max_size=60))
@example("\x00")
@example("'\ud800'")
@example("a\x0cb")
@example("0_")
@example("1__0 == a")
@example("'\\U00110000' == a")
@example("ｃontact.age > 1")
def test_any_text_parses_or_is_refused_and_never_fails_otherwise(text: str) -> None:
    refused, node = _outcome(lambda: parse(text))
    if refused is None:
        assert parse(to_text(node)) == node
    else:
        assert 0 <= refused.span[0] <= refused.span[1] <= max(len(text), 200)


def test_depth_is_bounded_and_fifty_is_allowed() -> None:
    parse("not " * 49 + "a")
    with pytest.raises(ExpressionError, match="at most 50 deep"):
        parse("not " * 50 + "a")


def test_a_long_flat_condition_is_fine() -> None:
    text = " or ".join(f"contact.age == {i}" for i in range(450))
    assert check(parse(text), Schema({"contact": {"age": Field("age", Type.NUMBER)}})) == []


@pytest.mark.parametrize("name", ["class", "_hidden", "two words", "a.b", "", "__class__", "x)"])
def test_names_that_could_become_code_are_refused(name: str) -> None:
    with pytest.raises(InvalidValueError):
        Field("fine", Type.TEXT, name or " ")
    with pytest.raises(InvalidValueError):
        Term(name, (), Type.TEXT)
    with pytest.raises(InvalidValueError):
        Schema({name: {}})


def test_the_languages_own_names_cannot_be_terms() -> None:
    with pytest.raises(InvalidValueError, match="taken"):
        Schema({}).with_terms(Term("count", (), Type.NUMBER))
    with pytest.raises(InvalidValueError, match="taken"):
        Schema({"contact": {}}).with_terms(Term("contact", (), Type.NUMBER))


def test_custom_fields_are_fields_like_any_other() -> None:
    schema = Schema({"contact": {}}).with_fields("contact", Field("shoe_size", Type.NUMBER, custom=True))
    assert check(parse("contact.shoe_size > 40"), schema) == []


def test_a_fault_can_be_shown_in_its_line() -> None:
    text = 'contact.age > 1\nand contact.contry == "DE"'
    schema = Schema({"contact": {"age": Field("age", Type.NUMBER), "country": Field("country", Type.CODE)}})
    (fault,) = faults(text, schema)
    assert fault.show(text).splitlines()[:2] == ['and contact.contry == "DE"', "    ^^^^^^^^^^^^^^"]


def test_windows_in_nodes_made_by_hand_are_checked_too() -> None:
    for within_us in (0, -1, 300 * 365 * DAY_US):
        assert check(n.Occurrence("any", "x", within_us=within_us), Schema({}))
