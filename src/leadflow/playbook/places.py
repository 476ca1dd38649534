"""Where every key and value of a TOML text stands.

`tomllib` reads the values and refuses what is not TOML; this scanner runs over a text that it accepted and only notes
places, so that a fault found much later can still name its line and column.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Mapping
from contextlib import suppress

from attrs import frozen

from leadflow.playbook.fault import Path

_BARE = re.compile(r"[A-Za-z0-9_-]+")
_STRING = re.compile(
    r'''"""(?:[^\\]|\\.)*?"""(?:"{0,2})'''
    r"""|'''.*?'''(?:'{0,2})"""
    r'''|"(?:[^"\\\n]|\\.)*"'''
    r"""|'[^'\n]*'""",
    re.DOTALL,
)
_SCALAR = re.compile(r"\d{4}-\d\d-\d\d \d\d:[^\s,\]}#]*|[^\s,\]}#]+")
_BLANK = re.compile(r"(?:[ \t\n]|#[^\n]*)*")
_COMMENT = re.compile(r"#[^\n]*")
_SPACE = re.compile(r"[ \t]*")
_ESCAPE = re.compile(
    r"\\(?:u(?P<four>[0-9a-fA-F]{4})|U(?P<eight>[0-9a-fA-F]{8})|x(?P<two>[0-9a-fA-F]{2})"
    r"|(?P<gap>[ \t]*\n[ \t\n]*)|(?P<sign>.))",
    re.DOTALL,
)
_SIGNS = {"b": "\b", "t": "\t", "n": "\n", "f": "\f", "r": "\r", "e": "\x1b"}

Position = tuple[int, int]
"""Line and column, both from 1; columns count characters."""


@frozen
class Places:
    """The places of one text.

    `keys` and `values` are offsets by path; a table has only a key, an item of a list only a value.

    >>> places = scan_places('[a]\\nb = [1, {c = "x"}]\\n')
    >>> places.key(("a",)), places.value(("a", "b", 1, "c")), places.inside(("a", "b", 1, "c"), 0)
    ((1, 2), (2, 14), (2, 15))
    """

    text: str
    keys: Mapping[Path, int]
    values: Mapping[Path, int]
    comments: tuple[str, ...]
    _starts: tuple[int, ...]

    def key(self, path: Path) -> Position | None:
        """Where a key stands (its last part in a header); of a list's table, the header that opens it."""
        return self._position(self.keys.get(path))

    def value(self, path: Path) -> Position | None:
        """Where a value begins."""
        return self._position(self.values.get(path))

    def inside(self, path: Path, offset: int) -> Position | None:
        """Where a character of a text value stands, its escapes accounted for."""
        at = self.values.get(path)
        if at is None or self.text[at] not in "\"'":
            return self._position(at)
        offsets = read_string(self.text, at)[1]
        return self._position(offsets[min(offset, len(offsets) - 1)])

    def _position(self, at: int | None) -> Position | None:
        if at is None:
            return None
        line = bisect_right(self._starts, at)
        return line, at - self._starts[line - 1] + 1


def scan_places(text: str) -> Places:
    """The places of a TOML text that `tomllib` accepts."""
    text = text.replace("\r\n", "\n")
    scanner = _Scanner(text)
    with suppress(RecursionError):  # what nests that deep is no playbook; the places so far will do
        scanner.document()
    starts = (0, *(match.end() for match in re.finditer("\n", text)))
    return Places(text, scanner.keys, scanner.values, tuple(scanner.comments), starts)


def read_string(text: str, at: int) -> tuple[str, list[int]]:
    """The content of the TOML string at an offset, and where each of its characters stands, and its end.

    >>> read_string('k = "a\\\\tb"', 4)
    ('a\\tb', [5, 6, 8, 9])
    """
    match = _STRING.match(text, at)
    if match is None:
        raise ValueError(f"no string at {at}")
    mark = text[at]
    width = 3 if text.startswith(mark * 3, at) and match.end() - at >= 6 else 1
    start, end = at + width, match.end() - width
    if width == 3 and text.startswith("\n", start):
        start += 1
    signs: list[str] = []
    offsets: list[int] = []
    while start < end:
        escape = _ESCAPE.match(text, start) if mark == '"' and text[start] == "\\" else None
        sign = text[start] if escape is None else _unescaped(escape)
        if sign:
            signs.append(sign)
            offsets.append(start)
        start = start + 1 if escape is None else escape.end()
    return "".join(signs), [*offsets, end]


def _unescaped(escape: re.Match[str]) -> str:
    code = escape["four"] or escape["eight"] or escape["two"]
    if code:
        return chr(int(code, 16))
    return "" if escape["gap"] else _SIGNS.get(escape["sign"], escape["sign"])


class _Scanner:
    """One walk over the text; `at` is where it stands."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.keys: dict[Path, int] = {}
        self.values: dict[Path, int] = {}
        self.comments: list[str] = []
        self._opened: dict[Path, int] = {}
        """How many tables each list has so far."""

    def document(self) -> None:
        table: Path = ()
        self._skip_blank()
        while self.at < len(self.text):
            if self.text[self.at] == "[":
                table = self._header()
            else:
                self._pair(table)
            self._skip_blank()

    def _skip_blank(self) -> None:
        match = _BLANK.match(self.text, self.at)
        if match is not None:
            self.comments += _COMMENT.findall(match[0])
            self.at = match.end()

    def _skip(self, signs: str) -> None:
        """Over spaces, then these signs, then spaces."""
        self._skip_space()
        self.at += len(signs)
        self._skip_space()

    def _skip_space(self) -> None:
        match = _SPACE.match(self.text, self.at)
        self.at = self.at if match is None else match.end()

    def _header(self) -> Path:
        is_list = self.text.startswith("[[", self.at)
        self._skip("[[" if is_list else "[")
        *above, (name, offset) = self._key()
        self._skip("]]" if is_list else "]")
        path: Path = ()
        for part, place in above:
            path = (*path, part)
            self.keys.setdefault(path, place)
            if path in self._opened:
                path = (*path, self._opened[path] - 1)
        path = (*path, name)
        if is_list:
            self.keys.setdefault(path, offset)
            number = self._opened[path] = self._opened.get(path, 0) + 1
            path = (*path, number - 1)
        self.keys[path] = offset
        return path

    def _pair(self, table: Path) -> None:
        path = table
        for name, offset in self._key():
            path = (*path, name)
            self.keys.setdefault(path, offset)
        self._skip("=")
        self._value(path)

    def _key(self) -> list[tuple[str, int]]:
        parts: list[tuple[str, int]] = []
        while True:
            self._skip_space()
            start = self.at
            match = (_STRING if self.text[start] in "\"'" else _BARE).match(self.text, start)
            if match is None:
                raise ValueError(f"no key at {start}")
            parts.append((match[0] if self.text[start] not in "\"'" else read_string(self.text, start)[0], start))
            self.at = match.end()
            self._skip_space()
            if not self.text.startswith(".", self.at):
                return parts
            self.at += 1

    def _value(self, path: Path) -> None:
        self.values[path] = self.at
        sign = self.text[self.at]
        if sign == "[":
            self._items(path)
        elif sign == "{":
            self._inline(path)
        else:
            match = (_STRING if sign in "\"'" else _SCALAR).match(self.text, self.at)
            if match is None:
                raise ValueError(f"no value at {self.at}")
            self.at = match.end()

    def _items(self, path: Path) -> None:
        self.at += 1
        number = 0
        while not self._closes("]"):
            self._value((*path, number))
            number += 1

    def _inline(self, path: Path) -> None:
        self.at += 1
        while not self._closes("}"):
            self._pair(path)

    def _closes(self, sign: str) -> bool:
        """Over blanks and commas; whether the list or table ends here."""
        self._skip_blank()
        if self.text.startswith(",", self.at):
            self.at += 1
            self._skip_blank()
        if not self.text.startswith(sign, self.at):
            return False
        self.at += 1
        return True
