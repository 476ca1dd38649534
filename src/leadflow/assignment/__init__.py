"""Assignment: who gets a lead, when, and why."""
