"""The hooks: where a plugin hands out what it brings.

A plugin is a module (or small object) named by an entry point of the group `leadflow`. It implements the hooks that it
needs, with the marker `hookimpl`; each gets a `register` to call once for each thing. Nothing heavy belongs into such a
module: it is imported when plugins are loaded, what it registers only when it is used.

    from leadflow.hookspecs import hookimpl

    @hookimpl
    def leadflow_register_stores(register):
        register("acme", open_acme_store, capabilities={"transactions"})

| hook | what is registered | is called as |
|---|---|---|
| `leadflow_register_stores` | a URL scheme | `factory(url, tables, **options)` gives a store |
| | a package of connections (capability `join` or `lends`) | see leadflow.engine.joining |
| `leadflow_register_mailers` | a URL scheme | `factory(url, **options)` gives a mailer |
| `leadflow_register_mailboxes` | a URL scheme | `factory(url, **options)` gives a mailbox |
| `leadflow_register_crms` | a URL scheme | `factory(url, **options)` gives a CRM |
| `leadflow_register_publishers` | a URL scheme | `factory(url, **options)` gives a publisher |
| `leadflow_register_sources` | a kind of payload | `function(payload, **options)` gives records |
| `leadflow_register_policies` | pure functions that decide, see below | `register.veto("acme.quiet", function)`, say |
| `leadflow_register_observers` | somebody to be told what was committed | `function(decisions)`, a batch at a time |
| `leadflow_register_commands` | a group of commands of the CLI | a `typer.Typer`, or a function that gives one |

Policies are pure functions with a version. Their names have a dot (`acme.best_fit`); name and version enter the playbook's
digest. `leadflow_register_policies` is handed a `register` with a method for each kind:

| method | is called as |
|---|---|
| `register.normaliser` | `function(text)` gives the text of a match key, or None |
| `register.comparator` | `function(a, b)` gives how alike two texts are, 0 to 1 |
| `register.function` | `function(*values)` gives a value of the type that it `returns`, or None; conditions call it |
| `register.strategy` | `function(eligible, state, situation)` gives (user, state) |
| `register.veto` | `function(mail, leaving)` gives None, or why it may not leave |

Adapters decide nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Protocol

import pluggy

GROUP = "leadflow"

hookspec = pluggy.HookspecMarker(GROUP)
hookimpl = pluggy.HookimplMarker(GROUP)


class Register(Protocol):
    """What a hook is handed: call it once for each thing that the plugin brings.

    `contract` is the version of the port that the thing was written for; `capabilities` are those that it claims: what is
    claimed must work, what is not claimed must be refused. `kit` names the class that tests an adapter on a backend of the
    test's own ("leadflow_acme.kit:Kit", a subclass of the port's kit), for `leadflow adapters check`.
    """

    def __call__(
        self,
        name: str,
        factory: Callable[..., Any],
        *,
        capabilities: Iterable[str] = (),
        version: str = "1",
        contract: int = 1,
        kit: str = "",
    ) -> None:
        """Register one thing under a name. Errors: PluginValidationError, PluginConflictError."""
        ...


class RegisterPolicy(Protocol):
    """What the hook for policies is handed. Errors of all: PluginValidationError, PluginConflictError."""

    def normaliser(self, name: str, function: Callable[[str], str | None], *, version: str = "1") -> None:
        """A normaliser that keys of matching strategies may name; its version is a whole number."""
        ...

    def comparator(self, name: str, function: Callable[[str, str], float], *, version: str = "1") -> None:
        """A comparator that `[matching.comparators]` may name for a field."""
        ...

    def function(
        self, name: str, function: Callable[..., Any], *, takes: Sequence[str], returns: str, version: str = "1"
    ) -> None:
        """A function that conditions may call. Types: text, code, number, yes/no, instant, duration."""
        ...

    def strategy(self, name: str, function: Callable[..., Any], *, version: str = "1") -> None:
        """A strategy that pools may name."""
        ...

    def veto(self, name: str, function: Callable[..., str | None], *, version: str = "1") -> None:
        """A check before a message leaves; one that fails or hangs keeps the message too."""
        ...


@hookspec
def leadflow_register_stores(register: Register) -> None:
    """Stores, by URL scheme. A factory that claims "migrates" has `migrate(url, tables)`: (version before, version now)."""


@hookspec
def leadflow_register_mailers(register: Register) -> None:
    """Mailers, by URL scheme."""


@hookspec
def leadflow_register_mailboxes(register: Register) -> None:
    """Mailboxes that bounces, complaints and replies come back to, by URL scheme."""


@hookspec
def leadflow_register_crms(register: Register) -> None:
    """CRMs, by URL scheme."""


@hookspec
def leadflow_register_publishers(register: Register) -> None:
    """Publishers of what was decided, by URL scheme."""


@hookspec
def leadflow_register_sources(register: Register) -> None:
    """Readers of payloads that others send, by name: they give records for `flow.ingest`."""


@hookspec
def leadflow_register_policies(register: RegisterPolicy) -> None:
    """Pure functions that decide: normalisers, comparators, functions of conditions, strategies, vetoes."""


@hookspec
def leadflow_register_observers(register: Register) -> None:
    """Who is told of decisions after they were committed, in batches; one that fails loses nothing but its own batch."""


@hookspec
def leadflow_register_commands(register: Register) -> None:
    """Groups of commands for the command line."""
