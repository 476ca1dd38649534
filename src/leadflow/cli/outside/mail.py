"""Try the way by which mail leaves, and read what comes back."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from email.message import EmailMessage
from email.utils import format_datetime
from typing import Annotated
from uuid import uuid4

import typer

from leadflow.cli.due import via_url
from leadflow.cli.shell.command import INTERRUPTED, OK, PROBLEMS
from leadflow.cli.shell.output import Output
from leadflow.cli.shell.session import Session
from leadflow.cli.shell.stopping import Stopping
from leadflow.engine.mailing.choosing import is_url, mailer_for
from leadflow.engine.mailing.receiving import MailRead, mailbox_for
from leadflow.errors import AdapterError, InvalidInputError
from leadflow.model.time import to_datetime
from leadflow.ports.mail import Mail, Mailbox, Mailer, MailStep, Page, Trying, message_id

_SHOWN = 10
_TEXT = "This is a trial of leadflow. If you read it, mail leaves.\n"


def test(
    session: Session,
    to: Annotated[str, typer.Option(metavar="ADDRESS", help="Who gets the message.")],
    via: Annotated[str, typer.Option(metavar="URL", help="The mailer, e.g. smtp://user@host?secret=env:NAME.")],
    sender: Annotated[str, typer.Option(help="The address that it comes from.")] = "leadflow@localhost",  # noqa: PT028 - a command, no test
) -> int:
    """Send one message, and tell each step with the server's answer. Nothing of leads is touched."""
    with mailer_for(via_url(via)) as mailer:
        steps = _tried(mailer, _message(session, to, sender))
    is_ok = all(step.is_ok for step in steps)
    output = session.output
    if output.is_json:
        told = [{"step": step.name, "answer": step.answer, "is_ok": step.is_ok} for step in steps]
        output.document({"is_sent": is_ok, "steps": told})
        return OK if is_ok else PROBLEMS
    for step in steps:
        output.say(f"{step.name:<10} {step.answer}", "" if step.is_ok else "bad")
    output.say("sent" if is_ok else "not sent", "good" if is_ok else "bad")
    return OK if is_ok else PROBLEMS


def read(
    session: Session,
    source: Annotated[
        str, typer.Option("--from", metavar="URL", help="The mailbox, e.g. imaps://user@host/INBOX?secret=env:NAME.")
    ],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be taken in; change nothing.")] = False,
    again: Annotated[
        bool, typer.Option("--again", help="Begin at the start of the mailbox; nothing counts twice.")
    ] = False,
) -> int:
    """Read bounces, complaints and replies since last time: nothing more is sent where it must not be, owners are told.

    Each page of messages is taken in before the next is read: after an interruption, run the same command again.
    """
    output = session.output
    if not is_url(source):
        raise InvalidInputError(
            "--from: expected the URL of a mailbox", code="invalid_url", hint="imaps://user@host, say"
        )
    with (
        mailbox_for(source) as mailbox,
        session.open(changes=not dry_run) as flow,
        Stopping() as stopping,
        output.progress("Reading mail") as show,
    ):
        done = flow.read_mail(
            _Stoppable(mailbox, stopping),
            dry_run=dry_run,
            again=again,
            progress=lambda read, total: show(read, f"{read:,} messages", total=total),
        )
    if output.is_json:
        faults = [{"message": message, "fault": fault} for message, fault in done.faults]
        output.document(
            {"total": done.total, "kinds": done.kinds, "reported": done.reported, "repeated": done.repeated,
             "refused": done.refused, "not_ours": done.not_ours, "faults": faults, "is_dry_run": dry_run,
             "is_interrupted": stopping.is_asked}
        )  # fmt: skip
    else:
        _tell(output, done, dry_run)
    if stopping.is_asked:
        output.note("stopped; run the same command again to go on", "warn")
        return INTERRUPTED
    return PROBLEMS if done.refused or done.faults else OK


def _tell(output: Output, done: MailRead, dry_run: bool) -> None:
    output.say(f"{done.total:,} messages read" if done.total else "nothing new", "strong")
    for kind, count in sorted(done.kinds.items(), key=lambda item: (-item[1], item[0])):
        output.say(f"  {count:,} {kind}")
    if done.total:
        output.say(f"{done.reported:,} {'would be ' if dry_run else ''}taken in as reports", "good")
    for count, what in ((done.repeated, "known before"), (done.not_ours, "about no message of ours")):
        if count:
            output.say(f"  {count:,} {what}", "dim")
    if done.refused:
        output.say(f"  {done.refused:,} refused", "warn")
    for message, fault in done.faults[:_SHOWN]:
        output.say(f"  {message}: {fault.replace('_', ' ')}", "warn")


class _Stoppable:
    """A mailbox that is read until somebody asks to stop."""

    def __init__(self, mailbox: Mailbox, stopping: Stopping) -> None:
        self._mailbox, self._stopping = mailbox, stopping
        self.name = mailbox.name

    def read(self, after: str | None) -> Iterator[Page]:
        return self._stopping.until_asked(self._mailbox.read(after))

    def settle(self, keys: Collection[str]) -> None:
        self._mailbox.settle(keys)


def _message(session: Session, to: str, sender: str) -> Mail:
    key = f"mail-test:{uuid4()}"
    message = EmailMessage()
    try:
        message["From"], message["To"] = sender, to
    except ValueError:
        message["To"] = "undisclosed-recipients:;"  # the mailer says what is wrong with the address
    message["Subject"] = "A trial of leadflow"
    message["Date"] = format_datetime(to_datetime(session.moment_us()))
    message["Message-ID"] = message_id(key, sender)
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(_TEXT)
    return Mail(key=key, to=to, message=message)


def _tried(mailer: Mailer, mail: Mail) -> list[MailStep]:
    if isinstance(mailer, Trying):
        return mailer.trial(mail)
    try:
        return [MailStep("send", mailer.send(mail))]
    except AdapterError as error:
        return [MailStep("send", str(error), is_ok=False)]
