"""The one condition language: rules of every room are written in it, checked, compiled and explained here.

It knows no capability; rooms add terms through the `Schema`.
"""

from leadflow.expr.check import check, faults
from leadflow.expr.condition import Condition, compile_condition
from leadflow.expr.explain import Explanation
from leadflow.expr.fault import Fault
from leadflow.expr.lint import Finding, lint
from leadflow.expr.nodes import Node
from leadflow.expr.reading.parse import parse
from leadflow.expr.signals import Signal, SignalTable, State, observe, state_of, sum_state_of
from leadflow.expr.text import to_text
from leadflow.expr.typed import type_of
from leadflow.expr.types import Field, Function, Schema, Term, Type

__all__ = [
    "Condition",
    "Explanation",
    "Fault",
    "Field",
    "Finding",
    "Function",
    "Node",
    "Schema",
    "Signal",
    "SignalTable",
    "State",
    "Term",
    "Type",
    "check",
    "compile_condition",
    "faults",
    "lint",
    "observe",
    "parse",
    "state_of",
    "sum_state_of",
    "to_text",
    "type_of",
]
