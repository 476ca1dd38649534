"""From a user's text to the tree: the gate, Python's parser, and what of its tree becomes ours."""

from leadflow.expr.reading.parse import parse, read

__all__ = ["parse", "read"]
