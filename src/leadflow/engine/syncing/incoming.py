"""Changes there become ordinary records and commands of ours, so that every decision they lead to is explained."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from attrs import frozen

from leadflow.crm.merging import Merged, mark, marks, merged
from leadflow.crm.rules import CrmRules
from leadflow.engine.intake.records import read_record
from leadflow.engine.outcome import Result
from leadflow.engine.syncing.links import Key, Link, Links
from leadflow.engine.syncing.outgoing import Outgoing, Said
from leadflow.engine.syncing.report import Synced
from leadflow.engine.syncing.translating import records_for
from leadflow.errors import InvalidInputError, LeadflowError
from leadflow.model.making import replaced
from leadflow.model.values import FLAGS
from leadflow.ports.crm import KINDS, LINKS, Change, Value
from leadflow.ports.store import Scan

_CHUNK: Final = 200
_SET_BY_SALES: Final = frozenset({"state", "reason", "stage", *FLAGS})
"""Fields of a lead that people at the other end may change; a context is told once, scores are ours."""


_NOTHING_TO_DO: Final = frozenset({"already_there"})
"""Refusals of a move to where a lead stands by now."""


@frozen(kw_only=True)
class Told:
    """A change in our words: fields by our names, links as ids of ours."""

    change: Change
    fields: Mapping[str, Value]
    links: Mapping[str, str | None]


class Incoming:
    """Takes changes of one CRM in, a few hundred in each transaction."""

    def __init__(self, flow: Any, links: Links, outgoing: Outgoing, rules: CrmRules, report: Synced) -> None:
        self._flow, self._links, self._outgoing, self._rules, self._report = flow, links, outgoing, rules, report

    def take(self, changes: Iterable[Change]) -> None:
        """Take changes in, those first that others refer to. What was taken before changes nothing."""
        latest = {(change.kind, change.remote): change for change in changes}
        for kind in KINDS:
            found = [change for change in latest.values() if change.kind == kind]
            for start in range(0, len(found), _CHUNK):
                self._take(kind, found[start : start + _CHUNK])

    def _take(self, kind: str, changes: list[Change]) -> None:
        known = self._known(kind, changes)
        todo = []
        for change in changes:
            link = known.get(change.remote)
            if change.is_deleted:
                self._gone(link)
            elif link is not None and link.seen == change.version and link.state != "sending":
                self._report.echoes += 1
            else:
                todo.append(change)
        told = [self._in_our_words(change) for change in todo]
        said = self._outgoing.said([(kind, known[c.remote].record) for c in todo if c.remote in known])
        new = [each for each in told if each.change.remote not in known]
        self._change([each for each in told if each.change.remote in known], known, said)
        self._make(kind, new)

    def _known(self, kind: str, changes: Iterable[Change]) -> dict[str, Link]:
        """Links by id there: found by it, or by our id which the record carries when the answer was lost."""
        changes = list(changes)
        at = self._links.at((kind, change.remote) for change in changes)
        found = {remote: link for (_, remote), link in at.items()}
        lost = {c.remote: (kind, c.id) for c in changes if c.id is not None and c.remote not in found}
        by_id = self._links.of(lost.values())
        rows = self._outgoing.said(lost.values())
        for remote, key in lost.items():
            link = by_id.get(key)
            if link is None and key in rows:
                link = Link(self._links.id_of(*key), *key)
            if link is not None and link.remote is None:
                found[remote] = replaced(link, remote=remote, place=self._links.place(kind, remote))
        return found

    def _in_our_words(self, change: Change) -> Told:
        kind = change.kind
        fields = self._rules.inward(kind, change.fields)
        at = self._links.at((LINKS[kind][role], remote) for role, remote in change.links.items() if role in LINKS[kind])
        links = {role: at.get((LINKS[kind][role], change.links[role])) for role in LINKS[kind] if role in change.links}
        return Told(
            change=change,
            fields={n: v for n, v in fields.items() if self._outgoing.travels(kind, n) and n not in LINKS[kind]},
            links={role: link.record for role, link in links.items() if link is not None},
        )

    def _gone(self, link: Link | None) -> None:
        if link is not None and link.state != "gone":
            self._links.put([replaced(link, state="gone", updated_us=self._flow.now())])
            self._report.gone += 1

    # -- what we know ---------------------------------------------------------------------------------------

    def _change(self, told: list[Told], known: Mapping[str, Link], said: Mapping[Key, Said]) -> None:
        """Merge each with ours, do what comes of it, and note what both sides agree on now."""
        new = {remote for remote, link in known.items() if link.version == 0}
        done: list[tuple[Told, Link, Merged]] = []
        records: list[Any] = []
        for each in told:
            link = known[each.change.remote]
            ours = said.get((link.kind, link.record))
            if ours is None:
                self._report.problem(link.kind, link.record, "not_ours", "our record was merged or removed")
                continue
            found = self._merged(each, ours, link)
            done.append((each, link, found))
            records += records_for(each.change, link.record, found.take, ours, self._links.crm)
        refused = self._do(records)
        notes = []
        for each, link, found in done:
            agreed, seen = dict(found.told), dict(link.asks)
            for name in refused.get(each.change.remote, ()):
                agreed[name] = mark(name, each.fields.get(name))
            asks = {name: value for name, value in seen.items() if name not in each.fields} | dict(found.ask)
            self._report.asked += len(found.ask)
            self._report.taken += bool(found.take) and each.change.remote not in new
            notes.append(
                replaced(
                    link,
                    seen=each.change.version,
                    told=self._rules.outward(link.kind, agreed),
                    sending={},
                    asks=asks,
                    state=link.state if link.state in ("double", "new") else "due",
                    error=None,
                    updated_us=self._flow.now(),
                )
            )
        self._links.put(notes)

    def _merged(self, told: Told, ours: Said, link: Link) -> Merged:
        kind = ours.kind
        theirs = {name: value for name, value in told.fields.items() if self._may_come(kind, name)}
        theirs |= {role: id_ for role, id_ in told.links.items() if role == "owner" and self._may_come(kind, role)}
        is_newer = told.change.at_us > ours.updated_us
        found = merged(
            {**ours.fields, **ours.links},
            theirs,
            self._rules.inward(kind, link.told),
            self._rules.inward(kind, link.sending),
            lambda name: self._rules.of(kind, name).policy,
            theirs_is_newer=is_newer,
        )
        # What does not come in stands there as it does now: where that is not ours, ours goes out again.
        stands = marks({name: value for name, value in told.fields.items() if name not in theirs})
        return Merged(take=found.take, ask=found.ask, told={**found.told, **stands})

    def _may_come(self, kind: str, name: str) -> bool:
        if self._rules.of(kind, name).way in ("out", "none") or name == "closed_at":
            return False
        if kind != "lead" or name == "owner":
            return True
        return name in _SET_BY_SALES or name in self._flow.playbook.attributes.get("lead", ())

    # -- what we do not know ----------------------------------------------------------------------------------

    def _make(self, kind: str, told: list[Told]) -> None:
        """Records that somebody made there: found among ours by the matching rules, else made."""
        for each in told:
            change = each.change
            if kind in ("lead", "opportunity") and change.links and not each.links:
                self._report.problem(kind, change.remote, "unknown_link", "the record that it belongs to is not known")
                continue
            fields = {name: value for name, value in each.fields.items() if self._may_be_made(kind, name)}
            record, is_made = (self._user_of(change) if kind == "user" else None), False
            if record is None:
                ours = Said(kind=kind, id="", fields={}, links=each.links, updated_us=0)
                has_key = self._has_key(kind, fields)
                record, is_made = self._do_first(
                    kind, change, records_for(change, None, fields, ours, self._links.crm, has_key=has_key)
                )
            if record is not None:
                self._report.taken += 1
                self._join(record, each, fields if is_made else {})

    def _join(self, record: str, told: Told, made: Mapping[str, Value]) -> None:
        """Link a record there to one of ours that was `made` of its fields, or was known; then both are merged.

        What a new record of ours begins with beside is nobody's choice: theirs stands.
        """
        kind, change = told.change.kind, told.change
        id_ = self._links.id_of(kind, record)
        held = self._links.of([(kind, record)]).get((kind, record))
        link = held or Link(id_, kind, record, state="new")  # it goes out once, to carry our id
        if held is not None and held.remote not in (None, change.remote):
            self._report.problem(kind, record, "double", f"{held.remote} and {change.remote} are the same for us")
            link = Link(f"{id_}#{change.remote}", kind, record, state="double")
        said = self._outgoing.said([(kind, record)])
        begun = said.get((kind, record))
        agreed = {}
        if made and begun is not None:
            settled = {role: of for role, of in told.links.items() if role != "owner" or kind == "opportunity"}
            agreed = marks(begun.fields) | marks(begun.links) | marks(made) | marks(settled)
        link = replaced(
            link,
            remote=change.remote,
            place=self._links.place(kind, change.remote),
            told=self._rules.outward(kind, agreed),
        )
        self._change([told], {change.remote: link}, said)

    def _may_be_made(self, kind: str, name: str) -> bool:
        if self._rules.of(kind, name).way == "out" or "." in name:
            return False
        return kind != "lead" or name not in {*_SET_BY_SALES, "process", "queue"}

    def _has_key(self, kind: str, fields: Mapping[str, Value]) -> bool:
        """Whether the matching rules can look for it; else it is made without."""
        if kind not in ("contact", "account"):
            return True
        ring, rules = self._flow.rulebook.rules["matching"].ring, self._flow.playbook.matching
        specs = ring.by_strategy.get(rules.default(kind), ())
        return any(spec.id_of(fields) is not None for spec in specs)

    def _user_of(self, change: Change) -> str | None:
        """A user of ours with the same address."""
        email = str(change.fields.get("email") or "").casefold()
        if email:
            for user in self._flow.store.scan(Scan(table="user")):
                if (user.email or "").casefold() == email:
                    return str(user.id)
        return None

    # -- doing ----------------------------------------------------------------------------------------------

    def _do_first(self, kind: str, change: Change, records: list[Any]) -> tuple[str | None, bool]:
        """Carry the record out that makes it; returns our id, and whether it was made just now."""
        record = {name: value for name, value in records[0].items() if name != "about"}
        try:
            outcome = self._flow.do(record)
        except InvalidInputError as error:
            self._report.problem(kind, change.remote, error.code, error.message)
            return None, False
        result = outcome.one()
        code = _why(result)
        if code:
            self._report.problem(kind, change.remote, code, "it waits in the failed queue")
            return None, False
        id_ = str(getattr(result, kind) if kind in ("contact", "account", "lead") else record["id"])
        return id_, any(each.type == "record_created" and each.subject == id_ for each in result.decisions)

    def _do(self, records: list[Any]) -> dict[str, list[str]]:
        """Carry records out; returns the fields that our rules refused, by id there."""
        refused: dict[str, list[str]] = {}
        fine, about = [], []
        for record in records:
            remote, names = record.pop("about")
            try:
                read_record(record, self._flow.now())
            except LeadflowError as error:
                self._report.problem(record["type"], remote, error.code, error.message)
                refused.setdefault(remote, []).extend(names)
                continue
            fine.append(record)
            about.append((remote, names))
        if not fine:
            return refused
        for result, (remote, names) in zip(self._flow.do(*fine), about, strict=True):
            code = _why(result)
            if code and code not in _NOTHING_TO_DO:
                self._report.problem("", remote, code, ", ".join(names))
                refused.setdefault(remote, []).extend(names)
        return refused


def _why(result: Result) -> str:
    """Why something was not taken, as a code; blank when it was."""
    if result.is_ok:
        return ""
    if result.reasons:
        return result.reasons[0][0]
    return result.status if result.refusal is None else result.refusal.code
