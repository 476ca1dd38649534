"""Taking turns: working hours, who can take a lead, whose turn it is."""
