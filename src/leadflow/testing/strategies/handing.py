"""Assignment and its parts: pools, queues, territories, hours, service levels, lists. All of them pass `check`.

>>> from hypothesis import find
>>> pool = find(pools(), lambda pool: len(pool.members) == 2)
>>> pool.name, [member.user for member in pool.members], pool.strategy
('inbound', ['ana', 'bo'], 'round_robin')
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from leadflow.assignment.rules import (
    AssignmentRules,
    Entry,
    Leave,
    ListView,
    Member,
    Pool,
    ProductLine,
    Queue,
    Schedule,
    Sla,
    Territory,
)
from leadflow.assignment.views.rules import SCOPES
from leadflow.testing.strategies.basics import USERS, Fields, durations, made, several, sometimes
from leadflow.testing.strategies.rules import ABOUT, conditions

POOLS, QUEUES, SCHEDULES, SLAS = ("inbound", "field"), ("unassigned", "dach"), ("office",), ("call",)
WEEKS: Sequence[Mapping[str, tuple[str, ...]]] = (
    {"mon-fri": ("09:00-17:00",)},
    {"mon-fri": ("08:00-12:00", "13:00-18:00"), "sat": ("09:00-12:00",)},
    {"mon-sun": ("22:00-30:00",)},
)


def _names(names: Sequence[str]) -> SearchStrategy[str | None]:
    return sometimes(st.sampled_from(list(names))) if names else st.none()


def leaves() -> SearchStrategy[Leave]:
    """Days off."""
    return st.sampled_from([Leave("2026-01-15", "2026-01-20"), Leave("2026-08-01", "2026-08-14")])


def members(
    *, schedules: Sequence[str] = (), strategy: str = "round_robin", **options: Fields
) -> SearchStrategy[Member]:
    """Members of a pool that uses a strategy; `schedules` are the hours that they may have."""
    caps = st.integers(1, 5)
    fields: dict[str, Fields] = {
        "user": st.sampled_from(USERS),
        "weight": st.integers(1, 3) if strategy == "weighted" else st.just(1),
        "order": st.integers(0, 2),
        "cap": caps if strategy == "capacity" else sometimes(caps),
        "cap_per_day": sometimes(caps),
        "schedule": _names(schedules),
        "paused": st.booleans(),
        "leave": several(leaves(), most=1),
    }
    return made(Member, fields, options)


def pools(
    *,
    queues: Sequence[str] = (),
    schedules: Sequence[str] = (),
    slas: Sequence[str] = (),
    **options: Fields,
) -> SearchStrategy[Pool]:
    """Pools of up to three members. `queues`, `schedules` and `slas` are names that they may use."""
    usual = st.sampled_from(["round_robin", "weighted", "least_loaded", "capacity"])
    strategies = options.pop("strategy", usual)

    def of(strategy: str) -> SearchStrategy[Pool]:
        full = {"none_eligible": st.sampled_from(["hold", "default", "ignore_hours"]), "queue": _names(queues)}
        queued = {"none_eligible": st.just("queue"), "queue": st.sampled_from(list(queues))} if queues else full
        fields: dict[str, Fields] = {
            "name": st.sampled_from(POOLS),
            "members": several(members(schedules=schedules, strategy=strategy), least=1, most=3, by="user"),
            "strategy": st.just(strategy),
            "period": st.sampled_from(["month", "week", "day"]),
            "schedule": _names(schedules),
            "slas": several(st.sampled_from(list(slas)), most=1) if slas else st.just(()),
        }
        return st.one_of([made(Pool, {**fields, **ends}, options) for ends in (full, queued)])

    kept = cache(of)
    return strategies.flatmap(lambda strategy: kept(strategy))


def queues(**options: Fields) -> SearchStrategy[Queue]:
    """Queues, some with an alarm."""
    fields: dict[str, Fields] = {
        "name": st.sampled_from(QUEUES),
        "members": several(st.sampled_from(USERS), most=2).map(lambda users: tuple(dict.fromkeys(users))),
        "alarm_after": sometimes(durations(least="15min", most="7d")),
        "manager": sometimes(st.just("cy")),
    }
    return made(Queue, fields, options)


def territories(*, targets: Sequence[str] = ("user:ana",), **options: Fields) -> SearchStrategy[Territory]:
    """Pieces of the map."""
    fields: dict[str, Fields] = {
        "name": st.sampled_from(["slovenia", "dach"]),
        "target": st.sampled_from(list(targets)),
        "countries": st.sampled_from([(), ("SI",), ("DE", "AT")]),
        "postcodes": st.sampled_from([(), ("1000",)]),
    }
    return made(Territory, fields, options)


def product_lines(*, targets: Sequence[str] = ("user:ana",), **options: Fields) -> SearchStrategy[ProductLine]:
    """Products that somebody sells."""
    fields: dict[str, Fields] = {
        "name": st.sampled_from(["hardware", "software"]),
        "products": st.sampled_from([("sensor",), ("app",), ("sensor", "app")]),
        "target": st.sampled_from(list(targets)),
    }
    return made(ProductLine, fields, options)


def schedules(**options: Fields) -> SearchStrategy[Schedule]:
    """Working hours; each opens within a week."""
    fields: dict[str, Fields] = {
        "name": st.sampled_from(SCHEDULES),
        "time_zone": st.sampled_from(["UTC", "Europe/Ljubljana", "America/New_York"]),
        "week": st.sampled_from(WEEKS),
        "holidays": st.sampled_from([(), ("12-25",), ("2026-01-15", "2026-01-16")]),
    }
    return made(Schedule, fields, options)


def slas(*, queues: Sequence[str] = (), schedules: Sequence[str] = (), **options: Fields) -> SearchStrategy[Sla]:
    """Deadlines from assignment. `queues` and `schedules` are names that they may use."""
    fields: dict[str, Fields] = {
        "name": st.sampled_from(SLAS),
        "within": durations(least="15min", most="7d"),
        "criterion": sometimes(conditions(about=["lead"])),
        "pause_owner": st.booleans(),
    }
    shapes: list[dict[str, Fields]] = [{}]
    if schedules:
        shapes.append({"clock": st.just("working"), "schedule": st.sampled_from(list(schedules))})
    if queues:
        shapes.append({"on_breach": st.sampled_from(["reassign", "queue"]), "queue": st.sampled_from(list(queues))})
    return st.one_of([made(Sla, {**fields, **shape}, options) for shape in shapes])


def list_views(
    *, models: Sequence[str] = (), about: Sequence[str] = ABOUT, **options: Fields
) -> SearchStrategy[ListView]:
    """Lists of leads with a name."""
    fields: dict[str, Fields] = {
        "name": st.sampled_from(["hot", "mine"]),
        "where": sometimes(conditions(about=about, models=models)),
        "order": st.sampled_from(["-updated_at", "created_at", "stage"]),
        "scope": st.sampled_from(SCOPES),
    }
    return made(ListView, fields, options)


def assignment_entries(
    *,
    targets: Sequence[str] = ("user:ana",),
    models: Sequence[str] = (),
    about: Sequence[str] = ABOUT,
    slas: Sequence[str] = (),
    **options: Fields,
) -> SearchStrategy[Entry]:
    """Assignment rules that give leads to some of these targets."""
    fields: dict[str, Fields] = {
        "name": st.sampled_from(["managers", "abroad", "rest"]),
        "when": sometimes(conditions(about=about, models=models)),
        "target": st.sampled_from(list(targets)),
        "reassign": st.booleans(),
        "notify": sometimes(st.just("lead-assigned")),
        "stop": st.one_of(st.just(True), st.booleans()),
        "slas": several(st.sampled_from(list(slas)), most=1) if slas else st.just(()),
    }
    return made(Entry, fields, options)


@st.composite
def _assignment_rules(
    draw: st.DrawFn, models: Sequence[str], about: Sequence[str], options: Mapping[str, Fields]
) -> AssignmentRules:
    """Parts that name only parts which are there."""
    hours = draw(several(schedules(), most=1, by="name"))
    waiting = draw(several(queues(), least=1, most=2, by="name"))
    open_in, ends_in = [each.name for each in hours], [each.name for each in waiting]
    deadlines = draw(several(slas(queues=ends_in, schedules=open_in), most=1, by="name"))
    due = [each.name for each in deadlines]
    working = draw(several(pools(queues=ends_in, schedules=open_in, slas=due), most=2, by="name"))
    final = ["user:ana", *(f"queue:{name}" for name in ends_in), *(f"pool:{each.name}" for each in working)]
    related = ["territory", "owner_of:account", "owner_of:person", "owner_of:contact.owner_id"]
    fields: dict[str, Fields] = {
        "default_owner": st.sampled_from(["user:ana", *(f"queue:{name}" for name in ends_in)]),
        "entries": several(
            assignment_entries(targets=[*final, *related], models=models, about=about, slas=due), most=2, by="name"
        ),
        "pools": st.just(working),
        "queues": st.just(waiting),
        "territories": several(territories(targets=final), most=2, by="name"),
        "product_lines": several(product_lines(targets=final), most=2, by="name"),
        "schedules": st.just(hours),
        "slas": st.just(deadlines),
        "views": several(list_views(models=models, about=about), most=1, by="name"),
        "product_mode": st.sampled_from(["single", "duplicate"]),
        "lead_owner": st.sampled_from(["first", "highest"]),
        "notify": sometimes(st.just("lead-assigned")),
        "triggers": st.sampled_from([("sales_ready",), ("teleprospect_ready", "sales_ready")]),
        "alerts": st.sampled_from([(), ("email.*",)]),
        "digest": st.booleans(),
    }
    return draw(made(AssignmentRules, fields, options))


def assignment_rules(
    *, models: Sequence[str] = (), about: Sequence[str] = ABOUT, **options: Fields
) -> SearchStrategy[AssignmentRules]:
    """All of assignment: who gets a lead. `models` and `about` are what its conditions may ask for, as in `conditions`."""
    return _assignment_rules(models, about, options)
