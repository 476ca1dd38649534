"""What all decisions have in common, how they stand in the log, and what is said instead of one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from attrs import frozen

from leadflow.model.making import quick
from leadflow.model.values import NOTHING


@quick
@frozen(kw_only=True, weakref_slot=False)
class Decision:
    """The common part. `subject` is the id of the record decided about, as it was called then."""

    type: ClassVar[str] = "decision"
    nets: ClassVar[bool] = False
    """Whether several of one command may come to one: see `net_of`."""

    subject: str

    def net_of(self, earlier: Decision) -> Decision | None:
        """What an earlier decision of the same command and this one come to together; None: both stand."""
        return None


@quick
@frozen(weakref_slot=False)
class Recorded:
    """A decision as kept: when it became true, when it was written, by whom, caused by which input, under which rules.

    `id` derives from the command's key and the decision's ordinal in it, so that planning twice records the same.
    """

    table: ClassVar[str] = "decision"

    id: str
    decision: Decision
    at_us: int
    recorded_us: int
    command: str
    actor: str | None
    digest: str
    seq: int = 0

    @property
    def type(self) -> str:
        """The decision's type."""
        return self.decision.type

    @property
    def subject(self) -> str:
        """The id of the record decided about."""
        return self.decision.subject


@quick
@frozen(weakref_slot=False)
class Refusal:
    """A business "no": a code and its parameters, so that a host can translate it."""

    code: str
    parameters: Mapping[str, Any] = NOTHING

    def __str__(self) -> str:
        inner = ", ".join(f"{name}={value}" for name, value in self.parameters.items())
        return f"{self.code}({inner})" if inner else self.code
