"""Sources: a plugin's reader turns a payload into records, from the library and from the command line."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.plugins.installed import install
from tests.plugins.test_loading import plugin

import leadflow
from leadflow.errors import InvalidInputError, PluginError, SignatureError
from leadflow.plugins import Plugins, load
from leadflow.ports.store import Scan


def webform(payload: Any, prefix: str = "w") -> Iterator[dict[str, Any]]:
    """Lines of "key;email"; a line of its own kind goes wrong in its own way."""
    for line in payload.splitlines():
        key, _, email = line.partition(";")
        if key == "boom":
            raise RuntimeError("boom")
        if key == "forged":
            raise SignatureError("wrong signature", adapter="acme")
        yield (
            5  # type: ignore[misc]
            if key == "odd"
            else {"type": "submission", "key": f"{prefix}-{key}", "form": "demo-request", "fields": {"email": email}}
        )


def acme(source: Any = webform) -> Plugins:
    return load(only=(), also={"acme": plugin("sources", ("acme.webform", source))}, strict=True)


def keys(flow: leadflow.Flow) -> list[str]:
    return sorted(each.id for each in flow.store.scan(Scan(table="input")))


def test_a_source_gives_records_and_a_repeat_is_harmless() -> None:
    with leadflow.open(plugins=acme()) as flow:
        payload = "1;ana@kos.example\n2;bo@kos.example\n3;no address\n"
        taken = flow.ingest(payload, source="acme.webform", options={"prefix": "x"})
        assert taken.counts == {"accepted": 2, "failed": 1}
        assert flow.ingest(payload, source="acme.webform", options={"prefix": "x"}).counts["repeated"] >= 2
        assert keys(flow)[:2] == ["x-1", "x-2"]


@given(before=st.integers(0, 5), size=st.integers(1, 4), wrong=st.sampled_from(["boom", "odd"]))
def test_what_came_before_a_failure_is_taken(before: int, size: int, wrong: str) -> None:
    """In whatever batches; the error names the plugin, and the payload can be handed over again."""
    lines = [f"{number};p{number}@kos.example" for number in range(before)]
    with leadflow.open(plugins=acme()) as flow:
        with pytest.raises(PluginError, match=r"plugin 'acme': acme\.webform"):
            flow.ingest("\n".join([*lines, wrong, "9;z@kos.example"]), source="acme.webform", batch_size=size)
        assert keys(flow) == [f"w-{number}" for number in range(before)]
        flow.ingest("\n".join(lines), source="acme.webform")
        assert len(keys(flow)) == before


@pytest.mark.parametrize("given_", [None, {"type": "user"}, "text", b"text", 7])
def test_what_is_no_stream_of_records_is_told(given_: Any) -> None:
    with (
        leadflow.open(plugins=acme(lambda payload: given_)) as flow,
        pytest.raises(PluginError, match=f"gave {type(given_).__name__}, not records"),
    ):
        flow.ingest("", source="acme.webform")


def test_its_own_errors_stay_as_they_are() -> None:
    """A wrong signature is no fault of the plugin."""
    with leadflow.open(plugins=acme()) as flow, pytest.raises(SignatureError):
        flow.ingest("forged", source="acme.webform")


def test_an_unknown_source_says_which_there_are() -> None:
    with leadflow.open(plugins=acme()) as flow, pytest.raises(InvalidInputError, match=r"there are: acme\.webform"):
        flow.ingest("", source="acme.other")


# -- the command line ----------------------------------------------------------------------------------------

PLUGIN = '''
import json
import typer
from leadflow.hookspecs import hookimpl
from leadflow.errors import NotFoundError
from leadflow.cli import command

app = typer.Typer(help="Commands of Zebra.")


@app.command()
def stripes(count: int = 3) -> None:
    """Show stripes."""
    if count < 0:
        raise NotFoundError("no such stripes", hint="count from 0")
    typer.echo("|" * (count if count < 99 else 1 // 0))


@command(app)
def leads(session) -> int:
    """Count the leads."""
    with session.open() as flow:
        session.output.say(f"{len(flow.leads())} leads")
    return 0


@hookimpl
def leadflow_register_commands(register):
    register("zebra", app)
    register("late", lambda: app)
    register("broken", lambda: 1 / 0)
    register("odd", lambda: "app")
    register("leads", app)


@hookimpl
def leadflow_register_sources(register):
    register("zebra", lambda payload: json.loads(payload)["rows"])
'''


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """The command line beside an installed plugin."""
    typer_testing = pytest.importorskip("typer.testing")
    from leadflow.cli.app import app

    install(tmp_path, "zebra", PLUGIN)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.chdir(tmp_path)
    for name in ("LEADFLOW_STORE", "LEADFLOW_PLAYBOOK", "LEADFLOW_NOW", "LEADFLOW_PLUGINS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("COLUMNS", "120")

    def run_(*words: object, code: int = 0) -> str:
        result = typer_testing.CliRunner().invoke(app, [str(word) for word in words])
        assert result.exit_code == code, (result.output, result.exception)
        assert "Traceback" not in result.output
        return str(result.output)

    yield run_
    sys.modules.pop("leadflow_zebra", None)


@pytest.mark.extra
def test_ingest_through_a_source_from_the_command_line(run: Any, tmp_path: Path) -> None:
    row = {"type": "submission", "key": "1", "form": "demo-request", "fields": {"email": "ana@kos.example"}}
    (tmp_path / "rows.json").write_text(json.dumps({"rows": [row, {"type": "nothing"}]}))
    assert "record 2: invalid" in run("ingest", "--source", "zebra", "rows.json", code=1)
    assert json.loads(run("--json", "ingest", "--source", "zebra", "rows.json", code=1))["counts"]["repeated"] == 1
    assert "(there are: zebra)" in run("ingest", "--source", "horse", "rows.json", code=2)
    (tmp_path / "bad.json").write_text("{}")
    assert "plugin 'zebra': zebra failed (KeyError)" in run("ingest", "--source", "zebra", "bad.json", code=2)
    assert "1 leads" in run("zebra", "leads")
    assert "1 leads" in run("--store", "sqlite:///leads.db", "zebra", "leads")


@pytest.mark.extra
def test_groups_of_plugins_work_and_faulty_ones_say_so(run: Any) -> None:
    """Their errors are messages; a faulty group changes nothing for the others."""
    assert run("zebra", "stripes", "--count", "5").strip() == "|||||"
    assert run("late", "stripes").strip() == "|||"
    assert "plugin 'zebra', zebra: no such stripes; count from 0" in run("zebra", "stripes", "--count", "-1", code=2)
    assert "plugin 'zebra', zebra: ZeroDivisionError" in run("zebra", "stripes", "--count", "99", code=2)
    run("zebra", "stripes", "--count", "five", code=2)
    assert "cannot be made (ZeroDivisionError" in run("broken", "anything", "--at", "all", code=2)
    assert "are a str, not a typer.Typer" in run("odd", code=2)
    said = run("--help")
    assert "Commands of Zebra." in said
    assert "put aside" in said
    assert "there is no store" in run("leads", code=2), "leadflow's own"
    run("nothing", code=2)


@pytest.mark.extra
def test_faulty_groups_are_listed(run: Any) -> None:
    said = run("plugins", "--strict", code=1)
    assert "commands: zebra" in said
    assert "have the name of one of leadflow's own" in said
    (zebra,) = [each for each in json.loads(run("plugins", "--json")) if each["name"] == "zebra"]
    faults = {each["name"]: each["fault"] for each in zebra["registers"] if each["kind"] == "commands"}
    assert {name for name, fault in faults.items() if fault} == {"broken", "odd", "leads"}
