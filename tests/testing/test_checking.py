"""`leadflow adapters check`: what is right passes, what is wrong is told with its capability, or why it cannot be run."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from tests.plugins.test_loading import plugin

from leadflow.errors import AdapterUnavailableError, InvalidInputError, PluginError
from leadflow.plugins import Plugins, load
from leadflow.testing.checking import Backend, Report, check, find_backend, matrix

KITS = """
import pytest
from leadflow.testing import PublisherConformance
from tests.testing.test_publisher_kit import EVERYTHING, Keeping, OnLog, PublishesTwice, TellsYesAlways


class Good(OnLog):
    publisher, claims = Keeping, EVERYTHING


class Broken(OnLog):
    publisher, claims = TellsYesAlways, EVERYTHING


class Guessing(OnLog):
    publisher = Keeping


class Known(OnLog):
    publisher = PublishesTwice

    @pytest.mark.xfail(strict=True, reason="the vendor is slow")
    def test_a_large_batch_arrives(self):
        super().test_a_large_batch_arrives()


class Url(OnLog):
    def test_the_url_is_known(self):
        assert self.backend == "acme://host"


class Nothing:
    pass


raise_ = 1
"""
QUICK = "told or tells or guess or large or url"


@pytest.fixture
def kits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "acme_kits.py").write_text(KITS)
    root = Path(__file__).parents[2]
    monkeypatch.setenv("PYTHONPATH", f"{root / 'src'}:{root}:{tmp_path}")


def run(name: str, only: str = QUICK, url: str | None = None) -> Report:
    return check(Backend("acme", f"acme_kits:{name}", url), only=only)


def test_what_is_right_passes(kits: None) -> None:
    report = run("Good")
    assert report.is_ok
    assert (report.port, report.contract) == ("publishers", 1)
    assert report.capabilities == {"keeps_keys": "works", "tells_published": "works"}
    assert report.left_out == ()
    assert "Claimed: tells_published." in [each.says for each in report.checks]
    assert Report.from_plain(json.loads(json.dumps(report.to_plain()))).to_plain() == report.to_plain()
    assert run("Url", url="acme://host").is_ok


def test_what_is_wrong_is_told_with_its_capability(kits: None) -> None:
    broken = run("Broken")
    assert not broken.is_ok
    assert broken.capabilities["tells_published"] == "claimed, and does not work"
    assert any(each.outcome == "failed" and "True, True, False" in each.why for each in broken.checks)
    guessing = run("Guessing")
    assert guessing.capabilities == {"keeps_keys": "not claimed", "tells_published": "not claimed, and not refused"}
    assert "**not refused**" in matrix([guessing])


def test_what_is_known_to_fail_says_its_reason(kits: None) -> None:
    report = run("Known", "large")
    assert [(each.outcome, each.why) for each in report.checks] == [("xfailed", "the vendor is slow")]
    assert report.is_ok
    assert "1 known to fail" in matrix([report])


def test_a_kit_that_tests_nothing_is_not_right(kits: None) -> None:
    assert not run("Good", "no_test_of_this_name").is_ok


def acme(**options: Any) -> Plugins:
    return load(only=(), also={"acme": plugin("publishers", ("acme", lambda url: None, options))}, strict=True)


def test_a_plugin_names_its_kit_and_what_it_registers_is_held_against_it(kits: None) -> None:
    """A capability that is registered and not tested is a promise that nobody has checked; and the other way round."""
    for capabilities, outcome in (({"keeps_keys", "tells_published"}, "passed"), ({"keeps_keys"}, "failed")):
        backend = find_backend(
            "acme://ana:secret@host/x?key=secret", plugins=acme(kit="acme_kits:Good", capabilities=capabilities)
        )
        assert (backend.name, backend.place) == ("acme", "acme://host/x")
        report = check(backend, only="large")
        agreement = next(each for each in report.checks if each.name.startswith("what_the_plugin"))
        assert agreement.outcome == outcome
    assert "claimed and not registered: tells_published" in agreement.why


def test_a_name_that_several_ports_know_asks_which() -> None:
    both = {
        kind: plugin(kind, ("acme", lambda *_: None, {"kit": f"acme:{kind}"})) for kind in ("mailers", "publishers")
    }
    plugins = load(only=(), also=both, strict=True)
    with pytest.raises(
        InvalidInputError, match=r"acme names several adapters .mailers, publishers.; say which: --port"
    ):
        find_backend("acme", plugins=plugins)
    assert find_backend("acme", port="mailers", plugins=plugins).kit == "acme:mailers"


@pytest.mark.parametrize(
    ("name", "kit", "error", "said"),
    [
        ("acme", "", InvalidInputError, "plugin 'acme' names no kit for acme"),
        ("pigeon://secret@loft", "", InvalidInputError, "no adapter is called 'pigeon' .there are: acme"),
        ("acme", "acme_kits:Nothing", InvalidInputError, "is no subclass of a kit"),
        ("acme", "acme_kits:Missing", InvalidInputError, "there is no kit"),
        ("acme", "no_such_module:Kit", InvalidInputError, "there is no kit"),
        ("acme", "acme_kits", InvalidInputError, "there is no kit"),
    ],
)
def test_what_cannot_be_run_says_why(kits: None, name: str, kit: str, error: type[Exception], said: str) -> None:
    with pytest.raises(error, match=said) as caught:
        check(find_backend(name, kit=kit, plugins=acme()))
    assert "secret" not in str(caught.value)


def test_a_kit_whose_module_ends_the_process_is_told(kits: None, tmp_path: Path) -> None:
    (tmp_path / "acme_ends.py").write_text("import os; os._exit(3)")
    with pytest.raises(PluginError, match="could not be run"):
        check(Backend("acme", "acme_ends:Kit"))


def test_without_pytest_it_says_what_to_install() -> None:
    script = (
        "import sys\n"
        "class Hiding:\n"
        "    def __init__(self, inner): self.inner = inner\n"
        "    def find_spec(self, name, *more):\n"
        "        return None if name.partition('.')[0] == 'pytest' else self.inner.find_spec(name, *more)\n"
        "sys.meta_path[:] = [Hiding(each) for each in sys.meta_path]\n"
        "from leadflow.testing.checking import check, find_backend\n"
        "try:\n    check(find_backend('jsonl'))\n"
        "except Exception as error:\n    print(type(error).__name__, error)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.startswith(f"{AdapterUnavailableError.__name__} kits need pytest, which is not installed")
    assert 'pip install "leadflow[testing]"' in done.stdout


@pytest.mark.extra
def test_from_the_command_line(kits: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """On the disk that the URL names, whose scratch is gone afterwards."""
    from typer.testing import CliRunner

    from leadflow.cli.app import app

    monkeypatch.chdir(tmp_path)
    (tmp_path / "disk").mkdir()
    done = CliRunner().invoke(app, ["--json", "adapters", "check", f"jsonl:///{tmp_path}/disk/d.jsonl"])
    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout)
    assert (told["name"], told["is_ok"], told["left_out"]) == ("jsonl", True, ["cut", "partial", "refused"])
    assert list((tmp_path / "disk").iterdir()) == []
    done = CliRunner().invoke(app, ["adapters", "check", "acme", "--kit", "acme_kits:Broken"])
    assert done.exit_code == 1
    assert "claimed, and does not work" in done.output
    assert "this writes to a temporary folder" in done.output
    assert CliRunner().invoke(app, ["adapters", "check", "pigeon"]).exit_code == 2
