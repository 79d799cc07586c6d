"""The lesson "hello": every number of a small network over four letters, and where it comes from."""
