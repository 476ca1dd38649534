"""The house's rules, checked: layers, sizes, purity, frozen values, one public surface."""

from __future__ import annotations

import ast
import importlib
import inspect
import pkgutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import attrs
import pytest

import leadflow

SOURCE = Path(leadflow.__file__).parent
MODULES = sorted(SOURCE.rglob("*.py"))
PURE = ("model", "expr", "normalise", "capture", "matching", "scoring", "process", "assignment", "reporting", "crm")
PURE_MODULES = [path for path in MODULES if path.relative_to(SOURCE).parts[0] in PURE]
SURFACE = {
    "Account", "Contact", "Flow", "Ingested", "JoinedFlow", "Lead", "LeadflowError", "Money", "Opportunity", "Outcome",
    "Playbook", "Product", "Result", "User", "join", "load_playbook", "make_tables", "open",
}  # fmt: skip


def named(path: Path) -> str:
    return str(path.relative_to(SOURCE))


# -- layers ----------------------------------------------------------------------------------------------


def test_import_contracts_hold() -> None:
    """House: the import order of the rooms, told by import-linter."""
    done = subprocess.run(
        [sys.executable, "-c", "from importlinter.cli import lint_imports_command as run; run()", "--no-cache"],
        cwd=SOURCE.parents[1],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-2000:]


def test_importing_leadflow_loads_no_database_and_no_codec() -> None:
    """House: importing a value never loads a database."""
    heavy = "{'sqlite3', 'cattrs', 'pluggy', 'asyncio'}"
    script = f"import sys, leadflow; leadflow.Contact; print(*sorted({heavy} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""


def test_testing_needs_no_pytest_and_no_hypothesis_until_asked() -> None:
    """The harness works in a host's own test runner."""
    script = (
        "import sys; sys.modules['pytest'] = sys.modules['hypothesis'] = None\n"
        "from leadflow.testing import Client, FaultPlan, Ledger, VirtualClock, contents, invariants\n"
        "import leadflow; print(invariants(leadflow.open()))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


# -- sizes -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", MODULES, ids=named)
def test_no_module_is_over_400_lines(path: Path) -> None:
    """House: modules none over 400 lines."""
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 400


def test_half_of_the_modules_have_at_most_150_lines() -> None:
    """House: median at most 150."""
    sizes = sorted(len(path.read_text(encoding="utf-8").splitlines()) for path in MODULES)
    assert sizes[len(sizes) // 2] <= 150


def test_no_folder_holds_too_many_files() -> None:
    """House: a folder at most 15 files."""
    folders = {
        folder: len([p for p in folder.glob("*.py") if p.name != "__init__.py"])
        for folder in {p.parent for p in MODULES}
    }
    assert {named(folder) for folder, count in folders.items() if count > 15} == set()


def test_no_empty_names() -> None:
    """House: no Manager, Helper, Util, Data, Info."""
    empty = ("Manager", "Helper", "Util", "Utils", "Data", "Info")
    found = [
        f"{named(path)}: {node.name}"
        for path in MODULES
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ClassDef) and node.name.endswith(empty)
    ]
    assert found == []
    assert [named(path) for path in MODULES if path.stem in {"utils", "util", "helpers", "common", "misc"}] == []


# -- purity ----------------------------------------------------------------------------------------------

FORBIDDEN_IMPORTS = {
    "asyncio", "cattrs", "logging", "multiprocessing", "os", "pickle", "pluggy", "random", "secrets", "shutil", "socket",
    "sqlite3", "subprocess", "tempfile", "threading", "time", "urllib", "uuid", "yaml", "importlib", "http",
}  # fmt: skip
FORBIDDEN_CALLS = {"eval", "exec", "open", "input", "print", "__import__"}
FORBIDDEN_METHODS = {
    "now", "utcnow", "today", "fromtimestamp", "time", "time_ns", "monotonic", "perf_counter", "uuid1", "uuid4",
    "getrandbits", "urandom", "random",
}  # fmt: skip
COMPILERS = {
    ("expr", "compile.py"),
    ("expr", "function.py"),
    ("expr", "points", "code.py"),
    ("expr", "core.py"),
    ("model", "making.py"),
}
"""House: generated code only where a bench pays for it."""


def imported(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            yield (node.module or "").partition(".")[0]


def called(tree: ast.AST) -> Iterator[tuple[str, int]]:
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        if isinstance(node.func, ast.Name):
            yield node.func.id, node.lineno
        elif isinstance(node.func, ast.Attribute) and isinstance(node.func.value, ast.Name):
            owner = node.func.value.id
            if owner in ("datetime", "date", "time", "uuid", "random", "os") and node.func.attr in FORBIDDEN_METHODS:
                yield f"{owner}.{node.func.attr}", node.lineno


@pytest.mark.parametrize("path", PURE_MODULES, ids=named)
def test_the_core_is_pure(path: Path) -> None:
    """House: no clock, no I/O, no randomness, no codec below the engine."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    is_compiler = path.relative_to(SOURCE).parts in COMPILERS
    allowed = {"eval", "exec"} if is_compiler else set()
    assert sorted(FORBIDDEN_IMPORTS.intersection(imported(tree))) == []
    assert [(name, line) for name, line in called(tree) if "." in name or name in FORBIDDEN_CALLS - allowed] == []


@pytest.mark.parametrize("path", MODULES, ids=named)
def test_nothing_runs_what_data_says(path: Path) -> None:
    """Security: no pickle, no yaml, no eval of data anywhere; and no local time."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    assert {"pickle", "marshal", "shelve", "yaml"}.intersection(imported(tree)) == set()
    is_compiler = path.relative_to(SOURCE).parts in COMPILERS
    forbidden = {"datetime.utcnow", "datetime.fromtimestamp", "datetime.today", "date.today"}
    forbidden |= set() if is_compiler else {"eval", "exec"}
    assert [(name, line) for name, line in called(tree) if name in forbidden] == []


# -- values ----------------------------------------------------------------------------------------------


def test_nothing_sets_a_field_of_what_is_treated_as_a_value() -> None:
    """Also what is not frozen (steps, plans) is not changed: no assignment to a field of anything but self in the core."""
    found = [
        f"{named(path)}:{node.lineno}"
        for path in PURE_MODULES
        if named(path) != "model/making.py"
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, (ast.Assign, ast.AugAssign, ast.AnnAssign))
        for target in (node.targets if isinstance(node, ast.Assign) else [node.target])
        if isinstance(target, ast.Attribute) and not (isinstance(target.value, ast.Name) and target.value.id == "self")
    ]
    assert found == []


def values() -> Iterator[type[Any]]:
    for package in ("model", "ports", "playbook", "capture", "matching", "scoring", "process", "assignment", "crm"):
        root = importlib.import_module(f"leadflow.{package}")
        for found in pkgutil.walk_packages(root.__path__, f"leadflow.{package}."):
            module = importlib.import_module(found.name)
            for _, cls in inspect.getmembers(module, inspect.isclass):
                if cls.__module__ == module.__name__ and attrs.has(cls) and not cls.__name__.startswith("_"):
                    yield cls


def _is_frozen(cls: type[Any]) -> bool:
    return cls.__setattr__ is not object.__setattr__ and "frozen" in getattr(cls.__setattr__, "__name__", "")


@pytest.mark.parametrize(
    "cls",
    [cls for cls in values() if cls.__module__.startswith(("leadflow.model", "leadflow.ports"))],
    ids=lambda cls: cls.__name__,
)
def test_the_nouns_are_frozen_and_slotted(cls: type[Any]) -> None:
    """House: nouns are frozen values."""
    assert _is_frozen(cls)
    assert not hasattr(cls, "__dict__") or "__slots__" in vars(cls)


def test_rules_are_frozen_too() -> None:
    """House: rules are frozen data."""
    mutable = [cls.__qualname__ for cls in values() if cls.__module__.endswith(".rules") and not _is_frozen(cls)]
    assert mutable == []


# -- the public surface ----------------------------------------------------------------------------------


def test_the_public_surface_is_what_was_promised() -> None:
    """A name more is a promise more, a name less breaks somebody: change this list on purpose."""
    assert set(leadflow.__all__) == SURFACE
    assert all(getattr(leadflow, name) is not None for name in leadflow.__all__)


def test_the_verbs_of_a_flow_are_there() -> None:
    """House, "The public surface": fixed names."""
    verbs = {"do", "submit", "ingest", "tick", "deliver", "preview", "replay", "explain", "leads", "close"}
    assert [verb for verb in sorted(verbs) if not inspect.getdoc(getattr(leadflow.Flow, verb, None))] == []
