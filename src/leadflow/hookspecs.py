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
| `leadflow_register_mailers` | a URL scheme | `factory(url, **options)` gives a mailer |
| `leadflow_register_crms` | a URL scheme | `factory(url, **options)` gives a CRM |
| `leadflow_register_publishers` | a URL scheme | `factory(url, **options)` gives a publisher |
| `leadflow_register_sources` | a kind of payload | `function(payload, **options)` gives records |
| `leadflow_register_normalisers` | a normaliser of match keys | `function(text)` gives text or None |
| `leadflow_register_strategies` | an assignment strategy | `function(eligible, state, situation)` gives (user, state) |
| `leadflow_register_vetoes` | a check before a message leaves | `function(mail)` gives None, or why it may not |
| `leadflow_register_observers` | somebody to be told what was committed | `function(decisions)`, a batch at a time |
| `leadflow_register_commands` | a group of commands of the CLI | a `typer.Typer` |

Normalisers, strategies and vetoes are policies: pure functions with a version. Their names have a dot (`acme.best_fit`);
name and version enter the playbook's digest. Adapters decide nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Protocol

import pluggy

GROUP = "leadflow"

hookspec = pluggy.HookspecMarker(GROUP)
hookimpl = pluggy.HookimplMarker(GROUP)


class Register(Protocol):
    """What a hook is handed: call it once for each thing that the plugin brings.

    `contract` is the version of the port that the thing was written for; `capabilities` are those that it claims: what is
    claimed must work, what is not claimed must be refused.
    """

    def __call__(
        self,
        name: str,
        factory: Callable[..., Any],
        *,
        capabilities: Iterable[str] = (),
        version: str = "1",
        contract: int = 1,
    ) -> None:
        """Register one thing under a name. Errors: PluginValidationError, PluginConflictError."""
        ...


@hookspec
def leadflow_register_stores(register: Register) -> None:
    """Stores, by URL scheme. A factory that claims "migrates" has `migrate(url, tables)`: (version before, version now)."""


@hookspec
def leadflow_register_mailers(register: Register) -> None:
    """Mailers, by URL scheme."""


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
def leadflow_register_normalisers(register: Register) -> None:
    """Normalisers that keys of matching strategies may name."""


@hookspec
def leadflow_register_strategies(register: Register) -> None:
    """Strategies that pools may name."""


@hookspec
def leadflow_register_vetoes(register: Register) -> None:
    """Checks that may keep a message from leaving; one that fails keeps it too."""


@hookspec
def leadflow_register_observers(register: Register) -> None:
    """Who is told of decisions after they were committed, in batches; one that fails loses nothing but its own batch."""


@hookspec
def leadflow_register_commands(register: Register) -> None:
    """Groups of commands for the command line."""
