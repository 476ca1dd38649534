"""Quick classes are the frozen attrs classes they decorate, only faster to make."""

from __future__ import annotations

import copy
import inspect
from collections.abc import Mapping
from typing import Any

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leadflow.engine.rooms import TABLES
from leadflow.errors import InvalidInputError
from leadflow.model import commands, decisions, facts, records
from leadflow.model.coding import from_plain, to_plain
from leadflow.model.lead import Lead
from leadflow.model.making import quick, replaced, twin_of
from leadflow.stores.layout import layout_of

CLASSES = sorted(
    {
        found
        for module in (commands, decisions, facts, records)
        for _, found in inspect.getmembers(module, inspect.isclass)
        if twin_of(found) is not None
    }
    | {table.row for table in TABLES},
    key=lambda cls: cls.__qualname__,
)
contents = st.one_of(st.none(), st.text(), st.integers(), st.booleans())


@pytest.mark.parametrize("cls", CLASSES, ids=lambda cls: cls.__name__)
@settings(deadline=None)
@given(data=st.data())
def test_a_quick_class_is_what_attrs_would_make(cls: type[Any], data: st.DataObject) -> None:
    """Law: same fields, same equality and repr, frozen; a copy with changes is `attrs.evolve`."""
    fields = attrs.fields(cls)
    plain = attrs.make_class(
        cls.__name__,
        {a.name: attrs.field(default=a.default, kw_only=a.kw_only) for a in fields},
        frozen=True,
        slots=True,
    )
    given_ = {
        a.alias: data.draw(contents)
        for a in fields
        if a.default is attrs.NOTHING or data.draw(st.booleans(), label=f"give {a.name}")
    }
    made, wanted = cls(**given_), plain(**given_)
    assert type(made) is cls
    assert repr(made) == repr(wanted)
    assert made == cls(**given_)
    for field in fields:
        assert getattr(made, field.name) == getattr(wanted, field.name)
        with pytest.raises(attrs.exceptions.FrozenInstanceError):
            setattr(made, field.name, 1)
    changes = {a.name: data.draw(contents) for a in fields[:2]}
    assert replaced(made, **changes) == attrs.evolve(made, **changes)
    assert not hasattr(made, "__dict__")


@given(
    lead=st.builds(Lead, id=st.text(), page=st.none() | st.text(), created_us=st.integers(), sales_ready=st.booleans())
)
def test_plain_forms_come_back(lead: Lead) -> None:
    """Law: `from_plain` takes back what `to_plain` gave; what is left out are defaults."""
    plain = to_plain(lead)
    assert from_plain(Lead, plain) == lead
    assert all(getattr(lead, name) == value for name, value in plain.items())
    assert copy.copy(lead) == lead


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_rows_come_back_from_their_values(table: Any) -> None:
    """A row's defaults go to SQL and come back the same."""
    layout = layout_of(table)
    needed = {a.name: "x" for a in attrs.fields(table.row) if a.default is attrs.NOTHING}
    row = table.row(**{name: 1 if layout.types[layout.columns.index(name)] == "INTEGER" else "x" for name in needed})
    assert layout.row(layout.values(row)) == row
    assert len(layout.changing(row)) == len(layout.columns) - len(table.fixed) + 1


@pytest.mark.parametrize(
    ("plain", "code"),
    [({"id": "l_1", "colour": "red"}, "unknown_field"), ({"page": "pricing"}, "missing_field")],
)
def test_what_is_wrong_with_a_plain_form_is_told(plain: Mapping[str, Any], code: str) -> None:
    """Detailed only when something is wrong."""
    with pytest.raises(InvalidInputError) as caught:
        from_plain(Lead, plain)
    assert caught.value.code == code


def test_what_cannot_be_made_quickly_is_refused() -> None:
    """A validator would be skipped."""

    @attrs.frozen(weakref_slot=False)
    class Checked:
        size: int = attrs.field(validator=attrs.validators.gt(0))

    @attrs.frozen
    class Weak:
        size: int

    for cls in (Checked, Weak):
        with pytest.raises(TypeError, match="cannot be made quickly"):
            quick(cls)


def test_a_missing_argument_is_told_as_usual() -> None:
    """The error that Python itself gives."""
    with pytest.raises(TypeError, match="missing 1 required positional argument: 'id'"):
        Lead()  # type: ignore[call-arg]
