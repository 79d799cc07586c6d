"""Joins an endless series of parts into a text of about a million characters."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

CHARS = 1_000_000
_TOGETHER = 100


def blocks(parts: Iterator[str]) -> Iterator[str]:
    """Whole parts in blocks, until there are at least CHARS characters."""
    made = 0
    while made < CHARS:
        block = "".join(islice(parts, _TOGETHER))
        made += len(block)
        yield block
