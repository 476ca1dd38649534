"""What scoring keeps: one row per subject and model. The numbers are a cache of inputs; readiness is decided."""

from __future__ import annotations

from array import array
from typing import Any, ClassVar

from attrs import field, frozen

from leadflow.model.making import quick
from leadflow.model.time import NEVER_US
from leadflow.room import Table

Signals = dict[int, tuple[Any, ...]]
"""Per signal of the model: how often in all, and the newest times; see leadflow.expr.signals."""


@quick
@frozen(weakref_slot=False)
class Score:
    """A subject's score by a model.

    `bits` are the truths of the model's static parts and hold until `bits_until_us`; `valid_until_us` is the next
    moment at which points can change without input (None: never).
    """

    table: ClassVar[str] = "score"

    id: str
    subject: str
    model: str
    program: str
    points: int = 0
    grade: str | None = None
    is_ready: bool = False
    bits: int = 0
    bits_until_us: int = NEVER_US
    valid_until_us: int | None = None
    updated_us: int = 0
    signals: Signals = field(factory=dict)
    version: int = 0


def pack(signals: Signals) -> bytes | None:
    """Signals as bytes: runs of (index, length, numbers...), 64-bit; a negative length says that pairs follow.

    >>> unpack(pack({3: (2, 900, 800), 5: (1, 7, (900, 7))}))
    {3: (2, 900, 800), 5: (1, 7, (900, 7))}
    """
    if not signals:
        return None
    flat: list[int] = []
    for index, state in signals.items():
        if len(state) > 2 and type(state[2]) is tuple:
            numbers = [*state[:2], *(number for pair in state[2:] for number in pair)]
            flat += (index, -len(numbers), *numbers)
        else:
            flat += (index, len(state), *state)
    try:
        return array("q", flat).tobytes()
    except OverflowError:
        # A sum beyond 64 bits: rare enough to be kept as text, told apart by a length that no packing has.
        text = b"[" + ",".join(map(str, flat)).encode("ascii")
        return text + b" " if len(text) % 8 == 0 else text


def unpack(content: bytes | None) -> Signals:
    """What `pack` packed."""
    if content is None:
        return {}
    flat = [int(n) for n in content[1:].split(b",")] if content[:1] == b"[" and len(content) % 8 else None
    if flat is None:
        flat = array("q", content).tolist()
    signals: Signals = {}
    position = 0
    while position < len(flat):
        start, length = position + 2, flat[position + 1]
        position = start + abs(length)
        state: tuple[Any, ...] = tuple(flat[start:position])
        if length < 0:
            state = (*state[:2], *zip(state[2::2], state[3::2], strict=True))
        signals[flat[start - 2]] = state
    return signals


TABLES = (
    Table(
        Score,
        indexes=("subject",),
        orders=(("model", "-points"),),
        due="valid_until_us",
        fixed=("id", "subject", "model"),
        packed={"signals": (pack, unpack)},
    ),
)
