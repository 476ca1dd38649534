"""Plugins: explicit loading in a fixed order; a faulty one is put aside with its name and the cause."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

import leadflow
from leadflow import hookspecs
from leadflow.engine.rooms import TABLES
from leadflow.errors import (
    AdapterUnavailableError,
    InvalidInputError,
    PluginConflictError,
    PluginError,
    PluginLoadError,
    PluginValidationError,
)
from leadflow.hookspecs import hookimpl
from leadflow.plugins import HOOKS, KINDS, POLICIES, load
from leadflow.stores.memory import MemoryStore

POLICY = {
    "normalisers": "normaliser",
    "comparators": "comparator",
    "functions": "function",
    "strategies": "strategy",
    "vetoes": "veto",
}


def plugin(kind: str, *registered: Any, **more: Any) -> Any:
    """A plugin that registers some things of one kind."""

    def hook(register: Any) -> None:
        call = getattr(register, POLICY[kind]) if kind in POLICY else register
        for name, factory, *options in registered:
            call(name, factory, **(options[0] if options else {}))

    name = f"leadflow_register_{'policies' if kind in POLICY else kind}"
    return SimpleNamespace(**{name: hookimpl(hook, specname=name)}, **more)


def opens(url: str, tables: Any, **options: Any) -> Any:
    return MemoryStore(tables)


GOOD = plugin("stores", ("acme", opens, {"capabilities": {"transactions"}, "version": "3"}))


def test_what_a_plugin_registers_is_found() -> None:
    """By kind and name, with what it claims; the URL's scheme picks it."""
    plugins = load(only=(), also={"acme": GOOD})
    found = plugins.find("stores", "acme")
    assert (found.plugin, found.version, found.capabilities) == ("acme", "3", {"transactions"})
    with leadflow.open("acme://anything", plugins=plugins) as flow:
        assert flow.submit("demo-request", {"email": "ana@kos.example"}, key="s-1").is_ok


def test_an_unknown_scheme_says_which_there_are() -> None:
    """And never shows a password."""
    plugins = load(only=(), also={"acme": GOOD})
    with pytest.raises(InvalidInputError, match=r"'nowhere' among stores \(there are: acme") as caught:
        leadflow.open("nowhere://ana:secret@host/db", plugins=plugins)
    assert "secret" not in str(caught.value)


FAULTY: dict[str, tuple[Any, type[PluginError], str]] = {
    "raises": (
        SimpleNamespace(leadflow_register_stores=hookimpl(lambda register: 1 / 0, specname="leadflow_register_stores")),
        PluginLoadError,
        "ZeroDivisionError",
    ),
    "misspelt": (
        SimpleNamespace(leadflow_register_store=hookimpl(lambda register: None, specname="leadflow_register_store")),
        PluginValidationError,
        "leadflow_register_store",
    ),
    "wrong argument": (
        SimpleNamespace(leadflow_register_stores=hookimpl(lambda registry: None, specname="leadflow_register_stores")),
        PluginValidationError,
        "registry",
    ),
    "no name": (plugin("stores", ("", opens)), PluginValidationError, "not a name"),
    "nothing to call": (plugin("stores", ("x", "opens")), PluginValidationError, "something to call"),
    "other contract": (plugin("stores", ("x", opens, {"contract": 2})), PluginValidationError, "contract 2"),
    "policy without a dot": (plugin("strategies", ("best", opens)), PluginValidationError, "needs a dot"),
    "twice": (
        plugin("stores", ("x", opens), ("x", opens)),
        PluginConflictError,
        "registered by plugin 'twice' already",
    ),
}


@pytest.mark.parametrize("name", FAULTY)
def test_a_faulty_plugin_is_put_aside_and_the_others_load(name: str) -> None:
    """With its name and the cause; nothing of it counts; strict raises."""
    module, kind, cause = FAULTY[name]
    plugins = load(only=(), also={"acme": GOOD, name: module})
    (aside,) = [each for each in plugins.plugins if each.fault is not None]
    assert aside.name == name
    assert type(aside.fault) is kind
    assert repr(name) in str(aside.fault)
    assert cause in str(aside.fault)
    assert aside.registrations == ()
    assert plugins.names("stores") == ("acme",)
    with pytest.raises(kind):
        load(only=(), also={name: module}, strict=True)


def test_of_two_that_register_the_same_the_first_by_name_stays() -> None:
    """The order is that of the names, whatever order they were handed in."""
    plugins = load(only=(), also={"zeta": GOOD, "acme": GOOD})
    assert [(each.name, each.fault is None) for each in plugins.plugins if not each.is_off] == [
        ("acme", True),
        ("zeta", False),
    ]
    assert plugins.find("stores", "acme").plugin == "acme"


@pytest.mark.parametrize(
    ("factory", "error", "said"),
    [
        (lambda url, tables: 1 / 0, PluginError, "failed (ZeroDivisionError)"),
        (lambda url, tables: None, PluginValidationError, "NoneType without load, commit, scan, close"),
        (lambda url, tables: __import__("no_such_module_at_all"), AdapterUnavailableError, "no_such_module_at_all"),
    ],
)
def test_what_a_factory_gives_is_checked_at_the_border(factory: Any, error: type[Exception], said: str) -> None:
    """The error names the plugin."""
    plugins = load(only=(), also={"acme": plugin("stores", ("bad", factory))})
    with pytest.raises(error, match=said.replace("(", "[(]").replace(")", "[)]")) as caught:
        plugins.find("stores", "bad").make("bad://x", TABLES)
    assert "acme" in f"{caught.value} {getattr(caught.value, 'hint', '')}"


# -- entry points of a real installed package -------------------------------------------------------------


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A package with an entry point, as pip leaves it: metadata and modules on the path."""
    info = tmp_path / "leadflow_zebra-1.4.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: leadflow-zebra\nVersion: 1.4\n")
    (info / "entry_points.txt").write_text("[leadflow]\nzebra = leadflow_zebra\nbroken = leadflow_broken_zebra\n")
    (tmp_path / "leadflow_zebra.py").write_text(
        "from leadflow.hookspecs import hookimpl\n\n\n@hookimpl\ndef leadflow_register_sources(register):\n"
        "    register('zebra', lambda payload: [payload])\n"
    )
    (tmp_path / "leadflow_broken_zebra.py").write_text("import no_such_module_at_all\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    yield tmp_path
    for name in ("leadflow_zebra", "leadflow_broken_zebra"):
        sys.modules.pop(name, None)


def test_installed_plugins_are_loaded_when_asked_and_not_before(installed: Path) -> None:
    """Importing leadflow loads none."""
    assert "leadflow_zebra" not in sys.modules
    plugins = load(environ={})
    zebra = next(each for each in plugins.plugins if each.name == "zebra")
    assert (zebra.version, [each.name for each in zebra.registrations]) == ("1.4", ["zebra"])
    broken = next(each for each in plugins.plugins if each.name == "broken")
    assert "ModuleNotFoundError" in str(broken.fault)
    assert plugins.find("sources", "zebra").factory({"id": 1}) == [{"id": 1}]


@pytest.mark.parametrize(
    ("environ", "loaded"),
    [
        ({}, True),
        ({"LEADFLOW_PLUGINS": "zebra"}, True),
        ({"LEADFLOW_PLUGINS": "other, zebra "}, True),
        ({"LEADFLOW_PLUGINS": "other"}, False),
        ({"LEADFLOW_PLUGINS": ""}, False),
        ({"LEADFLOW_PLUGINS_OFF": "zebra"}, False),
        ({"LEADFLOW_PLUGINS": "zebra", "LEADFLOW_PLUGINS_OFF": "zebra"}, False),
    ],
)
def test_the_environment_limits_what_is_loaded(installed: Path, environ: dict[str, str], loaded: bool) -> None:
    """What is off is listed as off, and never imported."""
    plugins = load(environ=environ)
    zebra = next(each for each in plugins.plugins if each.name == "zebra")
    assert zebra.is_off is not loaded
    assert ("leadflow_zebra" in sys.modules) is loaded


def test_there_is_a_hook_for_every_kind_and_no_other() -> None:
    """At most ten, each with a word of documentation."""
    hooks = {name for name in vars(hookspecs) if name.startswith("leadflow_register_")}
    assert hooks == {f"leadflow_register_{name}" for name in HOOKS}
    served = {*HOOKS, *POLICIES} - {"policies"}
    assert served == set(KINDS)
    assert len(hooks) <= 10
    assert all(f"`{hook}`" in (hookspecs.__doc__ or "") and getattr(hookspecs, hook).__doc__ for hook in hooks)
