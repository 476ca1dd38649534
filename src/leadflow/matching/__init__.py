"""Matching: whose record this is. Strategies, find-or-create, duplicates, merge and its undo, identity of visitors."""
