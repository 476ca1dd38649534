"""Capture: what comes in. Forms, field mapping, submissions, import rows, sources, the failed queue."""
