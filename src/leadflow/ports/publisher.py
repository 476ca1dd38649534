"""The publisher port: what was decided and committed is told to the outside, in order, each at least once.

Contract version 1. `publish` returns how many notices, from the front, are there for good; the others are handed over
again. Errors say that none of them is known to be there, by what follows:

- TransientError: handed over again, after `retry_after` seconds at the soonest
- RejectedError, UnsupportedCapabilityError: the first of them will never be taken; publishing stops before it
- AuthenticationError, AdapterUnavailableError: nothing can be published; it stops
- FateUnknownError, and anything else: they may be there or not; handed over again under the same keys

Units: instants in integer microseconds since 1970 UTC. A notice holds ids and codes only, no personal data.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final, Protocol

from attrs import frozen

from leadflow.model.coding import to_plain
from leadflow.model.decisions import Recorded
from leadflow.model.time import to_datetime

CONTRACT = 1
CAPABILITIES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "keeps_keys": "what was published under a key is there once, also when another object or process repeats it",
        "tells_published": "`was_published` says yes or no for every key, never None",
    }
)
"""What a publisher may claim. What it claims must work; what it does not claim must be answered with None."""

_TYPE: Final = "dev.leadflow.{}.v1"


@frozen(kw_only=True)
class Notice:
    """One decision as it is told.

    `key` is stable, so that whoever reads can pass over a repeat; `position` counts up in the order of decisions, with
    gaps. `type` is the decision's type, `data` its fields. `at_us` is when it became true, `recorded_us` when it was
    written; `command` is the key of the record that caused it, `digest` names the rules.
    """

    key: str
    position: int
    source: str
    type: str
    subject: str
    at_us: int
    recorded_us: int
    command: str
    digest: str
    actor: str | None
    data: Mapping[str, Any]


class Publisher(Protocol):
    """A way for decisions to be told. One that holds something open has a `close()` too."""

    def publish(self, notices: Sequence[Notice]) -> int:
        """Tell notices in this order; how many from the front are there for good, and durably. Errors: see the module."""
        ...

    def was_published(self, key: str) -> bool | None:
        """Whether a notice of this key is there: yes, no, or None when nobody can tell. A wrong yes loses it."""
        ...


def notice_of(recorded: Recorded, source: str) -> Notice:
    """A decision as it is told by a source.

    >>> from leadflow.model.decisions import LeadFlagged
    >>> flagged = LeadFlagged(subject="l_1", flag="sales_ready", value=True, because="interest")
    >>> notice = notice_of(Recorded("req-1#2", flagged, 0, 0, "req-1", None, "d", 7), "leadflow")
    >>> notice.key, notice.position, notice.type, dict(notice.data)["flag"]
    ('leadflow:req-1#2', 7, 'lead_flagged', 'sales_ready')
    """
    return Notice(
        key=f"{source}:{recorded.id}",
        position=recorded.seq,
        source=source,
        type=recorded.type,
        subject=recorded.subject,
        at_us=recorded.at_us,
        recorded_us=recorded.recorded_us,
        command=recorded.command,
        digest=recorded.digest,
        actor=recorded.actor,
        data=to_plain(recorded.decision, frozenset({"subject"})),
    )


def cloud_event(notice: Notice) -> dict[str, Any]:
    """A notice as a CloudEvent 1.0, as JSON can hold it.

    >>> notice = Notice(key="k", position=7, source="leadflow", type="scored", subject="c_1", at_us=0, recorded_us=0,
    ...     command="req-1", digest="d", actor=None, data={"points": 5})
    >>> cloud_event(notice)["type"], cloud_event(notice)["time"], cloud_event(notice)["data"]["points"]
    ('dev.leadflow.scored.v1', '1970-01-01T00:00:00+00:00', 5)
    """
    return {
        "specversion": "1.0",
        "id": notice.key,
        "source": notice.source,
        "type": _TYPE.format(notice.type),
        "subject": notice.subject,
        "time": to_datetime(notice.at_us).isoformat(),
        "sequence": f"{notice.position:020d}",
        "datacontenttype": "application/json",
        "data": {
            **notice.data,
            "recorded": to_datetime(notice.recorded_us).isoformat(),
            "command": notice.command,
            "by": notice.actor,
            "rules": notice.digest,
        },
    }
