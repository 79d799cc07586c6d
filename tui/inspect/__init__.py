"""Inspect: why a network writes what it writes, in panels below the passage of Write."""
