"""Users who take no leads: for a time, or because they left."""
