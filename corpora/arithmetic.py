"""Sums and differences of numbers below 100, as `37+45=82` and `8-23=-15`, each on a line of its own.

The two numbers and the sign are independent and uniform, and they are the only surprise: a reader who can
calculate knows the rest.
"""

from __future__ import annotations

from collections.abc import Iterator
from math import log
from random import Random

from corpora import parts

LICENCE = "public domain"
BELOW = 100
SIGNS = "+-"
_SEED = 1


def blocks() -> Iterator[str]:
    return parts.blocks(_lines(Random(_SEED)))


def _lines(rng: Random) -> Iterator[str]:
    while True:
        a, b, sign = (int(rng.random() * n) for n in (BELOW, BELOW, len(SIGNS)))
        yield _line(a, SIGNS[sign], b)


def _line(a: int, sign: str, b: int) -> str:
    return f"{a}{sign}{b}={a + b if sign == '+' else a - b}\n"


def entropy_rate() -> float:
    """Nats per character.

    Lines are independent and equally likely, and the end of a line is visible. By the renewal-reward
    theorem the rate is the log of their number over their mean length.
    """
    lines = [len(_line(a, sign, b)) for a in range(BELOW) for sign in SIGNS for b in range(BELOW)]
    return log(len(lines)) / (sum(lines) / len(lines))
