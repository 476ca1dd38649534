"""The plugin as pytest finds it: by its entry point, in a project of somebody else's."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

THEIRS = """
import pytest
from leadflow.testing import InjectedError, submits

ANA = {"email": "ana@kos.example", "job_level": "manager", "employees": "120"}

def test_flow_and_clock(leadflow_flow, leadflow_clock):
    before = leadflow_flow.now()
    leadflow_clock.advance("2d")
    assert leadflow_flow.now() - before == 2 * 86_400_000_000
    assert leadflow_flow.submit("demo-request", ANA, key="k").status == "accepted"

def test_each_test_has_a_flow_of_its_own(leadflow_flow, tmp_path, pytestconfig):
    assert leadflow_flow.leads() == []
    on_file = pytestconfig.getoption("--leadflow-store") == "sqlite"
    assert (tmp_path / "leadflow.db").exists() is on_file

def test_faults(leadflow_flow, leadflow_faults):
    leadflow_faults.arm(1)
    with pytest.raises(InjectedError):
        leadflow_flow.submit("demo-request", ANA, key="k")
    assert leadflow_flow.submit("demo-request", ANA, key="k").status == "accepted"

def test_mail(leadflow_flow, leadflow_mail):
    leadflow_flow.do({"type": "user", "key": "u", "id": "ana", "email": "ana@sales.example"})
    leadflow_flow.submit("demo-request", ANA, key="k")
    assert [mail.to for mail in leadflow_mail.deliver(leadflow_flow)] == ["ana@sales.example"]
    assert leadflow_mail.recipients == ["ana@sales.example"]
    assert leadflow_mail.deliver(leadflow_flow) == []
    assert leadflow_mail.was_sent(leadflow_mail.mails[0].key)

def test_story(leadflow_story):
    leadflow_story.given(submits("demo-request", **ANA)).then(owner="ana")

class TestTheirRules:
    @pytest.fixture
    def leadflow_playbook(self, tmp_path):
        (tmp_path / "playbook.toml").write_text('format = 1\\n[capture.forms.only]\\nfields = { email = "contact.email" }')
        return tmp_path / "playbook.toml"

    def test_playbook(self, leadflow_flow):
        assert [*leadflow_flow.playbook.capture.forms] == ["only"]
"""


@pytest.fixture(scope="module")
def entry_points(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What an installed leadflow would tell of itself, from pyproject.toml."""
    folder = tmp_path_factory.mktemp("installed")
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["entry-points"]
    told = folder / "leadflow_as_declared-0.dist-info"
    told.mkdir()
    (told / "METADATA").write_text("Metadata-Version: 2.1\nName: leadflow-as-declared\nVersion: 0\n")
    lines = [f"[{group}]\n" + "".join(f"{k} = {v}\n" for k, v in each.items()) for group, each in declared.items()]
    (told / "entry_points.txt").write_text("\n".join(lines))
    return folder


def run(script: list[str], folder: Path, entry_points: Path) -> subprocess.CompletedProcess[str]:
    """A child process that sees our sources and what they declare, and nothing of this project's settings."""
    path = f"{ROOT / 'src'}:{entry_points}"
    environment = {"PYTHONPATH": path, "PATH": "/usr/bin:/bin", "HOME": str(folder)}
    return subprocess.run(
        [sys.executable, *script], cwd=folder, env=environment, capture_output=True, text=True, timeout=120, check=False
    )


@pytest.mark.parametrize("store", ["memory", "sqlite"])
def test_fixtures_work_in_a_project_of_somebody_else(tmp_path: Path, entry_points: Path, store: str) -> None:
    (tmp_path / "test_theirs.py").write_text(THEIRS)
    (tmp_path / "pytest.ini").write_text(
        "[pytest]\nfilterwarnings = error\naddopts = --strict-markers --strict-config\n"
    )
    done = run(["-m", "pytest", "-q", f"--leadflow-store={store}"], tmp_path, entry_points)
    assert (done.returncode, "6 passed" in done.stdout) == (0, True), done.stdout + done.stderr


def test_a_start_of_pytest_loads_nothing_of_leadflow_but_the_plugin(tmp_path: Path, entry_points: Path) -> None:
    """Other people's pytest stays as quick as it was."""
    (tmp_path / "test_nothing.py").write_text(
        "import sys\n"
        "def test_nothing(pytestconfig):\n"
        "    assert pytestconfig.pluginmanager.hasplugin('leadflow')\n"
        "    loaded = sorted(name for name in sys.modules if name.partition('.')[0] == 'leadflow')\n"
        "    assert loaded == ['leadflow', 'leadflow.testing', 'leadflow.testing.pytest_plugin']\n"
    )
    done = run(["-m", "pytest", "-q", "-p", "no:hypothesispytest"], tmp_path, entry_points)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_option_is_explained(tmp_path: Path, entry_points: Path) -> None:
    done = run(["-m", "pytest", "--help"], tmp_path, entry_points)
    assert "--leadflow-store" in done.stdout
    refused = run(["-m", "pytest", "--leadflow-store=paper"], tmp_path, entry_points)
    assert refused.returncode == 4
