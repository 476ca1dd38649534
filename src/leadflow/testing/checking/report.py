"""What a kit came to: each check, and each capability as claimed and as observed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from attrs import field, frozen

WORKS: Final = "works"
BROKEN: Final = "claimed, and does not work"
REFUSED: Final = "refused"
NOT_CLAIMED: Final = "not claimed"
NOT_REFUSED: Final = "not claimed, and not refused"
_PORTS: Final = {"stores": "Stores", "mailers": "Mailers", "crms": "CRMs", "publishers": "Publishers"}
_SIGNS: Final = {
    WORKS: "yes",
    BROKEN: "**broken**",
    REFUSED: "no, refused",
    NOT_CLAIMED: "no",
    NOT_REFUSED: "**not refused**",
}


@frozen(kw_only=True)
class Check:
    """One test of a kit: "passed", "failed", "xfailed" (known to fail, `why` says the reason) or "skipped"."""

    name: str
    outcome: str
    says: str = ""
    why: str = ""
    needs: tuple[str, ...] = ()


@frozen(kw_only=True)
class Report:
    """A backend by its kit. `left_out` are failures that the kit's subclass cannot bring about, and so did not test."""

    name: str
    port: str
    contract: int
    capabilities: Mapping[str, str] = field(factory=dict)
    checks: Sequence[Check] = ()
    left_out: Sequence[str] = ()

    @property
    def is_ok(self) -> bool:
        """Whether nothing failed, and something was tested."""
        return bool(self.checks) and all(each.outcome in ("passed", "xfailed") for each in self.checks)

    def count(self, outcome: str) -> int:
        """How many checks ended so."""
        return sum(each.outcome == outcome for each in self.checks)

    def to_plain(self) -> dict[str, Any]:
        """As JSON can hold it."""
        return {
            "name": self.name,
            "port": self.port,
            "contract": self.contract,
            "is_ok": self.is_ok,
            "capabilities": dict(self.capabilities),
            "left_out": list(self.left_out),
            "checks": [
                {"name": each.name, "outcome": each.outcome, **({"why": each.why} if each.why else {})}
                for each in self.checks
            ],
        }

    @classmethod
    def from_plain(cls, plain: Mapping[str, Any]) -> Report:
        """What `to_plain` gave."""
        return cls(
            name=plain["name"],
            port=plain["port"],
            contract=plain["contract"],
            capabilities=plain["capabilities"],
            left_out=tuple(plain["left_out"]),
            checks=tuple(
                Check(name=each["name"], outcome=each["outcome"], why=each.get("why", "")) for each in plain["checks"]
            ),
        )


def observed(claims: Iterable[str], known: Iterable[str], checks: Sequence[Check]) -> dict[str, str]:
    """Each capability as it was found.

    >>> observed({"a"}, ["a", "b"], [Check(name="t", outcome="passed", needs=("no b",))])
    {'a': 'works', 'b': 'refused'}
    """
    found = {}
    for name in known:
        is_claimed = name in set(claims)
        of_it = [each for each in checks if (name if is_claimed else f"no {name}") in each.needs]
        holds = all(each.outcome == "passed" for each in of_it)
        if is_claimed:
            found[name] = WORKS if holds else BROKEN
        else:
            found[name] = NOT_CLAIMED if not of_it else REFUSED if holds else NOT_REFUSED
    return found


def matrix(reports: Iterable[Report]) -> str:
    """The capabilities of adapters as Markdown tables, one for each port."""
    parts = []
    given = list(reports)
    for port, title in _PORTS.items():
        of_port = [each for each in given if each.port == port]
        if not of_port:
            continue
        names = list(dict.fromkeys(name for each in of_port for name in each.capabilities))
        lines = [f"## {title} (contract {of_port[0].contract})", ""]
        lines += [f"| Adapter | {' | '.join(f'`{name}`' for name in names)} | Checks | Not brought about |"]
        lines += ["| --- " * (len(names) + 3) + "|"]
        for each in of_port:
            cells = [_SIGNS.get(each.capabilities.get(name, ""), "") for name in names]
            checks = f"{each.count('passed')} passed"
            for outcome, said in (("failed", "failed"), ("xfailed", "known to fail"), ("skipped", "skipped")):
                checks += f", {each.count(outcome)} {said}" if each.count(outcome) else ""
            left_out = ", ".join(f"`{name}`" for name in each.left_out) or "-"
            lines.append(f"| `{each.name}` | {' | '.join(cells)} | {checks} | {left_out} |")
        parts.append("\n".join(lines))
    return "\n\n".join(parts) + "\n"
