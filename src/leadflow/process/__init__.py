"""Process: the stages a lead goes through, from inquiry to sales acceptance."""
