"""Every key and value has a place, however it is written."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from typing import Any

from hypothesis import given, settings

from leadflow.playbook.places import read_string, scan_places

from .strategies import documents


def paths(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[tuple[Any, ...], Any]]:
    """Every path below a value, with what is there."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        yield (*path, key), inner
        yield from paths(inner, (*path, key))


def rest_at(text: str, place: tuple[int, int]) -> str:
    lines = text.replace("\r\n", "\n").split("\n")
    line, column = place
    return "\n".join([lines[line - 1][column - 1 :], *lines[line:]])


def begins_with(rest: str, value: Any) -> bool:
    """Whether a text begins with a value, as TOML writes it."""
    if isinstance(value, str):
        return read_string(rest, 0)[0] == value
    if isinstance(value, bool):
        return rest.startswith("true" if value else "false")
    return rest.startswith("[" if isinstance(value, list) else "{" if isinstance(value, dict) else repr(value))


def begins_with_key(rest: str, key: str) -> bool:
    return read_string(rest, 0)[0] == key if rest[0] in "\"'" else rest.startswith(key)


@settings(max_examples=150, deadline=None)
@given(documents())
def test_every_path_of_a_document_has_a_place_where_its_key_or_value_begins(text: str) -> None:
    places = scan_places(text)
    for path, value in paths(tomllib.loads(text)):
        key, at = places.key(path), places.value(path)
        assert key is not None or at is not None
        if isinstance(path[-1], str):
            assert key is not None
            assert begins_with_key(rest_at(text, key), path[-1])
        if at is not None:
            assert begins_with(rest_at(text, at), value)
        else:
            assert isinstance(value, (dict, list))


@settings(max_examples=100, deadline=None)
@given(documents())
def test_every_character_of_a_text_has_a_place_inside_it(text: str) -> None:
    places = scan_places(text)
    for path, value in paths(tomllib.loads(text)):
        if isinstance(value, str):
            for number, sign in enumerate(value):
                place = places.inside(path, number)
                assert place is not None
                found = rest_at(text, place)[0]
                assert found in (sign, "\\")


def test_an_item_of_a_list_of_tables_stands_at_its_header() -> None:
    places = scan_places('[[a.b]]\nc = 1\n[a.b.d]\ne = 2\n[[a.b]]\n  [[a.b.f]]\n  g = "x"\n')
    assert places.key(("a", "b", 1)) == (5, 5)
    assert places.value(("a", "b", 0, "d", "e")) == (4, 5)
    assert places.value(("a", "b", 1, "f", 0, "g")) == (7, 7)


def test_an_explicit_header_is_a_better_place_than_one_that_implies_it() -> None:
    assert scan_places("[a.b]\nx = 1\n[a]\ny = 2").key(("a",)) == (3, 2)


def test_places_inside_a_text_account_for_escapes_and_lines() -> None:
    places = scan_places('a = "1\\t\\u00e93"\nb = """\nx \\\n   y\n"""\n')
    assert [places.inside(("a",), number) for number in range(4)] == [(1, 6), (1, 7), (1, 9), (1, 15)]
    assert places.inside(("b",), 0) == (3, 1)
    assert places.inside(("b",), 2) == (4, 4)
    assert places.inside(("b",), 99) == (5, 1), "an offset behind the end is the end"


def test_columns_count_characters_and_a_date_with_a_blank_is_one_value() -> None:
    places = scan_places("a = { 'č' = 2026-11-22 10:00:00, e = 'žž', f = 1 }")
    assert places.value(("a", "e")) == (1, 38)
    assert places.value(("a", "f")) == (1, 48)


def test_comments_are_found_and_signs_in_texts_are_not() -> None:
    assert scan_places("# one\na = '# no'  # two\nb = [ # three\n]\n").comments == ("# one", "# two", "# three")
