"""How much of a text stands word for word in a corpus, character by character, as the text is written."""

from __future__ import annotations

import copy

import numpy as np

from engine.text.copies import NOTHING, Found, Index
from engine.vocab import Alphabet, Ids

LEAST = 20
"""From this many characters on, a passage counts as copied; shorter ones are found in any text."""
_ROW = np.dtype([("id", np.int32), ("length", np.uint32), ("end", np.int64), ("best", np.uint32)])
SKIPPED = -1
"""Stands for a character that counts for nothing, as those of a prompt."""
_UNKNOWN = -1
"""The id of a character that is not in the corpus, or is skipped."""


class Copied:
    """For each character of a text, the longest passage that ends there and stands in the corpus.

    A passage never contains a character that was skipped. If a passage stands in several places, any of
    them is told. One thread writes; others may read.
    """

    def __init__(self, index: Index, alphabet: Alphabet) -> None:
        """`alphabet` is that of the text; its units are those of the corpus."""
        self.index = index
        ids = index.corpus.info.alphabet.ids
        known = [ids.get(symbol, _UNKNOWN) for symbol in alphabet.symbols]
        self._table = np.array([*known, _UNKNOWN], np.int32)  # the last one is for SKIPPED
        self._rows = np.zeros(256, _ROW)
        self._n = 0

    def __len__(self) -> int:
        return self._n

    def extend(self, ids: Ids) -> None:
        """Take the next characters: ids (N,) of the text's alphabet, or SKIPPED. About 30 µs each, and a
        fifth of that while they continue a passage."""
        for id in self._table[ids].tolist():
            self._take(id)

    def fork(self, n: int) -> Copied:
        """The same for another text that begins with the first n characters of this one."""
        new = copy.copy(self)
        new._n = min(n, self._n)
        new._rows = self._rows[: max(new._n, 1)].copy()
        return new

    def _take(self, id: int) -> None:
        n = self._n
        if n == len(self._rows):
            self._rows = np.concatenate([self._rows, np.zeros_like(self._rows)])
        before, longest = (self.at(n - 1), self.longest(n)) if n else (NOTHING, NOTHING)
        best = int(self._rows["best"][n - 1]) if n else 0
        self._rows["id"][n] = id
        found = NOTHING
        if id != _UNKNOWN:
            if before.length and self.index.follows(before, id):
                found = Found(before.length + 1, before.end + 1)
            else:  # one character longer is the most that it can be
                found = self.index.longest(self._rows["id"][n - before.length : n + 1])
        self._rows[n] = (id, *found, n if found.length > longest.length else best)
        self._n += 1  # last, since another thread reads rows below n

    def at(self, i: int) -> Found:
        """The longest passage that ends with character i, 0 ≤ i < len."""
        row = self._rows[i]
        return Found(int(row["length"]), int(row["end"]))

    def last_of_longest(self, n: int) -> int:
        """The character that ends the longest passage within the first n, 0 < n ≤ len; the first one of
        several."""
        return int(self._rows["best"][n - 1])

    def longest(self, n: int) -> Found:
        """The longest passage within the first n characters, 0 < n ≤ len."""
        return self.at(self.last_of_longest(n))

    def covered(self, least: int = LEAST) -> int:
        """How many characters stand in passages of `least` characters or more."""
        ends = np.flatnonzero(self._rows["length"][: self._n] >= least)
        starts = ends + 1 - self._rows["length"][ends].astype(np.int64)
        reached = np.concatenate([[0], ends[:-1] + 1])  # starts and ends both ascend
        return int((ends + 1 - np.maximum(starts, reached)).sum()) if len(ends) else 0
