"""What came back is told apart: real forms, any bytes, any size."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from leadflow_adapters.imap.classify import KINDS, classify, key_of
from leadflow_adapters.reasons import BOUNCES

from .returned_mail import OURS, RETURNED, mail


@pytest.mark.parametrize(("content", "expected"), [each[1:] for each in RETURNED], ids=[each[0] for each in RETURNED])
def test_each_form_is_known(content: bytes, expected: tuple[str, str, str]) -> None:
    found = classify(content)
    assert (found.kind, found.bounce, found.status) == expected
    if expected[0] not in ("other", "automatic"):
        assert OURS in found.messages
    assert set(found.recipients) <= {"bo@customer.example"}
    if expected[1] == "hard" and b"exchange" not in content.lower():
        assert found.recipients, "who failed is known"


@pytest.mark.parametrize("content", [each[1] for each in RETURNED], ids=[each[0] for each in RETURNED])
def test_line_ends_make_no_difference(content: bytes) -> None:
    assert classify(content.replace(b"\r\n", b"\n")) == classify(content)
    assert key_of(content.replace(b"\r\n", b"\n")).startswith("mail-")


def test_enough_forms_are_known() -> None:
    assert len(RETURNED) >= 50
    assert {expected[1] for _, _, expected in RETURNED} == {"", *BOUNCES}
    assert {expected[0] for _, _, expected in RETURNED} == set(KINDS)


_PIECES = st.sampled_from(
    [
        b"Content-Type: multipart/report; report-type=delivery-status; boundary=b\n",
        b"Content-Type: message/rfc822\n",
        b"Content-Type: message/delivery-status\n",
        b"Content-Type: message/feedback-report\n",
        b"Content-Type: text/plain; charset=nonsense\n",
        b"Content-Type: text/plain; charset*=x''%ff\n",
        b"Content-Transfer-Encoding: base64\n",
        b"Return-Path: <>\n",
        b"From: MAILER-DAEMON@x\n",
        b"Subject: =?utf-8?b?/w==?= failure notice\n",
        b"In-Reply-To: <a@b>\n",
        b"Message-ID: <a@b>\n",
        b"Feedback-Type: abuse\n",
        b"Action: failed\n",
        b"Status: 5.1.1\n",
        b"550 no such user\n",
        b" folded\n",
        b"\xff\xfe\x00",
        b"--b\n",
        b"--b--\n",
        b"\n",
    ]
)


@given(st.binary(max_size=2000) | st.lists(_PIECES | st.binary(max_size=30), max_size=25).map(b"".join))
@example(
    b"Content-Type: multipart/report; report-type=delivery-status; boundary=\n\n--\nContent-Type: message/delivery-status\n\n"
)
def test_any_bytes_are_something(content: bytes) -> None:
    found = classify(content)
    assert found.kind in KINDS
    assert found.bounce in (("", *BOUNCES) if found.kind in ("bounced", "delayed") else ("",))
    assert len(key_of(content)) < 40


@given(st.data())
def test_a_damaged_report_is_still_something(data: st.DataObject) -> None:
    """Cut off, with bytes missing or changed in the middle."""
    _, content, _ = data.draw(st.sampled_from(RETURNED))
    start = data.draw(st.integers(0, len(content)))
    end = data.draw(st.integers(start, min(len(content), start + 40)))
    damaged = content[:start] + data.draw(st.binary(max_size=20)) + content[end:]
    assert classify(damaged[: data.draw(st.integers(0, len(damaged)))]).kind in KINDS


_HEAD = b"Return-Path: <>\r\nFrom: MAILER-DAEMON@x.example\r\nSubject: failure notice\r\n"
_MB = 1024 * 1024
HUGE: dict[str, Callable[[], bytes]] = {
    "a large bounce": lambda: RETURNED[0][1] + b"x" * 25 * _MB,
    "many short lines": lambda: _HEAD + b"\r\n" + b"a\n" * 12 * _MB,
    "one line": lambda: _HEAD + b"\r\n" + b"a" * 25 * _MB,
    "a header without end": lambda: _HEAD + b"References: " + b"<a@b> " * 4 * _MB,
    "a folded header": lambda: _HEAD + b"X: y\r\n" + b" z\r\n" * 6 * _MB,
    "open brackets": lambda: _HEAD + b"In-Reply-To: " + b"<" * 25 * _MB,
    "almost ids": lambda: _HEAD + b"In-Reply-To: " + b"<aaaaaaaaaaaaaaaaaaaaaaaaa" * _MB,
    "almost addresses": lambda: _HEAD + b"\r\n" + b'"a"@' * 6 * _MB,
    "parentheses": lambda: _HEAD + b"To: " + b"(" * 25 * _MB,
    "almost codes": lambda: _HEAD + b"\r\n" + b"5.1" * 8 * _MB,
    "blanks": lambda: _HEAD + b"\r\n" + b" \t" * 12 * _MB,
    "blank quotes": lambda: _HEAD + b"\r\n" + b"> > > - " * 3 * _MB,
    "tags": lambda: _HEAD + b"Content-Type: text/html\r\n\r\n" + b"<" * 25 * _MB,
    "encoded words": lambda: b"In-Reply-To: <a@b>\r\nSubject: " + b"=?utf-8?q?=3F?= " * _MB + b"\r\n\r\n",
    "nested deeply": lambda: b"".join(
        b'Content-Type: multipart/mixed; boundary="%d"\n\n--%d\n' % (depth, depth) for depth in range(10_000)
    ),
    "nested messages": lambda: b"Content-Type: message/rfc822\n\n" * 10_000,
    "many parts": lambda: (
        b"Content-Type: multipart/mixed; boundary=b\n\n" + b"--b\nContent-Type: text/plain\n\nx\n" * 100_000
    ),
    "many fields": lambda: _HEAD + b"Content-Type: message/delivery-status\n\n" + b"Action: failed\n\n" * 500_000,
    "nul": lambda: b"\0" * 25 * _MB,
}


@pytest.mark.parametrize("name", HUGE)
def test_no_message_takes_a_second(name: str) -> None:
    """25 MB of whatever: a limit on size before anything is parsed, and no pattern that goes back and forth."""
    content = HUGE[name]()
    begun = time.process_time()
    assert classify(content).kind in KINDS
    key_of(content)
    assert time.process_time() - begun < 1


def test_the_key_follows_the_message_wherever_it_lies() -> None:
    letter = mail("Message-ID: <a@x.example>\nSubject: A", "text")
    moved = b"X-Spam: no\r\nReceived: from elsewhere\r\n" + letter
    assert key_of(letter) == key_of(moved) != key_of(letter.replace(b"<a@", b"<b@"))
    assert key_of(b"no id, one") != key_of(b"no id, two")
