"""What is kept is kept exactly, or refused whole: no value is cut, bent or taken for another."""

from __future__ import annotations

from typing import Any

import attrs
import pytest

from leadflow.engine.rooms import TABLES
from leadflow.errors import InvalidValueError
from leadflow.model.account import Account
from leadflow.model.contact import Contact
from leadflow.ports.store import ChangeSet
from leadflow.room import Table
from leadflow.testing.storing.changing import appended, held, loaded, marked, put, scored, seen
from leadflow.testing.storing.making import Making
from leadflow.testing.storing.odd import NESTED, NUMBERS, REFUSABLE, TEXTS, amounts

_SAMPLES: dict[str, Any] = {
    "str": "text",
    "int": 3,
    "bool": True,
    "Decimal": amounts()[3],
    "Mapping": {"name": {"a": [1, "x"]}},
    "tuple": ("x", "y"),
}


def sample(table: Table) -> Any:
    """A row of a table with something in every column."""
    values: dict[str, Any] = {}
    for field in attrs.fields(table.row):
        kind = str(field.type).partition("[")[0].partition(" ")[0]
        if field.name not in table.packed:
            values[field.name] = {"id": f"{table.name}_1", "version": 1, "seq": 1}.get(field.name, _SAMPLES[kind])
    return table.row(**values)


def empty(table: Table) -> Any:
    """A row of a table with nothing in the columns that may be left out."""
    required = [field for field in attrs.fields(table.row) if field.default is attrs.NOTHING]
    plain = {"str": "", "int": 0, "bool": False, "Mapping": {}, "tuple": ()}
    values = {each.name: plain[str(each.type).partition("[")[0].partition(" ")[0]] for each in required}
    row = table.row(**{**values, "id": f"{table.name}_2"})
    return attrs.evolve(row, **{"seq" if table.name == "input" else "version": 1})


def _told(contact: Contact) -> str:
    """What a contact says; NaN is not equal to itself."""
    return repr((contact.first_name, dict(contact.custom), contact.created_us, contact.updated_us))


class Keeping(Making):
    """Values."""

    @pytest.mark.parametrize(
        "table", [table for table in TABLES if table.name != "input"], ids=lambda table: table.name
    )
    def test_every_table_keeps_its_rows(self, table: Table) -> None:
        """A row with something in every column, one with nothing in any that may be left out; new and updated."""
        store = self.new()
        rows = [sample(table), empty(table)]
        put(store, *rows)
        assert loaded(store, *rows) == rows
        # Their columns that may change change places.
        free = [f.name for f in attrs.fields(table.row) if f.name not in ("id", "version", *table.fixed)]
        full, bare = ({name: getattr(row, name) for name in free} for row in rows)
        changed = [attrs.evolve(rows[0], **bare, version=2), attrs.evolve(rows[1], **full, version=2)]
        put(store, *changed)
        assert loaded(store, *changed) == changed

    def test_inputs_keep_everything(self) -> None:
        """An input with something in every column, and one with nothing."""
        table = next(table for table in TABLES if table.name == "input")
        inputs = [attrs.evolve(row, seq=0) for row in (sample(table), empty(table))]
        store = self.new()
        put(store, inputs=inputs)
        assert appended(store, "input") == inputs

    def test_texts_are_kept_as_they_are(self) -> None:
        """Empty, blank, quoted, in any script, long; empty text is not the same as none."""
        store = self.new()
        rows = [Contact(id=f"c_{n}", first_name=text, city=None, version=1) for n, text in enumerate(TEXTS)]
        put(store, *rows)
        assert [(row.first_name, row.city) for row in loaded(store, *rows)] == [(text, None) for text in TEXTS]

    def test_texts_are_keys_as_they_are(self) -> None:
        """Ids and looked-up values of any text: what differs in one character is another."""
        store = self.new()
        texts = [*(text for text in TEXTS if len(text) < 99), "É", "é", "E", "e", "e ", " e"]
        rows = [marked(f"c_{n}", key=text) for n, text in enumerate(texts)]
        inputs = [seen(f"i-{n}", visitor=text) for n, text in enumerate(texts)]
        put(store, *rows, inputs=inputs)
        assert loaded(store, *rows) == rows
        found = store.load([("input.visitor", text) for text in texts]).rows
        assert [[row.id for row in found["input.visitor", text]] for text in texts] == [[row.id] for row in inputs]

    def test_whole_numbers_are_kept(self) -> None:
        """64 bits, in columns and in the numbers that lists are ordered by."""
        store = self.new()
        rows = [Contact(id=f"c_{n}", created_us=number, version=1) for n, number in enumerate(NUMBERS)]
        put(store, *rows, inputs=[seen(f"i-{n}", number) for n, number in enumerate(NUMBERS)])
        assert [row.created_us for row in loaded(store, *rows)] == [*NUMBERS]
        assert [row.at_us for row in appended(store, "input")] == [*NUMBERS]

    def test_decimals_keep_their_digits(self) -> None:
        """Money is never a float: every digit comes back, 0 after the point too."""
        store = self.new()
        rows = [Account(id=f"a_{n}", revenue=amount, version=1) for n, amount in enumerate(amounts())]
        put(store, *rows)
        assert [str(row.revenue) for row in loaded(store, *rows)] == [*map(str, amounts())]

    def test_nested_json_is_kept(self) -> None:
        """Lists, tables, numbers by kind, nothing and text, as deep as they come, in rows and in inputs."""
        store = self.new()
        rows = [Contact(id=f"c_{n}", custom=custom, version=1) for n, custom in enumerate(NESTED)]
        put(store, *rows, inputs=[seen(f"i-{n}", properties=custom) for n, custom in enumerate(NESTED)])
        found = [*(row.custom for row in loaded(store, *rows)), *(row.properties for row in appended(store, "input"))]
        assert [repr(dict(each)) for each in found] == [repr(custom) for custom in (*NESTED, *NESTED)]

    @pytest.mark.parametrize("fields", REFUSABLE, ids=lambda fields: str(fields["id"]).removeprefix("c_"))
    def test_what_cannot_be_held_is_refused_whole(self, fields: dict[str, Any]) -> None:
        """NUL, half a character, 65 bits, NaN, an object: kept as it is, or InvalidValueError and nothing is written."""
        store = self.new()
        row, good = Contact(**fields, version=1), Contact(id="c_0", version=1)
        new = {("contact", "c_0"): good, ("contact", row.id): row}
        change = ChangeSet(store.load([*new]), new, inputs=(seen("i-1"),), decisions=(scored("i-1#0"),))
        before = held(store)
        try:
            store.commit(change)
        except InvalidValueError:
            assert held(store) == before
            put(store, good)
            assert loaded(store, good) == [good]
        else:
            assert [_told(found) for found in loaded(store, row)] == [_told(row)]
