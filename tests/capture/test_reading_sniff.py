"""Encodings: the same text or a refusal with the byte offset, never other letters."""

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from leadflow.capture.reading import Decoded, sniff_encoding
from leadflow.errors import InvalidInputError, InvalidValueError

CODECS = ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "cp1252"]
scripts = st.sampled_from(
    ["Ana Kos", "Žiga", "Ελένη", "Юлия", "王小明", "田中、上", "김", "שרה", "سارة", "“Spaß”", "« café »", "🦄"]
)
texts = st.lists(scripts | st.text(max_size=5), max_size=12).map(";".join)


def in_pieces(body, size):
    return [body[at : at + size] for at in range(0, len(body), size)]


def decoded(body, size=1 << 16, encoding=None):
    stream = Decoded(in_pieces(body, size), encoding)
    return "".join(stream), stream.encoding


@given(text=texts, codec=st.sampled_from(CODECS), size=st.integers(1, 50))
@settings(max_examples=400)
def test_the_same_text_or_a_refusal(text, codec, size):
    """G70: never mojibake silently."""
    text = "name;city\n" + text
    try:
        body = text.encode(codec)
    except UnicodeEncodeError:
        assume(False)
    if codec == "cp1252" and not body.isascii():
        assume(not _is_utf8(body))
    try:
        found, encoding = decoded(body, size)
    except InvalidInputError as refusal:
        offset = refusal.details["offset"]
    else:
        offset = 0
        # A text with NUL is refused row by row by whoever reads rows.
        assert found == text or "\0" in found
        assert encoding.is_certain or encoding.name == "cp1252"
    assert 0 <= offset < len(body)


def _is_utf8(body):
    try:
        body.decode()
    except UnicodeDecodeError:
        return False
    return True


@given(text=texts, codec=st.sampled_from(CODECS), size=st.integers(1, 50))
def test_a_named_encoding_reads_what_it_wrote(text, codec, size):
    try:
        body = text.encode(codec)
    except UnicodeEncodeError:
        assume(False)
    assume(not text.startswith("\ufeff"))
    assert decoded(body, size, encoding=codec.removesuffix("-sig"))[0] == text


@given(body=st.binary(max_size=80), size=st.integers(1, 9))
@example(b"\xff\xfea", 1)
@example(b"abc\xe9", 1)
def test_any_bytes_are_text_or_a_refusal_however_they_are_cut(body, size):
    def outcome(step):
        try:
            return decoded(body, step)
        except InvalidInputError as error:
            return error.code, error.details["offset"]

    assert outcome(size) == outcome(1 << 16)


@given(head=st.text(max_size=20), tail=st.text("éüßñ“”–", min_size=1, max_size=6))
def test_a_mixed_file_is_refused_at_the_first_other_byte(head, tail):
    """G70: mixed encodings in one file: refused with byte offset."""
    # ß– is a letter of N'Ko in UTF-8: that alone nobody can tell.
    assume("\0" not in head and not _is_utf8(tail.encode("cp1252")))
    first = ("Čž" + head).encode()
    body = first + tail.encode("cp1252") + b" plain"
    with pytest.raises(InvalidInputError) as caught:
        decoded(body)
    assert caught.value.code == "mixed_encodings"
    assert len(first) <= caught.value.details["offset"] < len(body)


@pytest.mark.parametrize(
    ("body", "name", "is_certain"),
    [
        (b"plain", "utf-8", True),
        (b"", "utf-8", True),
        ("žiga".encode(), "utf-8", True),
        ("\ufeffžiga".encode(), "utf-8", True),
        ("Ion Iliuș".encode(), "utf-8", True),
        ("Հայերեն".encode(), "utf-8", True),
        ("naïve".encode("cp1252"), "cp1252", False),
        ("Viel Spaß“ für alle".encode("cp1252"), "cp1252", False),
        ("« café, thé »".replace(" ", "\xa0").encode("cp1252"), "cp1252", False),
        ("NESTLÉ® SOCIÉTÉ".encode("cp1252"), "cp1252", False),
        ("a,b\n1,2\n".encode("utf-16"), "utf-16-le", True),
        ("a,b\n1,2\n".encode("utf-16-le"), "utf-16-le", True),
        ("姓名;城市\n王小明;北京\n".encode("utf-16-be"), "utf-16-be", True),
        ("a,b\n1,2\n".encode("utf-32"), "utf-32-le", True),
    ],
)
def test_encodings_by_example(body, name, is_certain):
    """G70: BOM, UTF-16, cp1252."""
    for found in (sniff_encoding(body), decoded(body)[1], decoded(body, 1)[1]):
        assert (found.name, found.is_certain) == (name, is_certain)


@pytest.mark.parametrize("text", ["Viel Spaß“", "NESTLÉ®"])
def test_what_nobody_can_tell_is_refused(text):
    """G70: these bytes are Windows-1252 and UTF-8 alike."""
    with pytest.raises(InvalidInputError, match="as likely UTF-8") as caught:
        decoded(text.encode("cp1252"))
    assert caught.value.details["offset"] == len(text) - 2
    assert decoded(text.encode("cp1252"), encoding="cp1252")[0] == text


def test_zeros_in_plain_text_are_no_utf_16():
    """G71: NUL bytes."""
    for body in (b"ab\0\n", b"name,email\nana,a\0@x.si\n", b"abc\0\0\0\0\n", b"ab\0\ncd\0\nef\n"):
        assert decoded(body)[0] == body.decode()


@pytest.mark.parametrize(
    ("body", "offset"),
    [(b"a\x81b\xe9", 1), (b"a,\xe9\0", 3), (b"\xef\xbb\xbfa\xff", 4), (b"\xff\xfea", 2), ("ž".encode() + b"\xe9", 2)],
)
def test_a_refusal_names_the_byte(body, offset):
    with pytest.raises(InvalidInputError) as caught:
        decoded(body)
    assert caught.value.details["offset"] == offset


def test_the_mix_is_found_far_into_the_file():
    body = b"x" * 300_000 + "ž".encode() + b"y" * 300_000 + b"\xe9" + b"z"
    with pytest.raises(InvalidInputError) as caught:
        decoded(body, 4_096)
    assert caught.value.details["offset"] == 600_002


@pytest.mark.parametrize("letter", ["č", "я", "王", "🦄"])
def test_the_mix_is_found_across_chunks(letter):
    for cut in range(1, len(letter.encode())):
        chunks = ["café ".encode("cp1252") * 20_000, letter.encode()[:cut], letter.encode()[cut:] + b" x"]
        with pytest.raises(InvalidInputError) as caught:
            "".join(Decoded(chunks))
        assert caught.value.code in ("mixed_encodings", "undecodable_byte")
        assert caught.value.details["offset"] >= 100_000


def test_a_head_that_is_cut_in_a_letter_is_still_known():
    assert sniff_encoding("abcž".encode()[:-1] + b"", is_whole=False).name == "utf-8"
    assert sniff_encoding("žabcž".encode()[:-1], is_whole=False) == sniff_encoding("ž".encode())


@pytest.mark.parametrize("name", ["nope", "hex", "rot13", "base64"])
def test_an_unknown_encoding_is_refused(name):
    with pytest.raises(InvalidValueError, match="no text encoding"):
        Decoded([b""], name)
