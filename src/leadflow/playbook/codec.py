"""Playbooks from TOML and back: the one cattrs converter of leadflow."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

import attrs
import cattrs
from cattrs.gen import make_dict_structure_fn

from leadflow.errors import PlaybookError
from leadflow.playbook.playbook import Playbook


@lru_cache(maxsize=1)
def _converter() -> cattrs.Converter:
    converter = cattrs.Converter(forbid_extra_keys=True, detailed_validation=True)

    def strict(cls: Any) -> Any:
        attrs.resolve_types(cls)
        return make_dict_structure_fn(cls, converter, _cattrs_forbid_extra_keys=True)

    converter.register_structure_hook_factory(attrs.has, strict)
    for scalar in (str, int, bool):
        converter.register_structure_hook(scalar, _exactly)
    return converter


def _exactly(value: Any, kind: type[Any]) -> Any:
    """No silent conversion: "5" is not 5 and 1 is not true."""
    if type(value) is not kind:
        raise TypeError(f"expected {kind.__name__}, got {type(value).__name__}")
    return value


def playbook_from(plain: Mapping[str, Any]) -> Playbook:
    """A playbook from plain values, as TOML gives them. Errors: PlaybookError with every fault and its path."""
    try:
        return _converter().structure(plain, Playbook)
    except cattrs.BaseValidationError as error:
        faults = [f"{path}: {message}" for path, message in _faults(error, ())]
        raise PlaybookError(f"{len(faults)} fault(s) in the playbook", faults=faults) from None


def _faults(error: BaseException, path: tuple[str, ...]) -> list[tuple[str, str]]:
    if isinstance(error, BaseExceptionGroup):
        found = []
        for inner in error.exceptions:
            notes = getattr(inner, "__notes__", [])
            step = tuple(str(getattr(note, "name", getattr(note, "index", ""))) for note in notes[:1])
            found.extend(_faults(inner, (*path, *step)))
        return found
    return [(".".join(path), str(error))]


def load_playbook(path: str | Path) -> Playbook:
    """The playbook in a TOML file. Errors: PlaybookError."""
    try:
        text = Path(path).read_text(encoding="utf-8")
    except OSError as error:
        raise PlaybookError(
            f"cannot read {path}: {error.strerror}", hint="leadflow init writes a default"
        ) from None
    try:
        return playbook_from(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        raise PlaybookError(f"{path}: {error}") from None
