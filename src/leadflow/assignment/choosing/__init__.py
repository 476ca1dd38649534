"""Choosing the owner of a lead: entries, chain, territories, and the answer that says why."""
