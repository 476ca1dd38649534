"""Commands to a change: plan, load, commit, plan again when somebody else was faster."""
