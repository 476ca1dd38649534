"""Kits run against a configured backend, and what they came to: `leadflow adapters check`.

Needs pytest and Hypothesis (`pip install "leadflow[testing]"`).
"""

from __future__ import annotations

from leadflow.testing.checking.finding import Backend, find_backend
from leadflow.testing.checking.report import Check, Report, matrix
from leadflow.testing.checking.running import check

__all__ = ["Backend", "Check", "Report", "check", "find_backend", "matrix"]
