"""JSON Lines: exact values, or a fault with line and character."""

import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadflow.capture.reading import JsonRow, RowFault, read_jsonl

scalars = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
scalars |= st.text(st.characters(exclude_categories=("Cs",)), max_size=8)
values = st.recursive(
    scalars,
    lambda each: st.lists(each, max_size=3) | st.dictionaries(st.text("abž", max_size=3), each, max_size=3),
    max_leaves=8,
)
objects = st.dictionaries(st.text(st.characters(exclude_categories=("Cs",)), max_size=5), values, max_size=4)


@given(
    records=st.lists(objects, max_size=5),
    ascii_only=st.booleans(),
    end=st.sampled_from(["\n", "\r\n"]),
    size=st.integers(1, 30),
)
def test_what_was_written_comes_back(records, ascii_only, end, size):
    text = "".join(json.dumps(each, ensure_ascii=ascii_only) + end for each in records)
    chunks = [text[at : at + size] for at in range(0, len(text), size)]
    assert [(each.line, each.value) for each in read_jsonl(chunks)] == list(enumerate(records, 1))


@given(text=st.text(st.sampled_from('{}[]":,1eE-\\u d8NaInfty\n') | st.characters(), max_size=60))
def test_any_text_is_rows_or_faults(text):
    for each in read_jsonl([text]):
        assert isinstance(each, (JsonRow, RowFault))
        if isinstance(each, JsonRow):
            json.dumps(each.value, ensure_ascii=False, allow_nan=False).encode()


@pytest.mark.parametrize(
    ("line", "code", "column"),
    [
        ('{"a": }', "invalid_json", 7),
        ('{"a": 1} x', "invalid_json", 10),
        ('{"a": "open', "invalid_json", 7),
        ('{"a": 1, "b": {"c": 1, "\\u0063": 2}}', "duplicate_key", 24),
        ('{"a": NaN}', "not_finite", 7),
        ('{"NaN": [-Infinity]}', "not_finite", 10),
        ('{"a": 1e999}', "not_finite", 7),
        ('{"a": ' + "1" * 5_000 + "}", "invalid_json", 1),
        ("[1]", "not_an_object", 1),
        ('"a"', "not_an_object", 1),
        ("null", "not_an_object", 1),
        ('{"a": "\\ud800"}', "lone_surrogate", 8),
        ('{"a": "\ud800"}', "lone_surrogate", 1),
        ('{"a":' * 65 + "1" + "}" * 65, "too_deep", 321),
        ("[" * 100_000, "too_deep", 65),
    ],
)
def test_faults_name_line_and_character(line, code, column):
    """F63: depth 10,000, NaN, duplicate keys, lone surrogates: limit error or exact value."""
    good = '{"ok": true}'
    found = list(read_jsonl([f"{good}\n{line}\n\n{good}\n"]))
    assert [type(each).__name__ for each in found] == ["JsonRow", "RowFault", "JsonRow"]
    assert (found[1].line, found[1].code, found[1].column) == (2, code, column)
    assert found[2].line == 4


def test_exact_values():
    """F63: 64-bit ids."""
    [row] = read_jsonl(['\ufeff{"id": 9223372036854775807, "smile": "\\ud83d\\ude00", "zip": "00501", "b": "[[[["}'])
    assert row.value == {"id": 9223372036854775807, "smile": "😀", "zip": "00501", "b": "[[[["}


def test_a_line_too_long_is_a_fault_of_its_own():
    found = list(read_jsonl(['{"a": "', *["x" * 1_000] * 100, '"}\n{"b": 1}\n'], max_line_chars=5_000))
    assert [(type(each).__name__, each.line) for each in found] == [("RowFault", 1), ("JsonRow", 2)]


def test_messages_do_not_repeat_the_line():
    for each in read_jsonl(
        ['{"email": "ana@example.si"', '\n{"ana@example.si": 1, "ana@example.si": 2}', "\nana@example.si"]
    ):
        assert "ana@" not in each.message


@pytest.mark.parametrize("piece", ['"a":', "[", '{"a":[', '\\"', '"', '"\\', "{", "1,", '{"a":NaN,'])
def test_hostile_lines_take_linear_time(piece):
    started = time.process_time()
    list(read_jsonl([piece * (500_000 // len(piece))]))
    assert time.process_time() - started < 3
