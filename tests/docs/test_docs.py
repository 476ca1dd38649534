"""The documentation is true: its code runs, its links lead somewhere, and its reference pages leave nothing out."""

from __future__ import annotations

import inspect
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import attrs
import pytest

import leadflow
from leadflow import errors, hookspecs
from leadflow.assignment import rules as assignment
from leadflow.capture import rules as capture
from leadflow.crm import rules as crm
from leadflow.engine.intake.records import COMMANDS
from leadflow.engine.preparing import schema_for
from leadflow.engine.rooms import ROOMS
from leadflow.expr.types import FUNCTIONS
from leadflow.matching import rules as matching
from leadflow.model.decisions import Decision
from leadflow.model.making import kinds_of
from leadflow.playbook import playbook as top
from leadflow.playbook.default import default_playbook
from leadflow.plugins import HOOKS
from leadflow.process import rules as process
from leadflow.scoring import rules as scoring
from leadflow.testing.checking.finding import PORTS

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
REFERENCE = DOCS / "reference"
PAGES = sorted(
    [
        *(ROOT / name for name in ("README.md", "CHANGELOG.md", "CONTRIBUTING.md", "examples/olist/README.md")),
        *DOCS.rglob("*.md"),
    ]
)
_FENCE = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")


def blocks(page: Path, language: str) -> list[str]:
    """The fenced blocks of one language."""
    return [text for found, text in _FENCE.findall(page.read_text(encoding="utf-8")) if found == language]


def reference(name: str) -> str:
    return (REFERENCE / name).read_text(encoding="utf-8")


def missing(page: str, names: list[str]) -> list[str]:
    """Names that a reference page does not mention as code."""
    text = reference(page)
    return [name for name in names if not re.search(rf"`[^`\n]*(?<![\w-]){re.escape(name)}(?![\w-])[^`\n]*`", text)]


RUNNING = [
    # What a plugin adds to the command line needs typer.
    pytest.param(page, id=page.stem, marks=[pytest.mark.extra] * ("import typer" in page.read_text(encoding="utf-8")))
    for page in PAGES
    if blocks(page, "python")
]


@pytest.mark.parametrize("page", RUNNING)
def test_code_runs(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The Python blocks of a page run from top to bottom, as a reader would type them."""
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {"__name__": "__main__"}
    for number, text in enumerate(blocks(page, "python"), 1):
        if not text.startswith("# not run"):
            exec(compile(text, f"{page.name}, block {number}", "exec"), names)  # noqa: S102 - our own pages


@pytest.mark.parametrize("page", [page for page in PAGES if blocks(page, "toml")], ids=lambda page: page.stem)
def test_playbook_pieces_load(page: Path, tmp_path: Path) -> None:
    """A piece of a playbook is free of faults of structure, with the format in front of it."""
    for text in blocks(page, "toml"):
        path = tmp_path / "playbook.toml"
        path.write_text("format = 1\n" + text, encoding="utf-8")
        assert leadflow.load_playbook(path).digest


def test_records_are_taken() -> None:
    """Every JSON example of the page of records is accepted, in the order of the page."""
    records = [json.loads(text) for text in blocks(REFERENCE / "records.md", "json")]
    with leadflow.open() as flow:
        taken = flow.ingest(records)
    assert taken.counts == {"accepted": len(records)}, taken.problems
    shown = {record["type"] for record in records}
    entries = {"contact", "account", "lead", "user", "product"}
    assert shown == {"submission", "interaction", "order", "opportunity", "deal"} | entries


def test_commands_are_listed() -> None:
    kinds = [kind for kind in COMMANDS if kind != "command"]
    fields = [
        each.name
        for kind in kinds
        for each in attrs.fields(COMMANDS[kind])
        if each.name not in ("key", "at_us", "actor")
    ]
    assert not missing("commands.md", [*kinds, *(COMMANDS[kind].__name__ for kind in kinds), *fields])


def test_decisions_are_listed() -> None:
    found = kinds_of(Decision)
    fields = [each.name for cls in found for each in attrs.fields(cls)]
    assert len(found) > 20
    assert not missing("decisions.md", [*(cls.type for cls in found), *(cls.__name__ for cls in found), *fields])


def test_errors_are_listed() -> None:
    found = [name for name, value in vars(errors).items() if inspect.isclass(value) and issubclass(value, Exception)]
    assert "ConflictError" in found
    assert not missing("errors.md", found)


@pytest.mark.extra
def test_cli_commands_and_options_are_listed() -> None:
    import typer

    from leadflow.cli.app import app

    group: Any = typer.main.get_command(app)
    assert len(group.commands) > 15
    common = {"--help", "-h"}
    assert not missing("cli.md", list(group.commands))
    text = reference("cli.md")
    options = {
        option
        for command in group.commands.values()
        for parameter in command.params
        for option in parameter.opts
        if option.startswith("--") and option not in common
    }
    assert not [option for option in sorted(options) if option not in text]


def test_condition_language_is_listed() -> None:
    terms = [name for room in ROOMS for name in room.terms]
    assert not missing("conditions.md", [*FUNCTIONS, *terms])
    assert set(terms) <= set(schema_for(default_playbook()).terms)


def test_playbook_keys_are_listed() -> None:
    classes = [
        cls
        for module in (top, capture, matching, scoring, process, assignment, crm)
        for cls in vars(module).values()
        if inspect.isclass(cls) and attrs.has(cls)
    ]
    keys = sorted({each.name for cls in classes for each in attrs.fields(cls) if each.init})
    assert "none_eligible" in keys
    assert not missing("playbook.md", keys)


def test_hooks_policies_and_kits_are_documented() -> None:
    """Every hook on the page of plugins, every kind of policy and every kit of a port on theirs."""
    text = {
        name: (DOCS / "how-to" / f"{name}.md").read_text("utf-8")
        for name in ("plugins", "policies", "write-an-adapter")
    }
    hooks = [f"`leadflow_register_{name}`" for name in HOOKS]
    policies = [f"register.{name}(" for name in vars(hookspecs.RegisterPolicy) if not name.startswith("_")]
    kits = [f"`{kit}`" for kit, _, _ in PORTS.values()]
    assert (len(hooks) <= 10, len(policies), len(kits)) == (True, 5, 4)
    assert [each for each in hooks if each not in text["plugins"]] == []
    assert [each for each in policies if each not in text["policies"]] == []
    assert [each for each in kits if each not in text["write-an-adapter"]] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_resolve(page: Path) -> None:
    text = _FENCE.sub("", page.read_text(encoding="utf-8"))
    targets = [link.partition("#")[0] for link in _LINK.findall(text) if not link.startswith(("http", "mailto:", "#"))]
    assert not [target for target in targets if target and not (page.parent / target).exists()]


def test_pages_are_in_the_navigation() -> None:
    """Every page that is no decision is reached from mkdocs.yml."""
    navigation = (ROOT / "mkdocs.yml").read_text(encoding="utf-8")
    pages = [page.relative_to(DOCS).as_posix() for page in DOCS.rglob("*.md")]
    assert not [page for page in pages if not page.startswith("decisions/0") and page not in navigation]


def test_decisions_taken_are_in_their_index() -> None:
    index = (DOCS / "decisions" / "index.md").read_text(encoding="utf-8")
    assert not [page.name for page in (DOCS / "decisions").glob("0*.md") if page.name not in index]


@pytest.mark.parametrize(
    ("page", "name"),
    [("write-a-mailer.md", "TestProviderMailer"), ("write-a-crm-adapter.md", "TestProviderCrm")],
)
def test_the_adapter_of_a_guide_passes_the_kit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, page: str, name: str
) -> None:
    """What "Write a mailer" and "Write a CRM adapter" show is right by its own measure."""
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {"__name__": "guide"}
    for text in blocks(DOCS / "how-to" / page, "python"):
        exec(compile(text, page, "exec"), names)  # noqa: S102 - our own page
    kit = names[name]
    tests = [name for name in dir(kit) if name.startswith("test_") and callable(getattr(kit, name))]
    assert len(tests) > 15
    for name in tests:
        test = kit()
        test.setup_method()
        getattr(test, name)()


def test_the_store_of_the_guide_passes_the_kit(tmp_path: Path) -> None:
    """What "Write a store" shows is right by its own measure, tried on few examples."""
    page = DOCS / "how-to" / "write-a-store.md"
    path = tmp_path / "test_guide.py"
    path.write_text("\n".join([*blocks(page, "python"), "TestFileStore.examples = 2\n"]), encoding="utf-8")
    run = [sys.executable, "-m", "pytest", "-q", "-n0", "-p", "no:cacheprovider", f"--rootdir={tmp_path}", path.name]
    done = subprocess.run(run, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stdout[-3000:]
    assert int(re.search(r"(\d+) passed", done.stdout)[1]) > 80  # type: ignore[index]
