"""What a synchronisation did."""

from __future__ import annotations

from attrs import define, field


@define
class Synced:
    """Counts of records: sent, taken from there, and what else came of them.

    `asked` fields differ and wait for somebody to decide (`flow.conflicts()`); `echoes` were ours; `gone` were deleted there;
    `closed` ones are finished there and take no changes.
    `problems` are (kind, id, code, words) of the first that could not be sent or taken. `put_off` says why it stopped
    early; run it again after `retry_after_s` seconds: it goes on where it stood.
    """

    sent: int = 0
    taken: int = 0
    asked: int = 0
    refused: int = 0
    gone: int = 0
    closed: int = 0
    echoes: int = 0
    problems: list[tuple[str, str, str, str]] = field(factory=list)
    put_off: str = ""
    retry_after_s: float = 0

    @property
    def is_finished(self) -> bool:
        """Whether everything there was has been looked at."""
        return not self.put_off

    def problem(self, kind: str, id_: str, code: str, words: str = "") -> None:
        """Note what could not be done; the first hundred are kept."""
        self.refused += 1
        if len(self.problems) < _MOST:
            self.problems.append((kind, id_, code, words))


_MOST = 100
