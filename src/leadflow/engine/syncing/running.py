"""A synchronisation: changes come in first, then ours go out, a batch at a time; killed anywhere, the next goes on."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from hashlib import blake2b
from typing import Any, Final

from attrs import frozen

from leadflow.engine.syncing.incoming import Incoming
from leadflow.engine.syncing.links import Key, Link, Links
from leadflow.engine.syncing.outgoing import Outgoing, Said, fields_out
from leadflow.engine.syncing.position import Position
from leadflow.engine.syncing.report import Synced
from leadflow.errors import InvalidInputError, TransientError
from leadflow.model.making import replaced
from leadflow.model.values import NOTHING
from leadflow.ports.crm import KINDS, LINKS, Change, Conflict, Crm, CrmRecord, Gone, Outcome, Refused, Written

BATCH: Final = 200
_PAGE: Final = 1000
_GULP: Final = 2000
_ROUNDS: Final = 3


def sync(flow: Any, crm: Crm, name: str) -> Synced:
    """Keep a store and a CRM in step.

    Errors: StoreBusyError while another does so; AuthenticationError, AdapterUnavailableError and other errors of the CRM
    as a whole. A CRM that is busy is no error: the report says when to go on.
    """
    if not name or "|" in name or ":" in name or "#" in name:
        raise InvalidInputError("name: expected a short name for the CRM, without | : #", code="invalid_name")
    position = Position(flow.store, name, flow.now)
    position.take()
    run = _Run(flow, crm, name, position)
    try:
        run.come_in()
        run.go_out()
    except TransientError as error:
        run.report.put_off, run.report.retry_after_s = error.message, error.retry_after or 60
    finally:
        position.leave()
    return run.report


@frozen
class _Claim:
    """A record that is about to be sent. `is_part`: a link to another that is not there yet was left out."""

    link: Link
    record: CrmRecord
    is_part: bool


def _others(said: Said) -> Iterator[Key]:
    """The records that one refers to."""
    return ((LINKS[said.kind][role], id_) for role, id_ in said.links.items() if id_ is not None)


def _is_another(claimed: Link, refused: Link) -> bool:
    """Whether something else is sent than what was refused; it may go again, too, once what it refers to is there."""
    return dict(claimed.sending) != dict(refused.sending) or refused.error == "unknown_link"


class _Run:
    """One synchronisation."""

    def __init__(self, flow: Any, crm: Crm, name: str, position: Position) -> None:
        self._flow, self._crm, self._position = flow, crm, position
        self._rules, self._offer = flow.playbook.crm, crm.offer
        self.report = Synced()
        self._links = Links(flow.store, name)
        self._out = Outgoing(flow.store, flow.rulebook, self._rules, self._offer, self._links)
        self._in = Incoming(flow, self._links, self._out, self._rules, self.report)

    # -- in -------------------------------------------------------------------------------------------------

    def come_in(self) -> None:
        """Take their changes in. The cursor moves when what came before it is kept."""
        cursor = self._position.content.get("cursor")
        is_last = False
        while not is_last:
            gulp: list[Change] = []
            while not is_last and len(gulp) < _GULP:
                try:
                    page = self._crm.changes(cursor, _PAGE)
                except InvalidInputError as error:
                    if error.code != "unknown_cursor" or cursor is None:
                        raise
                    cursor = None  # from the beginning: what is known already changes nothing
                    continue
                gulp += page.changes
                cursor, is_last = page.cursor, page.is_last
            self._in.take(gulp)
            self._position.step(cursor=cursor)

    # -- out ------------------------------------------------------------------------------------------------

    def go_out(self) -> None:
        """Send what changed since, what was left over, and points that moved."""
        after = self._position.content.get("seq", 0)
        if self._position.content.get("rules") != self._digest():
            after = 0  # other fields travel now: everything is looked at again
        self._send(self._out.unfinished())
        for touched, removed, seq in self._out.changed(after, self._flow.now()):
            self._remove(removed)
            self._send(touched)
            self._position.step(seq=seq, rules=self._digest())
        for leads in self._out.scored():
            self._send(leads)
        self._position.step(rules=self._digest())

    def _digest(self) -> str:
        offer = self._offer
        offered = sorted(
            (kind, sorted(names), sorted(offer.links.get(kind, ()))) for kind, names in offer.fields.items()
        )
        said = repr((self._rules, offered, sorted(offer.capabilities), sorted(offer.only_told)))
        return blake2b(said.encode(), digest_size=6).hexdigest()

    def _send(self, keys: Iterable[Key]) -> None:
        """Send records, those first that others refer to; a conflict is taken in, and what is then still ours goes out."""
        todo = [key for key in dict.fromkeys(keys) if self._offer.takes(key[0])]
        for _ in range(_ROUNDS):
            again: list[Key] = []
            for kind in KINDS:
                found = [key for key in todo if key[0] == kind]
                for start in range(0, len(found), BATCH):
                    again += self._send_batch(found[start : start + BATCH])
            todo = again
            if not todo:
                return

    def _send_batch(self, keys: list[Key]) -> list[Key]:
        said, links = self._out.said(keys), self._links.of(keys)
        there = self._links.of({key for each in said.values() for key in _others(each)})
        claims: list[_Claim] = []
        settled: list[Link] = []
        for key, each in said.items():
            link = links.get(key)
            if link is not None and link.state in ("gone", "double"):
                continue
            wanted = fields_out(each, link, self._rules)
            claim = self._claim(each, link, wanted, there)
            if link is not None and not claim.link.sending and link.state != "new" and link.remote is not None:
                state = "due" if claim.is_part else "asked" if link.asks else "synced"
                if link.state != state:
                    settled.append(replaced(link, state=state, sending={}, error=None))
            elif link is None or link.state != "refused" or _is_another(claim.link, link):
                claims.append(claim)
        self._links.put(settled)
        if not claims:
            return []
        kept = self._links.put(claim.link for claim in claims)
        self._position.step()
        outcomes = self._crm.upsert([claim.record for claim in claims])
        return self._note(list(zip(kept, claims, outcomes, strict=True)))

    def _claim(self, said: Said, link: Link | None, wanted: dict[str, str], there: Mapping[Key, Link]) -> _Claim:
        """What is about to be sent is noted first. A link to a record that is not there yet waits."""
        link = link or Link(self._links.id_of(said.kind, said.id), said.kind, said.id)
        links = {}
        for role in wanted.keys() & said.links.keys():
            other = there.get((LINKS[said.kind][role], said.links[role] or ""))
            if other is not None and other.remote is not None:
                links[role] = other.remote
        sending = {name: made for name, made in wanted.items() if name not in said.links or name in links}
        record = CrmRecord(
            kind=said.kind,
            id=said.id,
            fields=self._rules.outward(said.kind, {n: said.fields[n] for n in sending if n in said.fields}),
            links=links,
            remote=link.remote,
            seen=link.seen if "locks" in self._offer.capabilities else None,
        )
        sent = self._rules.outward(said.kind, sending)
        claimed = replaced(link, state="sending", sending=sent, updated_us=self._flow.now())
        return _Claim(claimed, record, is_part=any(said.links.get(role) for role in wanted.keys() - sending.keys()))

    def _note(self, answered: list[tuple[Link, _Claim, Outcome]]) -> list[Key]:
        """Note what became of each. Returns those to be sent again."""
        notes: list[Link] = []
        conflicts: list[Change] = []
        for link, claim, outcome in answered:
            match outcome:
                case Written():
                    self.report.sent += 1
                    notes.append(self._written(link, outcome, claim))
                case Conflict():
                    conflicts.append(
                        Change(
                            kind=link.kind,
                            remote=outcome.remote,
                            version=outcome.version,
                            at_us=outcome.at_us,
                            id=link.record,
                            fields=outcome.fields,
                            links=outcome.links,
                        )
                    )
                case Gone():
                    self.report.gone += 1
                    notes.append(replaced(link, state="gone", sending={}))
                case Refused():
                    if outcome.code == "closed":
                        self.report.closed += 1
                    else:
                        self.report.problem(link.kind, link.record, outcome.code, outcome.words or outcome.field)
                    notes.append(replaced(link, state="refused", error=outcome.code))
        self._links.put(notes)
        self._in.take(conflicts)
        return [(change.kind, change.id) for change in conflicts if change.id is not None]

    def _written(self, link: Link, outcome: Written, claim: _Claim) -> Link:
        return replaced(
            link,
            state="due" if claim.is_part else "asked" if link.asks else "synced",
            remote=outcome.remote,
            place=self._links.place(link.kind, outcome.remote),
            seen=outcome.version,
            told={**link.told, **link.sending},
            sending=NOTHING,
            error=None,
        )

    def _remove(self, keys: list[Key]) -> None:
        """Records that were taken back (an import was undone) go there too, if nobody has changed them since."""
        links = [link for link in self._links.of(keys).values() if link.remote is not None and link.state != "gone"]
        if not links or "deletes" not in self._offer.capabilities:
            return
        seen = {link.id: link.seen if "locks" in self._offer.capabilities else None for link in links}
        self._crm.delete(
            [CrmRecord(kind=link.kind, id=link.record, remote=link.remote, seen=seen[link.id]) for link in links]
        )
        self._links.put(replaced(link, state="gone") for link in links)
