"""What a store remembers of its playbook, and the work that a change of it leaves."""
