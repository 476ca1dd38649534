"""Stores that ship with leadflow: memory (the oracle) and SQLite (the default)."""
