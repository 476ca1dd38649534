"""Flows for the laws: on memory and on a real SQLite file, under the default playbook and under one that uses more."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from itertools import count
from pathlib import Path
from typing import Any

import attrs
import pytest

import leadflow
from leadflow.assignment.rules import AssignmentRules, Entry, Member, Pool, ProductLine, Queue, Sla
from leadflow.engine.flow import Flow
from leadflow.playbook.default import default_playbook
from leadflow.playbook.playbook import Playbook
from leadflow.plugins import load
from leadflow.scoring.rules import Grade, Model, Rule
from leadflow_adapters.postgres import plugin

Opened = Callable[..., AbstractContextManager[Flow]]


def _wide() -> Playbook:
    """Models of accounts and of leads beside those of contacts, and a threshold that can be left again."""
    playbook = default_playbook()
    models = {
        **playbook.scoring.models,
        "company": Model(
            target="account",
            threshold=20,
            leave=5,
            rules=(
                Rule(name="visits", points=4, each="page.visited", within="60d", limit=4),
                Rule(name="big", points=10, when="account.employees >= 50"),
            ),
            grades=(Grade(name="known", at_least=1), Grade(name="keen", at_least=12)),
        ),
        "topic": Model(
            target="lead",
            rules=(
                Rule(name="prices", points=10, when='lead.page == "pricing"'),
                Rule(name="clicks", points=3, each="email.clicked", half_life_days=30, limit=5),
                Rule(name="lost touch", points=-5, none="*", within="30d"),
            ),
        ),
    }
    scoring = attrs.evolve(playbook.scoring, models=models)
    return attrs.evolve(playbook, scoring=scoring, assignment=_assignment())


def _assignment() -> AssignmentRules:
    """Leads that are divided by product lines, passed on when nobody acts, and told of in every way."""
    members = (Member(user="ana", weight=2), Member(user="bo"), Member(user="cy", cap=3))
    sla = Sla(
        name="call", within="2d", on_breach="reassign", max_hops=2, queue="desk", pause_owner=True, pause_for="3d"
    )
    return AssignmentRules(
        default_owner="queue:desk",
        entries=(Entry(name="again", when="is_duplicate and has_free_mail", target="queue:desk", reassign=True),),
        pools=(Pool(name="inbound", members=members, strategy="weighted", slas=("call",)),),
        queues=(Queue(name="desk", members=("ana", "bo"), alarm_after="1d", manager="meg"),),
        slas=(sla,),
        product_lines=(
            ProductLine(name="hardware", products=("sensor",), target="user:hana"),
            ProductLine(name="software", products=("app",), target="pool:inbound"),
        ),
        product_mode="duplicate",
        chain=("product_line", "existing_owner", "pool", "default"),
        credit_reasons=("no budget",),
        triggers=("sales_ready", "marketing_qualified"),
        notify="lead-assigned",
        alerts=("email.*", "page.visited"),
        digest=True,
    )


PLAYBOOKS = {"default": default_playbook, "wide": _wide}


@pytest.fixture(scope="session", params=sorted(PLAYBOOKS))
def playbook(request: pytest.FixtureRequest) -> Playbook:
    """The playbook that the laws run under."""
    return PLAYBOOKS[request.param]()


@pytest.fixture(scope="session")
def stores(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Callable[..., AbstractContextManager[Flow]]]:
    """Ways to open a flow on a new store, by kind of store."""
    folder = tmp_path_factory.mktemp("stores")
    template = folder / "template.db"
    leadflow.open(f"sqlite:///{template}").close()
    numbers = count()

    @contextmanager
    def memory(**options: Any) -> Iterator[Flow]:
        with leadflow.open("memory:", **options) as flow:
            yield flow

    @contextmanager
    def sqlite(**options: Any) -> Iterator[Flow]:
        path = Path(shutil.copy(template, folder / f"{next(numbers)}.db"))
        # The laws are about what is decided; that it survives a power cut is for the fault tests.
        with leadflow.open(f"sqlite:///{path}", synchronous="OFF", **options) as flow:
            yield flow
        path.unlink()

    @contextmanager
    def postgres(**options: Any) -> Iterator[Flow]:
        server = request.getfixturevalue("postgres")
        with (
            server.emptied() as url,
            leadflow.open(url, plugins=load(only=(), also={"postgres": plugin}), check=False, **options) as flow,
        ):
            yield flow

    return {"memory": memory, "sqlite": sqlite, "postgres": postgres}


@pytest.fixture(scope="session", params=["memory", "sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def opened(request: pytest.FixtureRequest, stores: dict[str, Opened]) -> Opened:
    """Opens a flow on a new store of this kind: `with opened(playbook=..., now=clock) as flow`."""
    return stores[request.param]
