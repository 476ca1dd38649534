"""What became of what was handed over."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from attrs import field, frozen

from leadflow.errors import InvalidInputError, RefusedError
from leadflow.model.decisions import Recorded, Refusal


@frozen
class Result:
    """What became of one command.

    `status` is "accepted", "repeated" (the same key and body came before; nothing changed), "failed" (kept in the failed
    queue with `reasons`), "refused" (a rule of the business says no: `refusal`) or "conflict" (the same key came before
    with another body). `ahead_us`: so many microseconds after its receipt it happened by its own account; somebody's clock
    is wrong. It is judged as of receipt, and what it said is kept.
    """

    key: str
    status: str
    contact: str | None = None
    account: str | None = None
    lead: str | None = None
    decisions: tuple[Recorded, ...] = ()
    refusal: Refusal | None = None
    reasons: tuple[tuple[str, str], ...] = ()
    ahead_us: int = 0

    @property
    def is_ok(self) -> bool:
        """Whether it was taken, now or before."""
        return self.status in ("accepted", "repeated")

    def unwrap(self) -> Result:
        """This result, or the error that it stands for. Errors: RefusedError, InvalidInputError."""
        if self.status == "refused":
            raise RefusedError(f"{self.key}: {self.refusal}", refusal=self.refusal)
        if self.status == "conflict":
            raise InvalidInputError(
                f"key {self.key!r} came before with another body", code="key_conflict", hint="use a new key"
            )
        if self.status == "failed":
            reasons = ", ".join(f"{code} {place}".strip() for code, place in self.reasons)
            raise InvalidInputError(
                f"{self.key}: {reasons}",
                code="input_failed",
                hint="mend it and retry; it is in the failed queue",
            )
        return self


@frozen
class Outcome:
    """What became of a call: one result per command, in order."""

    results: tuple[Result, ...] = ()

    def __iter__(self) -> Iterator[Result]:
        return iter(self.results)

    def __len__(self) -> int:
        return len(self.results)

    def __getitem__(self, position: int) -> Result:
        return self.results[position]

    @property
    def is_ok(self) -> bool:
        """Whether everything was taken."""
        return all(result.is_ok for result in self.results)

    @property
    def decisions(self) -> tuple[Recorded, ...]:
        """All decisions, in order."""
        return tuple(recorded for result in self.results for recorded in result.decisions)

    def one(self) -> Result:
        """The only result. Errors: InvalidInputError when there are more or none."""
        if len(self.results) != 1:
            raise InvalidInputError(f"expected one result, there are {len(self.results)}")
        return self.results[0]

    @property
    def contact(self) -> str | None:
        """The contact of the only result."""
        return self.one().contact

    @property
    def account(self) -> str | None:
        """The account of the only result."""
        return self.one().account

    @property
    def lead(self) -> str | None:
        """The lead of the only result."""
        return self.one().lead

    @property
    def status(self) -> str:
        """The status of the only result."""
        return self.one().status


@frozen
class Ingested:
    """What became of many records: counts, and the first of those that could not be taken.

    `problems` are (position among all records handed over, key or "", status, why) of the first 100; `why` begins with a
    code.
    """

    counts: dict[str, int] = field(factory=dict)
    problems: tuple[tuple[int, str, str, str], ...] = ()

    @property
    def total(self) -> int:
        """How many records there were."""
        return sum(self.counts.values())

    def __getitem__(self, status: str) -> int:
        return self.counts.get(status, 0)


def result_of(planned: Any, kept: Any, decisions: tuple[Recorded, ...]) -> Result:
    """The result of one planned command; `kept` is its input."""
    reasons: tuple[tuple[str, str], ...] = ()
    status = planned.status
    for recorded in decisions:
        if recorded.decision.type == "input_failed":
            status = "failed"
            reasons = recorded.decision.reasons  # type: ignore[attr-defined]
    contact = None
    if kept is not None and kept.subject is not None and not kept.subject.startswith("v_"):
        contact = kept.subject
    return Result(
        planned.command.key,
        status,
        contact,
        None if kept is None else kept.account,
        None if kept is None else kept.lead,
        decisions,
        planned.refusal,
        reasons,
        0 if kept is None else kept.told_us - kept.at_us,
    )
