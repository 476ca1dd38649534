"""The conformance kit of publishers: subclass `PublisherConformance`, say how to make one and how to see what arrived.

    class TestMine(PublisherConformance):
        claims = frozenset({"keeps_keys"})
        failures = frozenset({"busy", "partial"})

        @pytest.fixture(autouse=True)
        def server(self):
            with MyServer() as self.server:
                yield

        def make(self):
            return MyPublisher(self.server.url)

        def arrived(self):
            return [json.loads(each) for each in self.server.messages]

        def fail(self, failure):
            self.server.next = failure

`claims` are capabilities of the port (`leadflow.ports.publisher.CAPABILITIES`): what is claimed must work, what is not
claimed must be refused. `failures` are those of `FAILURES` that the other end can be made to show.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from types import MappingProxyType
from typing import Any, ClassVar, Final

from leadflow.errors import AdapterError, FateUnknownError, RejectedError, TransientError
from leadflow.ports.publisher import CAPABILITIES, Notice, Publisher, cloud_event
from leadflow.ports.store import ChangeSet
from leadflow.testing.conformance import Conformance, needs

FAILURES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "busy": "the next batch is put off; none of it is there",
        "refused": "the first of the next batch is refused for good; none of it is there",
        "partial": "of the next batch some from the front are there, at least one and not all",
        "cut": "the link breaks after the next batch was taken, before that was said",
    }
)
HOSTILE: Final = (
    "two\nlines", "a\r\nb", 'quo"te', "back\\slash", "\u2028 sep", "žšč 漢字 🦊", "a\x00b", "</script>", "{}\n{}"
)  # fmt: skip
"""Texts that must not break one notice into two."""


class PublisherConformance(Conformance):
    """What every publisher does. Each test gets a new publisher from `make`."""

    is_kit: ClassVar[bool] = True
    capabilities: ClassVar[Collection[str]] = CAPABILITIES

    # -- what a subclass says -----------------------------------------------------------------------------

    def make(self) -> Publisher:
        """A publisher to the other end."""
        raise NotImplementedError("say how a publisher is made: def make(self)")

    def arrived(self) -> Sequence[Mapping[str, Any]]:
        """All that has arrived at the other end since the test began, in order, as CloudEvents (`cloud_event`)."""
        raise NotImplementedError("say what arrived: def arrived(self)")

    def fail(self, failure: str) -> None:
        """Make the other end show a failure once, at the next batch."""
        raise NotImplementedError(f"say how {failure!r} is brought about: def fail(self, failure)")

    # -- declared -----------------------------------------------------------------------------------------

    def test_claims_and_failures_are_known(self) -> None:
        """A slip in a name would take a test away."""
        assert self.claims <= set(CAPABILITIES), f"no such capability: {sorted(self.claims - set(CAPABILITIES))}"
        assert self.failures is not None, f"say which failures can be brought about, of {', '.join(FAILURES)}"
        assert self.failures <= set(FAILURES), f"no such failure: {sorted(self.failures - set(FAILURES))}"

    # -- all of it, in order ------------------------------------------------------------------------------

    def test_a_batch_arrives_in_order_and_whole(self) -> None:
        """What `publish` returned for is there, in the order given, with every field."""
        batch = notices(1, 6)
        assert self.make().publish(batch) == 5
        assert [dict(each) for each in self.arrived()] == [cloud_event(each) for each in batch]

    def test_batches_follow_each_other(self) -> None:
        """Of any size, by one publisher or several; nothing is a batch too."""
        first, second = self.make(), self.make()
        assert first.publish(notices(1, 4)) == 3
        assert first.publish([]) == 0
        assert second.publish(notices(4, 5)) == 1
        assert first.publish(notices(5, 40)) == 35
        self._all(1, 40)

    def test_a_large_batch_arrives(self) -> None:
        """As many as leadflow hands over at once."""
        waiting, publisher = notices(1, 501), self.make()
        while waiting:
            taken = publisher.publish(waiting)
            assert type(taken) is int
            assert 0 < taken <= len(waiting)
            waiting = waiting[taken:]
        self._all(1, 501)

    def test_hostile_texts_stay_in_their_notice(self) -> None:
        """Ends of lines, quotes and the like, in keys, subjects and data."""
        batch = [
            notice(number, subject=text, command=text, data={"reason": text, "parameters": {text: [text]}})
            for number, text in enumerate(HOSTILE, 1)
        ]
        assert self.make().publish(batch) == len(batch)
        assert [dict(each) for each in self.arrived()] == [cloud_event(each) for each in batch]

    def test_any_cut_into_batches_arrives_in_order(self) -> None:
        """Property: how decisions are cut into batches makes no difference. Needs Hypothesis."""
        from hypothesis import HealthCheck, given, settings
        from hypothesis import strategies as st

        publisher, seen = self.make(), len(self.arrived())

        @settings(max_examples=20, deadline=None, database=None, suppress_health_check=list(HealthCheck))
        @given(st.lists(st.integers(1, 5), min_size=1, max_size=6))
        def arrives(sizes: list[int]) -> None:
            nonlocal seen
            for size in sizes:
                assert publisher.publish(notices(seen + 1, seen + size + 1)) == size
                seen += size
            self._all(1, seen + 1)

        arrives()

    # -- again --------------------------------------------------------------------------------------------

    def test_a_repeat_has_the_same_keys(self) -> None:
        """At least once: whoever reads can pass over what he has seen."""
        self.make().publish(notices(1, 4))
        self.make().publish(notices(2, 6))
        assert [str(each["id"]) for each in _firsts(self.arrived())] == [each.key for each in notices(1, 6)]

    @needs("keeps_keys")
    def test_a_repeat_is_there_once(self) -> None:
        """Claimed: keeps_keys. Also by another publisher, and in a batch of which some is new."""
        assert self.make().publish(notices(1, 4)) == 3
        assert self.make().publish(notices(1, 4)) == 3
        assert self.make().publish(notices(2, 6)) == 4
        self._all(1, 6)

    @needs("tells_published")
    def test_it_tells_what_was_published(self) -> None:
        """Claimed: tells_published."""
        self.make().publish(notices(1, 3))
        publisher = self.make()
        assert [publisher.was_published(notice(number).key) for number in (1, 2, 3)] == [True, True, False]

    @needs("no tells_published")
    def test_it_does_not_guess_what_was_published(self) -> None:
        """Not claimed: tells_published. Nobody can tell, and that is the answer."""
        publisher = self.make()
        assert publisher.was_published(notice(1).key) is None
        publisher.publish(notices(1, 2))
        assert publisher.was_published(notice(1).key) is None

    # -- failures -----------------------------------------------------------------------------------------

    @needs("busy")
    def test_a_busy_end_is_told_as_transient(self) -> None:
        """Nothing is there, it says when to try again, and the next try goes through."""
        publisher = self.make()
        self.fail("busy")
        error = _raised(publisher, notices(1, 4), TransientError)
        assert isinstance(error, TransientError)
        assert (error.retry_after or 0) > 0, "retry_after: say in how many seconds"
        assert not self.arrived()
        assert publisher.was_published(notice(1).key) is not True
        assert publisher.publish(notices(1, 4)) == 3
        self._all(1, 4)

    @needs("refused")
    def test_a_refusal_is_told_as_final(self) -> None:
        """Nothing is there; without the one that is refused, the others go through."""
        publisher = self.make()
        self.fail("refused")
        _raised(publisher, notices(1, 4), RejectedError)
        assert not self.arrived()
        assert publisher.publish(notices(2, 4)) == 2
        self._all(2, 4)

    @needs("partial")
    def test_part_of_a_batch_is_told_as_such(self) -> None:
        """Not more than is there; the rest, handed over again, completes it in order."""
        publisher = self.make()
        self.fail("partial")
        taken = _taken(publisher, notices(1, 6))
        there = len(_firsts(self.arrived()))
        assert 0 < there < 5, "fail('partial'): some from the front should be there, and not all"
        assert taken <= there, f"it says {taken}, and {there} are there: {there - taken} would be lost"
        self._goes_on(publisher, taken, 6)

    @needs("cut")
    def test_a_cut_loses_nothing(self) -> None:
        """They are there, and nobody said so: handed over again, under the same keys."""
        publisher = self.make()
        self.fail("cut")
        taken = _taken(publisher, notices(1, 4))
        assert len(_firsts(self.arrived())) == 3, "fail('cut'): the batch should be there"
        self._goes_on(publisher, taken, 4)

    def test_a_crash_before_the_position_is_kept_loses_nothing(self) -> None:
        """leadflow dies after a batch is there, before it has noted so: the next run repeats the batch at most."""
        import leadflow
        from leadflow.ports.store import Scan

        flow = leadflow.open()
        for number in range(4):
            flow.submit("demo-request", {"email": f"p{number}@x.example"}, key=f"s-{number}")
        keep, flow.store.commit = flow.store.commit, _crash  # type: ignore[method-assign]
        try:
            flow.publish(self.make(), name="kit")
        except _Crash:
            pass
        else:
            raise AssertionError("the position was not kept in the store")
        flow.store.commit = keep  # type: ignore[method-assign]
        flow.submit("demo-request", {"email": "p4@x.example"}, key="s-4")
        flow.publish(self.make(), name="kit")
        assert flow.publish(self.make(), name="kit").count == 0
        wanted = [f"leadflow:{each.id}" for each in flow.store.scan(Scan(table="decision", order="seq"))]
        told = [str(each["id"]) for each in self.arrived()]
        assert list(dict.fromkeys(told)) == wanted, "lost, or in another order"
        if self.claims & {"keeps_keys", "tells_published"}:
            assert told == wanted, "there twice"

    # -- private ------------------------------------------------------------------------------------------

    def _all(self, start: int, stop: int) -> None:
        told = [str(each["id"]) for each in self.arrived()]
        assert told == [each.key for each in notices(start, stop)], "lost, twice, or in another order"

    def _goes_on(self, publisher: Publisher, taken: int, stop: int) -> None:
        """What was not said to be there is handed over again; all is there then, in order."""
        assert publisher.publish(notices(taken + 1, stop)) == stop - 1 - taken
        told = [str(each["id"]) for each in self.arrived()]
        wanted = [each.key for each in notices(1, stop)]
        assert list(dict.fromkeys(told)) == wanted, "lost, or in another order"
        if "keeps_keys" in self.claims:
            assert told == wanted, "there twice"


class _Crash(BaseException):
    """The process ends here."""


def _crash(change: ChangeSet) -> None:
    raise _Crash


def notice(number: int, **more: Any) -> Notice:
    """A notice as leadflow hands it over."""
    fields: dict[str, Any] = {
        "subject": f"l_{number % 3}",
        "command": f"req-{number}",
        "data": {"flag": "sales_ready", "value": True, "because": "interest", "points": number},
    }
    fields |= more
    return Notice(
        key=f"kit:req-{number}#0",
        position=number,
        source="kit",
        type="lead_flagged",
        at_us=1_700_000_000_000_000 + number,
        recorded_us=1_700_000_000_000_000 + number,
        digest="d1",
        actor=None if number % 2 else "ana",
        **fields,
    )


def notices(start: int, stop: int) -> list[Notice]:
    """Notices with these positions."""
    return [notice(number) for number in range(start, stop)]


def _firsts(arrived: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Without repeats."""
    return list({str(each["id"]): each for each in reversed(arrived)}.values())[::-1]


def _taken(publisher: Publisher, batch: list[Notice]) -> int:
    """How many it says to have taken; an error that leaves it open says none."""
    try:
        taken = publisher.publish(batch)
    except (TransientError, FateUnknownError):
        return 0
    assert type(taken) is int
    return taken


def _raised(publisher: Publisher, batch: list[Notice], expected: type[AdapterError]) -> AdapterError:
    try:
        taken = publisher.publish(batch)
    except expected as error:
        return error
    except Exception as error:
        raise AssertionError(f"expected {expected.__name__}, got {type(error).__name__}: {error}") from error
    raise AssertionError(f"expected {expected.__name__}, and it says that it took {taken}")
