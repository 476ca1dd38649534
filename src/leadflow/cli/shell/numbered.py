"""Records of a JSON Lines file that keep their line numbers through `flow.ingest`."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from leadflow.capture.reading import RowFault, read_jsonl

_MOST = 100


class NumberedRecords:
    """The good records of a file; faulty lines are put aside.

    `flow.ingest` counts records; blank and faulty lines make line numbers run ahead. Only where they do so by a new
    amount is kept, so that memory stays flat.

    >>> records = NumberedRecords(['{"a": 1}\\n\\n{"b"\\n{"c": 3}\\n'])
    >>> list(records), records.fault_count
    ([{'a': 1}, {'c': 3}], 1)
    >>> records.problems([(1, "k", "failed", "why")])[1]
    (4, 'k', 'failed', 'why')
    """

    def __init__(self, texts: Iterable[str]) -> None:
        self._texts = texts
        self._faults: list[RowFault] = []
        self._starts = [0]
        self._ahead = [1]
        self.fault_count = 0

    def __iter__(self) -> Iterator[Mapping[str, Any]]:
        position = 0
        for row in read_jsonl(self._texts):
            if isinstance(row, RowFault):
                self.fault_count += 1
                if len(self._faults) < _MOST:
                    self._faults.append(row)
                continue
            if row.line - position != self._ahead[-1]:
                self._starts.append(position)
                self._ahead.append(row.line - position)
            yield row.value
            position += 1

    def problems(self, found: Iterable[tuple[int, str, str, str]]) -> list[tuple[int, str, str, str]]:
        """(line, key, status, why) of what ingest found and of the faulty lines, in the order of the file."""
        told = [(self._line(position), key, status, why) for position, key, status, why in found]
        for fault in self._faults:
            place = f" (character {fault.column})" if fault.column is not None else ""
            told.append((fault.line, "", "invalid", f"{fault.message}{place}"))
        return sorted(told)[:_MOST]

    def _line(self, position: int) -> int:
        return position + self._ahead[bisect_right(self._starts, position) - 1]
