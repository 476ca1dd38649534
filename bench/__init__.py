"""Figures of leadflow, each beside a limit or a peer measured in the same run: `python -m bench [--quick | --big]`.

Groups are modules `bench_*.py` with a `run(...)`; `--only NAME` takes some of them. In each round every variant runs
once, in an order that turns with the round; a ratio is the median of the per-round ratios, with the least and the most,
on CPU time for what one process does by itself and on the wall clock where the disk is waited for (P3). How to read it:

- "limit or peer" stands beside the value, in the same unit; where both writes are compared, the raw side sends the very
  statements with the very values that leadflow sent, caught at the driver, and at the end both files hold the same.
- "floor" is what must be reached: the exit code is 1 below it; "aim" is what is wanted. Rows without are for looking at.
- Only the memory figures are absolute.
- A short run is noisy: with `--quick` a group with a figure below its floor is measured once more and the better counts.

Figures are kept as JSON in bench/results/ (or where `--json` says).
"""
