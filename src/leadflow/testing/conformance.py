"""What all conformance kits share: a kit is a class to subclass, and no test of it is dropped unseen.

A subclass may override a test only to say that it is known to fail: with `pytest.mark.xfail(strict=True, reason=...)`. Any
other override, and any removal, fails the kit.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar, TypeVar

Test = TypeVar("Test", bound=Callable[..., None])
_GUARD = "test_no_test_is_overridden_in_silence"


class Conformance:
    """The base of kits. Tests that need what a subclass does not offer are marked by the kit with `needs`."""

    is_kit: ClassVar[bool] = False
    _apart: ClassVar[frozenset[str]] = frozenset()

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        if _GUARD in vars(cls):
            setattr(cls, _GUARD, getattr(Conformance, _GUARD))
        if not vars(cls).get("is_kit", False):
            cls._set_apart()

    @classmethod
    def _set_apart(cls) -> None:
        """Tests of what is not offered are not collected; the guard knows them from those that somebody took out."""
        offered, tests = cls._offered(), cls._standard()
        cls._apart = frozenset(
            name for name, test in tests.items() if getattr(test, "needs", None) not in (None, *offered)
        )
        for name, test in tests.items():
            if name in cls._apart:
                setattr(cls, name, None)
            elif getattr(cls, name) is None and name not in vars(cls):
                setattr(cls, name, test)  # a class between had set it apart

    @classmethod
    def _offered(cls) -> frozenset[str]:
        """What tests may ask of this subclass."""
        return frozenset()

    @classmethod
    def _standard(cls) -> dict[str, Any]:
        """The tests of the kits that this class builds on."""
        kits = [base for base in cls.__mro__ if vars(base).get("is_kit", False)]
        return {name: test for kit in reversed(kits) for name, test in vars(kit).items() if name.startswith("test_")}

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


def needs(offer: str) -> Callable[[Test], Test]:
    """Mark a test of a kit: it is run only for subclasses that offer this."""

    def mark(test: Test) -> Test:
        setattr(test, "needs", offer)  # noqa: B010 - a function has no such field for the type checker
        return test

    return mark


def _says_why(test: Any) -> bool:
    return any(
        mark.name == "xfail"
        and mark.kwargs.get("strict") is True
        and bool(str(mark.kwargs.get("reason") or "").strip())
        for mark in getattr(test, "pytestmark", ())
    )
