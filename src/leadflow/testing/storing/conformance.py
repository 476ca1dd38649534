"""The kit as one class: subclass it, write `make`, run pytest."""

from __future__ import annotations

from typing import Any

from leadflow.testing.storing.claiming import Claims
from leadflow.testing.storing.committing import Committing
from leadflow.testing.storing.failing import Failing
from leadflow.testing.storing.keeping import Keeping
from leadflow.testing.storing.loading import Loading
from leadflow.testing.storing.machine import Agreeing
from leadflow.testing.storing.scanning import Scanning
from leadflow.testing.storing.sharing import Sharing


class StoreConformance(Loading, Committing, Scanning, Keeping, Sharing, Claims, Failing, Agreeing):
    """Every promise of the store port (contract version 1), as tests.

        class TestAcmeStore(StoreConformance):
            claims = frozenset({"durable"})

            def make(self, tables):
                return AcmeStore(self.path(), tables)

            def reopen(self, store):
                return AcmeStore(store.path, TABLES)

    `claims` says what the store can do beyond the four verbs, and then has to do; what is not claimed has to be refused
    with UnsupportedCapabilityError:

    - "durable": what was committed outlives its handle, and several handles work on one store (`reopen`);
    - "claims": several workers share what is due (`claim` and `release`, see leadflow.ports.store.Claiming);
    - "faults": it calls `fault(name)` before each write (`make_with_faults`);
    - "url": another process reaches it by a URL (`url`); clients are killed in the middle of their calls.

    A promise that a store does not keep is written down where everybody sees it, and fails when it comes true:

            @pytest.mark.xfail(strict=True, reason="the vendor orders by locale")
            def test_texts_are_ordered_by_their_characters(self):
                super().test_texts_are_ordered_by_their_characters()

    A test that is replaced, skipped or taken away in any other manner is a TypeError when the class is made.
    """

    def __init_subclass__(cls, **more: Any) -> None:
        super().__init_subclass__(**more)
        for name in dir(StoreConformance):
            if name.startswith("test_") and getattr(cls, name) is not getattr(StoreConformance, name):
                _check_replaced(cls, name)


def _check_replaced(cls: type[Any], name: str) -> None:
    """Only a strict xfail with a reason replaces a test."""
    marks = getattr(getattr(cls, name), "pytestmark", [])
    is_written_down = any(
        mark.name == "xfail" and mark.kwargs.get("strict") is True and mark.kwargs.get("reason") for mark in marks
    )
    if not is_written_down or any(mark.name in ("skip", "skipif") for mark in marks):
        raise TypeError(
            f"{cls.__name__}.{name} replaces a promise of the kit; keep it, or mark it"
            ' @pytest.mark.xfail(strict=True, reason="...")'
        )
