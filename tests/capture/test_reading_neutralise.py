"""CSV formula injection: nothing a spreadsheet would run leaves, and every text survives both ways."""

import csv
import io
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadflow.capture.reading import Dialect, neutralise, read_csv, restore

TRIGGERS = "=+-@\t\r\n＝＋－＠﹢﹣﹦﹫−"
pieces = st.sampled_from([*TRIGGERS, "'", " ", "\ufeff", "\u200b", "\xa0", "cmd|' /C calc'!A0", "1", "a"])
texts = st.lists(pieces | st.text(max_size=3), max_size=6).map("".join)


@given(text=texts)
def test_identity_and_no_trigger_first(text):
    """Security table, CSV formula injection."""
    written = neutralise(text)
    assert restore(written) == text
    assert written[:1] not in TRIGGERS or not written
    shown = written.lstrip(" \ufeff\u200b\xa0")
    assert not shown or unicodedata.normalize("NFKC", shown[0]) not in "=+-@"


@given(text=texts)
def test_harmless_text_is_left_alone(text):
    written = neutralise(text)
    assert written == text or written == "'" + text


@given(row=st.lists(texts.filter(lambda text: "\0" not in text), min_size=2, max_size=4))
def test_export_and_import_through_a_file(row):
    out = io.StringIO()
    writer = csv.writer(out, quoting=csv.QUOTE_ALL)
    names = [f"c{number}" for number in range(len(row))]
    writer.writerow(names)
    writer.writerow(neutralise(cell) for cell in row)
    found = [[restore(cell) for cell in each.cells.values()] for each in read_csv([out.getvalue()], dialect=Dialect())]
    assert found == ([row] if any(row) else [])


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("+49 30 1234", "'+49 30 1234"),
        ("-5", "'-5"),
        ("=1+1", "'=1+1"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("\t=1", "'\t=1"),
        (" =1", "' =1"),
        ("＝1", "'＝1"),
        ("'=1", "''=1"),
        ("'tis", "'tis"),
        ("a=1", "a=1"),
        ("", ""),
    ],
)
def test_by_example(text, written):
    """Phone +49.. and -5 survive."""
    assert neutralise(text) == written
    assert restore(written) == text
    assert restore(text) == text or text.startswith("'=")
