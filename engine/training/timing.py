"""Timing on a machine that does other work, too."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from statistics import median

_AGREE = 1.05
"""How many times as long as the shortest time the next one may be."""
_LEAST, _MOST = 2, 12
_SHORTEST = 0.1
"""How often and for how many seconds in all a piece of work is timed."""
_TURNS = 5
"""The least turns of two pieces of work that are compared."""
_PATIENCE = 6.0
"""Seconds of all the work after which nothing is timed again."""


def fastest(works: Sequence[Callable[[], float]]) -> list[float]:
    """The shortest times of some pieces of work, each of which returns the seconds it took.

    They take turns, so that they meet the same conditions. Those whose two shortest times do not agree,
    since other work was going on in one, are timed again.
    """
    times = [list[float]() for _ in works]
    for turn in range(_MOST):
        for work, known in zip(works, times, strict=True):
            patient = turn < _LEAST or sum(map(sum, times)) < _PATIENCE
            if patient and not _settled(known):
                known.append(work())
    return [min(known) for known in times]


def ratio(one: Callable[[], float], other: Callable[[], float]) -> float:
    """How many times as long `one` takes as `other`; both return the seconds they took.

    The median over turns of both, since what else the machine does slows both of a turn. There are more
    turns while the middle half of them does not agree.
    """
    ratios, spent = list[float](), 0.0
    while len(ratios) < _TURNS or (
        len(ratios) < _MOST and spent < _PATIENCE and not _agree(sorted(ratios))
    ):
        first, second = one(), other()
        ratios.append(first / second)
        spent += first + second
    return median(ratios)


def _agree(ratios: list[float]) -> bool:
    n = len(ratios)
    return ratios[n - 1 - n // 4] <= _AGREE * ratios[n // 4]


def _settled(times: list[float]) -> bool:
    if len(times) < _LEAST or sum(times) < _SHORTEST:
        return False
    first, second, *_ = sorted(times)
    return second <= _AGREE * first
