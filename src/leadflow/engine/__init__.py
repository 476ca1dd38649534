"""The only shell: loads, plans, commits."""
