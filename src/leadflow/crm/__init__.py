"""Keeping in step with a CRM: the rules that a user makes, and the pure part of the synchronisation."""
