"""The longest passage that a text has twice.

Each passage of a length that occurs twice has a number, its name; the names of two places, the second as
far on as the first is long or less, name the passage that both cover: the doubling of Karp, Miller and
Rosenberg ("Rapid identification of repeated patterns in strings, trees and arrays", STOC 1972). Names are
ranks, not hashes: equal names are equal passages. The length is doubled while something is repeated, then
found by bisection. Only places where something is repeated go on, in most texts soon a few.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from engine.vocab import Ids

SEARCHED_MOST = 8_000_000
"""Characters of a text, from its beginning, that are searched; it bounds memory and time."""

_Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Repeat:
    """A passage of `length` characters that begins at both `first` and `second`, without overlap; it was
    searched for among the first `searched` characters."""

    length: int
    first: int
    second: int
    searched: int


@dataclass(frozen=True)
class _Twice:
    """The passages of one length that occur twice without overlap: where (P,), and their names (P,)."""

    places: _Ints
    names: npt.NDArray[np.int32]
    first: int
    second: int


def longest(ids: Ids) -> Repeat:
    """The longest passage that ids (N,), or the first SEARCHED_MOST of them, have twice without overlap;
    of several the one that begins first. The length is 0 where no character occurs twice."""
    ids = ids[:SEARCHED_MOST]
    n, length = len(ids), 1
    best = longer = _twice(np.arange(n), ids.astype(np.int64), 1)
    names = np.empty(n, np.int32)
    while longer:
        best = longer
        names.fill(-1)
        names[best.places] = best.names
        longer = _longer(names, length, best.places, 2 * length)
        length *= 2
    if best is None:
        return Repeat(0, 0, 0, n)
    half = low = length // 2
    while length - low > 1:
        middle = (low + length) // 2
        if longer := _longer(names, half, best.places, middle):
            best, low = longer, middle
        else:
            length = middle
    return Repeat(low, best.first, best.second, n)


def _longer(names: npt.NDArray[np.int32], length: int, places: _Ints, wanted: int) -> _Twice | None:
    """What is repeated over `wanted` characters, at most twice `length`, at some of these places; names
    (N,) are those of the passages of `length`, −1 where there is none."""
    on = wanted - length
    places = places[places < len(names) - on]
    places = places[names[places + on] >= 0]
    keys = names[places].astype(np.int64) * len(names) + names[places + on]
    return _twice(places, keys, wanted)


def _twice(places: _Ints, keys: _Ints, length: int) -> _Twice | None:
    """What is repeated over `length` characters: at these places (P,) stand passages that are equal where
    their keys (P,) are; None where nothing is."""
    order = np.argsort(keys)
    keys, places = keys[order], places[order]
    begins = np.flatnonzero(np.diff(keys, prepend=-1))
    if not len(begins):
        return None
    sizes = np.diff(begins, append=len(keys))
    first, last = np.minimum.reduceat(places, begins), np.maximum.reduceat(places, begins)
    apart = last - first >= length
    if not apart.any():
        return None
    names = np.repeat(np.arange(np.count_nonzero(apart), dtype=np.int32), sizes[apart])
    chosen = np.argmin(np.where(apart, first, len(places) + last.max()))
    return _Twice(places[np.repeat(apart, sizes)], names, int(first[chosen]), int(last[chosen]))
