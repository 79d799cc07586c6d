"""What a source consists of, and what is counted and said while it is read."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from engine.errors import CorpusError
from engine.words import counted

BLOCK = 1 << 20
"""Bytes that are read at once."""
MOST_FILES = 1_000_000
"""Files of a folder or an archive; their names are held in memory."""
MOST_BYTES = 10_000_000_000
"""Bytes of text that are taken without --max-size."""
MOST_UNPACKED = 200
"""Times its own size that something packed may have inside without --max-size."""
SMALL_UNPACKED = 64_000_000
"""Bytes that anything packed may have inside."""
_NAMED = 5
_KIND = re.compile("(file|folder|link|name)(?! link)")

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
    made: bool = False
    """Whether it is UTF-8 because helo wrote it so, and not because the text is."""


@dataclass
class Ledger:
    """One pass over a source: how far it is, what it may take, and what there is to tell of it."""

    max_size: int | None = None
    """Bytes of text to take at most, where the user says."""
    size: int | None = None
    """Bytes of what lies on disk, where known."""
    read: int = 0
    """How many of these have been read."""
    report: Report = lambda read, size: None
    stage: str = ""
    """What is done now, where it is not reading what is there."""
    encodings: dict[str, None] = field(default_factory=dict)
    """Those of the documents, in the order of their first."""
    remedies: dict[str, None] = field(default_factory=dict)
    """What would read documents that are left out."""
    _files: int = 0
    _taken: int = 0
    _unpacked: int = 0
    _left_out: dict[str, _Names] = field(default_factory=dict)
    _noted: dict[str, _Names] = field(default_factory=dict)

    def count(self, read: int) -> None:
        """So many more bytes of the source were read."""
        self.read += read
        self.report(self.read, self.size)

    def see_file(self) -> None:
        """There is one more file. Raises CorpusError for too many."""
        self._files += 1
        if self._files > MOST_FILES:
            raise too_many_files()

    def expect(self, text: int) -> None:
        """Raises CorpusError where so many more bytes of text would be too many."""
        limit = self.max_size or MOST_BYTES
        if self._taken + text > limit:
            raise CorpusError(
                f"there are more than {limit:,} bytes of text",
                "raise --max-size, or take fewer files with --glob",
            )

    def take(self, blocks: Iterator[bytes]) -> Iterator[bytes]:
        """Blocks of text on their way out. Raises CorpusError for too many."""
        for block in blocks:
            self.expect(len(block))
            self._taken += len(block)
            yield block

    def unpack(self, unpacked: int) -> None:
        """So many more bytes were unpacked. Raises CorpusError for too many."""
        self._unpacked += unpacked
        packed = max(self.size or 0, self.read)
        limit = max(self.max_size or 0, MOST_UNPACKED * packed, SMALL_UNPACKED)
        if self._unpacked > limit:
            raise CorpusError(
                f"{packed:,} packed bytes have more than {limit:,} inside",
                "raise --max-size if you trust them",
            )

    def within(self, outer: Ledger) -> None:
        """Be that of a source within another, which reports and tells what there is to tell."""
        self.report, self._left_out, self._noted = outer.report, outer._left_out, outer._noted
        self.encodings, self.remedies = outer.encodings, outer.remedies

    def leave_out(self, kind: str, name: str) -> None:
        """The document `name` is left out, for being a `kind` of file, folder or link."""
        self._left_out.setdefault(kind, _Names()).add(name)

    def note(self, what: str, name: str) -> None:
        """There is something to tell of the document `name`."""
        self._noted.setdefault(what, _Names()).add(name)

    @property
    def left_out(self) -> list[str]:
        """What was left out, as phrases."""
        return [
            f"left out {counted(names.count, kind, _plural(kind))}: {names}"
            for kind, names in self._left_out.items()
        ]

    @property
    def notes(self) -> list[str]:
        """Lines to tell the user."""
        return self.left_out + [f"{what}: {names}" for what, names in self._noted.items()]


def _plural(kind: str) -> str:
    """More than one of what is left out: binary files, folder links, files with NUL characters."""
    return _KIND.sub(r"\1s", kind, 1)


@dataclass
class _Names:
    """How many there are, and the first few of them."""

    count: int = 0
    first: list[str] = field(default_factory=list)

    def add(self, name: str) -> None:
        self.count += 1
        if len(self.first) < _NAMED:
            self.first.append(name)

    def __str__(self) -> str:
        more = self.count - len(self.first)
        return ", ".join(self.first) + (f" and {more:,} more" if more else "")


def too_many_files() -> CorpusError:
    return CorpusError(f"there are more than {MOST_FILES:,} files: name a part of them")


@dataclass(frozen=True)
class Source:
    """Where a text comes from: what to call it, its licence, and its documents, which are read once.

    `origin` is what messages call it, `place` where it is found again from anywhere, if that is not the
    same. `entropy_rate` is in nats per character, where the text's maker knows it.
    """

    name: str
    origin: str
    licence: str
    documents: Iterator[Document]
    ledger: Ledger
    entropy_rate: float | None = None
    place: str = ""

    @property
    def size(self) -> int | None:
        """Bytes of what lies on disk, where known."""
        return self.ledger.size

    @property
    def read(self) -> int:
        """How many of these have been read."""
        return self.ledger.read
