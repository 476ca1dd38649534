"""P32: leads from rows, from plain values, and to plain values, beside the constructor and a codec's hooks.

The codec is cattrs, with the hook for the class taken once and without detailed errors: the fastest way it offers. It
works on a class of the same fields whose annotations are resolved.
"""

from __future__ import annotations

from typing import Any, get_type_hints

import attrs
import cattrs

from bench.harness import Figure, compared, in_turns, loop
from leadflow.engine.rooms import TABLES
from leadflow.model.coding import from_plain, to_plain
from leadflow.model.lead import Lead
from leadflow.stores.layout import layout_of


def _leads(count: int) -> list[Lead]:
    return [
        Lead(
            f"l_{number:016}",
            f"c_{number:016}",
            f"a_{number:016}",
            process="marketing",
            stage="inquiry",
            stage_since_us=1_780_000_000_000_000 + number,
            owner_id="ana",
            source="web",
            campaign="spring",
            page="pricing",
            created_us=1_770_000_000_000_000,
            updated_us=1_780_000_000_000_000 + number,
            context={"page": "pricing", "campaign": "spring"},
            custom={"budget": 5000 + number},
            version=3,
        )
        for number in range(count)
    ]


def _twin() -> Any:
    # Resolving the annotations of the class itself would change what leadflow reads of them.
    made = attrs.make_class(
        "Twin",
        {a.name: attrs.field(default=a.default) for a in attrs.fields(Lead)},
        slots=True,
        frozen=True,
    )
    hints = get_type_hints(Lead)
    for attribute in attrs.fields(made):
        object.__setattr__(attribute, "type", hints[attribute.name])
    return made


def run(rounds: int = 15, count: int = 1000) -> list[Figure]:
    """P32."""
    leads = _leads(count)
    layout = layout_of(next(table for table in TABLES if table.name == "lead"))
    rows = [tuple(layout.values(lead)) for lead in leads]
    arguments = [attrs.astuple(lead, recurse=False) for lead in leads]
    plains = [to_plain(lead) for lead in leads]
    twin = _twin()
    converter = cattrs.Converter(detailed_validation=False)
    structure, unstructure = converter.get_structure_hook(twin), converter.get_unstructure_hook(twin)
    twins = [structure(plain, twin) for plain in plains]
    assert [layout.row(row) for row in rows] == leads
    assert [from_plain(Lead, plain) for plain in plains] == leads
    assert all(to_plain(lead).items() <= unstructure(each).items() for lead, each in zip(leads, twins, strict=True))
    unit = "leads"
    figures = []
    variants = {
        # The limit is the constructor that attrs makes for a frozen class; ours is written otherwise.
        "constructor": loop(lambda values: twin(*values), arguments),
        "own constructor": loop(lambda values: Lead(*values), arguments),
        "row": loop(layout.row, rows),
    }
    measured = in_turns(variants, rounds, warm=1)
    name = "row -> Lead (28 columns, 2 of them JSON)"
    figures.append(compared("P32", name, measured, "row", "constructor", unit=unit, aim=0.8, floor=0.4))
    figures.append(compared("P32/aside", "Lead(...)", measured, "own constructor", "constructor", unit=unit))
    variants = {
        "cattrs hook": loop(lambda plain: structure(plain, twin), plains),
        "plain": loop(lambda plain: from_plain(Lead, plain), plains),
    }
    measured = in_turns(variants, rounds, warm=1)
    figures.append(compared("P32", "dict -> Lead", measured, "plain", "cattrs hook", unit=unit, aim=1.0, floor=0.5))
    variants = {
        "cattrs hook": loop(unstructure, twins),
        "attrs.asdict": loop(attrs.asdict, leads),
        "plain": loop(to_plain, leads),
    }
    measured = in_turns(variants, rounds, warm=1)
    name = "Lead -> dict"
    figures.append(compared("P32", name, measured, "plain", "cattrs hook", unit=unit, aim=0.9, floor=0.45))
    figures.append(compared("P32", name, measured, "plain", "attrs.asdict", unit=unit, aim=8.0, floor=4.0))
    return figures
