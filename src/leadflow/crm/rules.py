"""What the user configures about a CRM: which fields travel which way, and whose value stands when both sides changed one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from attrs import field, frozen

from leadflow.errors import InvalidValueError
from leadflow.expr.fault import did_you_mean

POLICIES: Final = ("ours", "theirs", "newest", "ask")
WAYS: Final = ("both", "out", "in", "none")


@frozen(kw_only=True)
class CrmField:
    """One field of a record: what the CRM calls it, which way it travels, whose value stands.

    A blank `name` is the field's own; a blank `policy` is that of the section. `way` is "both", "out", "in" or "none".
    """

    name: str = ""
    way: str = "both"
    policy: str = ""

    def __attrs_post_init__(self) -> None:
        _check("way", self.way, WAYS)
        _check("policy", self.policy, ("", *POLICIES))


@frozen(kw_only=True)
class CrmRules:
    """The section `[crm]`: a policy for all fields, and what is special by record and field.

    `policy` is "ours", "theirs", "newest" (the side whose record changed last) or "ask" (both stay until somebody says).
    Links are fields too: `owner`, `account`. So are `score.MODEL` and `grade.MODEL` of a lead.

    >>> rules = CrmRules(policy="newest", contact={"phone": CrmField(policy="theirs")})
    >>> rules.of("contact", "phone").policy, rules.of("contact", "email").policy
    ('theirs', 'newest')
    """

    policy: str = "newest"
    user: Mapping[str, CrmField] = field(factory=dict)
    account: Mapping[str, CrmField] = field(factory=dict)
    contact: Mapping[str, CrmField] = field(factory=dict)
    lead: Mapping[str, CrmField] = field(factory=dict)
    opportunity: Mapping[str, CrmField] = field(factory=dict)

    def __attrs_post_init__(self) -> None:
        _check("policy", self.policy, POLICIES)

    def named(self, kind: str) -> Mapping[str, CrmField]:
        """What is said of the fields of a kind."""
        found: Mapping[str, CrmField] = getattr(self, kind)
        return found

    def of(self, kind: str, name: str) -> CrmField:
        """What holds for a field, with nothing left blank."""
        said = self.named(kind).get(name, _USUAL)
        return CrmField(name=said.name or name, way=said.way, policy=said.policy or self.policy)

    def outward(self, kind: str, content: Mapping[str, Any]) -> dict[str, Any]:
        """Fields by the CRM's names instead of ours."""
        return {self.of(kind, name).name: value for name, value in content.items()}

    def inward(self, kind: str, content: Mapping[str, Any]) -> dict[str, Any]:
        """Fields by our names instead of the CRM's; one that is called as a field of ours was once is none of ours.

        >>> CrmRules(contact={"last_name": CrmField(name="surname")}).inward("contact", {"surname": "Kos", "last_name": 1})
        {'last_name': 'Kos'}
        """
        ours = {said.name or name: name for name, said in self.named(kind).items()}
        found = {ours.get(name, name): value for name, value in content.items() if name in ours}
        return {name: v for name, v in content.items() if name not in ours and self.of(kind, name).name == name} | found


def _check(name: str, word: str, words: tuple[str, ...]) -> None:
    if word not in words:
        listed = ", ".join(filter(None, words))
        raise InvalidValueError(f"{name}: {word!r} is none of {listed}", hint=did_you_mean(word, words))


_USUAL: Final = CrmField()
