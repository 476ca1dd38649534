"""The shared nouns: frozen values that every part of leadflow speaks."""
