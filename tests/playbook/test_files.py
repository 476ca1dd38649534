"""Files: what cannot be read, and playbooks in several files."""

from __future__ import annotations

from pathlib import Path

import pytest

from leadflow.errors import PlaybookError
from leadflow.playbook.check import check_file
from leadflow.playbook.codec import load_playbook
from leadflow.playbook.default import default_playbook, default_text
from leadflow.playbook.fault import Finding
from leadflow.playbook.reading import read_document
from leadflow.playbook.writing import part_toml


def write(folder: Path, **files: str) -> Path:
    for name, text in files.items():
        (folder / f"{name}.toml").write_text(text, encoding="utf-8")
    return folder / "playbook.toml"


def faults_of(path: Path) -> list[str]:
    with pytest.raises(PlaybookError) as caught:
        load_playbook(path)
    return [str(fault).replace(f"{path.parent}/", "") for fault in caught.value.faults]


# -- one file ---------------------------------------------------------------------------------------------


def test_an_absent_file_is_a_fault_with_the_way_out(tmp_path: Path) -> None:
    assert faults_of(tmp_path / "playbook.toml") == [
        "playbook.toml: cannot be read: No such file or directory; leadflow init writes a playbook"
    ]
    assert faults_of(tmp_path)[0].endswith("cannot be read: Is a directory; leadflow init writes a playbook")


def test_bytes_that_are_not_utf8_are_told_with_their_place(tmp_path: Path) -> None:
    path = tmp_path / "playbook.toml"
    path.write_bytes('name = "x"\n# ž \xff'.encode("latin-1", "replace").replace(b"?", "ž".encode()))
    assert faults_of(path) == ["playbook.toml:2:5: this is not UTF-8 (byte 0xff); save the file as UTF-8"]
    path.write_text(default_text(), encoding="utf-16")
    assert faults_of(path) == ["playbook.toml:1:1: this is not UTF-8 (byte 0xff); save the file as UTF-8"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("name = x", "1:8: this is not TOML: invalid value; put texts in quotes"),
        ('a = 1\r\nb = "ž" c', "2:9: this is not TOML: expected newline or end of document after a statement; "),
        ("a = 1\na = 2", "2:6: this is not TOML: cannot overwrite a value; the key is there already"),
        ("a = [\n1,\n", "3:1: this is not TOML: invalid value; something is not closed or not finished"),
    ],
)
def test_text_that_is_not_toml_is_told_with_its_place(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "playbook.toml"
    path.write_bytes(text.encode())
    (fault,) = faults_of(path)
    assert fault.startswith(f"playbook.toml:{said}")


@pytest.mark.parametrize("text", [f"a = {'[' * 5000}", f"a = {'[' * 300}{']' * 300}", f"a = {'9' * 5000}"])
def test_absurd_toml_is_refused_not_crashed_on(tmp_path: Path, text: str) -> None:
    assert len(faults_of(write(tmp_path, playbook=text))) == 1


def test_a_byte_order_mark_and_windows_line_ends_are_read(tmp_path: Path) -> None:
    path = tmp_path / "playbook.toml"
    path.write_bytes(b"\xef\xbb\xbf" + default_text().replace("\n", "\r\n").encode())
    assert load_playbook(path) == default_playbook()
    assert load_playbook(path).digest == default_playbook().digest


# -- several files ----------------------------------------------------------------------------------------

RULE = {"name": "x", "when": "account.employees > 5", "points": 9}
FIT = part_toml({"scoring": {"models": {"fit": {"threshold": 5, "rules": [RULE]}}}})


def test_an_included_file_adds_its_named_entries(tmp_path: Path) -> None:
    (tmp_path / "parts").mkdir()
    (tmp_path / "parts" / "teams.toml").write_text(
        '[attributes.lead.size]\ntype = "number"\n[[assignment.pools]]\nname = "two"\nmembers = [{ user = "x" }]\n'
    )
    path = write(tmp_path, playbook='include = ["fit.toml", "parts/teams.toml"]\n' + default_text(), fit=FIT)
    playbook = load_playbook(path)
    assert list(playbook.scoring.models) == ["interest", "fit"]
    assert [pool.name for pool in playbook.assignment.pools] == ["inbound", "two"]
    assert sorted(playbook.attributes["lead"])[-1] == "size"
    assert check_file(path) == ()


def test_the_same_rules_have_the_same_digest_in_one_file_or_two(tmp_path: Path) -> None:
    one = write(tmp_path, playbook=default_text() + FIT)
    alone = load_playbook(one)
    split = load_playbook(write(tmp_path, playbook='include = ["fit.toml"]\n' + default_text(), fit=FIT))
    assert (split, split.digest) == (alone, alone.digest)


def test_what_stands_in_two_files_is_a_fault_at_the_second(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        playbook='include = ["more.toml"]\nname = "a"\n[scoring.models.fit]\nthreshold = 1\n'
        '[assignment]\ndefault_owner = "user:bo"\npools = [{ name = "p", members = [] }]\n',
        more='name = "b"\n[scoring.models.fit]\nrearm = 1\n[[assignment.pools]]\nname = "q"\nmembers = []\n'
        '[[assignment.pools]]\nname = "p"\nmembers = []\n',
    )
    assert faults_of(path) == [
        "more.toml:1:1 name: this stands in playbook.toml:2:8 already; keep it in one of the files",
        "more.toml:2:17 scoring.models.fit: this stands in playbook.toml:3:17 already; keep it in one of the files",
        "more.toml:7:14 assignment.pools[1]: this stands in playbook.toml:7:10 already; keep it in one of the files",
    ]


def test_faults_of_an_included_file_name_that_file(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        playbook='include = ["fit.toml"]\n' + default_text(),
        fit='[[assignment.pools]]\nname = "two"\nmembers = [{ usr = "x" }]\n[scoring.models.fit]\nthreshold = "5"\n',
    )
    assert faults_of(path) == [
        "fit.toml:3:12 assignment.pools[1].members[0].user: this key is missing",
        "fit.toml:3:14 assignment.pools[1].members[0].usr: there is no such key; did you mean user?",
        "fit.toml:5:13 scoring.models.fit.threshold: expected a whole number, got a text; write it without quotes",
    ]


def test_findings_of_check_name_the_included_file_too(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        playbook='include = ["fit.toml"]\n' + default_text(),
        fit="[[scoring.models.fit.rules]]\nname = 'x'\npoints = 1\nwhen = 'account.emploees > 5'\n",
    )
    (fault,) = check_file(path)
    assert str(fault).replace(f"{tmp_path}/", "") == (
        "fit.toml:4:9 scoring.models.fit.rules[0].when: account has no field emploees; did you mean employees?"
    )


@pytest.mark.parametrize(
    ("include", "said"),
    [
        ('["absent.toml"]', "playbook.toml:1:12 include[0]: there is no file absent.toml; it is looked for beside"),
        ('["playbook.toml"]', "playbook.toml:1:12 include[0]: playbook.toml is included already; name each file once"),
        ('["a.toml", "a.toml"]', "playbook.toml:1:22 include[1]: a.toml is included already; name each file once"),
        ('["b.toml"]', "b.toml:1:12 include[0]: playbook.toml is included already; name each file once"),
        ('"a.toml"', "playbook.toml:1:11 include: expected a list of files; write include = "),
        ('["/etc/x.toml"]', "playbook.toml:1:12 include[0]: an included file is named from this file's folder"),
    ],
)
def test_what_cannot_be_included_is_told_where_it_is_named(tmp_path: Path, include: str, said: str) -> None:
    path = write(tmp_path, playbook=f"include = {include}", a="", b='include = ["playbook.toml"]')
    (fault,) = faults_of(path)
    assert fault.startswith(said)


def test_all_files_are_read_before_faults_are_told(tmp_path: Path) -> None:
    path = write(tmp_path, playbook='include = ["a.toml", "b.toml"]', a="x", b="y = ")
    assert [fault.partition(": ")[0] for fault in faults_of(path)] == ["a.toml:1:2", "b.toml:1:5"]


def test_a_place_that_is_not_written_is_that_of_the_table_around_it(tmp_path: Path) -> None:
    document = read_document(write(tmp_path, playbook="[scoring.models.fit]\nthreshold = 1\n"))
    fault = document.fault(Finding(path=("scoring", "models", "fit", "rules", 3, "name"), message="x"))
    assert (fault.line, fault.column) == (1, 17)
    assert document.fault(Finding(path=("matching", "contact"), message="x")).place == document.sources[0].file
