"""Holding leads back: by time or by a stable hash of the id, never by chance."""

from __future__ import annotations

from hashlib import blake2b

from leadflow.errors import InvalidInputError
from leadflow.scoring.fit.examples import Table


def hash_share(key: str, salt: str) -> float:
    """A number in [0, 1) that depends on the key and the salt alone.

    >>> hash_share("l_1", "holdout") == hash_share("l_1", "holdout")
    True
    """
    digest = blake2b(f"{salt}\x00{key}".encode("utf-8", "surrogatepass"), digest_size=6).digest()
    return int.from_bytes(digest) / (1 << 48)


def fold_of(key: str, folds: int) -> int:
    """Which of `folds` parts a lead belongs to."""
    return int(hash_share(key, "fold") * folds)


def by_time(table: Table, holdout: float) -> tuple[Table, Table, int]:
    """Train on the older leads, hold back the newest; returns both and the first instant held back.

    Leads of one instant stay together, so the held-back share is met as nearly as ties allow.
    Errors: InvalidInputError when all leads have the same instant.
    """
    instants = sorted(example.at_us for example in table.examples)
    wanted = len(instants) - round(len(instants) * holdout)
    starts = [place for place in range(1, len(instants)) if instants[place] != instants[place - 1]]
    if not starts:
        raise InvalidInputError(
            "all leads came in at the same moment, so none can be held back by time",
            code="no_time_split",
            hint="use split='hash'",
        )
    cut_us = instants[min(starts, key=lambda place: (abs(place - wanted), place))]
    old = [row for row, example in enumerate(table.examples) if example.at_us < cut_us]
    new = [row for row, example in enumerate(table.examples) if example.at_us >= cut_us]
    return table.take(old), table.take(new), cut_us


def by_hash(table: Table, holdout: float) -> tuple[Table, Table]:
    """Hold back a share of the ids; the same lead always falls on the same side."""
    held = [hash_share(example.id, "holdout") < holdout for example in table.examples]
    return (
        table.take([row for row, is_held in enumerate(held) if not is_held]),
        table.take([row for row, is_held in enumerate(held) if is_held]),
    )


def in_folds(table: Table, folds: int) -> list[tuple[Table, Table]]:
    """For each fold: everything else, and the fold itself."""
    places = [fold_of(example.id, folds) for example in table.examples]
    return [
        (
            table.take([row for row, place in enumerate(places) if place != fold]),
            table.take([row for row, place in enumerate(places) if place == fold]),
        )
        for fold in range(folds)
    ]
