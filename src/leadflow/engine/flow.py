"""The flow: what an application opens. Loads, plans, commits."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar
from uuid import uuid4

from leadflow.engine import clock as _clock
from leadflow.engine.answers.explain import Explained, explain
from leadflow.engine.answers.forecast import falls_below, score_at
from leadflow.engine.answers.looking import Wanted
from leadflow.engine.answers.narrowing import QueryPlan
from leadflow.engine.answers.queries import Listed, Lists
from leadflow.engine.answers.replay import Replayed, replay
from leadflow.engine.intake.files import Importer, ImportReport
from leadflow.engine.intake.ingesting import BATCH, ingest
from leadflow.engine.intake.records import read_record
from leadflow.engine.intake.sources import Source, read_source
from leadflow.engine.intake.undoing import undo
from leadflow.engine.mailing import delivery
from leadflow.engine.mailing.choosing import mailer_for
from leadflow.engine.mailing.delivery import Delivered, deliver
from leadflow.engine.mailing.receiving import MailRead, mailbox_for, read_mail
from leadflow.engine.mailing.vetoing import Veto
from leadflow.engine.observing import Observer, tell
from leadflow.engine.outcome import Ingested, Outcome
from leadflow.engine.planning.carrying import ATTEMPTS, Carrier, results
from leadflow.engine.preparing import asking_schema, rulebook_of, schema_for
from leadflow.engine.publishing.choosing import place_of, publisher_for
from leadflow.engine.publishing.telling import Published, publish
from leadflow.engine.rooms import TABLES
from leadflow.engine.syncing import CrmConflict, Synced, conflicts, crm_for, settle, sync
from leadflow.engine.upkeep import ticking
from leadflow.engine.upkeep.adopting import Adoption, adopt, look
from leadflow.engine.upkeep.recheck import pending
from leadflow.model.commands import Wake
from leadflow.model.decisions import Recorded
from leadflow.model.time import to_datetime
from leadflow.model.values import NOTHING
from leadflow.playbook.check import checked_playbook
from leadflow.playbook.playbook import Playbook
from leadflow.ports.crm import Crm
from leadflow.ports.mail import Mailbox, Mailer
from leadflow.ports.publisher import Publisher
from leadflow.ports.store import Store
from leadflow.room import NO_POLICIES, Policies

if TYPE_CHECKING:
    from leadflow.matching.linkage.spec import LinkageSpec
    from leadflow.plugins import Plugins
    from leadflow.scoring.fit import Fit, FitSettings

log = logging.getLogger("leadflow")
log.addHandler(logging.NullHandler())


class Flow:
    """One tenant's leads: a store, a playbook and a clock.

    Thread-safe. Close it, or use it as a context manager.
    """

    attempts: ClassVar[int] = ATTEMPTS
    """How often a batch that lost a race is planned again."""

    def __init__(
        self,
        store: Store,
        playbook: Playbook,
        *,
        now: Callable[[], int] | None = None,
        policies: Policies = NO_POLICIES,
        observers: Mapping[str, Observer] = NOTHING,
        vetoes: Mapping[str, Veto] = NOTHING,
        sources: Mapping[str, Source] = NOTHING,
        plugins: Plugins | None = None,
    ) -> None:
        self.store = store
        self.playbook = playbook
        self.plugins = plugins  # those that this flow was opened with know its mailers; else the installed ones do
        self.rulebook = rulebook_of(playbook, policies)
        self._policies, self._vetoes, self._sources = policies, vetoes, sources
        self._now = now or _clock.now_us
        self._carrier = Carrier(store, self.rulebook, partial(tell, observers) if observers else None, self.attempts)
        self.schema = schema_for(playbook, policies)
        self._lists = Lists(store, self.rulebook, asking_schema(playbook, policies))
        self.adoption: Adoption = look(store, self.rulebook.digest)

    def __enter__(self) -> Flow:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def close(self) -> None:
        """Release the store."""
        self.store.close()

    def adopt(self, *, rekey: bool = False) -> Adoption:
        """Make the store follow this playbook; what would strand live records is refused. `open` does this.

        Errors: PlaybookError, SchemaVersionError (rekey_needed).
        """
        self.adoption = adopt(self, rekey=rekey)
        if self.adoption.is_changed:
            log.warning("%s", self.adoption)
        return self.adoption

    def pending(self) -> dict[str, str]:
        """Models whose scores are being made anew after a change, and the last subject done; `tick` goes on with it."""
        return pending(self.store)

    # -- the general verb ---------------------------------------------------------------------------------

    def do(self, *commands: Any) -> Outcome:
        """Carry commands out, all in one transaction; those that a rule refuses are left out alone."""
        now_us = self._now()
        read = [read_record(command, now_us) for command in commands]
        planned = self._carrier.carry_out(read, lambda command: now_us)
        return Outcome(tuple(results(planned)))

    def submit(
        self,
        form: str,
        fields: Mapping[str, Any],
        *,
        key: str | None = None,
        at: Any = None,
        visitor: str | None = None,
        context: Mapping[str, Any] = NOTHING,
    ) -> Outcome:
        """A filled form: finds or makes its contact, account and lead. `key` makes a repeat harmless."""
        record = {
            "type": "submission",
            "key": key or f"s-{uuid4()}",
            "form": form,
            "fields": fields,
            "at": at,
            "visitor": visitor,
            "context": context,
        }
        return self.do(record)

    def ingest(
        self,
        records: Any,
        *,
        source: str | None = None,
        options: Mapping[str, Any] = NOTHING,
        clock: str = "receipt",
        batch_size: int = BATCH,
        progress: Callable[[int], None] | None = None,
    ) -> Ingested:
        """Take many records in, in batches of one transaction each.

        `source` names a reader that a plugin brings: it gets what is handed over in place of records (a payload), and
        `options`, and gives the records.

        `clock="receipt"` judges each at this moment; "record" at its own time, with due timers in between, for history
        (records should come in time order). A record that cannot be read is counted and told, the others go in.
        """
        if source is not None:
            records = read_source(self._sources, source, records, options)
        return ingest(records, self._carrier, self.due, self._now, clock, batch_size, progress)

    def import_file(self, path: str | Path, **settings: Any) -> ImportReport:
        """Import a CSV, JSON lines or vCard file.

        Settings: `record` (what a row is about: "contact"), `mapping` (column to field, overrides what is guessed),
        `kind` ("csv", "jsonl", "vcard"; by the file's ending), `mode` ("row": good rows go in; "all": one bad row and
        nothing does), `dry_run`, `policy` ("fill", "overwrite", "skip", "create"), `strategy` (matching), `dates` ("dmy",
        "mdy", "ymd"), `time_zone`, `clock` ("receipt", "record"), `progress`. The same file again changes nothing; an
        interrupted import goes on when it is run again. Errors: InvalidInputError.
        """
        return Importer(self).run(path, **settings)

    def undo_import(self, batch: str) -> dict[str, list[str]]:
        """Remove what an import made and nothing later used; tells the ids removed and kept.

        What its rows told of removed records is erased, rows in the failed queue are dropped, and the file can be imported
        again. Errors: InvalidInputError (unknown_batch).
        """
        return undo(self, batch)

    def now(self) -> int:
        """This flow's clock: microseconds since 1970 UTC."""
        return self._now()

    def carry_entries(
        self, entries: Sequence[Any], clock: str, *, dry_run: bool
    ) -> Iterator[tuple[str, int, tuple[Recorded, ...], tuple[str, str] | None]]:
        """Entries of a file in one transaction: (status, line, decisions, why not) of each."""
        now_us = self._now()
        now = (lambda command: min(command.at_us, now_us)) if clock == "record" else (lambda command: now_us)
        plans = [self._carrier.plan(entries, now)] if dry_run else self._carrier.carry_out(entries, now)
        for result, entry in zip(results(plans), entries, strict=True):
            why = result.reasons[0] if result.reasons else None
            if result.refusal is not None:
                why = (result.refusal.code, str(result.refusal.parameters.get("field", "")))
            yield result.status, entry.line or 0, result.decisions, why

    # -- what leaves --------------------------------------------------------------------------------------

    def deliver(
        self,
        to: str | Path | Mailer = "outbox",
        *,
        sender: str = "leadflow@localhost",
        limit: int | None = None,
        lease: str = delivery.LEASE,
    ) -> Delivered:
        """Hand the outbox over: as .eml files into a folder, or to a mailer or its URL (`smtp://...`). At most once each.

        `lease` is how long one message may be in somebody's hands before another asks what became of it: longer than a mailer
        may take, and than the clocks of workers differ.
        """
        lease_us = _clock.read_lease(lease)
        with mailer_for(to, plugins=self.plugins) as mailer:
            return deliver(self.store, self.rulebook, mailer, sender, self._now, limit, lease_us, self._vetoes, self.do)

    def publish(
        self,
        to: str | Path | Publisher = "decisions.jsonl",
        *,
        name: str = "",
        source: str = "leadflow",
        limit: int | None = None,
        skip: str | None = None,
    ) -> Published:
        """Tell what was decided: to a JSON Lines file, or to a publisher or its URL. In order, each at least once.

        How far it has come is kept in the store under `name` (default: the URL, without secrets), so that the next call
        goes on. `source` says who tells; `skip` is the key of a notice that the publisher refuses for good, to go on
        after it. Errors: AdapterError and its kin; what was told before stays told.
        """
        with publisher_for(to, plugins=self.plugins) as publisher:
            return publish(self.store, publisher, name or place_of(to), source, limit, skip)

    def read_mail(
        self,
        source: str | Mailbox,
        *,
        dry_run: bool = False,
        again: bool = False,
        progress: Callable[[int, int], None] | None = None,
    ) -> MailRead:
        """Read what came back to a mailbox (`imaps://...`) since last time: bounces, complaints, replies to our messages.

        `again` reads it from its start; nothing counts twice. Errors: InvalidInputError, AdapterError.
        """
        with mailbox_for(source, plugins=self.plugins) as mailbox:
            return read_mail(self, mailbox, dry_run=dry_run, again=again, progress=progress)

    def sync(self, to: str | Path | Crm = "crm", *, name: str = "crm") -> Synced:
        """Keep a CRM in step: a folder of CSV files, a URL (`tryton+https://...`), or a CRM. `name` is what we call it."""
        with crm_for(to) as crm:
            return sync(self, crm, name)

    def conflicts(self) -> list[CrmConflict]:
        """Fields that both sides changed and that the playbook's `[crm]` says to ask about."""
        return conflicts(self)

    def settle(self, conflict: str, **choices: str) -> None:
        """Decide fields of a conflict, each "ours" or "theirs". Errors: NotFoundError, InvalidInputError."""
        settle(self, conflict, choices)

    # -- asking -------------------------------------------------------------------------------------------

    def preview(self, *commands: Any) -> Outcome:
        """What `do` would answer, with every decision; nothing is written."""
        now_us = self._now()
        read = [read_record(command, now_us) for command in commands]
        return Outcome(tuple(results([self._carrier.plan(read, lambda command: now_us)]))) if read else Outcome()

    def replay(self, playbook: Playbook | str | Path) -> Replayed:
        """The stored history under another playbook, with the difference; nothing is written."""
        other = playbook if isinstance(playbook, Playbook) else checked_playbook(playbook, policies=self._policies)
        return replay(self.store, TABLES, partial(Flow, policies=self._policies), self.playbook, other)

    def fit(self, fields: Iterable[str] | None = None, settings: FitSettings | None = None) -> Fit:
        """Learn a scoring model from the won and lost leads of this store, with honest figures on held-back leads.

        `fields` are e.g. "lead.source"; all that were known before the outcome by default. Fields that give the outcome
        away are flagged and left out. Errors: InvalidInputError.
        """
        from leadflow.engine.answers.fitting import fit

        return fit(self.store, self.rulebook, self.schema, fields, settings)

    def replay_inputs(self, commands: Sequence[Any], at_us: int) -> None:
        """Carry commands out as of a past moment, what was due before them first."""
        self.tick(at_us - 1)
        self._carrier.carry_out(commands, lambda command: at_us)

    def explain(self, id_: str) -> Explained:
        """Why a contact, account, lead, opportunity or input is as it is. Errors: NotFoundError."""
        return explain(self.store, self.rulebook, id_, self._now())

    def score_at(self, id_: str, at: Any, *, model: str | None = None) -> int | None:
        """A lead's (contact's, account's) points as of any moment; None when it had no score yet. Errors: NotFoundError."""
        return score_at(self.store, self.rulebook, id_, _clock.read_us(at), model)

    def falls_below(self, id_: str, bound: int, *, model: str | None = None) -> datetime | None:
        """When a lead's points fall below a bound if nothing happens; None: never. Errors: NotFoundError."""
        moment = falls_below(self.store, self.rulebook, id_, bound, self._now(), model)
        return None if moment is None else to_datetime(moment)

    def leads(
        self,
        where: str | None = None,
        *,
        view: str | None = None,
        user: str | None = None,
        order_by: str | None = None,
        limit: int | None = 100,
        since: Any = None,
        only_new: bool = False,
    ) -> list[Listed]:
        """Leads for which a condition holds, e.g. `where='score("interest") > 50', order_by="-score"`.

        `view` names a list of the playbook, with its condition and order; for a `user` it says which leads are new to him,
        and `only_new` lists no others. `since` (an instant) lists only leads made from then on.
        Errors: ExpressionError, InvalidInputError, NotFoundError, RefusedError.
        """
        found = self.each_lead(
            where, view=view, user=user, order_by=order_by, limit=limit, since=since, only_new=only_new
        )
        return list(found)

    def each_lead(
        self,
        where: str | None = None,
        *,
        view: str | None = None,
        user: str | None = None,
        order_by: str | None = None,
        limit: int | None = None,
        since: Any = None,
        only_new: bool = False,
    ) -> Iterator[Listed]:
        """The same one by one, with no more than a page of them in memory: for exports of everything."""
        since_us = None if since is None else _clock.read_us(since)
        return self._lists.leads(Wanted(where, order_by, limit, since_us, view, user, only_new), self._now())

    def linkage(self, record: str = "contact") -> LinkageSpec:
        """How contacts or accounts are compared by `find_duplicates`, with the comparators that the playbook names."""
        from leadflow.matching.linkage.chosen import chosen_specs, known_comparators

        known = known_comparators(self._policies.comparators, self._policies.versions)
        return chosen_specs(self.playbook.matching.comparators, known)[record]

    def explain_query(
        self,
        where: str | None = None,
        *,
        view: str | None = None,
        user: str | None = None,
        order_by: str | None = None,
    ) -> QueryPlan:
        """How `leads` would answer: which parts of the conditions choose the rows, and which are asked of each of them.

        Errors: as `leads`.
        """
        return self._lists.plan(Wanted(where, order_by, view=view, user=user))

    # -- time ---------------------------------------------------------------------------------------------

    def tick(self, now: Any = None, *, lease: str = ticking.LEASE) -> int:
        """Do what is due: scores that change by themselves, service levels that end. Returns how much there was.

        Each is judged at the moment it became due, in order, so that one late tick decides what many would have. What
        cannot be done (a cascade that never ends, a plugin that fails) is logged and waits for the next tick; it does not
        hold up the rest. Where the store has claims, workers share what is due; what one has held for longer than `lease`
        another takes up.
        """
        until_us = self._now() if now is None else _clock.read_us(now)
        return ticking.tick(self._carrier, until_us, _clock.read_lease(lease))

    def due(self, until_us: int, limit: int = BATCH) -> list[Wake]:
        """What wants to be woken by then, the earliest first, in whosever hands it is."""
        return ticking.due_by(self.store, self.rulebook.tables.values(), until_us, limit)
