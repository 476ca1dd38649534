"""Adapters that ship with leadflow; they enter through the same door as a stranger's."""
