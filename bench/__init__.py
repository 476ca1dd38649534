"""Figures of leadflow as ratios to a limit or a peer measured in the same run: `python -m bench [--quick]`."""
