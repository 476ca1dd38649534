"""What the user configures about forms and other sources."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from attrs import field, frozen

from leadflow.errors import InvalidValueError

MODES: Final = ("contact-and-lead", "contact", "lead", "store")


@frozen(kw_only=True)
class Form:
    """A form: where its fields go, and what its submissions find or make.

    `mode`: "contact-and-lead" (default), "contact" only, "lead" only, or "store" (kept, nothing matched).
    `fields` maps the form's own field names to "contact.email", "account.name", "lead.product" ...; a field that is not
    mapped is kept with the submission and sets nothing. `required` are form fields that must be filled. `contact`,
    `account` and `lead` choose a matching strategy; None takes the default, also a later default.
    `always_new_lead` makes a lead for every submission. `context` is added to each submission's marketing context.
    """

    mode: str = "contact-and-lead"
    fields: Mapping[str, str] = field(factory=dict)
    required: tuple[str, ...] = ()
    contact: str | None = None
    account: str | None = None
    lead: str | None = None
    always_new_lead: bool = False
    kind: str = "form.submitted"
    context: Mapping[str, Any] = field(factory=dict)

    def __attrs_post_init__(self) -> None:
        if self.mode not in MODES:
            raise InvalidValueError(f"mode: {self.mode!r} is not one of {', '.join(MODES)}")


@frozen(kw_only=True)
class CaptureRules:
    """All forms by name. `event_lead`: an event registration makes a lead, but one per contact and event (default)."""

    forms: Mapping[str, Form] = field(factory=dict)
    max_field_chars: int = 100_000
    max_fields: int = 1_000
