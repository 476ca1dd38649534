"""How a user wants to hear of something: at once, in the daily digest, or not at all. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

from leadflow.assignment.alerts.kinds import matches
from leadflow.assignment.alerts.state import Preference
from leadflow.assignment.prepare import Prepared
from leadflow.model.commands import SetAlerts
from leadflow.model.decisions import AlertsChosen, Recorded, Refusal
from leadflow.room import Step, View

WAYS: Final = ("now", "digest", "off")
OWN_KINDS: Final = ("lead.assigned", "lead.ready", "sla.missed", "queue.alarm", "digest")
"""What leadflow itself has to say; the rest are kinds of interaction."""
_PATTERN = re.compile(r"\*|[^\s.*]+(?:\.[^\s.*]+)*(?:\.\*)?")


def way(kinds: Mapping[str, str], kind: str) -> str:
    """How a kind comes by what was chosen: the closest pattern counts, nothing said means now.

    >>> way({"email.*": "digest", "email.replied": "now", "*": "off"}, "email.replied")
    'now'
    >>> way({"email.*": "digest"}, "email.opened"), way({}, "email.opened")
    ('digest', 'now')
    """
    fitting = [pattern for pattern in kinds if matches(pattern, kind)]
    return kinds[max(fitting, key=lambda pattern: (pattern == kind, len(pattern)))] if fitting else "now"


def way_of(view: View, user: str, kind: str) -> str:
    """How a user wants to hear of a kind."""
    chosen = view.get(Preference, user)
    return "now" if chosen is None else way(chosen.kinds, kind)


def on_set_alerts(view: View, command: SetAlerts, prepared: Prepared, now_us: int) -> Step | None:
    """A user chooses."""
    for kind, chosen in command.kinds.items():
        if not _PATTERN.fullmatch(kind):
            return Step(refusal=Refusal("unknown_kind", {"kind": kind[:60]}))
        if chosen not in WAYS:
            return Step(refusal=Refusal("unknown_way", {"kind": kind, "known": ", ".join(WAYS)}))
        if chosen == "digest" and kind in OWN_KINDS:
            return Step(refusal=Refusal("not_in_digest", {"kind": kind}))
    held = view.get(Preference, command.user)
    if dict(command.kinds) == ({} if held is None else dict(held.kinds)):
        return None
    return Step((AlertsChosen(subject=command.user, kinds=dict(command.kinds)),))


def apply_chosen(view: View, recorded: Recorded, prepared: Prepared) -> Iterable[Any]:
    """What the user chose."""
    decision = recorded.decision
    assert isinstance(decision, AlertsChosen)  # noqa: S101 - the plan dispatches by type
    held = view.get(Preference, decision.subject)
    return [Preference(decision.subject, decision.kinds, 1 if held is None else held.version + 1)]
