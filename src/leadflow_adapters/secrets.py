"""Secrets by reference: `env:NAME` or `file:PATH`. A reference may be shown; what it stands for never is."""

from __future__ import annotations

import os
from pathlib import Path

from leadflow.errors import AuthenticationError, InvalidInputError


def check_reference(reference: str, name: str) -> str:
    """The reference, if it is one. The text is not repeated in errors: it might be the secret itself.

    >>> check_reference("env:SMTP_PASSWORD", "secret")
    'env:SMTP_PASSWORD'
    """
    kind, _, rest = reference.partition(":")
    if kind not in ("env", "file") or not rest:
        raise InvalidInputError(
            f"{name}: expected a reference to a secret", code="invalid_secret", hint="write env:NAME or file:PATH"
        )
    return reference


def read_secret(reference: str, *, adapter: str) -> str:
    """What a reference stands for, read anew each time. Errors: AuthenticationError."""
    kind, _, rest = reference.partition(":")
    if kind == "env":
        secret = os.environ.get(rest, "")
        lacking = f"the environment has no {rest}"
    else:
        try:
            secret = Path(rest).read_text(encoding="utf-8")
        except (OSError, ValueError):
            secret = ""
        lacking = f"{rest} cannot be read, or is empty"
    secret = secret.rstrip("\r\n")
    if not secret:
        raise AuthenticationError(lacking, adapter=adapter, operation="login", hint="set it, or change secret=")
    return secret
