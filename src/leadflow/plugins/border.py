"""What policies of plugins give is checked at the border, with the plugin's name in the error."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping
from decimal import Decimal
from time import perf_counter
from typing import Any, Final

from leadflow.errors import LeadflowError, PluginError
from leadflow.expr.types import Function, Type
from leadflow.normalise import Normaliser
from leadflow.plugins.loading import Plugins, Registration
from leadflow.room import Policies

log = logging.getLogger("leadflow")

SLOW_S: Final = 1.0
"""A policy that takes longer for one call is told in the log. It cannot be stopped: a plan waits for it."""


def policies_of(plugins: Plugins) -> Policies:
    """The policies that plugins bring, each guarded at the border."""
    versions = {
        each.name: each.version
        for kind in ("normalisers", "comparators", "functions", "strategies", "vetoes")
        for each in plugins.all(kind)
    }
    return Policies(
        normalisers={
            each.name: Normaliser(name=each.name, version=int(each.version), function=_guarded_key(each))
            for each in plugins.all("normalisers")
        },
        comparators={each.name: _guarded(each, _is_likeness) for each in plugins.all("comparators")},
        functions={each.name: _function(each) for each in plugins.all("functions")},
        strategies={each.name: _guarded(each, _is_choice) for each in plugins.all("strategies")},
        vetoes={each.name: _guarded(each, _is_answer, is_timed=False) for each in plugins.all("vetoes")},
        versions=versions,
    )


def sources_of(plugins: Plugins) -> dict[str, Callable[..., Iterator[Mapping[str, Any]]]]:
    """The sources that plugins bring, each guarded at the border."""
    return {each.name: _source(each) for each in plugins.all("sources")}


def _source(registration: Registration) -> Callable[..., Iterator[Mapping[str, Any]]]:
    """The source, whose failures and odd records are errors that name the plugin. Its own LeadflowErrors stay as they are."""
    place = f"plugin {registration.plugin!r}: {registration.name}"

    def read(payload: Any, **options: Any) -> Iterator[Mapping[str, Any]]:
        try:
            found = registration.factory(payload, **options)
            if isinstance(found, (str, bytes, Mapping)) or not isinstance(found, Iterable):
                raise PluginError(f"{place} gave {type(found).__name__}, not records", code="plugin_failed")
            for number, record in enumerate(found):
                if not isinstance(record, Mapping):
                    said = f"{place} gave {type(record).__name__} for record {number}, which is no mapping"
                    raise PluginError(said, code="plugin_failed", hint="the records before it were taken")
                yield record
        except LeadflowError:
            raise
        except Exception as error:
            raise PluginError(
                f"{place} failed ({type(error).__name__})",
                code="plugin_failed",
                hint="the records before it were taken; a repeat of them is harmless",
            ) from error

    return read


def _is_likeness(found: Any, a: str, b: str) -> bool:
    return type(found) in (int, float) and 0 <= found <= 1


def _is_choice(found: Any, eligible: Any, *_: Any) -> bool:
    return isinstance(found, tuple) and len(found) == 2 and found[0] in {member.user for member in eligible}


def _is_answer(found: Any, *_: Any) -> bool:
    """None: it may leave; a text: why not. False, "" and all else is an error, and errors keep the message."""
    return found is None or (isinstance(found, str) and found.strip() != "")


_IS_OF: Final[dict[Type, Callable[[Any], bool]]] = {
    Type.TEXT: lambda value: isinstance(value, str),
    Type.CODE: lambda value: isinstance(value, str),
    Type.NUMBER: lambda value: type(value) is int or (isinstance(value, Decimal) and value.is_finite()),
    Type.BOOLEAN: lambda value: isinstance(value, bool),
    Type.INSTANT: lambda value: type(value) is int,
    Type.DURATION: lambda value: type(value) is int,
}


def _function(each: Registration) -> Function:
    is_of = _IS_OF[each.returns]
    guarded = _guarded(each, lambda found, *_: found is None or is_of(found))
    numbers = [place for place, kind in enumerate(each.takes) if kind is Type.NUMBER]

    def called(*arguments: Any) -> Any:
        given = list(arguments)
        for place in numbers:  # rows may hold a decimal as exact text
            if type(given[place]) is not int:
                given[place] = Decimal(str(given[place]))
        return guarded(*given)

    return Function(each.name, each.takes, each.returns, called if numbers else guarded, each.version)


def _guarded_key(registration: Registration) -> Callable[[str], str | None]:
    """A normaliser, guarded as any other; the commonest of all policies has a short way."""
    function, place = registration.factory, f"plugin {registration.plugin!r}: {registration.name}"

    def guarded(text: str) -> str | None:
        begun = perf_counter()
        try:
            found = function(text)
        except Exception as error:
            raise PluginError(f"{place} failed ({type(error).__name__})", code="plugin_failed") from error
        if perf_counter() - begun > SLOW_S:
            log.warning("%s took %.1f s; everything waits for it", place, perf_counter() - begun)
        if found is None or (isinstance(found, str) and found):
            return found
        raise PluginError(f"{place} gave {type(found).__name__}, which is not what it promised", code="plugin_failed")

    return guarded


def _guarded(registration: Registration, is_right: Callable[..., bool], *, is_timed: bool = True) -> Callable[..., Any]:
    """The function, whose failures and odd answers are errors that name the plugin."""
    function, place = registration.factory, f"plugin {registration.plugin!r}: {registration.name}"

    def guarded(*arguments: Any) -> Any:
        begun = perf_counter()
        try:
            found = function(*arguments)
        except Exception as error:
            raise PluginError(f"{place} failed ({type(error).__name__})", code="plugin_failed") from error
        if is_timed and perf_counter() - begun > SLOW_S:
            log.warning("%s took %.1f s; everything waits for it", place, perf_counter() - begun)
        if not is_right(found, *arguments):
            raise PluginError(
                f"{place} gave {type(found).__name__}, which is not what it promised", code="plugin_failed"
            )
        return found

    return guarded
