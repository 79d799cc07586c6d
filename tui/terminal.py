"""What the terminal can do."""

from __future__ import annotations

import os
import sys


def shows_the_app() -> bool:
    """Whether standard input, output and error are all a terminal, and one that can move its cursor; or the
    app has another driver, as in `helo serve`."""
    if os.environ.get("TEXTUAL_DRIVER"):
        return True
    streams = (sys.stdin, sys.stdout, sys.stderr)
    return not is_dumb() and all(stream is not None and stream.isatty() for stream in streams)


def is_dumb() -> bool:
    """Whether the terminal says that it knows no escape sequences."""
    return os.environ.get("TERM", "").lower() in ("dumb", "unknown")
