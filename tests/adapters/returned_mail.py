"""Messages as mail servers and people send them back: written for these tests after the forms that servers are known for.

Each is (name, message, what it must be read as: kind, bounce, status). All are about the message `OURS`.
"""

from __future__ import annotations

from textwrap import dedent

OURS = "<65ba67c34915793f1e3e96345de2a6bf.leadflow@acme.example>"
TO = "bo@customer.example"
_RETURNED = f"From: Sales <sales@acme.example>\nTo: {TO}\nSubject: New lead\nMessage-ID: {OURS}\n"


def mail(head: str, body: str = "") -> bytes:
    """A message with CRLF line ends."""
    text = dedent(head).strip("\n") + "\n\n" + body
    return text.replace("\r\n", "\n").replace("\n", "\r\n").encode()


def report(
    head: str, human: str, fields: str, *, returned: str = "message/rfc822", top: str = "Reporting-MTA: dns; mx.example"
) -> bytes:
    """A multipart/report by RFC 3464, with what was returned at the end."""
    given = dedent(head).strip("\n")
    body = (
        f"--=_b\nContent-Type: text/plain; charset=us-ascii\n\n{dedent(human).strip()}\n\n"
        f"--=_b\nContent-Type: message/delivery-status\n\n{top}\n\n{dedent(fields).strip()}\n\n"
        f"--=_b\nContent-Type: {returned}\n\n{_RETURNED}\nHello Bo\n--=_b--\n"
    )
    kind = 'Content-Type: multipart/report; report-type=delivery-status; boundary="=_b"'
    return mail(f"{given}\nMIME-Version: 1.0\n{kind}", body)


POSTFIX = """
    Return-Path: <>
    From: MAILER-DAEMON@mx.acme.example (Mail Delivery System)
    To: back@acme.example
    Subject: Undelivered Mail Returned to Sender
    Auto-Submitted: auto-replied
    Message-ID: <20261122.A1@mx.acme.example>
    """
POSTFIX_SAYS = """
    This is the mail system at host mx.acme.example.

    I'm sorry to have to inform you that your message could not
    be delivered to one or more recipients. It's attached below.
    """
GMAIL = f"""
    Return-Path: <>
    From: Mail Delivery Subsystem <mailer-daemon@googlemail.com>
    To: back@acme.example
    Auto-Submitted: auto-replied
    Subject: Delivery Status Notification (Failure)
    References: {OURS}
    In-Reply-To: {OURS}
    X-Failed-Recipients: bo@customer.example
    """
OFFICE = f"""
    From: <postmaster@acme.example>
    To: <back@acme.example>
    Subject: Undeliverable: New lead
    Return-Path: <>
    In-Reply-To: {OURS}
    """
EXIM = """
    Return-path: <>
    From: Mail Delivery System <Mailer-Daemon@mail.acme.example>
    To: back@acme.example
    X-Failed-Recipients: bo@customer.example
    Auto-Submitted: auto-replied
    Subject: Mail delivery failed: returning message to sender
    """
SENDMAIL = """
    Return-Path: <MAILER-DAEMON>
    From: Mail Delivery Subsystem <MAILER-DAEMON@mail.acme.example>
    To: <back@acme.example>
    Subject: Returned mail: see transcript for details
    Auto-Submitted: auto-generated (failure)
    """
QMAIL = """
    Return-Path: <>
    From: MAILER-DAEMON@mail.acme.example
    To: back@acme.example
    Subject: failure notice
    """


def _exim(said: str, subject: str = "Mail delivery failed: returning message to sender") -> bytes:
    body = (
        "This message was created automatically by mail delivery software.\n\n"
        "A message that you sent could not be delivered to one or more of its\nrecipients. This is a permanent error. "
        f"The following address(es) failed:\n\n  {TO}\n    {said}\n\n"
        "------ This is a copy of the message, including all the headers. ------\n\n" + _RETURNED + "\nHello Bo\n"
    )
    return mail(EXIM.replace("Mail delivery failed: returning message to sender", subject), body)


def _qmail(said: str) -> bytes:
    body = (
        "Hi. This is the qmail-send program at mail.acme.example.\n"
        "I'm afraid I wasn't able to deliver your message to the following addresses.\n"
        "This is a permanent error; I've given up. Sorry it didn't work out.\n\n"
        f"<{TO}>:\n{said}\n\n--- Below this line is a copy of the message.\n\nReturn-Path: <back@acme.example>\n"
        + _RETURNED
        + "\nHello Bo\n"
    )
    return mail(QMAIL, body)


def _postfix(status: str, told: str, action: str = "failed") -> bytes:
    fields = f"""
        Final-Recipient: rfc822; {TO}
        Original-Recipient: rfc822;{TO}
        Action: {action}
        Status: {status}
        Remote-MTA: dns; mx.customer.example
        Diagnostic-Code: smtp; {told}
        """
    head = (
        POSTFIX
        if action == "failed"
        else POSTFIX.replace("Undelivered Mail Returned", "Delayed Mail (still being retried)")
    )
    return report(head, POSTFIX_SAYS, fields, top="Reporting-MTA: dns; mx.acme.example\nX-Postfix-Queue-ID: 4F7A1")


def _status(head: str, human: str, action: str, status: str, told: str = "") -> bytes:
    diagnostic = f"\nDiagnostic-Code: smtp;{told}" if told else ""
    return report(head, human, f"Final-Recipient: rfc822;{TO}\nAction: {action}\nStatus: {status}{diagnostic}")


def _feedback(fields: str, returned: str = _RETURNED) -> bytes:
    body = (
        "--=_f\nContent-Type: text/plain\n\nThis is an email abuse report for a message.\n\n"
        f"--=_f\nContent-Type: message/feedback-report\n\n{dedent(fields).strip()}\n\n"
        f"--=_f\nContent-Type: message/rfc822\n\n{returned}\nHello\n--=_f--\n"
    )
    head = """
        From: <abusedesk@provider.example>
        Subject: FW: New lead
        MIME-Version: 1.0
        Content-Type: multipart/report; report-type=feedback-report; boundary="=_f"
        """
    return mail(head, body)


def _answer(head: str, text: str = "I am away until Monday.\n") -> bytes:
    return mail(f"From: Bo <{TO}>\nTo: sales@acme.example\nIn-Reply-To: {OURS}\n" + dedent(head).strip("\n"), text)


RETURNED: list[tuple[str, bytes, tuple[str, str, str]]] = [
    # -- there is nobody -------------------------------------------------------------------------------------
    ("postfix, unknown user", _postfix("5.1.1", "550 5.1.1 <bo@customer.example>: Recipient address rejected: User unknown in"
     " virtual mailbox table"), ("bounced", "hard", "5.1.1")),
    ("postfix, no such domain", _postfix("5.4.4", "550 Host or domain name not found. Name service error for"
     " name=customer.example type=A: Host not found"), ("bounced", "hard", "5.4.4")),
    ("gmail, no such address", _status(GMAIL, "** Address not found **\n\nYour message wasn't delivered.", "failed", "5.1.1",
     " 550-5.1.1 The email account that you tried to reach does not exist. Please try\n 550-5.1.1 double-checking the"
     " recipient's email address for typos. https://support.google.com/mail/?p=NoSuchUser a1si - gsmtp"),
     ("bounced", "hard", "5.1.1")),
    ("office 365, no such mailbox", _status(OFFICE, "Your message to bo@customer.example couldn't be delivered.\n"
     "bo wasn't found at customer.example.", "failed", "5.1.10", "550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient"
     " not found by SMTP address lookup"), ("bounced", "hard", "5.1.10")),
    ("office 365, refused at its edge", _status(OFFICE, "Your message couldn't be delivered.", "failed", "5.4.1",
     "550 5.4.1 Recipient address rejected: Access denied. AS(201806281) [DB5.prod.example 2026-11-22T10:00:00.000Z]"),
     ("bounced", "hard", "5.4.1")),
    ("sendmail, user unknown", _status(SENDMAIL, "   ----- The following addresses had permanent fatal errors -----\n"
     "<bo@customer.example>\n    (reason: 550 5.1.1 <bo@customer.example>... User unknown)", "failed", "5.1.1",
     " 550 5.1.1 <bo@customer.example>... User unknown"), ("bounced", "hard", "5.1.1")),
    ("exim, unrouteable", _exim("Unrouteable address"), ("bounced", "hard", "")),
    ("exim, no such user", _exim("SMTP error from remote mail server after RCPT TO:<bo@customer.example>:\n"
     "    host mx.customer.example [192.0.2.7]: 550 No such user here"), ("bounced", "hard", "")),
    ("qmail, no mailbox", _qmail("192.0.2.7 does not like recipient.\nRemote host said: 550 5.1.1 sorry, no mailbox here by that"
     " name\nGiving up on 192.0.2.7."), ("bounced", "hard", "5.1.1")),
    ("qmail, no such domain", _qmail("Sorry, I couldn't find any host named customer.example. (#5.1.2)"),
     ("bounced", "hard", "5.1.2")),
    ("yahoo, no account", mail("""
        Return-Path: <>
        From: MAILER-DAEMON@yahoo.com
        To: back@acme.example
        Subject: Failure Notice
        """, "Sorry, we were unable to deliver your message to the following address.\n\n<bo@customer.example>:\n"
     "554: delivery error: dd This user doesn't have a yahoo.com account (bo@customer.example) [0] - mta1.mail.yahoo.com\n\n"
     "--- Below this line is a copy of the message.\n\n" + _RETURNED), ("bounced", "hard", "")),
    ("exchange 2003, no such address", mail("""
        Return-Path: <>
        From: System Administrator <postmaster@customer.example>
        Subject: Undeliverable: New lead
        MIME-Version: 1.0
        Content-Type: multipart/mixed; boundary="=_x"
        """, "--=_x\nContent-Type: text/plain\n\nYour message\n\n  To:      bo@customer.example\n  Subject: New lead\n\n"
     "did not reach the following recipient(s):\n\nbo@customer.example on Sun, 22 Nov 2026 10:00:00 +0100\n"
     "    The recipient name is not recognized: user unknown\n    The MTS-ID of the original message is: c=de;a= ;p=x\n"
     "    MSEXCH:IMS:X:Y:EX1 0 (000C05A6) Unknown Recipient\n\n--=_x\nContent-Type: message/rfc822\n\n" + _RETURNED
     + "\nHi\n--=_x--\n"), ("bounced", "hard", "")),
    # -- another day -----------------------------------------------------------------------------------------
    ("postfix, mailbox full", _postfix("5.2.2", "552 5.2.2 <bo@customer.example>: Mailbox is over quota"),
     ("bounced", "soft", "5.2.2")),
    ("postfix, expired", _postfix("4.4.1", "connect to mx.customer.example[192.0.2.7]:25: Connection timed out"),
     ("bounced", "soft", "4.4.1")),
    ("postfix of old, the name server was asleep", mail(POSTFIX, "This is the Postfix program at host mx.acme.example.\n\n"
     "<bo@customer.example>: Name service error for domain customer.example: Host not\n    found, try again\n\n" + _RETURNED),
     ("bounced", "soft", "")),
    ("postfix, still trying", _postfix("4.4.1", "connect to mx.customer.example[192.0.2.7]:25: Connection refused", "delayed"),
     ("delayed", "soft", "4.4.1")),
    ("gmail, out of storage", _status(GMAIL, "** Message not delivered **", "failed", "5.2.2", " 552-5.2.2 The email account"
     " that you tried to reach is over quota. Please direct\n 552 5.2.2 the recipient to clear out storage space"),
     ("bounced", "soft", "5.2.2")),
    ("full, under a code that says there is nobody", _postfix("5.1.1", "550 5.1.1 <bo@customer.example> mailbox full, rejected"),
     ("bounced", "soft", "5.1.1")),
    ("exim, warning", _exim("host mx.customer.example [192.0.2.7]: Connection timed out", "Warning: message 1abc-2 delayed"
     " 24 hours"), ("delayed", "soft", "")),
    ("exim, retried too long", _exim("retry timeout exceeded"), ("bounced", "soft", "")),
    ("qmail, full", _qmail("Remote host said: 552 sorry, that recipient's mailbox is full"), ("bounced", "soft", "")),
    ("sendmail, could not send yet", mail("""
        Return-Path: <MAILER-DAEMON>
        From: Mail Delivery Subsystem <MAILER-DAEMON@mail.acme.example>
        Subject: Warning: could not send message for past 4 hours
        Auto-Submitted: auto-generated (warning-timeout)
        """, "    **********************************************\n    **      THIS IS A WARNING MESSAGE ONLY      **\n"
     "    **  YOU DO NOT NEED TO RESEND YOUR MESSAGE  **\n\n<bo@customer.example>... Deferred: Connection timed out\n\n"
     + _RETURNED), ("delayed", "soft", "")),
    ("a report without a word of evidence", _status(POSTFIX, "It failed.", "failed", "5.0.0"), ("bounced", "soft", "5.0.0")),
    # -- not wanted ------------------------------------------------------------------------------------------
    ("postfix, on a block list", _postfix("5.7.1", "554 5.7.1 Service unavailable; Client host [198.51.100.4] blocked using"
     " zen.spamhaus.org"), ("bounced", "blocked", "5.7.1")),
    ("gmail, unsolicited", _status(GMAIL, "** Message blocked **", "failed", "5.7.1", " 550-5.7.1 [198.51.100.4] Our system has"
     " detected that this message is likely\n 550-5.7.1 unsolicited mail. To reduce the amount of spam"),
     ("bounced", "blocked", "5.7.1")),
    ("office 365, banned", _status(OFFICE, "Your message couldn't be delivered.", "failed", "5.7.606",
     "550 5.7.606 Access denied, banned sending IP [198.51.100.4]"), ("bounced", "blocked", "5.7.606")),
    ("yahoo, complaints of users", _status(SENDMAIL, "It was refused.", "failed", "4.7.0", "421 4.7.0 [TSS04] Messages from"
     " 198.51.100.4 temporarily deferred due to unexpected volume or user complaints; listed at reputation"),
     ("bounced", "blocked", "4.7.0")),
    ("exim, a list says spam", _exim("host mx.customer.example [192.0.2.7]: 550 rejected because 198.51.100.4 is in a black list"),
     ("bounced", "blocked", "")),
    # -- not allowed -----------------------------------------------------------------------------------------
    ("gmail, not authenticated", _status(GMAIL, "** Message blocked **", "failed", "5.7.26", " 550-5.7.26 This mail has been"
     " blocked because the sender is unauthenticated."), ("bounced", "policy", "5.7.26")),
    ("outlook, bulk sender rules", _status(OFFICE, "Refused.", "failed", "5.7.515", "550 5.7.515 Access denied, sending domain"
     " acme.example doesn't meet the required authentication level"), ("bounced", "policy", "5.7.515")),
    ("postfix, too large", _postfix("5.3.4", "552 5.3.4 Message size exceeds fixed limit"), ("bounced", "policy", "5.3.4")),
    ("postfix, relaying", _postfix("5.7.1", "554 5.7.1 <bo@customer.example>: Relay access denied"), ("bounced", "policy", "5.7.1")),
    ("exchange, restricted group", _status(OFFICE, "Your message couldn't be delivered.", "failed", "5.7.133",
     "550 5.7.133 RESOLVER.RST.SenderNotAuthenticatedForGroup; authentication required"), ("bounced", "policy", "5.7.133")),
    # -- it arrived ------------------------------------------------------------------------------------------
    ("delivered", _status(POSTFIX.replace("Undelivered", "Successful"), "Your message was delivered.", "delivered", "2.0.0",
     " 250 2.0.0 Ok: queued"), ("delivered", "", "")),
    # -- complaints ------------------------------------------------------------------------------------------
    ("feedback, abuse", _feedback("Feedback-Type: abuse\nUser-Agent: SomeGenerator/1.0\nVersion: 1\nSource-IP: 192.0.2.1"),
     ("complained", "", "")),
    ("feedback, redacted", _feedback("Feedback-Type: abuse\nVersion: 0.1\nOriginal-Rcpt-To: redacted@provider.example",
     _RETURNED.replace(TO, "redacted@provider.example")), ("complained", "", "")),
    ("feedback, opt-out", _feedback("Feedback-Type: opt-out\nVersion: 1"), ("unsubscribed", "", "")),
    ("feedback, not spam", _feedback("Feedback-Type: not-spam\nVersion: 1"), ("other", "", "")),
    ("feedback, auth-failure", _feedback("Feedback-Type: auth-failure\nVersion: 1"), ("other", "", "")),
    ("hotmail of old", mail("""
        From: <staff@hotmail.com>
        Subject: complaint about message from 198.51.100.4
        MIME-Version: 1.0
        Content-Type: multipart/mixed; boundary="=_h"
        """, "--=_h\nContent-Type: message/rfc822\n\nX-HmXmrOriginalRecipient: bo@hotmail.com\n" + _RETURNED
     + "\nHi\n--=_h--\n"), ("complained", "", "")),
    # -- programs --------------------------------------------------------------------------------------------
    ("vacation, by RFC 3834", _answer("Subject: Re: New lead\nAuto-Submitted: auto-replied (vacation)"), ("automatic", "", "")),
    ("exchange, out of office", _answer("Subject: Automatic reply: New lead\nX-MS-Exchange-Generated-Message-Source: Mailbox"
     " Rules Agent"), ("automatic", "", "")),
    ("out of office in German", _answer("Subject: =?utf-8?q?Automatische_Antwort=3A_New_lead?="), ("automatic", "", "")),
    ("out of office in French", _answer("Subject: =?utf-8?q?R=C3=A9ponse_automatique_=3A_New_lead?="), ("automatic", "", "")),
    ("out of office in Polish", _answer("Subject: =?utf-8?q?Automatyczna_odpowied=C5=BA=3A_New_lead?="), ("automatic", "", "")),
    ("out of office in Japanese", _answer("Subject: =?utf-8?b?6Ieq5YuV5b+c562UOiBOZXcgbGVhZA==?="), ("automatic", "", "")),
    ("x-autoreply", _answer("Subject: Re: New lead\nX-Autoreply: yes"), ("automatic", "", "")),
    ("a ticket system", _answer("Subject: [#4711] we have your message\nPrecedence: auto_reply"), ("automatic", "", "")),
    ("a read receipt", _answer("Subject: Read: New lead\nMIME-Version: 1.0\nContent-Type: multipart/report;"
     " report-type=disposition-notification; boundary=x", "--x\n\nread\n--x\nContent-Type: message/disposition-notification\n\n"
     f"Original-Message-ID: {OURS}\nDisposition: manual-action/MDN-sent-manually; displayed\n--x--\n"), ("automatic", "", "")),
    # -- people ----------------------------------------------------------------------------------------------
    ("a reply", _answer("Subject: Re: New lead\nAuto-Submitted: no", "Call me tomorrow.\n"), ("replied", "", "")),
    ("a reply by references alone", mail(f"From: {TO}\nSubject: AW: New lead\nReferences: <x@y.example> {OURS}", "Ja, gern.\n"),
     ("replied", "", "")),
    ("a reply through a group address", _answer("Subject: Re: New lead\nPrecedence: list\nList-ID: <sales.acme.example>", "Yes\n"),
     ("replied", "", "")),
    ("a reply that quotes a bounce", _answer("Subject: Re: undelivered mail", "Why did I get this?\n> 550 5.1.1 User unknown\n"),
     ("replied", "", "")),
    ("a reply about being out of office", _answer("Subject: Re: Out of office hours", "We close at five.\n"), ("replied", "", "")),
    ("a letter of its own", mail("From: ana@x.example\nSubject: Hello", "Hello\n"), ("other", "", "")),
]  # fmt: skip
