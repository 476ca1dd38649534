"""Records of a JSON Lines file, one by one in flat memory; what JSON leaves open is refused, not guessed."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from attrs import frozen

from leadflow.capture.reading.lines import physical_lines
from leadflow.capture.reading.rows import RowFault

MAX_LINE_CHARS = 1_048_576
MAX_DEPTH = 64
_STRINGS = re.compile(r'"(?:[^"\\]++|\\.)*+"')
_ESCAPED_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")
_BRACKETS = re.compile(r"[\[{\]}]")


@frozen
class JsonRow:
    """One object of a JSON Lines file and the line it stands on (from 1).

    >>> JsonRow(1, {"type": "contact"}).value["type"]
    'contact'
    """

    line: int
    value: Mapping[str, Any]


def read_jsonl(
    texts: Iterable[str], *, max_line_chars: int = MAX_LINE_CHARS, max_depth: int = MAX_DEPTH
) -> Iterator[JsonRow | RowFault]:
    """Read JSON objects, one a line, from text in chunks of any size; blank lines are passed over.

    Faults name the line and the character (from 1): broken JSON, a key twice in one object, NaN and infinity,
    numbers too large for their type, nesting deeper than `max_depth`, lone surrogates, lines longer than
    `max_line_chars`, and lines that are no object.

    >>> [row] = read_jsonl(['{"type": "contact", "email": "ana@example.si"}'])
    >>> row.line, row.value["email"]
    (1, 'ana@example.si')
    >>> [fault] = read_jsonl(['{"a": 1, "a": 2}'])
    >>> fault.column, fault.code
    (10, 'duplicate_key')
    """
    for line, text in enumerate(physical_lines(texts, max_line_chars), 1):
        if line == 1:
            text = text.removeprefix("\ufeff")
        if not text.strip():
            continue
        try:
            yield JsonRow(line, _object(text.rstrip("\r\n"), max_line_chars, max_depth))
        except _Refused as refused:
            yield RowFault(line, refused.column, refused.code, refused.message)


class _Refused(Exception):
    def __init__(self, column: int, code: str, message: str) -> None:
        super().__init__(message)
        self.column = column
        self.code = code
        self.message = message


def _object(text: str, max_chars: int, max_depth: int) -> Mapping[str, Any]:
    if len(text) > max_chars:
        raise _Refused(max_chars + 1, "line_too_long", f"the line is longer than {max_chars} characters")
    _check_depth(text, max_depth)
    try:
        value = _DECODER.decode(text)
    except json.JSONDecodeError as error:
        raise _Refused(error.pos + 1, "invalid_json", f"not JSON: {error.msg}") from None
    except _DuplicateKey as duplicate:
        raise _Refused(_second(text, duplicate.key), "duplicate_key", "a key stands twice in one object") from None
    except _NotFinite as number:
        raise _Refused(_place(text, number.written), "not_finite", "NaN and infinity are no JSON numbers") from None
    except (ValueError, RecursionError):
        raise _Refused(1, "invalid_json", "not JSON: a number is too long") from None
    if not isinstance(value, dict):
        hint = "write one object a line"
        raise _Refused(
            1, "not_an_object", f"the line holds {_KINDS.get(type(value), 'a value')}, not an object; {hint}"
        )
    if _ESCAPED_SURROGATE.search(text) or not text.isascii():
        _check_surrogates(value, text)
    return value


_KINDS = {list: "a list", str: "text", int: "a number", float: "a number", bool: "true or false", type(None): "null"}


class _DuplicateKey(Exception):
    def __init__(self, key: str) -> None:
        super().__init__()
        self.key = key


class _NotFinite(Exception):
    def __init__(self, written: str) -> None:
        super().__init__()
        self.written = written


def _pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        seen: set[str] = set()
        for key, _ in pairs:
            if key in seen:
                raise _DuplicateKey(key)
            seen.add(key)
    return found


def _refuse_constant(written: str) -> Any:
    raise _NotFinite(written)


def _finite(written: str) -> float:
    number = float(written)
    if not math.isfinite(number):
        raise _NotFinite(written)
    return number


_DECODER = json.JSONDecoder(object_pairs_hook=_pairs, parse_constant=_refuse_constant, parse_float=_finite)


def _check_depth(text: str, max_depth: int) -> None:
    if text.count("[") + text.count("{") <= max_depth:
        return
    # Strings become blanks of the same length, so that places stay.
    bare = _STRINGS.sub(lambda found: " " * len(found[0]), text)
    depth = 0
    for bracket in _BRACKETS.finditer(bare):
        depth += 1 if bracket[0] in "[{" else -1
        if depth > max_depth:
            raise _Refused(bracket.start() + 1, "too_deep", f"nested deeper than {max_depth}")


def _check_surrogates(value: Mapping[str, Any], text: str) -> None:
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        found = _ESCAPED_SURROGATE.search(text)
        message = "half of a surrogate pair is no character"
        raise _Refused(found.start() + 1 if found else 1, "lone_surrogate", message) from None


def _second(text: str, key: str) -> int:
    """The character at which a key stands for the second time, as far as its plain spelling shows."""
    places = [found.start() for found in _STRINGS.finditer(text) if _spells(found[0], key)]
    return places[1] + 1 if len(places) > 1 else 1


def _spells(written: str, key: str) -> bool:
    try:
        return bool(json.loads(written) == key)
    except ValueError:
        return False


def _place(text: str, written: str) -> int:
    bare = _STRINGS.sub(lambda found: " " * len(found[0]), text)
    return bare.find(written) + 1
