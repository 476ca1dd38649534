"""Try the way by which mail leaves."""

from __future__ import annotations

from email.message import EmailMessage
from email.utils import format_datetime
from typing import Annotated
from uuid import uuid4

import typer

from leadflow.cli.due import via_url
from leadflow.cli.shell.command import OK, PROBLEMS
from leadflow.cli.shell.session import Session
from leadflow.engine.mailing.choosing import mailer_for
from leadflow.errors import AdapterError
from leadflow.model.time import to_datetime
from leadflow.ports.mail import Mail, Mailer, MailStep, Trying, message_id

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
