"""The conformance kit of CRMs: subclass `CrmConformance`, say how to make one and how people work at the other end.

    class TestMine(CrmConformance):
        claims = frozenset({"locks"})
        failures = frozenset({"busy", "cut"})

        @pytest.fixture(autouse=True)
        def server(self):
            with MyServer() as self.server:
                yield

        def make(self):
            return MyCrm(self.server.url)

        def there(self, kind):
            return self.server.ids(kind)

        def add(self, *contacts):
            return self.server.create(contacts)  # all at one moment

        def edit(self, remote, fields): ...
        def remove(self, remote): ...
        def fail(self, failure): ...

`claims` are capabilities of the port (`leadflow.ports.crm.CAPABILITIES`): what is claimed must work, what is not claimed
must be refused. `failures` are those of `FAILURES` that the other end can be made to show. People at the other end work on
contacts, whose fields have the port's names.
"""

from __future__ import annotations

from typing import ClassVar

from leadflow.testing.selling.coming_in import ComingIn
from leadflow.testing.selling.going_out import GoingOut
from leadflow.testing.selling.offering import Offering


class CrmConformance(GoingOut, ComingIn, Offering):
    """What every CRM does. Each test gets an empty other end, and CRMs to it from `make`."""

    is_kit: ClassVar[bool] = True
