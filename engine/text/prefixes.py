"""The places of a text in the order of what stands before them.

This is the suffix array of the text read backwards: place e comes before place f if the text that ends with
e, read from its end, comes before the one that ends with f. So one bisection finds where the end of any
other text occurs (`copies`). It is made by the doubling method of Manber and Myers ("Suffix arrays: a new
method for on-line string searches", SIAM J. Comput. 1993), with what Larsson and Sadakane ("Faster suffix
sorting", Theoret. Comput. Sci. 2007) add to it: what is in its final place is not sorted again.

A place has a rank: how many places come before all those that are equal to it as far as they were compared.
The places are sorted by as many characters as fit in 64 bits, a piece of the order at a time, and then,
those that are still equal, by the rank of the place that lies so many characters earlier. Each time, twice
as many characters have been compared.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

import numpy as np
import numpy.typing as npt

from engine.vocab import Ids

_PIECE = 1 << 21
"""How many places are sorted at a time, unless more are equal; bounds memory."""
_COARSE = 20
"""Bits of the first ranks."""
_FIRST = 0.4
"""The share of the work that lies in the first sorting."""

Ends = npt.NDArray[np.uint32]
_Places = npt.NDArray[np.int64]
_Keys = npt.NDArray[np.uint64]


def ordered(ids: Ids, V: int, report: Callable[[float], None] = lambda share: None) -> Ends:
    """The places (N,) of ids (N,) of an alphabet of V symbols in order; N < 2³².

    Takes 9 bytes a character and about 150 MB, and more only where more than 2 million places are equal.
    `report` is called with the share of the work done.
    """
    order = _Order(ids, V)
    order.sort_first(lambda share: report(_FIRST * share))
    left = 1 - _FIRST
    while order.sort_equal(partial(_told, report, left)):
        left /= 2
    return order.ends


def _told(report: Callable[[float], None], left: float, share: float) -> None:
    """Tell of a share of a round, which does half of what is left."""
    report(1 - left + left / 2 * share)


class _Order:
    """The order in the making."""

    def __init__(self, ids: Ids, V: int) -> None:
        n = len(ids)
        self._ids, self._base = ids, V + 1
        self.ends = np.zeros(n, np.uint32)
        self._ranks = np.zeros(n, np.uint32)
        self._heads = np.zeros(n + 1, bool)
        """Whether the place here in the order differs from the one before it; true at the end."""
        self._heads[n] = True
        self._compared = 0

    def sort_first(self, report: Callable[[float], None]) -> None:
        """Sort by as many characters as fit in 64 bits."""
        n, starts = len(self._ids), self._rank_coarsely()
        start, self._compared = 0, _digits(self._base, 64)
        while start < n:
            bucket = np.searchsorted(starts, start + _PIECE, side="right") - 1
            if starts[bucket] <= start:  # one bucket that is larger than a piece
                bucket = np.searchsorted(starts, start, side="right")
            stop = int(starts[bucket])
            places = np.concatenate([*self._ranked(start, stop)])
            self._put(np.arange(start, stop), places, self._packed(places, self._compared))
            report(stop / n)
            start = stop

    def _rank_coarsely(self) -> _Places:
        """Rank all places by a few characters. Returns where each bucket of equal places starts."""
        digits = _digits(self._base, _COARSE)
        sizes = np.zeros(self._base**digits, np.int64)
        for piece in self._pieces():
            keys = self._packed(np.arange(piece.start, piece.stop), digits).astype(np.int64)
            self._ranks[piece] = keys
            sizes += np.bincount(keys, minlength=len(sizes))
        starts = np.concatenate([[0], np.cumsum(sizes)])
        for piece in self._pieces():
            self._ranks[piece] = starts[self._ranks[piece]]
        return starts

    def _pieces(self) -> Iterator[slice]:
        n = len(self._ids)
        return (slice(a, min(a + _PIECE, n)) for a in range(0, n, _PIECE))

    def _ranked(self, start: int, stop: int) -> Iterator[_Places]:
        """The places with ranks in [start, stop), in the order of the text."""
        for piece in self._pieces():
            ranks = self._ranks[piece]
            yield piece.start + np.flatnonzero((ranks >= start) & (ranks < stop))

    def _packed(self, places: _Places, digits: int) -> _Keys:
        """The last `digits` characters up to each place as a number, the last one first; 0 stands for what
        lies before the text."""
        keys = np.zeros(len(places), np.uint64)
        for back in range(digits):
            keys *= np.uint64(self._base)
            at = places - back
            keys += np.where(at >= 0, self._ids[np.maximum(at, 0)].astype(np.uint64) + 1, 0)
        return keys

    def sort_equal(self, report: Callable[[float], None]) -> bool:
        """Sort what is still equal by twice as many characters. Returns whether anything was."""
        n, start, any_equal = len(self._ids), 0, False
        while start < n:
            stop = self._head_from(min(start + _PIECE, n))
            heads = self._heads[start : stop + 1]
            slots = start + np.flatnonzero(~(heads[:-1] & heads[1:]))
            if len(slots):
                any_equal = True
                places = self.ends[slots].astype(np.int64)
                earlier = places - self._compared
                keys = self._ranks[places].astype(np.uint64) << np.uint64(32)
                keys |= np.where(
                    earlier >= 0, self._ranks[np.maximum(earlier, 0)] + np.uint64(1), 0
                )
                self._put(slots, places, keys)
            report(stop / n)
            start = stop
        self._compared *= 2
        return any_equal

    def _head_from(self, slot: int) -> int:
        """The first head from a slot on."""
        while not len(found := np.flatnonzero(self._heads[slot : slot + _PIECE])):
            slot += _PIECE
        return slot + int(found[0])

    def _put(self, slots: _Places, places: _Places, keys: _Keys) -> None:
        """Put places into the slots of the order (ascending) by their keys, and rank them anew."""
        by_key = np.argsort(keys)
        places, keys = places[by_key], keys[by_key]
        heads = np.empty(len(keys), bool)
        heads[0] = True
        np.not_equal(keys[1:], keys[:-1], out=heads[1:])
        self.ends[slots] = places
        self._heads[slots[heads]] = True
        self._ranks[places] = np.maximum.accumulate(np.where(heads, slots, 0))


def _digits(base: int, bits: int) -> int:
    """How many digits of a base fit in so many bits; at least one."""
    digits = 1
    while base ** (digits + 1) <= 1 << bits:
        digits += 1
    return digits
