"""How much of a text stands word for word in a corpus, character by character, as the text is written."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np

from engine.text.copies import NOTHING, Found, Index
from engine.vocab import Alphabet, Ids

LEAST = 20
"""From this many characters on, a passage counts as copied; shorter ones are found in any text."""
_PAGE = 256
"""Characters in a page. Texts that begin with the same characters share the pages that are full."""
_ROW = np.dtype([("id", np.int32), ("length", np.uint32), ("end", np.uint32), ("best", np.uint32)])
SKIPPED = -1
"""Stands for a character that counts for nothing, as those of a prompt."""
_UNKNOWN = -1
"""The id of a character that is not in the corpus, or is skipped."""


class Copied:
    """For each character of a text, the longest passage that ends there and stands in the corpus.

    A passage never contains a character that was skipped. If a passage stands in several places, any of
    them is told.
    """

    def __init__(self, index: Index, alphabet: Alphabet) -> None:
        """`alphabet` is that of the text; its units are those of the corpus."""
        self.index = index
        ids = index.corpus.info.alphabet.ids
        known = [ids.get(symbol, _UNKNOWN) for symbol in alphabet.symbols]
        self._table = np.array([*known, _UNKNOWN], np.int32)  # the last one is for SKIPPED
        self._pages: list[np.ndarray[Any, Any]] = []
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
        new._pages = self._pages[: -(-new._n // _PAGE)]
        if new._n % _PAGE:
            new._pages[-1] = new._pages[-1].copy()
        return new

    def _take(self, id: int) -> None:
        n = self._n
        before, longest = (self.at(n - 1), self.longest(n)) if n else (NOTHING, NOTHING)
        best = self.last_of_longest(n) if n else 0
        found = NOTHING
        if id != _UNKNOWN:
            if before.length and self.index.follows(before, id):
                found = Found(before.length + 1, before.end + 1)
            else:  # one character longer is the most that it can be
                last = self._column("id", n - before.length)
                found = self.index.longest(np.append(last, np.int32(id)))
        if n == _PAGE * len(self._pages):
            self._pages.append(np.zeros(_PAGE, _ROW))
        longer = found.length > longest.length
        row = (id, found.length, max(0, found.end), n if longer else best)
        self._pages[-1][n % _PAGE] = row
        self._n += 1

    def _column(self, name: str, start: int = 0) -> np.ndarray[Any, Any]:
        """A field of each character from `start` on."""
        first = start // _PAGE
        pages = [page[name] for page in self._pages[first:]]
        whole = np.concatenate([*pages, np.zeros(0, _ROW[name])])
        return whole[start - first * _PAGE : self._n - first * _PAGE]

    def at(self, i: int) -> Found:
        """The longest passage that ends with character i, 0 ≤ i < len."""
        _, length, end, _ = self._pages[i // _PAGE][i % _PAGE].item()
        return Found(length, end) if length else NOTHING

    def last_of_longest(self, n: int) -> int:
        """The character that ends the longest passage within the first n, 0 < n ≤ len; the first one of
        several."""
        i = n - 1
        return int(self._pages[i // _PAGE]["best"][i % _PAGE])

    def longest(self, n: int) -> Found:
        """The longest passage within the first n characters, 0 < n ≤ len."""
        return self.at(self.last_of_longest(n))

    def covered(self, least: int = LEAST) -> int:
        """How many characters stand in passages of `least` characters or more."""
        lengths = self._column("length").astype(np.int64)
        ends = np.flatnonzero(lengths >= least)
        starts = ends + 1 - lengths[ends]
        reached = np.concatenate([[0], ends[:-1] + 1])  # starts and ends both ascend
        return int((ends + 1 - np.maximum(starts, reached)).sum()) if len(ends) else 0
