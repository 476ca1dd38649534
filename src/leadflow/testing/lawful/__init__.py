"""`assert_lawful`: whether a playbook keeps the laws of a lead's life, whatever happens.

>>> from leadflow.testing import assert_lawful
>>> assert_lawful(examples=2)
"""

from __future__ import annotations

from leadflow.testing.lawful.asserting import assert_lawful
from leadflow.testing.lawful.laws import LAWS, Fault

__all__ = ["LAWS", "Fault", "assert_lawful"]
