"""What a source consists of, and what is counted and said while it is read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from engine.errors import CorpusError

BLOCK = 1 << 20
"""Bytes that are read at once."""
MOST_BYTES = 10_000_000_000
"""Bytes of text that are taken without --max-size."""
_NAMED = 5

Report = Callable[[int, int | None], object]
"""Called with the bytes that were read of a source, and of how many, None where that is not known."""


@dataclass(frozen=True)
class Document:
    """A named stream of bytes. `size` is in bytes, None where it is not known.

    `blocks` is read once, in the order of the documents, each before the next is asked for.
    """

    name: str
    size: int | None
    blocks: Iterator[bytes]


@dataclass
class Ledger:
    """One pass over a source: how far it is, what it may take, and what there is to tell of it."""

    limit: int = MOST_BYTES
    """Bytes of text that may come out."""
    size: int | None = None
    """Bytes on disk, where known."""
    read: int = 0
    """Bytes of these that were read."""
    taken: int = 0
    """Bytes of text that came out."""
    report: Report = lambda read, size: None
    stage: str = ""
    """What is done now, where it is not reading what is there."""
    _counts: Counter[str] = field(default_factory=Counter)
    _names: dict[str, list[str]] = field(default_factory=dict)

    def count(self, read: int) -> None:
        """So many more bytes were read."""
        self.read += read
        self.report(self.read, self.size)

    def take(self, text: int) -> None:
        """So many more bytes of text come out.

        Raises CorpusError beyond the limit.
        """
        self.taken += text
        self.check(0)

    def check(self, more: int) -> None:
        """Raises CorpusError where `more` bytes of text would be too many."""
        if self.taken + more > self.limit:
            raise CorpusError(
                f"more than {self.limit:,} bytes of text: --max-size allows more, --glob takes fewer files"
            )

    def absorb(self, other: Ledger) -> None:
        """Take over the notes of another."""
        for what, names in other._names.items():
            self._counts[what] += other._counts[what]
            kept = self._names.setdefault(what, [])
            kept += names[: _NAMED - len(kept)]

    def note(self, what: str, name: str) -> None:
        """Remember a document by name for the notes."""
        self._counts[what] += 1
        names = self._names.setdefault(what, [])
        if len(names) < _NAMED:
            names.append(name)

    @property
    def notes(self) -> list[str]:
        """Lines to tell the user."""
        return [f"{what}: {self._list(what)}" for what in self._counts]

    def _list(self, what: str) -> str:
        more = self._counts[what] - len(self._names[what])
        return ", ".join(self._names[what]) + (f" and {more:,} more" if more else "")


@dataclass(frozen=True)
class Source:
    """Where a text comes from: what to call it, its licence, and its documents, which are read once.

    `entropy_rate` is in nats per character, where the text's maker knows it.
    """

    name: str
    origin: str
    licence: str
    documents: Iterator[Document]
    ledger: Ledger
    entropy_rate: float | None = None

    @property
    def size(self) -> int | None:
        """Bytes of what lies on disk, where known."""
        return self.ledger.size

    @property
    def read(self) -> int:
        """How much of that has been read."""
        return self.ledger.read
