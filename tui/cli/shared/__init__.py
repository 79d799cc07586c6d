"""What the commands share: options, output, errors, and live views of a run."""
