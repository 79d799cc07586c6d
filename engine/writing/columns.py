"""What a text keeps of each of its characters, about 160 bytes, in columns."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from engine.vocab import Ids
from engine.writing.sampling import Probs

_PAGE = 512
"""Characters in a page."""


class Record(NamedTuple):
    """What is kept of a character and what was believed before it, but for its candidates."""

    id: int
    rank: int
    bits: float
    entropy: float
    drawn_prob: float
    removed: float


_FACTS = np.dtype(
    [(name, np.int32 if name in ("id", "rank") else np.float64) for name in Record._fields]
)


class Columns:
    """The facts lie in one array that grows; the candidates, most of it all, in pages. A page that another
    text shares is never written to."""

    def __init__(self, top: int) -> None:
        """`top` candidates are kept of each character."""
        self.n = 0
        self.top = top
        self.facts = np.zeros(256, _FACTS)
        """The facts, of which the first n are of the text."""
        self._pages: list[np.ndarray] = []
        self._page = np.dtype([("top", np.int32, (top,)), ("p", np.float32, (2, top))])

    def append(self, record: Record, top: Ids, p: Probs, q: Probs) -> None:
        """Add a character: its candidates top (K,), p of them by the model and q after the filters."""
        n = self.n
        if n == len(self.facts):
            more = np.zeros(max(256, n // 4), _FACTS)
            self.facts = np.concatenate([self.facts, more])
        if n == _PAGE * len(self._pages):
            self._pages.append(np.zeros(_PAGE, self._page))
        self.facts[n] = record
        row = self._pages[-1][n % _PAGE]
        row["top"], row["p"][0], row["p"][1] = top, p, q
        self.n = n + 1  # last, since another thread reads what is below n

    def record(self, i: int) -> Record:
        return Record(*self.facts[i].item())

    def candidates(self, i: int) -> tuple[Ids, Probs, Probs]:
        """Of character i: the ids (K,) of the candidates, p, and q."""
        row = self._pages[i // _PAGE][i % _PAGE]
        return row["top"], row["p"][0], row["p"][1]

    def truncate(self, n: int) -> None:
        """Keep the first n characters."""
        pages = self._pages[: -(-n // _PAGE)]
        if n % _PAGE:
            pages[-1] = pages[-1].copy()
        self._pages, self.n = pages, n

    def copy(self) -> Columns:
        """The same for another text. Pages are shared until one of the two is truncated."""
        new = Columns(self.top)
        new.facts, new._pages = self.facts[: max(self.n, 1)].copy(), self._pages[:]
        new.truncate(self.n)
        return new
