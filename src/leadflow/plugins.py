"""Loading plugins: explicit, in a fixed order, each for itself.

A plugin that cannot be imported, has hooks that do not exist, or registers what another has registered is put aside with
its name and the cause; the others load. `LEADFLOW_PLUGINS=a,b` limits what is loaded (empty: nothing),
`LEADFLOW_PLUGINS_OFF=a` leaves some out.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
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
from leadflow.normalise import Normaliser
from leadflow.room import Policies

KINDS: Final = (
    "stores",
    "mailers",
    "crms",
    "publishers",
    "sources",
    "normalisers",
    "strategies",
    "vetoes",
    "observers",
    "commands",
)
CONTRACTS: Final[Mapping[str, int]] = dict.fromkeys(KINDS, 1)
"""The version of each port's contract."""

POLICIES: Final = ("normalisers", "strategies", "vetoes")
"""What may decide: pure functions with a name of their own and a version."""

_VERBS: Final[Mapping[str, tuple[str, ...]]] = {
    "stores": ("load", "commit", "scan", "close"),
    "mailers": ("send", "was_sent"),
    "crms": ("upsert", "changes", "delete", "close"),
}
_PREFIX = "leadflow_register_"


@frozen(kw_only=True)
class Registration:
    """One thing that a plugin brings."""

    kind: str
    name: str
    factory: Callable[..., Any]
    plugin: str
    capabilities: frozenset[str] = frozenset()
    version: str = "1"

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

    >>> plugins = load(only=())
    >>> plugins.names("stores")
    ()
    """

    plugins: tuple[Plugin, ...] = ()
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
) -> Plugins:
    """Load the installed plugins, in the order of their names.

    `only` limits them (default: LEADFLOW_PLUGINS, else all), `off` leaves some out, `also` adds modules or objects by name
    (a host's own, without an entry point). `strict` raises the first fault instead of putting the plugin aside. Errors:
    PluginError, only when strict.
    """
    environ = os.environ if environ is None else environ
    if only is None and "LEADFLOW_PLUGINS" in environ:
        only = _listed(environ["LEADFLOW_PLUGINS"])
    left_out = {*off, *_listed(environ.get("LEADFLOW_PLUGINS_OFF", ""))}
    wanted = None if only is None else set(only)
    found: dict[str, Any] = {point.name: point for point in entry_points(group=hookspecs.GROUP)}
    found.update(also or {})
    loaded = Plugins()
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


def policies_of(plugins: Plugins) -> Policies:
    """The policies that plugins bring, each guarded at the border. Errors: PluginValidationError."""
    normalisers, strategies, versions = {}, {}, {}
    for each in plugins.all("normalisers"):
        if not each.version.isdigit():
            raise PluginValidationError(
                f"plugin {each.plugin!r}: normaliser {each.name} has version {each.version!r}",
                hint="its version is a whole number: stored keys carry it",
            )
        normalisers[each.name] = Normaliser(name=each.name, version=int(each.version), function=_guarded(each, _is_key))
        versions[each.name] = each.version
    for each in plugins.all("strategies"):
        strategies[each.name] = _guarded(each, _is_choice)
        versions[each.name] = each.version
    return Policies(normalisers=normalisers, strategies=strategies, versions=versions)


def _is_key(found: Any, text: str) -> bool:
    return found is None or (isinstance(found, str) and found != "")


def _is_choice(found: Any, eligible: Any, *_: Any) -> bool:
    return isinstance(found, tuple) and len(found) == 2 and found[0] in {member.user for member in eligible}


def _guarded(registration: Registration, is_right: Callable[..., bool]) -> Callable[..., Any]:
    """The function, whose failures and odd answers are errors that name the plugin."""
    function, place = registration.factory, f"plugin {registration.plugin!r}: {registration.name}"

    def guarded(*arguments: Any) -> Any:
        try:
            found = function(*arguments)
        except Exception as error:
            raise PluginError(f"{place} failed ({type(error).__name__})", code="plugin_failed") from error
        if not is_right(found, *arguments):
            raise PluginError(
                f"{place} gave {type(found).__name__}, which is not what it promised", code="plugin_failed"
            )
        return found

    return guarded


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
    for kind in KINDS:
        hook = getattr(manager.hook, f"{_PREFIX}{kind}")
        if not hook.get_hookimpls():
            continue
        try:
            hook(register=_register(kind, name, gathered, known))
        except PluginError:
            raise
        except Exception as error:
            raise PluginLoadError(
                f"plugin {name!r}: its hook {_PREFIX}{kind} failed ({type(error).__name__}: {error})"[:300]
            ) from error
    return tuple(gathered)


def _register(
    kind: str, plugin: str, gathered: list[Registration], known: Mapping[str, Mapping[str, Registration]]
) -> hookspecs.Register:
    def register(
        name: str,
        factory: Callable[..., Any],
        *,
        capabilities: Iterable[str] = (),
        version: str = "1",
        contract: int = 1,
    ) -> None:
        place = f"plugin {plugin!r}, {kind}"
        if not isinstance(name, str) or not name or name != name.strip():
            raise PluginValidationError(f"{place}: {name!r} is not a name")
        if not callable(factory):
            raise PluginValidationError(f"{place}: {name} needs something to call, got {type(factory).__name__}")
        if kind in POLICIES and "." not in name:
            raise PluginValidationError(f"{place}: {name!r} needs a dot", hint=f"call it {plugin}.{name}")
        if contract != CONTRACTS[kind]:
            raise PluginValidationError(
                f"{place}: {name} was written for contract {contract}, this leadflow has {CONTRACTS[kind]}",
                hint="upgrade leadflow or the plugin",
            )
        holder = known.get(kind, {}).get(name) or next(
            (each for each in gathered if (each.kind, each.name) == (kind, name)), None
        )
        if holder is not None:
            raise PluginConflictError(
                f"{place}: {name} is registered by plugin {holder.plugin!r} already", hint="switch one of them off"
            )
        gathered.append(
            Registration(
                kind=kind,
                name=name,
                factory=factory,
                plugin=plugin,
                capabilities=frozenset(capabilities),
                version=version,
            )
        )

    return register
