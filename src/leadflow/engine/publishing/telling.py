"""Publishing: committed decisions in order, each at least once; how far one has come is kept in the store.

The position moves after a batch is there. A crash between the two hands the batch over again, under the same keys.
"""

from __future__ import annotations

from typing import Final

from attrs import define

from leadflow.engine.upkeep.settings import Setting
from leadflow.errors import AdapterError, ConflictError, InvalidInputError, TransientError
from leadflow.ports.publisher import Notice, Publisher, notice_of
from leadflow.ports.store import ChangeSet, Scan, Snapshot, Store
from leadflow.room import Key

BATCH: Final = 500


@define
class Published:
    """What a run came to: how many were told, and the position reached."""

    count: int = 0
    position: int = 0


def publish(
    store: Store, publisher: Publisher, place: str, source: str, limit: int | None = None, skip: str | None = None
) -> Published:
    """Tell what was decided since the last run.

    `skip` is the key of the notice to go on after, when the publisher refuses it for good. What was told before an error
    stays told. Errors: those of the publisher's port; InvalidInputError when `skip` is not what waits.
    """
    key: Key = (Setting.table, f"publisher:{place}")
    done = Published()
    if skip is not None:
        _pass_over(store, key, source, skip)
    is_first = True
    while limit is None or done.count < limit:
        snapshot = store.load([key])
        done.position = _position(snapshot, key)
        waiting = _waiting(store, done.position, source, BATCH if limit is None else min(BATCH, limit - done.count))
        if not waiting:
            return done
        known = _known(publisher, waiting) if is_first else 0
        is_first = False
        rest = waiting[known:]
        taken = known + (_handed_over(publisher, rest) if rest else 0)
        if _note(store, snapshot, key, waiting[taken - 1].position):
            done.count += taken
            done.position = waiting[taken - 1].position
    return done


def _position(snapshot: Snapshot, key: Key) -> int:
    held = snapshot.rows[key]
    return 0 if held is None else int(held.content["position"])


def _waiting(store: Store, position: int, source: str, size: int) -> list[Notice]:
    found = store.scan(Scan(table="decision", where=(("seq", ">", position),), order="seq", limit=size))
    return [notice_of(recorded, source) for recorded in found]


def _known(publisher: Publisher, waiting: list[Notice]) -> int:
    """How many from the front are there already, where the publisher can tell: a crash came before they were noted."""
    for count, notice in enumerate(waiting):
        if publisher.was_published(notice.key) is not True:
            return count
    return len(waiting)


def _handed_over(publisher: Publisher, notices: list[Notice]) -> int:
    taken = publisher.publish(notices)
    if type(taken) is not int or not 0 <= taken <= len(notices):
        raise AdapterError(
            f"{type(publisher).__name__} says that it took {taken!r} of {len(notices)} notices",
            operation="publish",
            hint="it returns how many from the front are there",
        )
    if not taken:
        raise TransientError(f"{type(publisher).__name__} took nothing", operation="publish", retry_after=60)
    return taken


def _note(store: Store, snapshot: Snapshot, key: Key, position: int) -> bool:
    """Keep the position; False when another process has moved it meanwhile: the loop looks again."""
    held = snapshot.rows[key]
    row = Setting(key[1], {"position": position}, 1 if held is None else held.version + 1)
    try:
        store.commit(ChangeSet(snapshot, {key: row}))
    except ConflictError:
        return False
    return True


def _pass_over(store: Store, key: Key, source: str, skip: str) -> None:
    snapshot = store.load([key])
    waiting = _waiting(store, _position(snapshot, key), source, 1)
    if not waiting or waiting[0].key != skip:
        raise InvalidInputError(
            f"{skip!r} is not what waits to be published", hint=f"that is {waiting[0].key!r}" if waiting else ""
        )
    _note(store, snapshot, key, waiting[0].position)
