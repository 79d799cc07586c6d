"""A source and its documents, and the ledger of what happens while they are read."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from engine.errors import CorpusError
from engine.words import counted

BLOCK = 1 << 20
"""Bytes read at a time."""
MOST_FILES = 1_000_000
"""The most files in a folder or an archive; their names are held in memory."""
MOST_BYTES = 10_000_000_000
"""The most bytes of text taken without --max-size."""
MOST_UNPACKED = 200
"""How many times its own size something packed may unpack to without --max-size."""
SMALL_UNPACKED = 64_000_000
"""How many bytes something packed may always unpack to."""
_NAMED = 5
_KIND = re.compile("(file|folder|link|name)(?! link)")

Report = Callable[[int, int | None], object]
"""Called with the bytes read from a source and their total, which is None if unknown."""


@dataclass(frozen=True)
class Document:
    """A named stream of bytes. `size` is in bytes, None if unknown.

    `blocks` can be read once. Documents are read in order, each before the next is requested.
    """

    name: str
    size: int | None
    blocks: Iterator[bytes]
    made: bool = False
    """Whether helo itself made it, as UTF-8, so that the encoding says nothing about the text."""


@dataclass
class Ledger:
    """The record of one pass over a source: progress, limits, and notes for the user."""

    max_size: int | None = None
    """The most bytes of text to take, if the user gave a limit."""
    size: int | None = None
    """The bytes of the source on disk, if known."""
    read: int = 0
    """How many of these bytes have been read."""
    report: Report = lambda read, size: None
    stage: str = ""
    """What is happening now, such as "fetching"; empty while files are read."""
    encodings: dict[str, None] = field(default_factory=dict)
    """The encodings of the documents, in order of first appearance."""
    remedies: dict[str, None] = field(default_factory=dict)
    """The options that would read documents that were left out."""
    _files: int = 0
    _taken: int = 0
    _unpacked: int = 0
    _left_out: dict[str, _Names] = field(default_factory=dict)
    _noted: dict[str, _Names] = field(default_factory=dict)

    def count(self, read: int) -> None:
        """Count bytes of the source as read."""
        self.read += read
        self.report(self.read, self.size)

    def see_file(self) -> None:
        """Count a file. Raises CorpusError if there are too many."""
        self._files += 1
        if self._files > MOST_FILES:
            raise too_many_files()

    def expect(self, text: int) -> None:
        """Raise CorpusError if this many more bytes of text would be too many."""
        limit = self.max_size or MOST_BYTES
        if self._taken + text > limit:
            raise CorpusError(
                f"there are more than {limit:,} bytes of text",
                "raise --max-size, or take fewer files with --glob",
            )

    def take(self, blocks: Iterator[bytes]) -> Iterator[bytes]:
        """Pass on blocks of text and count their bytes. Raises CorpusError if there are too many."""
        for block in blocks:
            self.expect(len(block))
            self._taken += len(block)
            yield block

    def unpack(self, unpacked: int) -> None:
        """Count unpacked bytes. Raises CorpusError if there are too many."""
        self._unpacked += unpacked
        packed = max(self.size or 0, self.read)
        limit = max(self.max_size or 0, MOST_UNPACKED * packed, SMALL_UNPACKED)
        if self._unpacked > limit:
            raise CorpusError(
                f"{packed:,} packed bytes unpack to more than {limit:,}",
                "raise --max-size if you trust them",
            )

    def within(self, outer: Ledger) -> None:
        """Share the report, notes, encodings and remedies of `outer`, the ledger of a source that holds
        this one."""
        self.report, self._left_out, self._noted = outer.report, outer._left_out, outer._noted
        self.encodings, self.remedies = outer.encodings, outer.remedies

    def leave_out(self, kind: str, name: str) -> None:
        """Record that the document `name` is left out because it is a `kind` of file, folder or link."""
        self._left_out.setdefault(kind, _Names()).add(name)

    def note(self, what: str, name: str) -> None:
        """Record a note about the document `name`."""
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
        """The lines to show the user."""
        return self.left_out + [f"{what}: {names}" for what, names in self._noted.items()]


def _plural(kind: str) -> str:
    """The plural of a kind that is left out: binary files, folder links, files with NUL characters."""
    return _KIND.sub(r"\1s", kind, 1)


@dataclass
class _Names:
    """How many names there are, and the first few of them."""

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
    return CorpusError(f"there are more than {MOST_FILES:,} files: import only a part of them")


@dataclass(frozen=True)
class Source:
    """Where a text comes from: its name, licence and documents, which can be read once.

    `origin` is its name in messages. `place` is its absolute path, if it has one that differs from
    `origin`. `entropy_rate` is in nats per character, if known.
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
        """The bytes of the source on disk, if known."""
        return self.ledger.size

    @property
    def read(self) -> int:
        """How many of these bytes have been read."""
        return self.ledger.read
