"""What a server's answers mean. Pure.

Answers quote addresses: errors hold the code and the enhanced code only, the whole text is for a trial.
"""

from __future__ import annotations

import re
from typing import Final

from attrs import frozen

from leadflow.errors import AdapterError, AuthenticationError, RejectedError, TransientError
from leadflow_adapters.reasons import bounce_of

_ENHANCED: Final = re.compile(r"\b([245]\.\d{1,3}\.\d{1,3})\b")
_WAIT_S: Final = {421: 120.0, 450: 300.0, 451: 300.0, 452: 600.0, 454: 300.0}
_OTHER_WAIT_S: Final = 300.0
_CREDENTIALS: Final = (530, 534, 535, 538)


@frozen
class Answer:
    """What a server said to a step."""

    step: str
    code: int
    text: str

    @property
    def is_good(self) -> bool:
        """Whether it agreed."""
        return 200 <= self.code < 400

    @property
    def enhanced(self) -> str:
        """The enhanced code (RFC 3463), or nothing.

        >>> Answer("rcpt", 550, "5.1.1 <ana@x.example>: no such user").enhanced
        '5.1.1'
        """
        found = _ENHANCED.match(self.text.lstrip())
        return found[1] if found is not None and found[1][0] == str(self.code)[0] else ""

    @property
    def short(self) -> str:
        """The codes alone: no personal data."""
        return f"{self.code} {self.enhanced}".strip()


def text_of(text: bytes) -> str:
    """An answer on one line, printable."""
    return " ".join("".join(c if c.isprintable() else " " for c in text.decode("utf-8", "replace")).split())[:500]


def refusal(answer: Answer) -> AdapterError:
    """The error of an answer that is not good, before anything has been handed over.

    >>> refusal(Answer("recipient", 451, "4.7.1 greylisted")).retry_after
    300.0
    >>> refusal(Answer("recipient", 550, "5.1.1 no such user")).bounce
    'hard'
    >>> type(refusal(Answer("sender", 530, "5.7.0 log in first"))).__name__
    'AuthenticationError'
    """
    said = f"refused at {answer.step}: {answer.short}"
    if 400 <= answer.code < 500:
        wait_s = _WAIT_S.get(answer.code, _OTHER_WAIT_S)
        return TransientError(said, adapter="smtp", operation=answer.step, retry_after=wait_s)
    if answer.code in _CREDENTIALS or (answer.step == "sender" and answer.enhanced.startswith("5.7.")):
        # About us, not about the message: nothing else would be taken either.
        return AuthenticationError(
            said, adapter="smtp", operation=answer.step, hint="the server wants a login, or another sender"
        )
    # What is said of the recipient is a bounce that comes at once.
    bounce = bounce_of(answer.enhanced, answer.text) if answer.step == "recipient" else None
    return RejectedError(
        said, adapter="smtp", operation=answer.step, bounce=bounce, status=(bounce and answer.enhanced) or None
    )
