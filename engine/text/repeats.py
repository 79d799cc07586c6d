"""The longest passage that occurs twice in a text.

This is the doubling method of Karp, Miller and Rosenberg ("Rapid identification of repeated patterns in
strings, trees and arrays", STOC 1972). Each repeated passage of some length has a number, its name. The
names of two passages that touch or overlap form the key of the longer passage that both cover. Names are
ranks, not hashes, so equal names mean equal passages. The length is doubled as long as anything repeats,
then found by bisection. Only places where something repeats are kept; in most texts they soon become few.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from engine.vocab import Ids

SEARCHED_MOST = 8_000_000
"""The most characters of a text that are searched, from its beginning; bounds memory and time."""

_Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Repeat:
    """A passage of `length` characters that occurs at `first` and at `second`, without overlap. The first
    `searched` characters of the text were searched."""

    length: int
    first: int
    second: int
    searched: int


@dataclass(frozen=True)
class _Twice:
    """The passages of one length that occur twice without overlap: their places (P,) and the names (P,) of
    what is there. `first` and `second` are two places of the one that begins first."""

    places: _Ints
    names: npt.NDArray[np.int32]
    first: int
    second: int


def longest(ids: Ids) -> Repeat:
    """The longest passage that occurs twice without overlap in ids (N,), or in the first SEARCHED_MOST of
    them. Of several, the one that begins first. Its length is 0 if no character occurs twice."""
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
    """The repeated passages of `wanted` characters, at most twice `length`, among those at some places;
    None if there are none. names (N,) are those of the passages of `length`, −1 where nothing repeats."""
    on = wanted - length
    places = places[places < len(names) - on]
    places = places[names[places + on] >= 0]
    keys = names[places].astype(np.int64) * len(names) + names[places + on]
    return _twice(places, keys, wanted)


def _twice(places: _Ints, keys: _Ints, length: int) -> _Twice | None:
    """The repeated passages of `length` characters among those at places (P,); None if there are none.
    Equal keys (P,) mean equal passages."""
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
