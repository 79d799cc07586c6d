"""Endless parts of a text, made one by one, as a text of about a million characters."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

CHARS = 1_000_000
_TOGETHER = 100


def blocks(parts: Iterator[str]) -> Iterator[str]:
    """Whole parts, many together, until there are CHARS characters or a few more."""
    made = 0
    while made < CHARS:
        block = "".join(islice(parts, _TOGETHER))
        made += len(block)
        yield block
