"""All rules together as one value, with a digest that every decision carries."""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import blake2b
from typing import Any, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from attrs import field, frozen

from leadflow.assignment.rules import AssignmentRules, Queue
from leadflow.capture.rules import CaptureRules
from leadflow.errors import InvalidValueError
from leadflow.expr import Type
from leadflow.matching.rules import MatchingRules
from leadflow.model.coding import plain_value, to_plain
from leadflow.model.rows import RECORDS, own_fields
from leadflow.process.rules import ProcessRules
from leadflow.scoring.rules import ScoringRules

FORMAT: Final = 1
TYPES: Final[Mapping[str, Type]] = {
    "text": Type.TEXT,
    "code": Type.CODE,
    "number": Type.NUMBER,
    "boolean": Type.BOOLEAN,
    "date": Type.DATE,
    "instant": Type.INSTANT,
    "texts": Type.TEXT_SET,
    "codes": Type.CODE_SET,
}


@frozen(kw_only=True)
class Attribute:
    """A field that the playbook adds to a record: its type, and for codes the choices."""

    type: str = "text"
    choices: tuple[str, ...] = ()
    label: str = ""

    def __attrs_post_init__(self) -> None:
        if self.type not in TYPES:
            raise InvalidValueError(f"type: {self.type!r} is not one of {', '.join(TYPES)}")


def _unassigned() -> AssignmentRules:
    return AssignmentRules(default_owner="queue:unassigned", queues=(Queue(name="unassigned"),))


@frozen(kw_only=True)
class Playbook:
    """All rules of one tenant.

    `attributes` are the fields added to each record, `time_zone` is where days begin unless a contact or account says
    otherwise, `moved` maps names that live records still carry ("stage.old") to their new ones ("stage.new").

    >>> Playbook().digest == Playbook(name="default").digest
    True
    """

    format: int = FORMAT
    name: str = "default"
    time_zone: str = "UTC"
    currency: str = "EUR"
    attributes: Mapping[str, Mapping[str, Attribute]] = field(factory=dict)
    capture: CaptureRules = field(factory=CaptureRules)
    matching: MatchingRules = field(factory=MatchingRules)
    scoring: ScoringRules = field(factory=ScoringRules)
    process: ProcessRules = field(factory=ProcessRules)
    assignment: AssignmentRules = field(factory=_unassigned)
    moved: Mapping[str, str] = field(factory=dict)

    def __attrs_post_init__(self) -> None:
        if self.format != FORMAT:
            raise InvalidValueError(
                f"format: this leadflow reads playbooks of format {FORMAT}, not {self.format}",
                hint="upgrade leadflow" if self.format > FORMAT else "see the changelog",
            )
        try:
            ZoneInfo(self.time_zone)
        except (ZoneInfoNotFoundError, ValueError):
            raise InvalidValueError(
                f"time_zone: {self.time_zone!r} is not an IANA zone", hint="write e.g. Europe/Ljubljana"
            ) from None
        for record, attributes in self.attributes.items():
            if record not in RECORDS:
                raise InvalidValueError(f"attributes: there is no record {record!r}", hint=", ".join(RECORDS))
            for name in attributes:
                if name in own_fields(record) or not name.isidentifier():
                    raise InvalidValueError(
                        f"attributes.{record}: {name!r} is a field already, or not a name"
                    )

    @property
    def digest(self) -> str:
        """Twelve hexadecimal digits that name these rules."""
        return blake2b(repr(self.plain()).encode(), digest_size=6).hexdigest()

    def plain(self) -> dict[str, Any]:
        """The rules as plain values, defaults left out."""
        plain: dict[str, Any] = plain_value(to_plain(self))
        return plain
