"""What leadflow is told of this package: nothing heavy is imported before it is used."""

from leadflow.hookspecs import hookimpl


def open_maildir(url, **options):
    """The mailer that `acme-maildir:///path` names."""
    from leadflow_acme.maildir import MaildirMailer

    return MaildirMailer(url.partition("://")[2])


@hookimpl
def leadflow_register_mailers(register):
    """Mail into a Maildir."""
    register("acme-maildir", open_maildir, capabilities={"smtputf8", "keeps_keys", "tells_sent"})
