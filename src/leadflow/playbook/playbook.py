"""All rules together as one value, with a digest that every decision carries."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from keyword import iskeyword
from typing import Any, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from attrs import field, fields, frozen

from leadflow.assignment.rules import AssignmentRules, Queue
from leadflow.capture.rules import CaptureRules
from leadflow.crm.rules import CrmRules
from leadflow.errors import InvalidValueError
from leadflow.expr import Type
from leadflow.expr.fault import did_you_mean
from leadflow.matching.rules import MatchingRules
from leadflow.model.rows import RECORDS
from leadflow.playbook.plain import digest_of, plain_of
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
_WITH_CHOICES = ("text", "code", "texts", "codes")


@frozen(kw_only=True)
class Attribute:
    """A field that the playbook adds to a record: its type, and for codes the choices.

    `type` is one of text (compared without regard to case), code (exact), number, boolean, date, instant, and texts or
    codes for a set. `choices` are the only values it may hold. `label` is what people see.
    """

    type: str = "text"
    choices: tuple[str, ...] = ()
    label: str = ""

    def __attrs_post_init__(self) -> None:
        if self.type not in TYPES:
            hint = did_you_mean(self.type, TYPES) or f"one of {', '.join(TYPES)}"
            raise InvalidValueError(f"type: there is no type {self.type!r}", hint=hint)
        if self.choices and self.type not in _WITH_CHOICES:
            raise InvalidValueError(
                f"choices: a {self.type} has no choices", hint=f"choices are for {', '.join(_WITH_CHOICES)}"
            )


def _unassigned() -> AssignmentRules:
    return AssignmentRules(default_owner="queue:unassigned", queues=(Queue(name="unassigned"),))


@frozen(kw_only=True)
class Playbook:
    """All rules of one tenant.

    `attributes` are the fields added to each record. `time_zone` is where days begin unless a contact or account says
    otherwise. `currency` is that of amounts without one (ISO 4217). `moved` maps names that live records still carry
    ("stage.marketing.old") to their new ones ("stage.marketing.new").

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
    crm: CrmRules = field(factory=CrmRules)
    moved: Mapping[str, str] = field(factory=dict)

    def __attrs_post_init__(self) -> None:
        if self.format != FORMAT:
            raise InvalidValueError(
                f"format: this leadflow reads playbooks of format {FORMAT}, not {self.format}",
                hint="upgrade leadflow" if self.format > FORMAT else "see the changelog",
            )
        try:
            ZoneInfo(self.time_zone)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise InvalidValueError(
                f"time_zone: {self.time_zone!r} is not an IANA zone", hint="write e.g. Europe/Ljubljana"
            ) from None
        if not (len(self.currency) == 3 and self.currency.isascii() and self.currency.isupper()):
            raise InvalidValueError(f"currency: {self.currency!r} is not an ISO 4217 code", hint="write e.g. EUR")
        for record, attributes in self.attributes.items():
            _check_attributes(record, attributes)

    @cached_property
    def digest(self) -> str:
        """Twelve hexadecimal digits that name these rules."""
        return digest_of(self)

    def plain(self) -> dict[str, Any]:
        """The rules as plain values, defaults left out."""
        plain: dict[str, Any] = plain_of(self)
        return plain


def _check_attributes(record: str, attributes: Mapping[str, Attribute]) -> None:
    if record not in RECORDS:
        hint = did_you_mean(record, RECORDS) or f"one of {', '.join(RECORDS)}"
        raise InvalidValueError(
            f"attributes: there is no record {record!r}", hint=hint, details={"path": ("attributes", record)}
        )
    for name in attributes:
        path = {"path": ("attributes", record, name)}
        if name in _taken(record):
            raise InvalidValueError(f"attributes: {record} has a field {name} already", details=path)
        if not name.isidentifier() or name.startswith("_") or iskeyword(name):
            hint = "use letters, digits and _, e.g. job_level"
            raise InvalidValueError(f"attributes: {name!r} is not a name for a field", hint=hint, details=path)


def _taken(record: str) -> set[str]:
    """The names by which conditions know a record's own fields."""
    names = {each.name for each in fields(RECORDS[record])}
    shown = {f"{name.removesuffix('_us')}_at" for name in names if name.endswith("_us")}
    return names | shown | {name.removesuffix("_id") for name in names}
