"""What owners hear of their leads, and what they have chosen to hear (S004-5, S004-6, rule 108)."""

from __future__ import annotations

import pytest

from .conftest import Start
from .scene import Scene, assignment


def owned(scene: Scene, owner: str = "bo", email: str = "ana@kos.example") -> str:
    """A lead that somebody owns."""
    lead = scene.submit(email=email).lead
    assert lead is not None
    scene.say("assign", lead=lead, owner=owner).unwrap()
    return lead


def engaged(scene: Scene) -> list[tuple[str, str]]:
    """(recipient, kind) of the alerts in the outbox."""
    found = [each for each in scene.rows("outbox") if each.template == "lead-engaged"]
    return sorted((each.recipient, each.parameters["kind"]) for each in found)


@pytest.mark.parametrize(
    ("pattern", "heard"),
    [
        ("email.clicked", {"email.clicked"}),
        ("email.*", {"email.clicked", "email.link.clicked"}),
        ("email.link.*", {"email.link.clicked"}),
        ("*", {"email.clicked", "email.link.clicked", "emailed", "email"}),
    ],
)
def test_s004_5_kinds_may_be_meant_together(start: Start, pattern: str, heard: set[str]) -> None:
    """S004-5, rule 108: `email.*` means what is below the dot, `*` everything; each kind has a throttle of its own."""
    scene = start(assignment(alerts=(pattern,)))
    owned(scene)
    for kind in ("email.clicked", "email.link.clicked", "emailed", "email"):
        for _ in range(2):
            scene.did(kind)
    assert engaged(scene) == sorted(("bo", kind) for kind in heard)
