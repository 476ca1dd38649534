"""Running a kit: pytest in a process of its own, over a file that holds nothing but the kit's class."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

import leadflow.testing
from leadflow.errors import AdapterUnavailableError, InvalidInputError, PluginError
from leadflow.testing.checking.finding import PORTS, Backend
from leadflow.testing.checking.report import Check, Report, observed

_FILE: Final = "test_backend.py"
_TEXT: Final = """from leadflow.testing.checking.running import kit_class

TestBackend = kit_class({kit!r}, {url!r})
"""
_REWRITTEN: Final = tuple(f"leadflow.testing.{name}" for name in ("mailing", "publishing", "selling", "storing"))
_AGREE: Final = "what_the_plugin_registers_is_what_the_kit_claims"


def check(backend: Backend, *, only: str = "") -> Report:
    """Run a backend's kit. It writes to a scratch place of its own, and removes that. `only` is pytest's `-k`.

    Errors: AdapterUnavailableError without pytest or Hypothesis; InvalidInputError for a kit that is none; PluginError
    when pytest cannot run it.
    """
    lacking = [name for name in ("pytest", "hypothesis") if find_spec(name) is None]
    if lacking:
        raise AdapterUnavailableError(
            f"kits need {' and '.join(lacking)}, which {'is' if len(lacking) == 1 else 'are'} not installed",
            adapter=backend.name,
            operation="check",
            hint='pip install "leadflow[testing]"',
        )
    with tempfile.TemporaryDirectory(prefix="leadflow-check-") as folder:
        told = _run(backend, Path(folder), only)
    checks = [Check(**{**each, "needs": tuple(each["needs"])}) for each in told["checks"]]
    claims = set(told["claims"])
    known = told["known"]
    if backend.registration is not None:
        checks.append(_agreement(backend, told["port"], claims, set(known)))
    return Report(
        name=backend.name,
        port=told["port"],
        contract=told["contract"],
        capabilities=observed(claims, known, checks),
        checks=tuple(checks),
        left_out=tuple(told["left_out"]),
    )


def _run(backend: Backend, folder: Path, only: str) -> dict[str, Any]:
    (folder / _FILE).write_text(_TEXT.format(kit=backend.kit, url=backend.url), encoding="utf-8")
    (folder / "pytest.ini").write_text("[pytest]\nxfail_strict = true\n", encoding="utf-8")
    path = os.pathsep.join([os.getcwd(), *filter(None, [os.environ.get("PYTHONPATH")])])
    words = [sys.executable, "-m", __name__, backend.kit, str(folder), only]
    environment = {**os.environ, "PYTHONPATH": path}
    environment.pop("PYTEST_ADDOPTS", None)
    done = subprocess.run(words, env=environment, capture_output=True, text=True, check=False)  # noqa: S603 - our own
    try:
        told: dict[str, Any] = json.loads((folder / "told.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        raise PluginError(
            f"the kit {backend.kit} could not be run: {(done.stderr or done.stdout).strip()[-300:]}",
            hint="run its tests with pytest",
        ) from None
    if "error" in told:
        raise InvalidInputError(told["error"], code="no_kit", hint='name a class: --kit "package.module:Class"')
    return told


def _agreement(backend: Backend, port: str, claims: set[str], known: set[str]) -> Check:
    """A capability that is registered and not tested is a promise that nobody has checked, and the other way round."""
    assert backend.registration is not None  # noqa: S101 - asked only then
    registered = set(backend.registration.capabilities) & known
    untested = sorted(registered - claims)
    # A store's kit also claims by what means it can be tested.
    untold = sorted(claims - registered) if port != "stores" else []
    why = [f"registered and not claimed: {', '.join(untested)}"] if untested else []
    why += [f"claimed and not registered: {', '.join(untold)}"] if untold else []
    return Check(name=_AGREE, outcome="failed" if why else "passed", why="; ".join(why))


# -- in the process of its own ------------------------------------------------------------------------------


def kit_class(kit: str, url: str | None) -> type[Any]:
    """A subclass of the kit that a spec names, for the backend at a URL. Errors: InvalidInputError."""
    module, _, name = kit.partition(":")
    try:
        found = getattr(import_module(module), name)
    except (ImportError, AttributeError, ValueError) as error:
        raise InvalidInputError(f"there is no kit {kit!r} ({type(error).__name__}: {error})") from error
    port_of(found)
    return type(found.__name__, (found,), {"backend": url, "__module__": found.__module__})


def port_of(kit: Any) -> str:
    """The port that a class tests. Errors: InvalidInputError when it is no subclass of a port's kit."""
    for port, (name, _, _) in PORTS.items():
        base = getattr(leadflow.testing, name, None)
        if base is not None and isinstance(kit, type) and issubclass(kit, base):
            return port
    raise InvalidInputError(f"{kit!r} is no subclass of a kit ({', '.join(each[0] for each in PORTS.values())})")


class _Listener:
    """What pytest tells of each test."""

    def __init__(self) -> None:
        self.found: dict[str, dict[str, Any]] = {}

    def pytest_collection_finish(self, session: Any) -> None:
        for item in session.items:
            self.found[item.name] = {
                "name": item.name,
                "outcome": "skipped",
                "says": (item.obj.__doc__ or "").strip().partition("\n")[0],
                "why": "",
                "needs": sorted(_needs(item.obj)),
            }

    def pytest_runtest_logreport(self, report: Any) -> None:
        told = self.found[report.nodeid.rpartition("::")[2]]
        if report.failed:
            crash = getattr(report.longrepr, "reprcrash", None)
            told["outcome"], told["why"] = "failed", str(crash.message if crash else report.longrepr)[:400]
        elif report.skipped and told["outcome"] != "failed":
            known = getattr(report, "wasxfail", None)
            told["outcome"] = "skipped" if known is None else "xfailed"
            told["why"] = str(known if known is not None else report.longrepr[-1])
        elif report.when == "call" and told["outcome"] == "skipped":
            told["outcome"] = "passed"


def _main(kit: str, folder: Path, only: str) -> None:
    import pytest

    listener = _Listener()
    # Failures say what was compared; that has to be settled before the kit is imported.
    pytest.register_assert_rewrite(*_REWRITTEN)
    words = [str(folder / _FILE), "-p", "no:terminal", "-p", "no:cacheprovider", "-c", str(folder / "pytest.ini")]
    pytest.main([*words, *(["-k", only] if only else [])], plugins=[listener])
    try:
        cls = kit_class(kit, None)
    except InvalidInputError as error:
        (folder / "told.json").write_text(json.dumps({"error": str(error)}), encoding="utf-8")
        return
    port = port_of(cls)
    _, module, name = PORTS[port]
    known = list(getattr(import_module(module), name))
    offered = set(cls._offered())
    apart = {each for test in cls._apart for each in _needs(cls._standard()[test]) if each not in offered}
    told = {
        "port": port,
        "contract": getattr(import_module(f"leadflow.ports.{_PORT[port]}"), "CONTRACT", 1),
        "claims": sorted(cls.claims & set(known)),
        "known": known,
        "left_out": sorted(each for each in apart if each not in known and not each.startswith("no ")),
        "checks": list(listener.found.values()),
    }
    (folder / "told.json").write_text(json.dumps(told), encoding="utf-8")


_PORT: Final = {"stores": "store", "mailers": "mail", "crms": "crm", "publishers": "publisher"}


def _needs(test: Any) -> tuple[str, ...]:
    return tuple(getattr(test, "needs", ()))


if __name__ == "__main__":
    _main(sys.argv[1], Path(sys.argv[2]), sys.argv[3] if len(sys.argv) > 3 else "")
