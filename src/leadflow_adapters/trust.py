"""Whom a connection with TLS trusts: the system's certificates, or a file of them; for every adapter alike."""

from __future__ import annotations

import ssl

from leadflow.errors import AuthenticationError


def trusting(ca: str | None, adapter: str) -> ssl.SSLContext:
    """A context of TLS 1.2 or newer that checks certificates and names.

    Errors: AuthenticationError for a file that holds no certificates.
    """
    context = ssl.create_default_context()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if ca is not None:
        try:
            context.load_verify_locations(ca)
        except (OSError, ssl.SSLError) as error:
            raise AuthenticationError(
                f"{ca} holds no certificates ({type(error).__name__})", adapter=adapter, operation="tls"
            ) from error
    return context


def untrusted(error: ssl.SSLCertVerificationError, host: str, adapter: str) -> AuthenticationError:
    """What is said of a host whose certificate does not convince."""
    return AuthenticationError(
        f"the certificate of {host} is not trusted: {error.verify_message}",
        adapter=adapter,
        operation="tls",
        hint="check the host's name, or name a file of certificates with ca=",
    )
