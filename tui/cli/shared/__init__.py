"""What the commands have in common: options, output, errors, and live views of a run."""
