"""vCards of three versions, folded, quoted-printable, several in a file; broken ones are faults."""

import quopri
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadflow.capture.reading import Card, Row, RowFault, read_vcards

texts = st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=30).map(str.strip)


def escaped(text):
    for char in ("\\", ";", ","):
        text = text.replace(char, "\\" + char)
    return text.replace("\n", "\\n")


def folded(line, width=20):
    return "\r\n ".join(line[at : at + width] for at in range(0, len(line), width))


@given(given_name=texts, family=texts, company=texts, note=texts, size=st.integers(1, 60))
def test_version_3_and_4_come_back(given_name, family, company, note, size):
    for version in ("3.0", "4.0"):
        lines = ["BEGIN:VCARD", f"VERSION:{version}", f"N:{escaped(family)};{escaped(given_name)};;;"]
        lines += [f"ORG:{escaped(company)};Sales", f"NOTE:{escaped(note)}\\nnext", "END:VCARD", ""]
        body = "\r\n".join(map(folded, lines))
        [card] = read_vcards([body[at : at + size] for at in range(0, len(body), size)])
        assert isinstance(card, Card)
        cells = {"contact.last_name": family, "contact.first_name": given_name, "account.name": company}
        assert {name: card.cells.get(name, "") for name in cells} == cells
        assert card.cells["note"] == f"{note}\nnext".strip()


@given(family=texts, given_name=texts)
def test_version_2_quoted_printable_comes_back(family, given_name):
    name = ";".join(
        part.replace(";", "\\;").replace("\\", "\\\\") if ";" not in part else "" for part in (family, given_name)
    )
    value = quopri.encodestring(name.encode(), quotetabs=True).decode()
    body = f"BEGIN:VCARD\nVERSION:2.1\nN;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:{value}\nFN:x\nEND:VCARD\n"
    [card] = read_vcards([body])
    assert card.cells.get("contact.last_name", "") == ("" if ";" in family else family)


@given(
    text=st.text(st.sampled_from("BEGIN:VCARD\nEND;=\\ \t,NFTELXQUOTED-PRINTABLE") | st.characters(), max_size=80),
    size=st.integers(1, 9),
)
def test_any_text_is_cards_or_faults(text, size):
    body = f"BEGIN:VCARD\nVERSION:3.0\n{text}\nEND:VCARD\n"
    found = list(read_vcards([body[at : at + size] for at in range(0, len(body), size)]))
    assert found == list(read_vcards([body]))
    assert all(isinstance(each, (Card, RowFault)) for each in found)
    assert not any(isinstance(each, Row) for each in found)


FULL = """BEGIN:VCARD\r
VERSION:4.0\r
UID:urn:uuid:1\r
FN:Dr. Žiga Kos\r
N:Kos;Žiga;;Dr.;\r
item1.EMAIL;TYPE=home:home@example.si\r
EMAIL;TYPE=work;PREF=1:ziga@\r
 acme.example\r
TEL;VALUE=uri;TYPE="voice,work":tel:+386-1-234\r
ORG:Acme\\, d.o.o.;Sales\r
TITLE:Buyer\r
ADR;TYPE=work:;;Main St. 1;Ljubljana;;1000;Slovenia\r
URL:https://acme.example\r
CATEGORIES:lead,fair\\, 2024\r
NOTE:one\\ntwo\r
PHOTO;ENCODING=b:AAAA\r
 BBBB\r
X-THING:1\r
END:VCARD\r
"""


def test_a_full_card():
    [card] = read_vcards([FULL])
    assert (card.line, card.version) == (1, "4.0")
    assert card.cells == {
        "key": "urn:uuid:1",
        "contact.name": "Dr. Žiga Kos",
        "contact.last_name": "Kos",
        "contact.first_name": "Žiga",
        "contact.email": "ziga@acme.example",
        "contact.phone": "+386-1-234",
        "contact.title": "Buyer",
        "account.name": "Acme, d.o.o.",
        "street": "Main St. 1",
        "contact.city": "Ljubljana",
        "contact.postcode": "1000",
        "contact.country": "Slovenia",
        "url": "https://acme.example",
        "note": "one\ntwo",
        "categories": "lead, fair, 2024",
    }
    assert [each.types for each in card.properties if each.name == "EMAIL"] == [("home",), ("work",)]


def test_version_2_with_soft_line_breaks_and_an_agent():
    body = (
        "BEGIN:VCARD\nVERSION:2.1\nN;ENCODING=QUOTED-PRINTABLE;CHARSET=UTF-8:=C5=BDi=\nga;Kos\n"
        "AGENT:\nBEGIN:VCARD\nVERSION:2.1\nFN:Agent\nEND:VCARD\n"
        "TEL;CELL;PREF:041 1\nTEL;WORK:01 2\nNOTE;CHARSET=ISO-8859-2;QUOTED-PRINTABLE:=E8aj\nEND:VCARD\n"
    )
    [card] = read_vcards([body])
    assert card.cells["contact.last_name"] == "Žiga"
    assert card.cells["contact.phone"] == "041 1"
    assert card.cells["note"] == "čaj"
    assert "contact.name" not in card.cells


GOOD = "BEGIN:VCARD\nVERSION:3.0\nFN:Good\nEND:VCARD\n"


@pytest.mark.parametrize(
    ("bad", "line", "code"),
    [
        ("BEGIN:VCARD\nVERSION:3.0\nFN:Open\n", 5, "card_not_closed"),
        ("BEGIN:VCARD\nFN:None\nEND:VCARD\n", 5, "unknown_version"),
        ("BEGIN:VCARD\nVERSION:9.9\nEND:VCARD\n", 5, "unknown_version"),
        ("BEGIN:VCARD\nVERSION:3.0\nno colon here\nEND:VCARD\n", 7, "invalid_line"),
        (
            "BEGIN:VCARD\nVERSION:2.1\nNOTE;CHARSET=nope;ENCODING=QUOTED-PRINTABLE:=E8\nEND:VCARD\n",
            7,
            "undecodable_text",
        ),
        ("BEGIN:VCARD\nVERSION:2.1\nNOTE;ENCODING=QUOTED-PRINTABLE:=E8\nEND:VCARD\n", 7, "undecodable_text"),
        ("FN:nobody\n", 5, "outside_card"),
        ("END:VCARD\n", 5, "outside_card"),
        ("BEGIN:VCARD\nVERSION:3.0\n" + "NOTE:x\n" * 400_000 + "END:VCARD\n", 5, "card_too_long"),
    ],
)
def test_a_broken_card_costs_itself_only(bad, line, code):
    found = list(read_vcards([GOOD + bad + GOOD]))
    assert [type(each).__name__ for each in found] == ["Card", "RowFault", "Card"]
    assert (found[1].line, found[1].code) == (line, code)
    assert "Open" not in found[1].message


@pytest.mark.parametrize("piece", ["\n AAAA", '"', ";", "a.", "\\", "=", ';TYPE="', "\nX:1"])
def test_hostile_cards_take_linear_time(piece):
    started = time.process_time()
    list(read_vcards(["BEGIN:VCARD\nVERSION:3.0\nNOTE", piece * (800_000 // len(piece)), "\nEND:VCARD\n"]))
    assert time.process_time() - started < 4
