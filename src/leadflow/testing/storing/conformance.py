"""The kit as one class: subclass it, write `make`, run pytest."""

from __future__ import annotations

from typing import ClassVar

from leadflow.testing.conformance import Conformance
from leadflow.testing.storing.claiming import Claims
from leadflow.testing.storing.committing import Committing
from leadflow.testing.storing.failing import Failing
from leadflow.testing.storing.keeping import Keeping
from leadflow.testing.storing.loading import Loading
from leadflow.testing.storing.machine import Agreeing
from leadflow.testing.storing.scanning import Scanning
from leadflow.testing.storing.sharing import Sharing


class StoreConformance(Loading, Committing, Scanning, Keeping, Sharing, Claims, Failing, Agreeing, Conformance):
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

    A test that is replaced, skipped or taken away in any other manner fails the kit.
    """

    is_kit: ClassVar[bool] = True
