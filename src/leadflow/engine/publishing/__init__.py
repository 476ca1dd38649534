"""Telling the outside what was decided."""
