"""Which column holds what: by its name, by what is in it, and by what the user said."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches
from itertools import islice

from attrs import frozen

from leadflow.capture.reading.headers import (
    COMPANY_PREFIXES,
    OTHER,
    PERSONAL_PREFIXES,
    header_key,
    known_names,
    target_names,
)
from leadflow.errors import InvalidValueError

_SAMPLE_ROWS = 200
_LEAST_VALUES = 2
_MOST = 0.8
_FEW = 0.2
_KINDS = {
    "e-mail addresses": re.compile(r"[^@\s]{1,64}@[^@\s]{1,190}\.[^@\s.]{2,63}"),
    "web addresses": re.compile(r"(?:https?://|www\.)\S{3,2000}", re.IGNORECASE),
    "telephone numbers": re.compile(r"(?=(?:\D{0,4}\d){6})\+?[\d\s()./-]{6,30}(?:(?:x|ext)\.?\s?\d{1,6})?"),
}
_KIND_OF = {
    "contact.email": "e-mail addresses",
    "contact.phone": "telephone numbers",
    "account.phone": "telephone numbers",
    "account.domain": "web addresses",
}
_TARGET_OF = {"e-mail addresses": "contact.email", "web addresses": "account.domain"}
_OF_COMPANIES = frozenset({"phone", "country", "region", "city", "postcode", "name", "domain", "industry", "source"})


@frozen
class ColumnGuess:
    """A column and the field it is taken to hold; confidence 0..1, 1 for what the user said."""

    column: str
    target: str
    confidence: float


@frozen
class Finding:
    """Something about a column that a person should confirm or mend."""

    code: str
    column: str
    message: str


@frozen(kw_only=True)
class ColumnMapping:
    """What each column holds, what nobody knows of, and what looks wrong."""

    guesses: tuple[ColumnGuess, ...] = ()
    unmapped: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()

    @property
    def targets(self) -> dict[str, str]:
        """Target by column."""
        return {guess.column: guess.target for guess in self.guesses}


def map_columns(
    header: Sequence[str],
    samples: Iterable[Mapping[str, str]] = (),
    explicit: Mapping[str, str] | None = None,
) -> ColumnMapping:
    """Guess which field each column holds.

    Targets are dotted fields (`contact.email`, `account.name`), `key` for the record's own id and `at` for
    its time. `samples` are the cells of the first rows. `explicit` overrides by column; an empty target
    leaves a column out.
    Errors: InvalidValueError when `explicit` names a column that is not there.

    >>> mapping = map_columns(["E-Mail", "Vorname", "Firma", "Shoe size"])
    >>> mapping.targets, mapping.unmapped
    ({'E-Mail': 'contact.email', 'Vorname': 'contact.first_name', 'Firma': 'account.name'}, ('Shoe size',))
    """
    chosen = dict(explicit or {})
    for column in chosen:
        if column not in header:
            near = get_close_matches(column, header, n=1)
            hint = f"did you mean {near[0]!r}?" if near else "the columns are " + ", ".join(header[:20])
            raise InvalidValueError(f"there is no column {column[:80]!r}", code="column_unknown", hint=hint)
    values = _values(header, samples)
    kinds = {column: _kind(values[column]) for column in header}
    guesses = {column: ColumnGuess(column, target, 1.0) for column, target in chosen.items() if target}
    findings = _headerless(header)
    open_columns = [column for column in header if column not in chosen]
    _by_name(open_columns, guesses, findings)
    _by_content(open_columns, kinds, guesses)
    findings += _mismatches(guesses, kinds, values)
    return ColumnMapping(
        guesses=tuple(guesses[column] for column in header if column in guesses),
        unmapped=tuple(column for column in header if column not in guesses),
        findings=tuple(findings),
    )


def _values(header: Sequence[str], samples: Iterable[Mapping[str, str]]) -> dict[str, list[str]]:
    rows = list(islice(samples, _SAMPLE_ROWS))
    return {column: [text for row in rows if (text := row.get(column, "").strip())] for column in header}


def _kind(values: Sequence[str]) -> str | None:
    if len(values) < _LEAST_VALUES:
        return None
    for kind, pattern in _KINDS.items():
        if sum(pattern.fullmatch(value) is not None for value in values) >= _MOST * len(values):
            return kind
    return None


def _by_name(columns: Sequence[str], guesses: dict[str, ColumnGuess], findings: list[Finding]) -> None:
    named = [guess for column in columns if (guess := _guess(column))]
    taken = {guess.target: guess.column for guess in guesses.values()}
    # The surest first; of equals the one further left.
    for guess in sorted(named, key=lambda each: -each.confidence):
        if guess.target in taken:
            message = f"{guess.target} is taken from {taken[guess.target]!r}; this column is left out"
            findings.append(Finding("second_column", guess.column, message))
        else:
            taken[guess.target] = guess.column
            guesses[guess.column] = guess


def _guess(column: str) -> ColumnGuess | None:
    key = header_key(column)
    names = known_names()
    numbered, bare = re.sub(r"\d", "1", key), re.sub(r"\d", "", key)
    for confidence, candidate in ((1.0, key), (0.9, key.replace("1", "")), (0.7, numbered), (0.7, bare)):
        if target := names.get(candidate):
            return _graded(column, target, confidence)
    for prefix in (*PERSONAL_PREFIXES, *COMPANY_PREFIXES):
        rest = re.sub(r"^\d+", "", key.removeprefix(prefix))
        target = names.get(rest) if key.startswith(prefix) else None
        if target is None:
            continue
        field = target.removesuffix(OTHER).partition(".")[2]
        if prefix in COMPANY_PREFIXES and field in _OF_COMPANIES:
            target = f"account.{field}"
        return _graded(column, target, 0.8)
    return None


def _graded(column: str, target: str, confidence: float) -> ColumnGuess:
    if target.endswith(OTHER):
        return ColumnGuess(column, target.removesuffix(OTHER), confidence - 0.3)
    return ColumnGuess(column, target, confidence)


def _by_content(columns: Sequence[str], kinds: Mapping[str, str | None], guesses: dict[str, ColumnGuess]) -> None:
    taken = {guess.target for guess in guesses.values()}
    for column in columns:
        target = _TARGET_OF.get(kinds[column] or "")
        if target and column not in guesses and target not in taken:
            guesses[column] = ColumnGuess(column, target, 0.5)
            taken.add(target)


def _headerless(header: Sequence[str]) -> list[Finding]:
    for column in header:
        if _KINDS["e-mail addresses"].fullmatch(column):
            message = "the first line looks like data; name the columns yourself"
            # Not the cell itself: it is somebody's address.
            return [Finding("no_header", f"column {header.index(column) + 1}", message)]
    return []


def _mismatches(
    guesses: Mapping[str, ColumnGuess], kinds: Mapping[str, str | None], values: Mapping[str, Sequence[str]]
) -> list[Finding]:
    """Columns that hold something else than their target, and pairs that hold each other's."""
    found: list[Finding] = []
    for column, guess in guesses.items():
        wanted, kind = _KIND_OF.get(guess.target), kinds[column]
        if wanted is None:
            if kind == "e-mail addresses" and guess.target in target_names():
                found.append(Finding("content_mismatch", column, f"holds {kind}, yet is mapped to {guess.target}"))
        elif kind not in (None, wanted) or _hardly(values[column], wanted):
            other = next((each for each, peer in guesses.items() if _are_swapped(guess, peer, kinds)), None)
            what = f"holds {kind}" if kind else f"holds hardly any {wanted}"
            code = "swapped_columns" if other else "content_mismatch"
            also = f"; {other!r} holds what belongs here" if other else ""
            found.append(Finding(code, column, f"{what}, yet is mapped to {guess.target}{also}"))
    return found


def _hardly(values: Sequence[str], kind: str) -> bool:
    if kind == "web addresses" or len(values) < _LEAST_VALUES:
        return False
    return sum(_KINDS[kind].fullmatch(value) is not None for value in values) <= _FEW * len(values)


def _are_swapped(guess: ColumnGuess, peer: ColumnGuess, kinds: Mapping[str, str | None]) -> bool:
    wanted, wanted_there = _KIND_OF.get(guess.target), _KIND_OF.get(peer.target)
    return kinds[peer.column] == wanted and kinds[guess.column] == wanted_there and peer is not guess
