"""What this adapter registers."""

from __future__ import annotations

from typing import Any

from leadflow.hookspecs import Register, hookimpl


def open_imap(url: str, **options: Any) -> Any:
    """The mailbox of a URL. Errors: InvalidInputError."""
    from leadflow_adapters.imap.mailbox import ImapMailbox
    from leadflow_adapters.imap.settings import read_settings

    return ImapMailbox(read_settings(url), **options)


@hookimpl
def leadflow_register_mailboxes(register: Register) -> None:
    """Mailboxes that bounces, complaints and replies come back to, by the schemes `imap` and `imaps`."""
    register("imap", open_imap)
    register("imaps", open_imap)
