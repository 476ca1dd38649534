"""What owners hear of their leads: alerts at once, not too often, and a daily digest."""
