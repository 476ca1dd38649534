"""Making a store follow a playbook, or only looking at it under another."""

from __future__ import annotations

from typing import Any

from attrs import evolve, frozen

from leadflow.engine.upkeep.recheck import note_models
from leadflow.engine.upkeep.rekey import rekey as file_anew
from leadflow.engine.upkeep.settings import check_keys, check_stages, remember
from leadflow.model.commands import Relocate
from leadflow.ports.store import Scan, Store

_CHUNK = 250
_SHOWN = 12


@frozen
class Adoption:
    """What opening a store under a playbook came to.

    `before` is the digest of the playbook that the store followed last (None: a new store), `now` that of this one.
    `is_adopted`: the store follows this one from now on; `moved` leads left stages that are gone, and `models` are scored
    anew, which `tick` works off.

    >>> print(Adoption("a1b2", "c3d4", True, 3, ("fit",)))
    the playbook has changed since the store was last used (a1b2 to c3d4): 3 leads moved, 1 model is scored anew
    """

    before: str | None
    now: str
    is_adopted: bool
    moved: int = 0
    models: tuple[str, ...] = ()

    @property
    def is_changed(self) -> bool:
        """Whether the store followed another playbook until now."""
        return self.before is not None and self.before != self.now

    def __str__(self) -> str:
        if not self.is_changed:
            return "the playbook is that with which the store was last used"
        digests = f"({(self.before or '')[:_SHOWN]} to {self.now[:_SHOWN]})"
        if not self.is_adopted:
            return (
                f"the store was last used with another playbook {digests}; it is only read, and follows that one still"
            )
        models = f"{len(self.models)} model{' is' if len(self.models) == 1 else 's are'} scored anew"
        leads = f"{self.moved} lead{'' if self.moved == 1 else 's'} moved"
        return f"the playbook has changed since the store was last used {digests}: {leads}, {models}"


def look(store: Store, digest: str) -> Adoption:
    """Which playbook a store followed last; nothing is written."""
    held = store.load([("setting", "playbook")]).rows["setting", "playbook"]
    return Adoption(None if held is None else held.content["digest"], digest, is_adopted=False)


def adopt(flow: Any, *, rekey: bool = False) -> Adoption:
    """Make a flow's store follow its playbook; what would strand live records is refused.

    Errors: PlaybookError, SchemaVersionError (rekey_needed).
    """
    store, rules = flow.store, flow.rulebook.rules
    seen = look(store, flow.rulebook.digest)
    if rekey:
        file_anew(store, rules["matching"].ring)
    else:
        check_keys(store, rules["matching"].ring.prefixes)
    moved = 0
    while places := check_stages(store, flow.playbook):
        moved += sum(_relocate(flow, place) for place in places)
    models = note_models(store, rules["scoring"].models)
    remember(store, "playbook", {"digest": flow.rulebook.digest})
    return evolve(seen, is_adopted=True, moved=moved, models=tuple(models))


def _relocate(flow: Any, place: str) -> int:
    """Leads leave a stage that is gone for the one that `[moved]` names; a few hundred in each transaction."""
    _, process, stage = place.split(".", 2)
    to = flow.playbook.moved[place].split(".", 2)[-1]
    where = (("process", "=", process), ("stage", "=", stage))
    standing = list(flow.store.scan(Scan(table="process", where=where)))
    for start in range(0, len(standing), _CHUNK):
        now_us = flow.now()
        moves = [
            Relocate(
                key=f"moved:{flow.rulebook.digest}:{each.id}",
                at_us=now_us,
                lead=each.lead_id,
                process=process,
                to=to,
            )
            for each in standing[start : start + _CHUNK]
        ]
        for result in flow.do(*moves):
            result.unwrap()
    return len(standing)
