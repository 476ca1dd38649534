"""Playbooks from TOML: the one cattrs converter of leadflow.

Nothing is converted silently, and every fault of structure is told at once.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import lru_cache
from pathlib import Path as FilePath
from typing import Any, get_args, get_origin, get_type_hints

import attrs
import cattrs
from cattrs.errors import AttributeValidationNote

from leadflow.errors import InvalidValueError
from leadflow.expr.fault import did_you_mean
from leadflow.playbook.choices import CHOICES, allows
from leadflow.playbook.fault import Finding, Path
from leadflow.playbook.playbook import FORMAT, Playbook
from leadflow.playbook.reading import INCLUDE, Document, document_of, playbook_error, read_document

_LARGEST = 2**63
_WORDS: Mapping[type, str] = {
    str: "a text",
    bool: "true or false",
    int: "a whole number",
    float: "a number with a fraction",
    list: "a list",
    tuple: "a list",
    dict: "a table",
}
_OWN_PREFIX = re.compile(r"""(?:[A-Z]\w*(?: (?:'[^']*'|"[^"]*"))?\.)?([a-z_]\w*)((?:\.[\w-]+)*): (.*)""", re.DOTALL)


def load_playbook(path: str | FilePath) -> Playbook:
    """The playbook in a TOML file and the files that it includes.

    Errors: PlaybookError whose `faults` are all that is wrong with its structure, each with file, line and column.
    Conditions and names are not looked into: that is `check_playbook`.
    """
    return playbook_of(read_document(path))


def playbook_from(plain: Mapping[str, Any]) -> Playbook:
    """A playbook from plain values, as TOML gives them. Errors: PlaybookError with every fault and its path.

    >>> playbook_from({"name": "mine"}).name
    'mine'
    >>> playbook_from({"curency": "EUR", "scoring": {"models": []}})
    Traceback (most recent call last):
    leadflow.errors.PlaybookError: 2 faults in the playbook
      curency: there is no such key; did you mean currency?
      scoring.models: expected a table, got a list
    """
    playbook, findings = structure(plain)
    if playbook is None:
        raise playbook_error(finding.unplaced() for finding in findings)
    return playbook


def playbook_of(document: Document) -> Playbook:
    """The playbook that a document says. Errors: PlaybookError with every fault and its place."""
    playbook, findings = structure(document.tree)
    if playbook is None:
        raise playbook_error(document.faults(findings), document.sources[0].file)
    return playbook


def parse_playbook(text: str, file: str = "playbook.toml") -> Playbook:
    """The playbook in a TOML text; `file` is the name used in messages. Errors: PlaybookError."""
    return playbook_of(document_of(text, file))


def structure(plain: Mapping[str, Any]) -> tuple[Playbook | None, list[Finding]]:
    """The playbook that plain values say, or None and all that is wrong with them."""
    if type(plain.get("format")) is int and plain["format"] != FORMAT:
        # Of a format that we do not know, nothing else can be said.
        plain = {"format": plain["format"]}
    try:
        return _converter().structure(plain, Playbook), []
    except (cattrs.BaseValidationError, _Wrong) as error:
        return None, list(_findings(error, ()))


# -- the converter ----------------------------------------------------------------------------------------


class _Wrong(Exception):
    """One fault, carried inside cattrs' groups; `path` leads from where it is noticed to what it is about."""

    def __init__(
        self, message: str, hint: str = "", code: str = "invalid_value", path: Path = (), is_key: bool = False
    ) -> None:
        super().__init__(message)
        self.message, self.hint, self.code, self.path, self.is_key = message, hint, code, path, is_key


@lru_cache(maxsize=1)
def _converter() -> cattrs.Converter:
    converter = cattrs.Converter(detailed_validation=True)
    converter.register_structure_hook_factory(attrs.has, lambda cls: _record(converter, cls))
    converter.register_structure_hook_factory(_is(tuple), lambda kind: _list(converter, get_args(kind)[0]))
    converter.register_structure_hook_factory(_is(Mapping), lambda kind: _table(converter, get_args(kind)[1]))
    converter.register_structure_hook_func(lambda kind: kind is Any, _any)
    for scalar in (str, int, bool):
        converter.register_structure_hook(scalar, _scalar)
    return converter


def _is(origin: Any) -> Callable[[Any], bool]:
    return lambda kind: get_origin(kind) is origin


def _expected(wanted: type, given: Any) -> _Wrong:
    got = _WORDS.get(type(given), f"a {type(given).__name__}")
    hint = "write it without quotes" if isinstance(given, str) and wanted in (int, bool) else ""
    return _Wrong(f"expected {_WORDS[wanted]}, got {got}", hint, "wrong_type")


def _scalar(given: Any, wanted: type[Any]) -> Any:
    """No silent conversion: "5" is not 5 and 1 is not true."""
    if type(given) is not wanted:
        raise _expected(wanted, given)
    if type(given) is int and not -_LARGEST <= given < _LARGEST:
        raise _Wrong("the number is too large", code="wrong_type")
    return given


def _any(given: Any, _: Any) -> Any:
    """What a filter compares with or a context holds: it must stand in JSON and equal itself."""
    if type(given) in (str, bool):
        return given
    if type(given) is int:
        return _scalar(given, int)
    if type(given) is float and math.isfinite(given):
        return given
    raise _Wrong("expected a text, a number, true or false", code="wrong_type")


def _list(converter: cattrs.Converter, kind: Any) -> Callable[[Any, Any], tuple[Any, ...]]:
    def structured(given: Any, _: Any) -> tuple[Any, ...]:
        if not isinstance(given, (list, tuple)):
            raise _expected(list, given)
        return tuple(_each(converter, kind, enumerate(given)).values())

    return structured


def _table(converter: cattrs.Converter, kind: Any) -> Callable[[Any, Any], dict[str, Any]]:
    def structured(given: Any, _: Any) -> dict[str, Any]:
        if not isinstance(given, Mapping):
            raise _expected(dict, given)
        return _each(converter, kind, given.items())

    return structured


def _each(converter: cattrs.Converter, kind: Any, items: Iterable[tuple[Any, Any]]) -> dict[Any, Any]:
    values: dict[Any, Any] = {}
    errors: list[Exception] = []
    for key, content in items:
        try:
            values[key] = converter.structure(content, kind)
        except (cattrs.BaseValidationError, _Wrong) as error:
            errors.append(_of(error, key))
    if errors:
        raise cattrs.IterableValidationError("faults", errors, kind)
    return values


def _record(converter: cattrs.Converter, cls: Any) -> Callable[[Any, Any], Any]:
    """Structures one class: unknown and missing keys, each key's value, then the class's own checks."""
    kinds = get_type_hints(cls)
    required = {each.name for each in attrs.fields(cls) if each.default is attrs.NOTHING}
    names = tuple(each.name for each in attrs.fields(cls))

    def structured(given: Any, _: Any) -> Any:
        if not isinstance(given, Mapping):
            raise _expected(dict, given)
        values: dict[str, Any] = {}
        errors: list[Exception] = []
        for key, content in given.items():
            try:
                if key not in names:
                    raise _unknown(key, names)
                value = converter.structure(content, kinds[key])
                if not allows(cls, key, value):
                    raise _not_allowed(key, value, CHOICES[cls][key])
                values[key] = value
            except (cattrs.BaseValidationError, _Wrong) as error:
                errors.append(_of(error, key))
        lacking = [name for name in names if name in required and name not in given]
        errors += [_of(_Wrong("this key is missing", code="missing_key", is_key=True), name) for name in lacking]
        built, own = _built(cls, values, required, is_sound=not errors)
        if errors or own:
            raise cattrs.ClassValidationError("faults", [*errors, *own], cls)
        return built

    return structured


def _built(cls: Any, values: dict[str, Any], required: set[str], is_sound: bool) -> tuple[Any, list[_Wrong]]:
    """The value, and what its own checks find wrong.

    A class raises at its first fault. To tell the others too, what is at fault is left out and it is made again.
    """
    found: list[_Wrong] = []
    while required <= values.keys():
        try:
            return cls(**values), found
        except InvalidValueError as error:
            wrong = _own_fault(error, cls)
            if wrong.path and wrong.path[0] in values:
                found.append(wrong)
                values = _without(values, wrong.path)
                continue
            if is_sound and not found:
                found.append(wrong)
            # Anything else follows from what has been left out.
            break
    return None, found


def _without(values: Mapping[str, Any], path: Path) -> dict[str, Any]:
    """The values without the entry at a path; without all of it where the path leads into something else."""
    first, *rest = path
    left = {key: value for key, value in values.items() if key != first}
    inner = values[str(first)]
    if rest and isinstance(inner, Mapping) and rest[0] in inner:
        left[str(first)] = _without(inner, tuple(rest))
    return left


def _own_fault(error: InvalidValueError, cls: Any) -> _Wrong:
    """A class's own error, as a fault of the field that its message begins with."""
    names = [each.name for each in attrs.fields(cls)]
    path: Path = tuple(error.details.get("path", ()))
    match = _OWN_PREFIX.fullmatch(error.message)
    message = error.message
    if match is not None and match[1] in names:
        message = match[3]
        path = path or (match[1], *match[2].split(".")[1:])
    return _Wrong(message, error.hint, error.code, path)


def _not_allowed(key: str, value: str, words: tuple[str, ...]) -> _Wrong:
    hint = did_you_mean(value, words) or f"one of {', '.join(words)}"
    return _Wrong(f"there is no {key} {value[:60]!r}", hint, "unknown_choice")


def _unknown(key: str, names: Iterable[str]) -> _Wrong:
    if key == INCLUDE:
        return _Wrong("only a file can include others", "read it with load_playbook", "unknown_key", is_key=True)
    known = tuple(names)
    hint = did_you_mean(key, known) or f"known: {', '.join(known)}"
    return _Wrong("there is no such key", hint, "unknown_key", is_key=True)


# -- findings ---------------------------------------------------------------------------------------------


def _of(error: Exception, key: str | int) -> Exception:
    """The error, noted to be about this key or position."""
    error.add_note(AttributeValidationNote(f"at {key}", key, None))  # type: ignore[arg-type]
    return error


def _findings(error: BaseException, path: Path) -> Iterator[Finding]:
    notes = getattr(error, "__notes__", ())
    path = (*path, *(note.name for note in notes if isinstance(note, AttributeValidationNote)))
    if isinstance(error, cattrs.BaseValidationError):
        for inner in error.exceptions:
            yield from _findings(inner, path)
    elif isinstance(error, _Wrong):
        yield Finding(
            path=(*path, *error.path), message=error.message, hint=error.hint, code=error.code, is_key=error.is_key
        )
