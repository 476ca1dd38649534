"""What the lines of an IMAP server say, as imaplib hands them on. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta, timezone
from typing import Any, Final

from attrs import frozen

from leadflow.model.time import instant_us

_UID: Final = re.compile(rb"\bUID (\d{1,10})\b")
_QUOTED: Final = re.compile(rb'BODY\[\](?:<0>)? (?:"((?:[^"\\]|\\.)*+)"|NIL)')
_ESCAPED: Final = re.compile(rb"\\(.)")
_DATE: Final = re.compile(rb'INTERNALDATE "([^"]{20,30})"')
_SIZE: Final = re.compile(rb"RFC822\.SIZE (\d{1,18})")


@frozen
class Fetched:
    """A message as the server gave it: the beginning of it, its whole size, and when it came (None: not told)."""

    uid: int
    content: bytes
    size: int
    at_us: int | None


def fetched(lines: Sequence[Any]) -> Iterator[Fetched]:
    """The messages in the lines of a FETCH, each as a literal or, where it is short, as a quoted text.

    >>> next(fetched([b'1 (UID 7 RFC822.SIZE 900 BODY[]<0> "To: a")']))
    Fetched(uid=7, content=b'To: a', size=900, at_us=None)
    """
    for place, line in enumerate(lines):
        if isinstance(line, tuple):
            # What follows the literal may hold the items that did not come before it.
            after = lines[place + 1] if place + 1 < len(lines) else b""
            said, content = line[0] + b" " + (after if isinstance(after, bytes) else b""), line[1]
        elif isinstance(line, bytes) and (short := _QUOTED.search(line)) is not None:
            said, content = line[: short.start()] + line[short.end() :], _ESCAPED.sub(rb"\1", short[1] or b"")
        else:
            continue
        uid, size, date = uid_in(said), _SIZE.search(said), _DATE.search(said)
        if uid is not None:
            length = len(content) if size is None else int(size[1])
            yield Fetched(uid, content, length, None if date is None else _moment(date[1]))


def uid_in(line: Any) -> int | None:
    """The UID that a line tells.

    >>> uid_in(b"1 (UID 7)"), uid_in(None)
    (7, None)
    """
    found = _UID.search(line) if isinstance(line, bytes) else None
    return None if found is None else int(found[1])


def number(said: Any) -> int:
    """The last number of a response; 0 when there is none.

    >>> number([b"1", b"12"]), number([None]), number(None)
    (12, 0, 0)
    """
    last = said[-1] if said else None
    return int(last) if isinstance(last, bytes) and last.isdigit() else 0


_MONTHS: Final = (b"jan", b"feb", b"mar", b"apr", b"may", b"jun", b"jul", b"aug", b"sep", b"oct", b"nov", b"dec")


def _moment(text: bytes) -> int | None:
    """A server's date, in microseconds since 1970; None when it is none.

    >>> _moment(b"22-Nov-2026 10:00:00 +0100")
    1795338000000000
    """
    found = re.fullmatch(rb" ?(\d{1,2})-(\w{3})-(\d{4}) (\d\d):(\d\d):(\d\d) ([+-])(\d\d)(\d\d)", text)
    if found is None or found[2].lower() not in _MONTHS:
        return None
    offset = timedelta(hours=int(found[8]), minutes=int(found[9])) * (-1 if found[7] == b"-" else 1)
    try:
        moment = datetime(
            int(found[3]), _MONTHS.index(found[2].lower()) + 1, int(found[1]), int(found[4]), int(found[5]), int(found[6]),
            tzinfo=timezone(offset),
        )  # fmt: skip
        return instant_us(moment)
    except (ValueError, OverflowError):
        return None
