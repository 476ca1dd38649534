"""What can be wrong with rules that have the right form, one page for each room. Each yields findings; none raises."""
