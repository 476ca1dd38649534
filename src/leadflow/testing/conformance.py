"""What all conformance kits share: a kit is a class to subclass, and no test of it is dropped unseen.

A kit sets `is_kit = True`. Its tests are its own and those of the classes that it is put together from; a test marked with
`needs` is run only where a subclass offers that, by default what it `claims`.

A subclass may override a test only to say that it is known to fail: with `pytest.mark.xfail(strict=True, reason=...)` and no
more, so that it is run, and fails the day it passes. Any other override, and any removal, fails the kit.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any, ClassVar, TypeVar

Test = TypeVar("Test", bound=Callable[..., None])
_GUARD = "test_no_test_is_overridden_in_silence"


class Conformance:
    """The base of kits. Tests that need what a subclass does not offer are marked by the kit with `needs`."""

    is_kit: ClassVar[bool] = False
    claims: ClassVar[frozenset[str]] = frozenset()
    """What a subclass says that its adapter can do: what is claimed must work, what is not claimed must be refused."""
    failures: ClassVar[frozenset[str] | None] = None
    """The failures that a subclass can bring about; None: it says nothing of them."""
    capabilities: ClassVar[Collection[str]] = ()
    """Of a kit: all that may be claimed. A test that needs "no X" is run where X is not claimed."""
    _apart: ClassVar[frozenset[str]] = frozenset()

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        if getattr(cls, _GUARD) is not getattr(Conformance, _GUARD):
            setattr(cls, _GUARD, getattr(Conformance, _GUARD))
        if not vars(cls).get("is_kit", False):
            cls._set_apart()

    @classmethod
    def _set_apart(cls) -> None:
        """Tests of what is not offered are not collected; the guard knows them from those that somebody took out."""
        offered, tests = cls._offered(), cls._standard()
        cls._apart = frozenset(
            name for name, test in tests.items() if not offered.issuperset(getattr(test, "needs", ()))
        )
        for name, test in tests.items():
            if name in cls._apart:
                setattr(cls, name, None)
            elif getattr(cls, name) is None and name not in vars(cls):
                setattr(cls, name, test)  # a class between had set it apart

    @classmethod
    def _offered(cls) -> frozenset[str]:
        """What tests may ask of this subclass."""
        unclaimed = {f"no {name}" for name in cls.capabilities if name not in cls.claims}
        return cls.claims | (cls.failures or frozenset()) | unclaimed

    @classmethod
    def _standard(cls) -> dict[str, Any]:
        """The tests of the kits that this class builds on."""
        kits = [base for base in cls.__mro__ if vars(base).get("is_kit", False)]
        return {
            name: getattr(kit, name)
            for kit in reversed(kits)
            for name in dir(kit)
            if name.startswith("test_") and name != _GUARD
        }

    def test_no_test_is_overridden_in_silence(self) -> None:
        """A standard test is replaced only by a strict xfail with its reason."""
        cls = type(self)
        silent = [
            name
            for name, test in cls._standard().items()
            if getattr(cls, name, None) is not test
            and not _says_why(getattr(cls, name, None))
            and not (name in cls._apart and getattr(cls, name, None) is None)
        ]
        assert not silent, (
            f"overridden or removed: {', '.join(sorted(silent))}; mark what is known to fail with"
            f' pytest.mark.xfail(strict=True, reason="...")'
        )


def needs(*offers: str) -> Callable[[Test], Test]:
    """Mark a test of a kit: it is run only for subclasses that offer all of this."""

    def mark(test: Test) -> Test:
        setattr(test, "needs", frozenset(offers))  # noqa: B010 - a function has no such field for the type checker
        return test

    return mark


def _says_why(test: Any) -> bool:
    """Whether a test is known to fail, always, strictly and for a reason, and is run all the same."""
    marks = getattr(test, "pytestmark", ())
    return not any(mark.name in ("skip", "skipif") for mark in marks) and any(
        mark.name == "xfail"
        and not mark.args
        and mark.kwargs.get("strict") is True
        and mark.kwargs.get("run", True) is True
        and mark.kwargs.get("condition", True) is True
        and bool(str(mark.kwargs.get("reason") or "").strip())
        for mark in marks
    )
