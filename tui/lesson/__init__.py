"""The lesson "hello", drawn: for the screen and for `helo lesson`."""
