"""What all kits share: no test of a kit is dropped unseen, and what is not offered is not asked for."""

from __future__ import annotations

from typing import Any

import pytest

from leadflow.testing import CrmConformance, MailerConformance, PublisherConformance, StoreConformance
from leadflow.testing.conformance import Conformance, needs

GUARD = "test_no_test_is_overridden_in_silence"
KITS: dict[type[Conformance], tuple[str, dict[str, Any]]] = {
    MailerConformance: ("test_each_key_arrives", {"failures": frozenset()}),
    StoreConformance: ("test_an_input_is_kept_once", {}),
    CrmConformance: ("test_a_kind_that_is_not_kept_is_refused", {}),
    PublisherConformance: ("test_a_batch_arrives_in_order_and_whole", {}),
}
"""Each kit, one of its tests, and what a subclass has to say."""


def passes(self: Any) -> None:
    """A test that somebody put in the place of a standard one."""


def known(*marks: Any) -> Any:
    """An override with marks."""

    def test(self: Any) -> None:
        raise AssertionError

    for mark in marks:
        test = mark(test)
    return test


xfail = pytest.mark.xfail
WHY = {"strict": True, "reason": "the vendor loses every third"}
OVERRIDES = {
    "replaced": passes,
    "removed": None,
    "not strict": known(xfail(strict=False, reason="loses one")),
    "no reason": known(xfail(strict=True)),
    "empty reason": known(xfail(strict=True, reason=" ")),
    "never run": known(xfail(**WHY, run=False)),
    "on a condition": known(xfail(False, **WHY)),
    "on a named condition": known(xfail(condition=False, **WHY)),
    "skipped": known(pytest.mark.skip("slow")),
    "skipped with a reason to fail": known(xfail(**WHY), pytest.mark.skip("slow")),
    "parametrised": known(pytest.mark.parametrize("n", [])),
}


def subclass(kit: type[Conformance], *mixins: type, **body: Any) -> Any:
    """An instance of a subclass of a kit."""
    return type("TestMine", (*mixins, kit), {**KITS[kit][1], **body})()


@pytest.mark.parametrize("kit", KITS)
@pytest.mark.parametrize("override", OVERRIDES.values(), ids=OVERRIDES)
def test_an_override_needs_a_strict_xfail_and_a_reason(kit: type[Conformance], override: Any) -> None:
    name, _ = KITS[kit]
    body = {name: override}
    for mine in (subclass(kit, **body), subclass(kit, **body, **{GUARD: passes})):
        with pytest.raises(AssertionError, match=rf"{name}.*xfail\(strict=True"):
            getattr(mine, GUARD)()


@pytest.mark.parametrize("kit", KITS)
def test_a_class_beside_the_kit_overrides_nothing_either(kit: type[Conformance]) -> None:
    name, _ = KITS[kit]
    with pytest.raises(AssertionError, match=name):
        getattr(subclass(kit, type("Mixin", (), {name: passes, GUARD: passes})), GUARD)()
    # What a class beside it takes out is put back.
    taken_out = subclass(kit, type("Mixin", (), {name: None}))
    getattr(taken_out, GUARD)()
    assert callable(getattr(taken_out, name))


@pytest.mark.parametrize("kit", KITS)
def test_what_is_said_or_added_is_fine(kit: type[Conformance]) -> None:
    name, _ = KITS[kit]
    for body in ({}, {name: known(xfail(**WHY))}, {"test_of_my_own": passes}):
        getattr(subclass(kit, **body), GUARD)()


@pytest.mark.parametrize(
    ("kit", "name"),
    [
        (MailerConformance, "test_a_refusal_is_told_as_final"),
        (StoreConformance, "test_a_fault_at_any_write_leaves_all_or_nothing"),
    ],
)
def test_what_is_not_offered_is_not_collected(kit: type[Conformance], name: str) -> None:
    """And the guard knows that from a test which somebody took out."""
    mine: Any = type("TestMine", (kit,), KITS[kit][1])
    assert getattr(mine, name) is None
    getattr(mine(), GUARD)()
    offers = {"claims": frozenset({"faults"}), "failures": frozenset({"refused"})}
    whole: Any = type("TestWhole", (mine,), offers)
    assert callable(getattr(whole, name))
    taken_out: Any = type("TestTakenOut", (mine,), {**offers, name: None})
    with pytest.raises(AssertionError, match=name):
        getattr(taken_out(), GUARD)()


class Kit(Conformance):
    """A kit in parts."""

    is_kit = True

    @needs("quick", "cheap")
    def test_it_is_both(self) -> None:
        """Needs two offers."""

    def test_it_is_there(self) -> None:
        """Needs none."""


@pytest.mark.parametrize("claims", [(), ("quick",), ("cheap",), ("quick", "cheap")])
def test_a_test_may_need_several_offers(claims: tuple[str, ...]) -> None:
    mine: Any = type("TestMine", (Kit,), {"claims": frozenset(claims)})
    assert (mine.test_it_is_both is None) is (len(claims) < 2)
    assert mine.test_it_is_there is Kit.test_it_is_there
    getattr(mine(), GUARD)()
