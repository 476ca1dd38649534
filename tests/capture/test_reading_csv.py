"""Reading CSV: what any writer wrote comes back, and what is broken costs its own row only."""

import csv
import io
import time
import tracemalloc

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from leadflow.capture.reading import Decoded, Dialect, Limits, Row, RowFault, RowNote, read_csv, sniff_dialect
from leadflow.errors import InvalidInputError, InvalidValueError

DELIMITERS = (",", ";", "\t", "|")
cells = st.text(st.characters(exclude_characters="\0", exclude_categories=("Cs",)), max_size=8) | st.sampled_from(
    [
        '"',
        "''",
        "a,b",
        "a;b",
        " x",
        ' "q"',
        "\r\n",
        "\n",
        "\r",
        "\u2028",
        "\x85",
        "00501",
        "1E5",
        "+49",
        "Null",
        "N/A",
        "TRUE",
    ]
)
names = st.lists(
    st.text("abcÄžя名 _", min_size=1, max_size=6).map(str.strip).filter(bool), min_size=1, max_size=5, unique=True
)


@st.composite
def tables(draw):
    header = draw(names)
    width = len(header)
    return header, draw(st.lists(st.lists(cells, min_size=width, max_size=width), max_size=6))


def written(header, rows, *, delimiter=",", quotechar='"', lineterminator="\r\n", quoting=csv.QUOTE_ALL):
    out = io.StringIO()
    writer = csv.writer(
        out, delimiter=delimiter, quotechar=quotechar, lineterminator=lineterminator, quoting=quoting, doublequote=True
    )
    writer.writerow(header)
    writer.writerows(rows)
    return out.getvalue()


def pieces(text, size):
    return [text[at : at + size] for at in range(0, len(text), size)] or [""]


def expected(header, rows):
    return [dict(zip(header, row, strict=True)) for row in rows if any(row) and row != header]


@given(
    table=tables(),
    delimiter=st.sampled_from(DELIMITERS),
    quotechar=st.sampled_from("\"'"),
    end=st.sampled_from(["\r\n", "\n", "\r"]),
    size=st.integers(1, 40),
)
@settings(max_examples=300)
def test_what_any_dialect_wrote_comes_back(table, delimiter, quotechar, end, size):
    """G71, G75: every cell is the text that was written, however the file is cut into chunks."""
    header, rows = table
    text = written(header, rows, delimiter=delimiter, quotechar=quotechar, lineterminator=end)
    found = list(read_csv(pieces(text, size), dialect=Dialect(delimiter, quotechar)))
    assert [each.cells for each in found if isinstance(each, Row)] == expected(header, rows)
    assert not [each for each in found if isinstance(each, RowFault)]


@given(table=tables(), delimiter=st.sampled_from(DELIMITERS), end=st.sampled_from(["\r\n", "\n"]))
def test_quotes_only_where_needed_read_the_same(table, delimiter, end):
    header, rows = table
    text = written(header, rows, delimiter=delimiter, lineterminator=end, quoting=csv.QUOTE_MINIMAL)
    # This writer leaves a lone CR bare, which ends a line in a file of any other make.
    assume("\r" not in text.replace("\r\n", "") and (end == "\r\n" or "\r" not in text))
    assert [each.cells for each in read_csv([text], dialect=Dialect(delimiter)) if isinstance(each, Row)] == expected(
        header, rows
    )


@given(table=tables(), delimiter=st.sampled_from(DELIMITERS), end=st.sampled_from(["\r\n", "\n", "\r"]))
def test_the_separator_is_found_by_itself(table, delimiter, end):
    header, rows = table
    assume(len(header) > 1)
    plain = [["".join(c for c in cell if c.isalnum()) for cell in row] for row in rows]
    text = written(header, plain, delimiter=delimiter, lineterminator=end, quoting=csv.QUOTE_MINIMAL)
    reader = read_csv([text])
    assert reader.dialect == Dialect(delimiter)
    assert [each.cells for each in reader if isinstance(each, Row)] == expected(header, plain)


@given(
    rows=st.lists(st.lists(st.text("abž1 ", min_size=1, max_size=4), min_size=3, max_size=3), min_size=1, max_size=8),
    data=st.data(),
)
def test_a_quote_never_closed_costs_its_own_row_only(rows, data):
    """G71: the fault names the line where the quotation mark was opened; the rows after it are read."""
    bad = data.draw(st.integers(0, len(rows) - 1))
    column = data.draw(st.integers(0, 2))
    lines = [list(row) for row in rows]
    lines[bad][column] = '"' + lines[bad][column]
    text = "x,y,z\n" + "".join(",".join(line) + "\n" for line in lines)
    found = list(read_csv([text], dialect=Dialect(",")))
    faults = [each for each in found if isinstance(each, RowFault)]
    assert [(each.line, each.column, each.code) for each in faults] == [(bad + 2, "xyz"[column], "quote_unclosed")]
    kept = [row for position, row in enumerate(rows) if position != bad]
    assert [list(each.cells.values()) for each in found if isinstance(each, Row)] == kept


@given(text=st.text(st.sampled_from('a,";\n\r\0 =sep') | st.characters(), max_size=60), size=st.integers(1, 9))
@example('"\n"a', 1)
@example('a,b\n"x\n1,"2\n', 3)
def test_any_text_is_rows_or_a_typed_error(text, size):
    """G71: no text crashes the reader, and cutting it into chunks changes nothing."""

    def outcome(texts):
        try:
            return list(read_csv(texts, dialect=Dialect(",")))
        except InvalidInputError as error:
            return error.code

    assert outcome(pieces(text, size)) == outcome([text])


@given(text=st.text(st.sampled_from('a,"\n'), max_size=80))
@settings(max_examples=300)
def test_a_row_never_has_other_columns_than_the_header(text):
    """G72: no column shift."""
    try:
        reader = read_csv(["x,y\n", text], dialect=Dialect(","))
    except InvalidInputError:
        return
    lines = [0]
    for each in reader:
        if isinstance(each, Row):
            assert list(each.cells) == ["x", "y"]
        assert each.line > lines[-1]
        lines.append(each.line)


def read(text, **options):
    return list(read_csv([text], **options))


def test_stray_quotes_do_not_swallow_rows():
    text = 'a,b\n1,"x\n2,y\n3,"z"\n4,5" pipe\n5,"ok ""so"""\n'
    found = read(text)
    assert [(each.line, each.code) for each in found if isinstance(each, RowFault)] == [(2, "quote_misplaced")]
    assert [each.cells["b"] for each in found if isinstance(each, Row)] == ["y", "z", '5" pipe', 'ok "so"']


def test_a_quote_closed_too_early_is_a_fault_of_its_row():
    found = read('a,b\n"Acme" Ltd,x\nBeta,y\n')
    assert [(type(each), each.line) for each in found] == [(RowFault, 2), (Row, 3)]


def test_lines_of_a_broken_cell_do_not_pass_for_rows():
    """A note with commas whose closing mark is misplaced: its lines have quotation marks or too few cells."""
    found = read('a,b\n1,"note\nx,y" z\n2,ok\n')
    assert [(type(each).__name__, each.line) for each in found] == [("RowFault", 2), ("RowFault", 3), ("Row", 4)]
    found = read('only\n"note\nmore\n', dialect=Dialect(","))
    assert [each.line for each in found if isinstance(each, RowFault)] == [2, 3]


@pytest.mark.parametrize(
    ("line", "code", "column"),
    [("1", "too_few_cells", "b"), ("1,2,3,4", "too_many_cells", None), ("1,x\0,3", "nul_character", "b")],
)
def test_ragged_rows_are_faults(line, code, column):
    """G72: row errors with line and column, no shift."""
    found = read(f"a,b,c\n1,2,3\n{line}\n4,5,6\n")
    assert [getattr(each, "code", None) for each in found] == [None, code, None]
    assert (found[1].line, found[1].column) == (3, column)
    assert "x" not in found[1].message


def test_separators_after_the_last_cell_carry_nothing():
    assert [each.cells for each in read("a,b\n1,2,,\n,,,\n")] == [{"a": "1", "b": "2"}]


def test_doubled_headers_are_renamed_with_a_note_or_refused():
    """G72."""
    found = read("email,email,,email (2)\n1,2,3,4\n")
    assert [each.code for each in found if isinstance(each, RowNote)] == ["renamed_column"] * 2
    assert found[-1].cells == {"email": "1", "email (3)": "2", "column 3": "3", "email (2)": "4"}
    with pytest.raises(InvalidInputError, match="two columns are named 'email'"):
        read("email,email\n", duplicates="refuse")
    with pytest.raises(InvalidValueError):
        read("a\n", duplicates="drop")


def test_the_header_again_in_the_middle_is_skipped_with_a_note():
    """G72."""
    found = read("a,b\n1,2\na,b\n3,4\n")
    assert [(type(each).__name__, each.line) for each in found] == [("Row", 2), ("RowNote", 3), ("Row", 4)]


def test_sep_line_blank_lines_and_old_line_ends():
    """G71: sep= line, CR only."""
    assert read("sep=;\r\na;b\r\n1,5;2\r\n") == [Row(3, {"a": "1,5", "b": "2"})]
    assert read("\r\r\na,b\r1,2\r\r3,4") == [Row(4, {"a": "1", "b": "2"}), Row(6, {"a": "3", "b": "4"})]
    assert read("\ufeffa,b\n1,2") == [Row(2, {"a": "1", "b": "2"})]


@pytest.mark.parametrize("before", range(65_533, 65_539))
def test_a_line_end_between_two_chunks_is_one_line_end(before):
    text = "a,b\r\n" + "x" * (before - 10) + ',"1\r\n2"\r\n3,4\r\n'
    for cut in range(before - 4, before + 4):
        found = list(read_csv([text[:cut], text[cut:]]))
        assert [each.line for each in found] == [2, 4]
        assert found[0].cells["b"] == "1\r\n2"


def test_values_stay_text():
    """G75: 00501, 1E5, +49, Null, N/A, TRUE."""
    values = ["00501", "1E5", "+49", "Null", "N/A", "TRUE", "=1+1", "  x  "]
    assert [each.cells["v"] for each in read("v,w\n" + "".join(f"{value},\n" for value in values))] == values


def test_a_file_without_header_line():
    assert read("1,2\n3,4\n", header=["a", "b"]) == [Row(1, {"a": "1", "b": "2"}), Row(2, {"a": "3", "b": "4"})]


@pytest.mark.parametrize("text", ["", "\n\n", "\ufeff", " , \n"])
def test_an_empty_file_is_refused(text):
    with pytest.raises(InvalidInputError, match="empty"):
        read(text)


def test_too_many_columns_are_refused():
    """G71: 5,000 columns."""
    wide = ",".join(f"c{number}" for number in range(5_000))
    with pytest.raises(InvalidInputError, match="5000 columns"):
        read(wide + "\n")
    assert len(read(",".join(f"c{number}" for number in range(1_000)) + "\n" + "1," * 999 + "1\n")[0].cells) == 1_000


def test_a_large_cell_is_read_and_a_larger_one_is_a_fault():
    """G71: a 1 MB cell."""
    large = "x" * 1_000_000
    assert read(f'a,b\n"{large}",1\n')[0].cells["a"] == large
    for cell in ("x" * 1_100_000, '"' + "x" * 1_100_000 + '"', '"' + "xxxxxxxx\n" * 120_000 + '"'):
        found = read(f"a,b\n{cell},1\n2,3\n")
        assert isinstance(found[0], RowFault)
        assert (found[0].line, found[0].column) == (2, "a")
        assert found[-1].cells == {"a": "2", "b": "3"}


def test_an_endless_line_is_a_fault_and_stays_out_of_memory():
    limits = Limits(row_chars=10_000)
    chunks = ["a,b\n", *["x" * 5_000] * 50, "\n1,2\n"]
    found = list(read_csv(chunks, limits=limits))
    assert [(type(each).__name__, each.line) for each in found] == [("RowFault", 2), ("Row", 3)]


def test_memory_stays_flat():
    """G69: streamed."""

    def chunks():
        yield b"id,name,note\n"
        for number in range(40_000):
            yield f'{number},"Ana, {number}",{"x" * 100}\n'.encode()

    tracemalloc.start()
    try:
        count = sum(1 for _ in read_csv(Decoded(chunks())))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert count == 40_000
    assert peak < 3_000_000


@pytest.mark.parametrize("line", ['"a\n', '"a""\n', '"",""x\n', '"""\n', 'a,"\n', '" "\n', ' "\n', "''\n", '"x""",\n'])
def test_hostile_quotes_take_linear_time(line):
    started = time.process_time()
    list(read_csv(["a,b\n", line * (400_000 // len(line))], dialect=Dialect(",")))
    assert time.process_time() - started < 5


@pytest.mark.parametrize(
    ("text", "delimiter"),
    [
        ("name;amount\nAna;1,5\nBo;2,5\n", ";"),
        ("a\tb\n1,2\t3\n", "\t"),
        ("a|b|c\n1|2|3\n", "|"),
        ('"a;x","b"\n"1;2","3"\n', ","),
        ("email\nana@example.si\n", ","),
        ("a,b;c\n1;2\n3;4\n", ";"),
        ("'a;1';'b'\n'x';'y'\n", ";"),
    ],
)
def test_sniffed_separators(text, delimiter):
    assert sniff_dialect(text).delimiter == delimiter
