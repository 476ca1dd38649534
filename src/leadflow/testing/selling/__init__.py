"""The conformance kit of CRMs."""

from leadflow.testing.selling.base import FAILURES
from leadflow.testing.selling.conformance import CrmConformance

__all__ = ["FAILURES", "CrmConformance"]
