"""What a normaliser is: a named, versioned pure function from a field's text to its part of a match key."""

from __future__ import annotations

from collections.abc import Callable

from attrs import frozen

from leadflow.errors import AdapterUnavailableError

Normalise = Callable[[str], str | None]
"""Text in, key text out; None means: this value identifies nothing."""


@frozen(kw_only=True)
class Normaliser:
    """A named, versioned pure function; name and version are stored beside every key it made.

    `extra` names the optional dependency group the function needs, `parameter` what may follow the name after
    a colon (`phone:SI`), `probe` imports what the extra brings.

    >>> shout = Normaliser(name="shout", version=1, function=str.upper)
    >>> shout.label, shout.function("ana")
    ('shout@1', 'ANA')
    """

    name: str
    version: int
    function: Normalise
    extra: str | None = None
    parameter: str | None = None
    probe: Callable[[], object] | None = None

    @property
    def label(self) -> str:
        """Name and version as one word, the form in which a store keeps them."""
        return f"{self.name}@{self.version}"

    def require(self) -> None:
        """Make sure that the function can run on this machine.

        Errors: AdapterUnavailableError with the command that installs what is missing.
        """
        if self.probe is not None:
            self.probe()


def unavailable(name: str, package: str, extra: str = "normalize") -> AdapterUnavailableError:
    """The error for a normaliser whose extra is not installed.

    >>> str(unavailable("phone", "phonenumbers"))
    "normaliser 'phone' needs the package phonenumbers; run: pip install 'leadflow[normalize]'"
    """
    return AdapterUnavailableError(
        f"normaliser {name!r} needs the package {package}",
        adapter=name,
        operation="import",
        hint=f"run: pip install 'leadflow[{extra}]'",
    )
