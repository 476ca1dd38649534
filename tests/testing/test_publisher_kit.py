"""The kit of publishers passes what is right and catches what is wrong: each planted fault by a test that names it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar
from uuid import uuid4

import attrs
import pytest

from leadflow.engine.publishing.jsonl import JsonlPublisher
from leadflow.errors import FateUnknownError, RejectedError, TransientError
from leadflow.ports.publisher import CAPABILITIES, Notice, Publisher, cloud_event
from leadflow.testing import PublisherConformance
from leadflow.testing.publishing import FAILURES

EVERYTHING = frozenset(CAPABILITIES)


class TestJsonlPublisher(PublisherConformance):
    """The embedded publisher claims nothing; a file is busy when a folder stands in its place."""

    failures = frozenset({"busy"})

    @pytest.fixture(autouse=True)
    def folder(self, tmp_path: Path) -> None:
        self.path = tmp_path / "out" / "decisions.jsonl"

    def make(self) -> Publisher:
        return JsonlPublisher(self.path)

    def arrived(self) -> Sequence[Mapping[str, Any]]:
        if self.path.is_dir():
            self.path.rmdir()  # the obstacle of `fail` is gone once somebody looks
        return [json.loads(line) for line in self.path.read_bytes().splitlines()] if self.path.exists() else []

    def fail(self, failure: str) -> None:
        self.path.mkdir(parents=True)


class Log:
    """The other end of the publishers below: takes notices, or fails once as it is told."""

    def __init__(self) -> None:
        self.taken: list[dict[str, Any]] = []
        self.next: str | None = None

    def take(self, batch: Sequence[Notice]) -> str:
        answer, self.next = self.next, None
        there = {None: len(batch), "cut": len(batch), "partial": len(batch) // 2}.get(answer, 0)
        self.taken += [cloud_event(each) for each in batch[:there]]
        return answer or "taken"

    def has(self, key: str) -> bool:
        return any(each["id"] == key for each in self.taken)


class Honest:
    """A right publisher of the plainest kind."""

    def __init__(self, log: Log) -> None:
        self.log = log

    def publish(self, notices: Sequence[Notice]) -> int:
        answer = self.log.take(notices) if notices else "taken"
        if answer == "busy":
            raise TransientError(answer, retry_after=60)
        if answer == "refused":
            raise RejectedError(answer)
        if answer == "cut":
            raise FateUnknownError(answer)
        return len(notices) // 2 if answer == "partial" else len(notices)

    def was_published(self, key: str) -> bool | None:
        return None


class Keeping(Honest):
    """A right one that keeps keys and tells them."""

    def publish(self, notices: Sequence[Notice]) -> int:
        new = [each for each in notices if not self.log.has(each.key)]
        return len(notices) - len(new) + super().publish(new)

    def was_published(self, key: str) -> bool | None:
        return self.log.has(key)


class OnLog(PublisherConformance):
    """The kit on a publisher of the log above."""

    failures = frozenset(FAILURES)
    publisher: ClassVar[Any] = Honest

    @pytest.fixture(autouse=True)
    def log(self) -> None:
        self.end = Log()

    def make(self) -> Publisher:
        return self.publisher(self.end)  # type: ignore[no-any-return]

    def arrived(self) -> Sequence[Mapping[str, Any]]:
        return list(self.end.taken)

    def fail(self, failure: str) -> None:
        self.end.next = failure


class TestHonest(OnLog):
    """What is right passes, with every failure."""


class TestKeeping(OnLog):
    """And with every capability."""

    publisher = Keeping
    claims = EVERYTHING


# -- planted faults -----------------------------------------------------------------------------------------


class SaysAllAndDropsTheLast(Honest):
    def publish(self, notices: Sequence[Notice]) -> int:
        super().publish(notices[:-1])
        return len(notices)


class SaysAllAndIsNot(Honest):
    def publish(self, notices: Sequence[Notice]) -> int:
        return len(notices)


class TurnsTheOrder(Honest):
    def publish(self, notices: Sequence[Notice]) -> int:
        return super().publish(notices[::-1])


class SortsBySubject(Honest):
    def publish(self, notices: Sequence[Notice]) -> int:
        return super().publish(sorted(notices, key=lambda each: each.subject))


class PublishesTwice(Honest):
    def publish(self, notices: Sequence[Notice]) -> int:
        super().publish(notices)
        return super().publish(notices)


class SwallowsBusy(Honest):
    def publish(self, notices: Sequence[Notice]) -> int:
        try:
            return super().publish(notices)
        except TransientError:
            return len(notices)


class TakesBusyForRefusal(Honest):
    def publish(self, notices: Sequence[Notice]) -> int:
        try:
            return super().publish(notices)
        except TransientError as error:
            raise RejectedError("no") from error


class NamesNoWait(Honest):
    def publish(self, notices: Sequence[Notice]) -> int:
        try:
            return super().publish(notices)
        except TransientError as error:
            raise TransientError("later") from error


class SwallowsRefusals(Honest):
    def publish(self, notices: Sequence[Notice]) -> int:
        try:
            return super().publish(notices)
        except RejectedError:
            return len(notices)


class SaysAllOfAPart(Honest):
    def publish(self, notices: Sequence[Notice]) -> int:
        super().publish(notices)
        return len(notices)


class TakesACutForARefusal(Honest):
    def publish(self, notices: Sequence[Notice]) -> int:
        try:
            return super().publish(notices)
        except FateUnknownError as error:
            raise RejectedError("cut") from error


class MakesKeysOfItsOwn(Honest):
    def publish(self, notices: Sequence[Notice]) -> int:
        return super().publish([attrs.evolve(each, key=str(uuid4())) for each in notices])


class ForgetsTheActor(Honest):
    def publish(self, notices: Sequence[Notice]) -> int:
        return super().publish([attrs.evolve(each, actor=None) for each in notices])


class CutsTexts(Honest):
    def publish(self, notices: Sequence[Notice]) -> int:
        return super().publish([attrs.evolve(each, subject=each.subject.splitlines()[0]) for each in notices])


class TakesFiveHundredOnly(Honest):
    """A limit of the vendor, passed over in silence."""

    def publish(self, notices: Sequence[Notice]) -> int:
        super().publish(notices[:400])
        return len(notices)


class SaysNothing(Honest):
    def publish(self, notices: Sequence[Notice]) -> int:
        super().publish(notices)
        return None  # type: ignore[return-value]


class GuessesWhatWasPublished(Honest):
    def was_published(self, key: str) -> bool | None:
        return False


class KeepsKeysOfItsOwnOnly(Keeping):
    """Knows what it has published itself, not what another has."""

    def __init__(self, log: Log) -> None:
        super().__init__(log)
        self.own: set[str] = set()

    def publish(self, notices: Sequence[Notice]) -> int:
        new = [each for each in notices if each.key not in self.own]
        Honest.publish(self, new)
        self.own |= {each.key for each in new}
        return len(notices)


class TellsYesAlways(Keeping):
    def was_published(self, key: str) -> bool | None:
        return True


FAULTS = {
    SaysAllAndDropsTheLast: "test_a_batch_arrives_in_order_and_whole",
    SaysAllAndIsNot: "test_batches_follow_each_other",
    TurnsTheOrder: "test_a_batch_arrives_in_order_and_whole",
    SortsBySubject: "test_a_large_batch_arrives",
    PublishesTwice: "test_a_batch_arrives_in_order_and_whole",
    SwallowsBusy: "test_a_busy_end_is_told_as_transient",
    TakesBusyForRefusal: "test_a_busy_end_is_told_as_transient",
    NamesNoWait: "test_a_busy_end_is_told_as_transient",
    SwallowsRefusals: "test_a_refusal_is_told_as_final",
    SaysAllOfAPart: "test_part_of_a_batch_is_told_as_such",
    TakesACutForARefusal: "test_a_cut_loses_nothing",
    MakesKeysOfItsOwn: "test_a_repeat_has_the_same_keys",
    ForgetsTheActor: "test_a_batch_arrives_in_order_and_whole",
    CutsTexts: "test_hostile_texts_stay_in_their_notice",
    TakesFiveHundredOnly: "test_a_large_batch_arrives",
    SaysNothing: "test_a_large_batch_arrives",
    GuessesWhatWasPublished: "test_it_does_not_guess_what_was_published",
    KeepsKeysOfItsOwnOnly: "test_a_repeat_is_there_once",
    TellsYesAlways: "test_a_crash_before_the_position_is_kept_loses_nothing",
}


def failing(kit: type[OnLog]) -> set[str]:
    """The tests of the kit that fail, each run as pytest would."""
    failed = set()
    for name in dir(kit):
        if name.startswith("test_") and callable(getattr(kit, name)):
            test = kit()
            test.end = Log()
            try:
                getattr(test, name)()
            except Exception:
                failed.add(name)
    return failed


@pytest.mark.parametrize(("publisher", "caught_by"), FAULTS.items(), ids=lambda each: getattr(each, "__name__", None))
def test_a_planted_fault_is_caught(publisher: type[Honest], caught_by: str) -> None:
    claims = EVERYTHING if issubclass(publisher, Keeping) else frozenset()
    kit = type("Planted", (OnLog,), {"publisher": publisher, "claims": claims})
    assert caught_by in failing(kit)


@pytest.mark.parametrize("claim", sorted(CAPABILITIES))
def test_a_claim_that_does_not_hold_is_caught(claim: str) -> None:
    assert failing(type("Claiming", (OnLog,), {"claims": frozenset({claim})}))


@pytest.mark.parametrize(
    "body", [{"claims": frozenset({"keeps_key"})}, {"failures": frozenset({"bussy"})}, {"failures": None}]
)
def test_a_slip_in_a_declaration_is_caught(body: dict[str, Any]) -> None:
    """It would take tests away."""
    assert "test_claims_and_failures_are_known" in failing(type("Slip", (OnLog,), body))


def test_an_override_needs_a_reason() -> None:
    silent = type("Silent", (OnLog,), {"test_a_large_batch_arrives": lambda self: None})
    assert failing(silent) == {"test_no_test_is_overridden_in_silence"}
