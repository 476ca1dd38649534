"""What all commands are made with: options that they share, output, the end of a run, Ctrl-C."""
