"""Reading playbook files: text, included files, and where everything stands.

A playbook may be split: `include = ["fit.toml"]` takes in files beside it. The named entries of a section (models,
forms, pools ...) may stand in any of them, but each in one only.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from functools import cached_property
from pathlib import Path as FilePath
from typing import Any, Final, get_args, get_origin, get_type_hints

import attrs
from attrs import define, field, frozen

from leadflow.errors import PlaybookError, marked
from leadflow.playbook.fault import Fault, Finding, Path
from leadflow.playbook.places import Places, scan_places
from leadflow.playbook.playbook import Playbook

INCLUDE: Final = "include"
_TOML_PLACE = re.compile(r" \(at (?:line (\d+), column (\d+)|end of document)\)$")
_HINTS = {
    "Invalid value": "put texts in quotes",
    "Cannot overwrite a value": "the key is there already",
    "Expected newline or end of document after a statement": "put texts in quotes, one key on each line",
    "Invalid statement": "write key = value or [table]",
}


@frozen
class Source:
    """One TOML file: its name as shown, its text, what it says."""

    file: str
    text: str = field(repr=False)
    tree: Mapping[str, Any] = field(repr=False)

    @cached_property
    def places(self) -> Places:
        """Where everything stands; looked up only when there is something to say."""
        return scan_places(self.text)


@frozen
class Document:
    """A playbook as written: all files as one tree, and which file each part comes from.

    `origins` maps the path of a part to the number of its source and its path there.

    >>> document = document_of('[scoring.models.fit]\\nthreshold = "60"')
    >>> print(document.fault(Finding(path=("scoring", "models", "fit", "threshold"), message="expected a number")))
    playbook.toml:2:13 scoring.models.fit.threshold: expected a number
    """

    tree: Mapping[str, Any] = field(repr=False)
    sources: tuple[Source, ...]
    origins: Mapping[Path, tuple[int, Path]] = field(repr=False)

    def fault(self, finding: Finding) -> Fault:
        """A finding with its place: of the value or key itself, else of the nearest table around it."""
        number, line, column = self._place(finding)
        source = self.sources[number]
        shown = ""
        if finding.span is not None and line and column > 1:
            held = source.text.split("\n")[line - 1]
            shown = marked(held, column - 1, column - 1 + finding.span[1] - finding.span[0])
        return finding.at(source.file, line, column, shown)

    def faults(self, findings: Iterable[Finding]) -> tuple[Fault, ...]:
        """Findings with their places, each once, in the order of the files."""
        order = {source.file: number for number, source in enumerate(self.sources)}
        found = dict.fromkeys(self.fault(finding) for finding in findings)
        return tuple(sorted(found, key=lambda each: (order[each.file], each.line, each.column, each.path)))

    def _place(self, finding: Finding) -> tuple[int, int, int]:
        for length in range(len(finding.path), -1, -1):
            number, path = self._origin(finding.path[:length])
            places = self.sources[number].places
            is_whole = length == len(finding.path)
            if is_whole and finding.span is not None and path in places.values:
                position = places.inside(path, finding.span[0])
            elif is_whole and not finding.is_key:
                position = places.value(path) or places.key(path)
            else:
                position = places.key(path) or places.value(path)
            if position is not None:
                return (number, *position)
        return 0, 0, 0

    def _origin(self, path: Path) -> tuple[int, Path]:
        for length in range(len(path), 0, -1):
            if path[:length] in self.origins:
                number, start = self.origins[path[:length]]
                return number, (*start, *path[length:])
        return 0, path


def document_of(text: str, file: str = "playbook.toml") -> Document:
    """A playbook as written in one text. Errors: PlaybookError for text that is not TOML."""
    tree = _parsed(text, file)
    return Document(tree, (Source(file, text, tree),), {})


def read_document(path: str | FilePath) -> Document:
    """A playbook as written in a file and those that it includes.

    Errors: PlaybookError for a file that is absent or unreadable, not UTF-8 or not TOML, and for what stands in two.
    """
    reader = _Reader()
    reader.read(FilePath(path))
    merged = _Merged()
    for source in reader.sources:
        merged.add(source)
    faults = [*reader.faults, *merged.faults]
    if faults:
        raise playbook_error(faults, str(path))
    return Document(merged.tree, tuple(reader.sources), merged.origins)


def playbook_error(faults: Iterable[Fault], file: str = "") -> PlaybookError:
    """The error that carries faults."""
    found = tuple(faults)
    count = f"{len(found)} fault{'' if len(found) == 1 else 's'}"
    return PlaybookError(f"{count} in {file or 'the playbook'}", faults=found)


# -- one file ---------------------------------------------------------------------------------------------


def _parsed(text: str, file: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise playbook_error([_toml_fault(str(error), text, file)], file) from None
    except (RecursionError, ValueError) as error:
        said = "lists or tables nest too deep" if isinstance(error, RecursionError) else str(error)
        fault = Fault(message=f"this is not TOML: {said}", file=file, code="invalid_toml")
        raise playbook_error([fault], file) from None


def _toml_fault(said: str, text: str, file: str) -> Fault:
    match = _TOML_PLACE.search(said)
    message = said if match is None else said[: match.start()]
    lines = text.replace("\r\n", "\n").split("\n")
    line, column, hint = len(lines), len(lines[-1]) + 1, _HINTS.get(message, "")
    if match is not None and match[1] is not None:
        line, column = int(match[1]), int(match[2])
    elif message.startswith(("Invalid", "Unclosed", "Unterminated", "Expected")):
        hint = "something is not closed or not finished"
    return Fault(
        message=f"this is not TOML: {message[:1].lower()}{message[1:]}",
        hint=hint,
        file=file,
        line=line,
        column=column,
        code="invalid_toml",
    )


def _text_of(path: FilePath) -> str:
    """The text of a file. Errors: PlaybookError."""
    try:
        content = path.read_bytes()
    except OSError as error:
        said = f"cannot be read: {error.strerror or type(error).__name__}"
        fault = Fault(message=said, hint="leadflow init writes a playbook", file=str(path), code="unreadable")
        raise playbook_error([fault], str(path)) from None
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = content[: error.start]
        line = before.rpartition(b"\n")[2].decode("utf-8", "replace")
        fault = Fault(
            message=f"this is not UTF-8 (byte 0x{content[error.start]:02x})",
            hint="save the file as UTF-8",
            file=str(path),
            line=before.count(b"\n") + 1,
            column=len(line) + 1,
            code="not_utf8",
        )
        raise playbook_error([fault], str(path)) from None


@define
class _Reader:
    """Reads a file and those that it includes, each once."""

    sources: list[Source] = field(factory=list)
    faults: list[Fault] = field(factory=list)
    _seen: set[FilePath] = field(factory=set)

    def read(self, path: FilePath) -> None:
        self._seen.add(path.resolve())
        try:
            text = _text_of(path)
            source = Source(str(path), text, _parsed(text, str(path)))
        except PlaybookError as error:
            self.faults.extend(error.faults)
            return
        self.sources.append(source)
        for number, name in enumerate(self._included(source)):
            self._include(source, path, number, name)

    def _included(self, source: Source) -> list[str]:
        names = source.tree.get(INCLUDE, [])
        if isinstance(names, list) and all(isinstance(name, str) for name in names):
            return names
        self._fault(source, (INCLUDE,), "expected a list of files", 'write include = ["fit.toml"]', "wrong_type")
        return []

    def _include(self, source: Source, path: FilePath, number: int, name: str) -> None:
        place: Path = (INCLUDE, number)
        if FilePath(name).is_absolute():
            self._fault(source, place, "an included file is named from this file's folder", "", "include_absolute")
            return
        file = path.parent / name
        if file.resolve() in self._seen:
            self._fault(source, place, f"{name} is included already", "name each file once", "include_twice")
        elif not file.is_file():
            self._fault(source, place, f"there is no file {name}", "it is looked for beside this file", "unreadable")
        else:
            self.read(file)

    def _fault(self, source: Source, path: Path, message: str, hint: str, code: str) -> None:
        document = Document(source.tree, (source,), {})
        self.faults.append(document.fault(Finding(path=path, message=message, hint=hint, code=code)))


# -- several files as one ---------------------------------------------------------------------------------


@define
class _Merged:
    """The tree of several files, and where each part comes from."""

    tree: dict[str, Any] = field(factory=dict)
    origins: dict[Path, tuple[int, Path]] = field(factory=dict)
    faults: list[Fault] = field(factory=list)
    _sources: list[Source] = field(factory=list)

    def add(self, source: Source) -> None:
        self._sources.append(source)
        self._take(self.tree, {key: value for key, value in source.tree.items() if key != INCLUDE}, ())

    def _take(self, into: dict[str, Any], tree: Mapping[str, Any], path: Path) -> None:
        for key, value in tree.items():
            here = (*path, key)
            held = into.get(key)
            if key not in into:
                self._put(into, key, value, here)
            elif isinstance(held, dict) and isinstance(value, dict) and is_shared(here):
                self._take(held, value, here)
            elif isinstance(held, list) and _is_named(held) and _is_named(value):
                self._append(held, value, here)
            else:
                self._twice(here, here)

    def _put(self, into: dict[str, Any], key: str, value: Any, here: Path) -> None:
        self.origins[here] = (len(self._sources) - 1, here)
        if isinstance(value, dict) and is_shared(here):
            into[key] = {}
            self._take(into[key], value, here)
        else:
            into[key] = list(value) if isinstance(value, list) else value

    def _append(self, held: list[dict[str, Any]], more: list[dict[str, Any]], here: Path) -> None:
        positions = {item["name"]: number for number, item in enumerate(held)}
        for number, item in enumerate(more):
            if item["name"] in positions:
                self._twice((*here, number), (*here, positions[item["name"]]))
                continue
            self.origins[(*here, len(held))] = (len(self._sources) - 1, (*here, number))
            held.append(item)

    def _twice(self, path: Path, first: Path) -> None:
        source = self._sources[-1]
        merged = Document(self.tree, tuple(self._sources), self.origins)
        there = merged.fault(Finding(path=first, message=""))
        finding = Finding(
            path=path,
            message=f"this stands in {there.place} already",
            hint="keep it in one of the files",
            code="stands_twice",
            is_key=True,
        )
        self.faults.append(Document(source.tree, (source,), {}).fault(finding))


def is_shared(path: Path) -> bool:
    """Whether several files may each say a part of this table: sections and their collections, not a single entry.

    >>> is_shared(("scoring", "models")), is_shared(("scoring", "models", "fit"))
    (True, False)
    """
    kind: Any = Playbook
    for depth, part in enumerate(path):
        if attrs.has(kind) and depth <= 1:
            kind = get_type_hints(kind).get(str(part))
        elif get_origin(kind) is Mapping and not attrs.has(get_args(kind)[1]):
            kind = get_args(kind)[1]
        else:
            return False
    return attrs.has(kind) or get_origin(kind) is Mapping


def _is_named(value: Any) -> bool:
    if not isinstance(value, list) or not value:
        return False
    return all(isinstance(item, dict) and isinstance(item.get("name"), str) for item in value)
