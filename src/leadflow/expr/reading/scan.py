"""The gate before Python's parser: size, brackets and characters, in one linear pass.

Whatever passes is plain enough that `ast.parse` neither warns nor blows up on it, and its brackets are
balanced, so that a condition may run over several lines.
"""

from __future__ import annotations

import re

from leadflow.errors import ExpressionError

MAX_CHARS = 10_000
MAX_DEPTH = 50
"""How deep conditions may nest; brackets may nest twice as deep, for calls and lists inside."""
MAX_DIGITS = 25

_TOKEN = re.compile(
    r"""(?P<space>[ \t\r\n]+|\#[^\r\n]*)
      | (?P<text>"(?:[^"\\\r\n]|\\.)*"|'(?:[^'\\\r\n]|\\.)*')
      | (?P<number>\d[\d_]*\.?[\d_]*|\.\d[\d_]*)
      | (?P<name>[^\W\d]\w*)
      | (?P<open>[(\[{]) | (?P<close>[)\]}])
      | (?P<operator>==|!=|<=|>=|[-+*/%<>=.,])
    """,
    re.VERBOSE,
)
_ESCAPE = re.compile(r"\\(?:[\\'\"nrt]|x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8})|(\\)")
_LINE_BREAK = re.compile(r"\r\n?|\n")
_PAIRS = {")": "(", "]": "[", "}": "{"}
_INSTEAD = {
    "&": "write and",
    "|": "write or",
    "!": "write not",
    "~": "write not",
    '"': "close the text with a quote on the same line",
    "'": "close the text with a quote on the same line",
    ":": "a list of values is written [a, b]",
    "^": "only + - * are known",
}


def scan(text: str) -> None:
    """Refuse text that is too long, too deep, unbalanced or holds characters the language does not know.

    Errors: ExpressionError with the span of the offending part.

    >>> scan('contact.country == "DE"')
    >>> scan("a && b")
    Traceback (most recent call last):
    leadflow.errors.ExpressionError: '&' is not part of a condition; write and
      a && b
        ^
    """
    if len(text) > MAX_CHARS:
        raise ExpressionError(
            f"a condition has at most {MAX_CHARS} characters, this has {len(text)}",
            text=text[:200],
            span=(0, 200),
            hint="split it into several rules or a segment",
        )
    at, end, opened, is_empty = 0, len(text), list[tuple[str, int]](), True
    while at < end:
        match = _TOKEN.match(text, at)
        if match is None:
            sign = text[at]
            raise _error(f"{sign!r} is not part of a condition", text, at, at + 1, _INSTEAD.get(sign, ""))
        _check_token(text, match, opened)
        at = match.end()
        is_empty = is_empty and match.lastgroup == "space"
    if is_empty:
        raise _error("the condition is empty", text, 0, end, "write True for always")
    if opened:
        sign, at = opened[-1]
        raise _error(f"{sign!r} is never closed", text, at, at + 1)


def _check_token(text: str, match: re.Match[str], opened: list[tuple[str, int]]) -> None:
    at, end, token = match.start(), match.end(), match[0]
    match match.lastgroup:
        case "open":
            opened.append((token, at))
            if len(opened) > 2 * MAX_DEPTH:
                raise too_deep(text, (at, end))
        case "close":
            if not opened or opened.pop()[0] != _PAIRS[token]:
                raise _error(f"{token!r} closes nothing", text, at, end)
        case "number":
            if text[end : end + 1].isidentifier() or sum(map(str.isdigit, token)) > MAX_DIGITS:
                raise _error("this is not a number", text, at, end, f"write 1000 or 9.90, at most {MAX_DIGITS} digits")
        case "name":
            if text[end : end + 1] in ("'", '"') and token not in ("in", "and", "or", "not", "is"):
                raise _error(f"{token!r} before a quote is not known", text, at, end, 'write plain text in "quotes"')
        case "text":
            bad = next((found for found in _ESCAPE.finditer(token) if found[1]), None)
            if bad is not None:
                start = at + bad.start()
                raise _error("unknown escape in a text", text, start, start + 2, "write \\\\ for one backslash")


def too_deep(text: str, span: tuple[int, int]) -> ExpressionError:
    """The error for a condition that nests too deep."""
    return ExpressionError(
        f"a condition nests at most {MAX_DEPTH} deep",
        text=text,
        span=span,
        hint="split it into several rules",
    )


def _error(message: str, text: str, start: int, end: int, hint: str = "") -> ExpressionError:
    return ExpressionError(message, text=text, span=(start, end), hint=hint)


class Lines:
    """Turns the positions that `ast` reports into character offsets of the text.

    `ast` counts columns in UTF-8 bytes and saw the text behind one added bracket.
    """

    def __init__(self, text: str) -> None:
        self._text = text
        self._starts = [0, *(found.end() for found in _LINE_BREAK.finditer(text))]
        self._plain = text.isascii()

    def offset(self, line: int, column: int) -> int:
        """The character offset of a 1-based line and a 0-based column in bytes."""
        if line > len(self._starts):
            return len(self._text)
        start = self._starts[line - 1]
        if line == 1:
            column = max(column - 1, 0)
        if self._plain:
            return min(start + column, len(self._text))
        end = self._starts[line] if line < len(self._starts) else len(self._text)
        return start + len(self._text[start:end].encode("utf-8", "replace")[:column].decode("utf-8", "ignore"))

    def place(self, line: int, column: int) -> int:
        """The character offset of a 1-based line and a 1-based column in characters, kept inside the text."""
        start = self._starts[min(line, len(self._starts)) - 1]
        return max(0, min(start + column - 1 - (line == 1), len(self._text) - 1))
