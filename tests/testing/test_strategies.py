"""What the strategies make is valid, small, and as the options say; histories fit their playbook, and playbooks run."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import attrs
import pytest
from hypothesis import HealthCheck, Phase, find, given, settings
from hypothesis import strategies as st

from leadflow.engine.intake.records import read_record
from leadflow.engine.opening import open_flow
from leadflow.errors import InvalidInputError
from leadflow.model.coding import from_plain, to_plain
from leadflow.model.time import parse_duration, parse_instant
from leadflow.playbook.check import check_playbook
from leadflow.playbook.codec import playbook_from
from leadflow.playbook.default import default_playbook
from leadflow.playbook.playbook import Playbook
from leadflow.playbook.writing import to_toml
from leadflow.testing import VirtualClock, invariants, strategies
from leadflow.testing.registering import STRATEGIES

LAW = settings(
    max_examples=12,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    phases=set(Phase) - {Phase.explain},  # it keeps every run in memory, and flows are large
)
SHRUNK = settings(database=None, deadline=None, max_examples=20, phases=[Phase.generate, Phase.shrink])
NOUNS = [strategies.accounts, strategies.contacts, strategies.leads, strategies.opportunities, strategies.products]
NOUNS += [strategies.users]
RECORDS: list[Callable[..., Any]] = [
    strategies.submissions,
    strategies.interactions,
    strategies.orders,
    strategies.deals,
    strategies.entries,
]
RULES: dict[str, Callable[..., Any]] = {
    name: getattr(strategies, name)
    for name in strategies.__all__
    if not name.isupper()
    and getattr(strategies, name).__module__.rpartition(".")[2] in ("rules", "ways", "handing")
    and name not in ("leaves", "conditions")
}
DEFAULT = default_playbook()


def name_of(strategy: Any) -> str:
    return str(strategy.__name__)


def one(strategy: Any) -> Any:
    """Any value of a strategy."""
    quick = settings(database=None, max_examples=1, phases=[Phase.generate], deadline=None)
    return find(strategy, lambda value: True, settings=quick)


# -- valid ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("strategy", NOUNS, ids=name_of)
def test_nouns_survive_their_plain_form(strategy: Callable[..., Any]) -> None:
    @LAW
    @given(strategy())
    def survives(value: Any) -> None:
        assert from_plain(type(value), to_plain(value)) == value

    survives()


@pytest.mark.parametrize("strategy", [*RECORDS, strategies.commands], ids=name_of)
def test_what_comes_in_can_be_read(strategy: Callable[..., Any]) -> None:
    @LAW
    @given(strategy())
    def is_read(record: Any) -> None:
        assert read_record(record, 0).key

    is_read()


@LAW
@given(strategies.playbooks())
def test_playbooks_pass_check_and_survive_their_file(playbook: Playbook) -> None:
    assert [str(fault) for fault in check_playbook(playbook) if not fault.is_warning] == []
    assert playbook_from(tomllib.loads(to_toml(playbook))) == playbook


@LAW
@given(st.data())
def test_playbooks_run(data: st.DataObject) -> None:
    """Any generated playbook takes any history that fits it, at its own pace, and what it keeps is sound."""
    playbook = data.draw(strategies.playbooks())
    history = data.draw(strategies.histories(playbook, max_size=8))
    clock = VirtualClock(strategies.AROUND)
    with open_flow(playbook=playbook, now=clock) as flow:
        for record in history:
            clock.set(record["at"])
            flow.tick()
            assert flow.do(record).one().status in ("accepted", "refused", "failed")
        clock.advance("400d")
        flow.tick()
        assert invariants(flow) == []


# -- small ----------------------------------------------------------------------------------------------------


def test_the_smallest_examples_are_small() -> None:
    def smallest(strategy: Any) -> Any:
        return find(strategy, lambda value: True, settings=SHRUNK)

    assert smallest(strategies.submissions()) == {
        "type": "submission",
        "key": "s-1",
        "form": "demo-request",
        "fields": {"email": "ana@kos.example", "company": "Kos d.o.o."},
    }
    assert len(smallest(strategies.histories(DEFAULT, with_commands=False))) == 1
    assert to_plain(smallest(strategies.contacts())).keys() <= {"id", "email", "created_us", "custom", "version"}
    playbook = smallest(strategies.playbooks())
    assert (dict(playbook.process.processes), dict(playbook.scoring.models)) == ({}, {})
    assert list(playbook.capture.forms) == ["demo-request"]
    assert smallest(strategies.scoring_models()).rules[0].name == "clicks"
    assert [stage.name for stage in smallest(strategies.processes()).stages] == ["inquiry"]


# -- as the options say -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("strategy", NOUNS, ids=name_of)
def test_every_field_of_a_noun_can_be_fixed(strategy: Callable[..., Any]) -> None:
    wanted, *others = [one(strategy()) for _ in range(3)]
    options = {each.name: st.just(getattr(wanted, each.name)) for each in attrs.fields(type(wanted))}
    assert one(strategy(**options)) == wanted
    for name in options:
        for other in others:
            assert getattr(one(strategy(**{name: st.just(getattr(other, name))})), name) == getattr(other, name)


FIXED: list[tuple[Callable[..., Any], dict[str, Any], Callable[[Any], Any]]] = [
    (strategies.submissions, {"forms": ["newsletter"]}, lambda made: made["form"] == "newsletter"),
    (strategies.submissions, {"emails": ["x@y.example"]}, lambda made: made["fields"]["email"] == "x@y.example"),
    (strategies.submissions, {"keys": 1}, lambda made: made["key"] == "s-1"),
    (strategies.submissions, {"actor": st.just("bo")}, lambda made: made["actor"] == "bo"),
    (strategies.interactions, {"kinds": ["a.b"]}, lambda made: made["kind"] == "a.b"),
    (strategies.orders, {"currency": st.just("CHF")}, lambda made: made["currency"] == "CHF"),
    (strategies.deals, {"status": st.just("won")}, lambda made: made["status"] == "won"),
    (strategies.entries, {"policy": st.just("fill")}, lambda made: made["policy"] == "fill"),
    (strategies.commands, {"users": ["zoe"]}, lambda made: made.get("user", "zoe") == "zoe"),
    (strategies.teams, {"least": 2, "team": st.just("dach")}, lambda made: len(made) >= 2 and made[0].team == "dach"),
    (strategies.teams, {"most": 1}, lambda made: len(made) <= 1),
    (strategies.conditions, {"about": ["account"]}, lambda made: "account." in made and "contact." not in made),
    (strategies.matching_strategies, {"target": "lead"}, lambda made: made.target == "lead"),
    (strategies.scoring_models, {"threshold": st.just(77)}, lambda made: made.threshold == 77),
    (strategies.scoring_models, {"target": st.just("account")}, lambda made: made.target == "account"),
    (strategies.scoring_models, {"ceiling": st.just(9)}, lambda made: (made.floor, made.ceiling) == (None, 9)),
    (strategies.scoring_rules, {"groups": ["g"]}, lambda made: made.group in (None, "g")),
    (strategies.processes, {"names": ["a", "b"]}, lambda made: {each.name for each in made.stages} <= {"a", "b"}),
    (strategies.pools, {"strategy": st.just("weighted")}, lambda made: made.strategy == "weighted"),
    (strategies.pools, {"queues": ["q"]}, lambda made: made.queue in (None, "q")),
    (strategies.slas, {"within": st.just("3h")}, lambda made: made.within == "3h"),
    (strategies.attributes, {"choices": st.just(("p",))}, lambda made: made.choices in ((), ("p",))),
    (strategies.playbooks, {"currency": st.just("CHF")}, lambda made: made.currency == "CHF"),
    (strategies.playbooks, {"scoring": st.just(DEFAULT.scoring)}, lambda made: made.scoring == DEFAULT.scoring),
    (strategies.durations, {"least": "2h", "most": "2d"}, lambda made: 2 <= parse_duration(made) / 3.6e9 <= 48),
    (strategies.histories, {"max_size": 2}, lambda made: len(made) <= 2),
    (strategies.histories, {"min_size": 3}, lambda made: len(made) >= 3),
]


@pytest.mark.parametrize(("strategy", "options", "holds"), FIXED, ids=lambda each: getattr(each, "__name__", None))
def test_an_option_is_obeyed(strategy: Callable[..., Any], options: Any, holds: Callable[[Any], Any]) -> None:
    @LAW
    @given(strategy(**options))
    def is_obeyed(made: Any) -> None:
        assert holds(made)

    is_obeyed()


@pytest.mark.parametrize("strategy", [*NOUNS, *RECORDS, *RULES.values(), strategies.playbooks], ids=name_of)
def test_an_option_that_is_no_field_or_no_strategy_is_told(strategy: Callable[..., Any]) -> None:
    with pytest.raises(InvalidInputError, match="no field colour"):
        one(strategy(colour=st.just("red")))
    field = "actor" if strategy in RECORDS else next(iter(_fields(strategy)))
    with pytest.raises(InvalidInputError, match=rf"{field}: an option is a strategy.*|an option is a strategy"):
        one(strategy(**{field: 7}))


def _fields(strategy: Callable[..., Any]) -> list[str]:
    made = one(strategy())
    own = {"strategy", "target", "choices"}  # these decide what the rest may be
    return [each.name for each in attrs.fields(type(made)) if each.name not in own]


# -- histories that fit -------------------------------------------------------------------------------------------


@LAW
@given(strategies.histories(DEFAULT))
def test_a_history_fits_its_playbook(history: list[dict[str, Any]]) -> None:
    """Its forms, fields, choices, steps and flags; keys are new and time goes on."""
    forms, steps = DEFAULT.capture.forms, {"contact", "account", "sales_ready", "purchase_need"}
    steps |= {step.name for stage in DEFAULT.process.processes["marketing"].stages for step in stage.steps}
    for record in history:
        if record["type"] == "submission":
            assert set(record["fields"]) <= set(forms[record["form"]].fields)
            assert record["fields"].get("job_level") in (None, "c-level", "manager", "specialist", "student")
            assert record["fields"].get("employees") in (None, "50", "49")
        elif record["type"] == "set_step":
            assert record["step"] in steps
    keys = [record.get("key", record.get("id")) for record in history]
    assert len(set(keys)) == len(keys)
    moments = [parse_instant(record["at"]) for record in history]
    assert moments == sorted(moments)


@pytest.mark.parametrize("lasts", ["30d", "180d", "2d"])
def test_a_history_waits_as_long_as_the_rules_do(lasts: str) -> None:
    def waits(history: list[dict[str, Any]]) -> bool:
        moments = [parse_instant(record["at"]) for record in history]
        return any(later - earlier == parse_duration(lasts) for earlier, later in pairwise(moments))

    find(
        strategies.histories(DEFAULT),
        waits,
        settings=settings(database=None, max_examples=2000, phases=[Phase.generate]),
    )


def test_commands_are_about_leads_that_are_there() -> None:
    def is_taken(history: list[dict[str, Any]]) -> bool:
        with open_flow(playbook=DEFAULT, now=VirtualClock(strategies.AROUND)) as flow:
            results = [flow.do(record).one() for record in history]
        said = zip(history, results, strict=True)
        return any(record["type"] == "set_step" and result.status == "accepted" for record, result in said)

    quick = settings(database=None, deadline=None, max_examples=300, phases=[Phase.generate])
    assert find(strategies.histories(DEFAULT), is_taken, settings=quick)


# -- by type ------------------------------------------------------------------------------------------------------


def test_every_class_is_known_by_its_type_whatever_is_imported_first(tmp_path: Path) -> None:
    """Through Hypothesis's entry point, which loads nothing of leadflow by itself."""
    project = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text())
    (entry,) = project["project"]["entry-points"]["hypothesis"].values()
    dist = tmp_path / "theirs-1.dist-info"
    dist.mkdir()
    (dist / "METADATA").write_text("Metadata-Version: 2.1\nName: theirs\nVersion: 1\n")
    (dist / "entry_points.txt").write_text(f"[hypothesis]\nleadflow = {entry}\n")
    classes = {(module, name) for module, found in STRATEGIES.items() for name in found}
    script = f"""
import sys
sys.path.insert(0, {str(tmp_path)!r})
import leadflow.model.contact
import hypothesis
from hypothesis import find, settings, strategies as st
loaded = [name for name in sys.modules if name.startswith("leadflow.") and "strategies" in name or "playbook" in name]
assert not loaded, loaded
from importlib import import_module
quick = settings(database=None, max_examples=1, phases=[hypothesis.Phase.generate], deadline=None)
for module, name in {sorted(classes)!r}:
    cls = getattr(import_module(module), name)
    assert "_Loading" not in repr(import_module(module).__spec__.loader)
    assert isinstance(find(st.from_type(cls), lambda value: True, settings=quick), cls)
print(len({sorted(classes)!r}))
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    assert int(done.stdout) == len(classes) > 30
