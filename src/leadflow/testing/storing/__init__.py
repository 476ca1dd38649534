"""The store kit: what every store promises, as tests that a store's author runs on his own.

Importing it needs pytest and Hypothesis (`pip install "leadflow[testing]"`); nothing else in `leadflow.testing` imports it.
"""

from __future__ import annotations

try:
    import pytest
except ImportError as error:  # pragma: no cover - the extra is there where tests run
    raise ImportError("leadflow.testing.storing needs pytest: pip install 'leadflow[testing]'") from error

_PARTS = ("claiming", "committing", "failing", "keeping", "loading", "machine", "scanning", "sharing")
pytest.register_assert_rewrite(*(f"{__name__}.{part}" for part in _PARTS))

from leadflow.testing.storing.conformance import StoreConformance  # noqa: E402 - what it asserts is rewritten first

__all__ = ["StoreConformance"]
