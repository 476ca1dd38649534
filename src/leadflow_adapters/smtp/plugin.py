"""What this adapter registers."""

from __future__ import annotations

from typing import Any

from leadflow.hookspecs import Register, hookimpl


def open_smtp(url: str, **options: Any) -> Any:
    """The mailer of a URL. Errors: InvalidInputError."""
    from leadflow_adapters.smtp.client import SmtpMailer
    from leadflow_adapters.smtp.settings import read_settings

    return SmtpMailer(read_settings(url), **options)


@hookimpl
def leadflow_register_mailers(register: Register) -> None:
    """The scheme `smtp`. Addresses that are not ASCII are refused where the server does not take them."""
    register("smtp", open_smtp, capabilities={"smtputf8"})
