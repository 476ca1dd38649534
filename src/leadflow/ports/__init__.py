"""What the outside must offer, as small protocols."""
