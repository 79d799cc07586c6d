"""The worked example: the word "hello" over and over, four letters whose order needs memory.

After the first l comes an l, after the second an o: the next letter depends on more than the last one.
"""

from __future__ import annotations

from collections.abc import Iterator

LICENCE = "public domain"
_TIMES = 400


def blocks() -> Iterator[str]:
    yield "hello" * _TIMES


def entropy_rate() -> float:
    """Nats per character: nothing is random."""
    return 0.0
