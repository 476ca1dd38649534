"""Loading plugins: explicit, in a fixed order, each for itself.

A plugin that cannot be imported, has hooks that do not exist, or registers what another has registered is put aside with
its name and the cause; the others load. `LEADFLOW_PLUGINS=a,b` limits what is loaded (empty: nothing),
`LEADFLOW_PLUGINS_OFF=a` leaves some out.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from importlib.metadata import EntryPoint, entry_points
from typing import Any, Final

import pluggy
from attrs import define, field, frozen

from leadflow import hookspecs
from leadflow.errors import (
    AdapterUnavailableError,
    InvalidInputError,
    LeadflowError,
    PluginConflictError,
    PluginError,
    PluginLoadError,
    PluginValidationError,
)
from leadflow.expr.types import CALLABLE, Type

KINDS: Final = (
    "stores",
    "mailers",
    "mailboxes",
    "crms",
    "publishers",
    "sources",
    "normalisers",
    "comparators",
    "functions",
    "strategies",
    "vetoes",
    "observers",
    "commands",
)
"""Everything that a plugin may bring, in the order in which it is told."""

HOOKS: Final = ("stores", "mailers", "mailboxes", "crms", "publishers", "sources", "policies", "observers", "commands")
"""The hooks there are; the one for policies serves five kinds."""

CONTRACTS: Final[Mapping[str, int]] = dict.fromkeys(KINDS, 1)
"""The version of each port's contract."""

POLICIES: Final = ("normalisers", "comparators", "functions", "strategies", "vetoes")
"""What may decide: pure functions with a name of their own and a version."""

_VERBS: Final[Mapping[str, tuple[str, ...]]] = {
    "stores": ("load", "commit", "scan", "close"),
    "mailers": ("send", "was_sent"),
    "mailboxes": ("read", "settle"),
    "crms": ("upsert", "changes", "delete", "close"),
    "publishers": ("publish", "was_published"),
}
_PREFIX = "leadflow_register_"
_CALLABLE_NAME: Final = re.compile(r"[a-z]\w*\.[a-z]\w*", re.ASCII)

LIMIT_S: Final = 5.0
"""Seconds that an observer or a veto may take for one call."""


@frozen(kw_only=True)
class Registration:
    """One thing that a plugin brings.

    `kit` names the class that tests it, as "module:Class". A function of conditions `takes` and `returns` types.
    """

    kind: str
    name: str
    factory: Callable[..., Any]
    plugin: str
    capabilities: frozenset[str] = frozenset()
    version: str = "1"
    kit: str = ""
    takes: tuple[Type, ...] = ()
    returns: Type = Type.BOOLEAN

    def make(self, *arguments: Any, **options: Any) -> Any:
        """Call the factory and check what it gives. Errors: PluginError that names the plugin; the adapter's own errors."""
        try:
            made = self.factory(*arguments, **options)
        except LeadflowError:
            raise
        except ImportError as error:
            raise AdapterUnavailableError(
                f"{self.name}: {error.name or 'a module'} is not installed",
                adapter=self.name,
                hint=f"install the extra that plugin {self.plugin!r} names",
            ) from error
        except Exception as error:
            raise PluginError(
                f"plugin {self.plugin!r}: {self.name} of {self.kind} failed ({type(error).__name__})",
                hint="see the cause",
            ) from error
        lacking = [verb for verb in _VERBS.get(self.kind, ()) if not callable(getattr(made, verb, None))]
        if lacking:
            raise PluginValidationError(
                f"plugin {self.plugin!r}: {self.name} of {self.kind} gave a {type(made).__name__}"
                f" without {', '.join(lacking)}"
            )
        return made


@frozen(kw_only=True)
class Plugin:
    """A plugin as it was found: with what it brings, or why it was put aside."""

    name: str
    version: str = ""
    registrations: tuple[Registration, ...] = ()
    fault: PluginError | None = None
    is_off: bool = False


@define
class Plugins:
    """All plugins of a process, loaded once and then frozen.

    `limit_s` is how long an observer or a veto may take.

    >>> plugins = load(only=())
    >>> plugins.names("stores")
    ()
    """

    plugins: tuple[Plugin, ...] = ()
    limit_s: float = LIMIT_S
    _by_kind: dict[str, dict[str, Registration]] = field(factory=dict)

    def names(self, kind: str) -> tuple[str, ...]:
        """The names registered for a kind."""
        return tuple(sorted(self._by_kind.get(kind, ())))

    def all(self, kind: str) -> tuple[Registration, ...]:
        """Everything registered for a kind, by name."""
        found = self._by_kind.get(kind, {})
        return tuple(found[name] for name in sorted(found))

    def find(self, kind: str, name: str) -> Registration:
        """What is registered under a name. Errors: InvalidInputError that lists the names there are."""
        found = self._by_kind.get(kind, {}).get(name)
        if found is None:
            known = ", ".join(self.names(kind)) or "none"
            aside = ", ".join(plugin.name for plugin in self.plugins if plugin.fault is not None)
            raise InvalidInputError(
                f"no plugin registers {name!r} among {kind} (there are: {known})",
                code="not_registered",
                hint=f"put aside: {aside}; see leadflow plugins" if aside else "see leadflow plugins",
            )
        return found


def load(
    only: Iterable[str] | None = None,
    *,
    off: Iterable[str] = (),
    also: Mapping[str, Any] | None = None,
    strict: bool = False,
    environ: Mapping[str, str] | None = None,
    limit_s: float = LIMIT_S,
) -> Plugins:
    """Load the installed plugins, in the order of their names.

    `only` limits them (default: LEADFLOW_PLUGINS, else all), `off` leaves some out, `also` adds modules or objects by name
    (a host's own, without an entry point). `strict` raises the first fault instead of putting the plugin aside. `limit_s`
    is how long an observer or a veto may take. Errors: PluginError, only when strict.
    """
    environ = os.environ if environ is None else environ
    if only is None and "LEADFLOW_PLUGINS" in environ:
        only = _listed(environ["LEADFLOW_PLUGINS"])
    left_out = {*off, *_listed(environ.get("LEADFLOW_PLUGINS_OFF", ""))}
    wanted = None if only is None else set(only)
    found: dict[str, Any] = {point.name: point for point in entry_points(group=hookspecs.GROUP)}
    found.update(also or {})
    loaded = Plugins(limit_s=limit_s)
    plugins: list[Plugin] = []
    for name in sorted(found):
        if name in left_out or (wanted is not None and name not in wanted and name not in (also or {})):
            plugins.append(Plugin(name=name, version=_version(found[name]), is_off=True))
            continue
        plugin = _loaded(name, found[name], loaded._by_kind)
        if plugin.fault is not None and strict:
            raise plugin.fault
        for each in plugin.registrations:
            loaded._by_kind.setdefault(each.kind, {})[each.name] = each
        plugins.append(plugin)
    loaded.plugins = tuple(plugins)
    return loaded


def _listed(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())


def _version(found: Any) -> str:
    if isinstance(found, EntryPoint) and found.dist is not None:
        return found.dist.version
    return str(getattr(found, "__version__", ""))


def _loaded(name: str, found: Any, known: Mapping[str, Mapping[str, Registration]]) -> Plugin:
    version = _version(found)
    try:
        return Plugin(name=name, version=version, registrations=_registrations(name, _module(name, found), known))
    except PluginError as error:
        return Plugin(name=name, version=version, fault=error)


def _module(name: str, found: Any) -> Any:
    if not isinstance(found, EntryPoint):
        return found
    try:
        return found.load()
    except Exception as error:
        cause = f"{type(error).__name__}: {error}"[:200]
        raise PluginLoadError(f"plugin {name!r} cannot be loaded ({cause})", hint="mend or uninstall it") from error


def _registrations(name: str, module: Any, known: Mapping[str, Mapping[str, Registration]]) -> tuple[Registration, ...]:
    """Everything that a plugin registers; nothing of it counts when one part is faulty."""
    manager = pluggy.PluginManager(hookspecs.GROUP)
    manager.add_hookspecs(hookspecs)
    try:
        manager.register(module, name)
        manager.check_pending()
    except pluggy.PluginValidationError as error:
        raise PluginValidationError(
            f"plugin {name!r}: {' '.join(str(error).split())[:300]}",
            hint="see leadflow.hookspecs for the hooks there are",
        ) from error
    gathered: list[Registration] = []
    for hook_name in HOOKS:
        hook = getattr(manager.hook, f"{_PREFIX}{hook_name}")
        if not hook.get_hookimpls():
            continue
        noted = _Noted(name, known, gathered)
        register = _PolicyRegister(noted) if hook_name == "policies" else _register(hook_name, noted)
        try:
            hook(register=register)
        except PluginError:
            raise
        except Exception as error:
            raise PluginLoadError(
                f"plugin {name!r}: its hook {_PREFIX}{hook_name} failed ({type(error).__name__}: {error})"[:300]
            ) from error
    return tuple(gathered)


@frozen
class _Noted:
    """What one plugin has registered so far, beside what others have."""

    plugin: str
    known: Mapping[str, Mapping[str, Registration]]
    gathered: list[Registration]

    def add(self, kind: str, name: str, factory: Any, contract: int = 1, **more: Any) -> None:
        """Take one thing. Errors: PluginValidationError, PluginConflictError."""
        place = f"plugin {self.plugin!r}, {kind}"
        if not isinstance(name, str) or not name or name != name.strip():
            raise PluginValidationError(f"{place}: {name!r} is not a name")
        if not callable(factory):
            raise PluginValidationError(f"{place}: {name} needs something to call, got {type(factory).__name__}")
        if kind in POLICIES and "." not in name:
            raise PluginValidationError(f"{place}: {name!r} needs a dot", hint=f"call it {self.plugin}.{name}")
        if contract != CONTRACTS[kind]:
            raise PluginValidationError(
                f"{place}: {name} was written for contract {contract}, this leadflow has {CONTRACTS[kind]}",
                hint="upgrade leadflow or the plugin",
            )
        holder = self.known.get(kind, {}).get(name) or next(
            (each for each in self.gathered if (each.kind, each.name) == (kind, name)), None
        )
        if holder is not None:
            raise PluginConflictError(
                f"{place}: {name} is registered by plugin {holder.plugin!r} already", hint="switch one of them off"
            )
        self.gathered.append(Registration(kind=kind, name=name, factory=factory, plugin=self.plugin, **more))


def _register(kind: str, noted: _Noted) -> hookspecs.Register:
    def register(
        name: str,
        factory: Callable[..., Any],
        *,
        capabilities: Iterable[str] = (),
        version: str = "1",
        contract: int = 1,
        kit: str = "",
    ) -> None:
        noted.add(
            kind, name, factory, contract, capabilities=frozenset(capabilities), version=version, kit=kit
        )  # fmt: skip

    return register


@frozen
class _PolicyRegister:
    """See hookspecs.RegisterPolicy."""

    _noted: _Noted

    def normaliser(self, name: str, function: Callable[..., Any], *, version: str = "1") -> None:
        if not str(version).isdigit():
            raise PluginValidationError(
                f"plugin {self._noted.plugin!r}: normaliser {name} has version {version!r}",
                hint="its version is a whole number: stored keys carry it",
            )
        self._noted.add("normalisers", name, function, version=str(version))

    def comparator(self, name: str, function: Callable[..., Any], *, version: str = "1") -> None:
        self._noted.add("comparators", name, function, version=version)

    def function(
        self, name: str, function: Callable[..., Any], *, takes: Sequence[str], returns: str, version: str = "1"
    ) -> None:
        place = f"plugin {self._noted.plugin!r}: function {name}"
        types = [_type(each, place) for each in (*takes, returns)]
        if isinstance(name, str) and "." in name and not _CALLABLE_NAME.fullmatch(name):
            raise PluginValidationError(f"{place} cannot be written in a condition", hint="call it acme.fit_of, say")
        self._noted.add("functions", name, function, version=version, takes=tuple(types[:-1]), returns=types[-1])

    def strategy(self, name: str, function: Callable[..., Any], *, version: str = "1") -> None:
        self._noted.add("strategies", name, function, version=version)

    def veto(self, name: str, function: Callable[..., Any], *, version: str = "1") -> None:
        self._noted.add("vetoes", name, function, version=version)


def _type(name: str, place: str) -> Type:
    known = ", ".join(sorted(each.value for each in CALLABLE))
    try:
        if (found := Type(name)) in CALLABLE:
            return found
        raise PluginValidationError(f"{place}: a {name} is neither taken nor returned", hint=f"there are: {known}")
    except ValueError:
        raise PluginValidationError(f"{place}: {name!r} is no type", hint=f"there are: {known}") from None
