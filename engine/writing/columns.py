"""What a text keeps of each of its characters, about 140 bytes, in columns."""

from __future__ import annotations

from collections.abc import Iterable
from struct import Struct
from typing import Any, NamedTuple

import numpy as np

from engine.vocab import Ids
from engine.writing.sampling import Probs

_PAGE = 256
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
_FORMS = "".join(_FACTS[name].char for name in Record._fields)


class Columns:
    """Everything lies in pages; the ids, which are read most, also in an array that grows. A page that
    another text shares is never written to."""

    def __init__(self, top: int, symbols: int) -> None:
        """`top` candidates are kept of each character, from an alphabet of so many symbols."""
        self.n = 0
        self.top, self._symbols = top, symbols
        self.ids: Ids = np.zeros(_PAGE, np.int32)
        """The ids, of which the first n are of the text."""
        self._pages: list[Any] = []
        ids = np.min_scalar_type(symbols - 1)
        candidates = ("p", np.float32, (2, top)), ("top", ids, (top,))
        self._page = np.dtype([("facts", _FACTS), *candidates], align=True)
        self._row = Struct(f"={_FORMS}{2 * top}f{top}{ids.char}")

    def append(
        self, record: Record, top: Iterable[int], p: Iterable[float], q: Iterable[float]
    ) -> None:
        """Add a character: its candidates top (K,), p of them by the model and q after the filters."""
        n = self.n
        if n == len(self.ids):
            self.ids = np.concatenate([self.ids, np.zeros(max(_PAGE, n // 4), np.int32)])
        if n == _PAGE * len(self._pages):
            self._pages.append(np.zeros(_PAGE, self._page))
        self.ids[n] = record.id
        at = n % _PAGE * self._page.itemsize
        self._row.pack_into(self._pages[-1], at, *record, *p, *q, *top)
        self.n = n + 1  # last, since another thread reads what is below n

    def record(self, i: int) -> Record:
        return Record(*self._pages[i // _PAGE]["facts"][i % _PAGE].item())

    def column(self, name: str, start: int = 0) -> np.ndarray[Any, Any]:
        """A field of the record of each character from `start` on."""
        n, first = self.n, start // _PAGE
        if start >= n:
            return np.zeros(0, _FACTS[name])
        pages = self._pages[first : -(-n // _PAGE)]
        return np.concatenate([page["facts"][name] for page in pages])[
            start - first * _PAGE : n - first * _PAGE
        ]

    def candidates(self, i: int) -> tuple[Ids, Probs, Probs]:
        """Of character i: the ids (K,) of the candidates, p, and q."""
        row = self._pages[i // _PAGE][i % _PAGE]
        return row["top"], row["p"][0], row["p"][1]

    def truncate(self, n: int) -> None:
        """Keep the first n characters."""
        pages = self._pages[: -(-n // _PAGE)]
        if n % _PAGE:
            pages[-1] = pages[-1].copy()
        self._pages, self.ids, self.n = pages, self.ids[:n].copy(), n

    def copy(self) -> Columns:
        """The same for another text. Pages are shared until one of the two is truncated."""
        new = Columns(self.top, self._symbols)
        new.ids, new._pages = self.ids, self._pages[:]
        new.truncate(self.n)
        return new
