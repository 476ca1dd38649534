"""Business processes and their parts. All of them pass `check`.

>>> from hypothesis import Phase, find, settings
>>> once = settings(phases=[Phase.generate], database=None)
>>> [stage.name for stage in find(processes(), lambda process: len(process.stages) == 3, settings=once).stages]
['inquiry', 'qualification', 'acceptance']
"""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from leadflow.process.rules import Action, Branch, Process, ProcessRules, ProcessStep, Stage
from leadflow.testing.strategies.basics import Fields, durations, made, several, sometimes
from leadflow.testing.strategies.rules import ABOUT, conditions

STAGES = ("inquiry", "qualification", "acceptance", "negotiation")
STEPS = {
    "budget": None,
    "sales_ready": "lead.sales_ready",
    "teleprospect_ready": "lead.teleprospect_ready",
    "campaign": "lead.campaign",
    "country": "contact.country",
    "employees": "account.employees",
}
"""Steps by name, and the fields that they set."""
_YES_NO = ("sales_ready", "teleprospect_ready")


def process_steps(**options: Fields) -> SearchStrategy[ProcessStep]:
    """Questions of a stage: kept with the process, or in a field of the lead; optional, required, or to be yes."""
    return st.one_of([_step(name, field, options) for name, field in STEPS.items()])


def _step(name: str, field: str | None, options: dict[str, Fields]) -> SearchStrategy[ProcessStep]:
    fields: dict[str, Fields] = {"name": st.just(name), "field": st.just(field), "required": st.booleans()}
    if name in _YES_NO:
        fields["must_be_yes"] = st.booleans()
    return made(ProcessStep, fields, options)


def actions(**options: Fields) -> SearchStrategy[Action]:
    """What happens when a stage is entered or left."""
    shapes: dict[str, Sequence[str]] = {
        "notify": ["stage-entered"],
        "assign": [""],
        "flag": ["marketing_qualified", "teleprospect_ready"],
        "unflag": ["teleprospect_ready"],
        "state": ["qualified", "recycled"],
    }
    return st.one_of(
        [
            made(Action, {"do": st.just(do), "value": st.sampled_from(list(values))}, options)
            for do, values in shapes.items()
        ]
    )


def stages(
    *,
    later: Sequence[str] = (),
    earlier: Sequence[str] = (),
    models: Sequence[str] = (),
    about: Sequence[str] = ABOUT,
    **options: Fields,
) -> SearchStrategy[Stage]:
    """Stages; `later` and `earlier` are the names of those to which its branches may lead."""
    when = conditions(about=about, models=models)
    to = st.sampled_from(list(later)) if later else st.nothing()
    anywhere = [*later, *earlier]
    ways = st.builds(Branch, to=st.sampled_from(anywhere), when=sometimes(when)) if anywhere else st.nothing()
    branches = several(ways, most=2, by="to") if anywhere else st.just(())
    moves = several(st.builds(Branch, to=to, when=when), most=2, by="to") if later else st.just(())
    fields: dict[str, Fields] = {
        "name": st.sampled_from(STAGES),
        "steps": several(process_steps(), most=2, by="name"),
        "gate": sometimes(when),
        "next": branches,
        "automatic": moves,
        "sla": sometimes(durations(least="1h", most="30d")),
        "on_entry": several(actions(), most=1),
        "on_exit": several(actions(), most=1),
    }
    return made(Stage, fields, options)


def processes(
    *,
    names: Sequence[str] = STAGES,
    models: Sequence[str] = (),
    about: Sequence[str] = ABOUT,
    **options: Fields,
) -> SearchStrategy[Process]:
    """Processes of one to four stages of these names, in their order; automatic moves lead forwards."""
    # Made once for each size: strategies that are made anew at each draw cost more than what they draw.
    in_order = st.one_of(
        [
            st.tuples(
                *(
                    stages(
                        later=names[at + 1 : size],
                        earlier=names[:at],
                        models=models,
                        about=about,
                        name=st.just(names[at]),
                    )
                    for at in range(size)
                )
            )
            for size in range(1, len(names) + 1)
        ]
    )
    fields: dict[str, Fields] = {
        "stages": in_order,
        "applies": sometimes(conditions(about=["contact", "account", "lead"])),
    }
    return made(Process, fields, options)


def process_rules(
    *, models: Sequence[str] = (), about: Sequence[str] = ABOUT, **options: Fields
) -> SearchStrategy[ProcessRules]:
    """Up to two processes. `models` and `about` are what its conditions may ask for, as in `conditions`."""
    fields: dict[str, Fields] = {
        "processes": st.fixed_dictionaries(
            {}, optional=dict.fromkeys(("marketing", "partners"), processes(models=models, about=about))
        )
    }
    return made(ProcessRules, fields, options)
