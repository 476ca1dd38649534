"""What is wrong with a playbook, where, and the way out."""

from __future__ import annotations

import re
from collections.abc import Sequence

from attrs import frozen

Path = tuple[str | int, ...]
"""Where something stands in a playbook: keys, and positions in lists from 0."""

FAULT = "fault"
WARNING = "warning"

_BARE = re.compile(r"[A-Za-z0-9_-]+")


@frozen(kw_only=True)
class Fault:
    """One thing that is wrong ("fault") or looks like a slip ("warning").

    `line` and `column` count from 1; 0 means that the place is not known. `code` is a stable name for programs. `shown` is
    the line of the file with the faulty part marked below, where the fault is in a condition.

    >>> print(Fault(path="scoring.models.fit.threshold", message="expected a whole number", line=7, column=13))
    7:13 scoring.models.fit.threshold: expected a whole number
    """

    path: str = ""
    message: str
    hint: str = ""
    file: str = ""
    line: int = 0
    column: int = 0
    severity: str = FAULT
    code: str = "invalid"
    shown: str = ""

    @property
    def is_warning(self) -> bool:
        """Whether the playbook works all the same."""
        return self.severity == WARNING

    @property
    def place(self) -> str:
        """File, line and column, as far as they are known, in the form that editors open."""
        numbers = [str(self.line), str(self.column)] if self.line else []
        return ":".join([self.file, *numbers] if self.file else numbers)

    def __str__(self) -> str:
        said = f"{self.message}; {self.hint}" if self.hint else self.message
        if self.is_warning:
            said = f"warning: {said}"
        if not self.path:
            return f"{self.place}: {said}" if self.place else said
        return f"{self.place} {self.path}: {said}".lstrip()


@frozen(kw_only=True)
class Finding:
    """A fault before its place in a file is looked up.

    `is_key` points at the key rather than at its value; `span` at characters of a text value.
    """

    path: Path
    message: str
    hint: str = ""
    severity: str = FAULT
    code: str = "invalid"
    is_key: bool = False
    span: tuple[int, int] | None = None

    def unplaced(self) -> Fault:
        """The fault, when there is no file to look for its place in."""
        return self.at("", 0, 0)

    def at(self, file: str, line: int, column: int, shown: str = "") -> Fault:
        """The fault with its place."""
        return Fault(
            path=path_text(self.path),
            message=self.message,
            hint=self.hint,
            file=file,
            line=line,
            column=column,
            severity=self.severity,
            code=self.code,
            shown=shown,
        )


def path_text(path: Path) -> str:
    """A path as people write it.

    >>> path_text(("scoring", "models", "my model", "rules", 2, "when"))
    'scoring.models."my model".rules[2].when'
    """
    text = ""
    for part in path:
        if isinstance(part, int):
            text += f"[{part}]"
        else:
            text += f"{'.' if text else ''}{key_text(part)}"
    return text


def key_text(key: str) -> str:
    """A key as TOML writes it: bare where it may be, else in quotes.

    >>> print(key_text("fit"), key_text("demo request"))
    fit "demo request"
    """
    return key if _BARE.fullmatch(key) else quoted(key)


_ESCAPES = {"\\": "\\\\", '"': '\\"', "\b": "\\b", "\t": "\\t", "\n": "\\n", "\f": "\\f", "\r": "\\r"}


def quoted(text: str) -> str:
    """A text as a basic TOML string on one line.

    >>> print(quoted('say "x"'))
    "say \\"x\\""
    """
    return f'"{"".join(_ESCAPES.get(sign) or _shown(sign) for sign in text)}"'


def _shown(sign: str) -> str:
    return f"\\u{ord(sign):04x}" if ord(sign) < 32 or ord(sign) == 127 else sign


def listed(names: Sequence[str], joint: str) -> str:
    """Names in a sentence.

    >>> listed(("contact", "account", "lead"), "or")
    'contact, account or lead'
    """
    *most, last = names
    return f"{', '.join(most)} {joint} {last}" if most else last
