"""Where the end of a text stands word for word in a corpus: an index, kept beside the corpus.

The index is the corpus's `prefixes` in order, in the file `copies.index`: a line of JSON, padded to 512
bytes, then one number of 4 bytes a character. Only what is looked at is read. `python -m
engine.text.copies FOLDER` makes it in a process of its own, and prints the share that is done.
"""

from __future__ import annotations

import mmap
import os
import sys
import weakref
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

import numpy as np
import numpy.typing as npt

from engine import outside
from engine.blas import background
from engine.errors import CorpusError, DamagedError, HeloError, exit_status
from engine.storage import encode_json, write_atomically
from engine.text.corpus import IDS, INFO, Corpus, corpora, load, read_info
from engine.text.prefixes import ordered
from engine.vocab import Ids

KEPT = "copies.index"
SEARCHED_MOST = 1 << 28
"""The most characters of a corpus that are searched, from its beginning; bounds memory and disk space."""
_VERSION = 1
_HEAD = 512
"""Bytes before the numbers."""
_CHECKED = 1_000_000
"""How many numbers, from the first, are checked when an index is opened."""
_MAPPED_MOST = 10_000_000
"""The most characters of a corpus whose files are mapped: that is three times as fast as reading them, and
what is mapped stays in memory."""
_STRETCH = 1 << 16
"""Characters between two counts of line ends."""


@dataclass(frozen=True)
class _Head:
    """What the line of JSON says: the corpus by its sha256, and how many of its characters are searched."""

    sha256: str
    chars: int
    version: int = _VERSION


class Found(NamedTuple):
    """A passage of `length` characters of a corpus; `end` is the place of its last one."""

    length: int
    end: int

    @property
    def start(self) -> int:
        return self.end + 1 - self.length


NOTHING = Found(0, -1)


Read = Callable[[int, int], bytes]
"""(size, offset) to so many bytes from there, fewer at the end."""


class Index:
    """Finds passages of a corpus. An index that is damaged makes passages too short, never wrong."""

    def __init__(self, corpus: Corpus, ends: Read, ids: Read) -> None:
        """`ends` and `ids` are bytes of the numbers and of the corpus, the lowest byte first."""
        self.corpus = corpus
        self.searched = min(len(corpus.ids), SEARCHED_MOST)
        """How many characters of the corpus are searched, from its beginning."""
        self._ends, self._ids = ends, ids
        self._type = corpus.ids.dtype.newbyteorder("<")
        self._size = self._type.itemsize
        self._lines: npt.NDArray[np.int64] | None = None

    def follows(self, found: Found, id: int) -> bool:
        """Whether the character after a passage is this one."""
        after = found.end + 1
        if after >= self.searched:
            return False
        return int.from_bytes(self._ids(self._size, after * self._size), "little") == id

    def longest(self, written: Ids) -> Found:
        """The longest end of `written`, ids (M,) of the corpus, that occurs in it, and where."""
        # the bytes backward are the ids backward, the highest byte first, so they compare as the ids do
        wanted, most = written.astype(self._type).tobytes()[::-1], len(written)
        low, high = 0, self.searched
        while low < high:
            middle = (low + high) // 2
            if self._before(self._end(middle), most) < wanted:
                low = middle + 1
            else:
                high = middle
        best = NOTHING
        for slot in range(max(0, low - 1), min(low + 1, self.searched)):
            end = self._end(slot)
            same = _common(self._before(end, most), wanted) // self._size
            if same > best.length and end < self.searched:
                best = Found(same, end)
        return best

    def _end(self, slot: int) -> int:
        return int.from_bytes(self._ends(4, 4 * slot), "little")

    def _before(self, end: int, most: int) -> bytes:
        """The bytes of the characters up to a place, at most so many, backward."""
        start = max(0, end + 1 - most)
        return self._ids((end + 1 - start) * self._size, start * self._size)[::-1]

    def _read(self, start: int, stop: int) -> Ids:
        stop = min(stop, self.searched)
        return np.frombuffer(self._ids((stop - start) * self._size, start * self._size), self._type)

    def text(self, found: Found) -> str:
        """A passage as text."""
        ids = self._read(found.start, found.end + 1)
        return self.corpus.info.alphabet.decode(ids.tolist())

    def line(self, place: int) -> int:
        """The line, from 1, of a character of the corpus."""
        newline = self.corpus.info.alphabet.ids.get("\n", -1)
        if self._lines is None:
            starts = range(0, self.searched, _STRETCH)
            ends = [np.count_nonzero(self._read(a, a + _STRETCH) == newline) for a in starts]
            self._lines = np.cumsum([0, *ends])
        stretch = place // _STRETCH
        before = self._read(stretch * _STRETCH, place) == newline
        return 1 + int(self._lines[stretch]) + int(np.count_nonzero(before))


def in_memory(array: npt.NDArray[Any]) -> Read:
    """The bytes of an array of whole numbers."""
    data = array.astype(array.dtype.newbyteorder("<"), copy=False).data.cast("B")
    return lambda size, offset: bytes(data[offset : offset + size])


def _common(a: bytes, b: bytes) -> int:
    """How many bytes two byte strings have in common at their beginning."""
    n = min(len(a), len(b))
    if a[:n] == b[:n]:
        return n
    differ = np.frombuffer(a, np.uint8, n) != np.frombuffer(b, np.uint8, n)
    return int(np.argmax(differ))


def trained_on(sha256: str, units: str) -> Path | None:
    """The folder of the user's corpus with this text, under whatever name; None if there is none."""
    for folder in corpora() if sha256 else ():
        with suppress(CorpusError):
            info = read_info(folder)
            if (info.sha256, info.units) == (sha256, units):
                return folder
    return None


def kept(corpus: Corpus) -> Index | None:
    """The index kept with a corpus; None if there is none of this text and version, or it is damaged."""
    path, chars = corpus.folder / KEPT, min(len(corpus.ids), SEARCHED_MOST)
    try:
        outside.require_file(path)
        with open(path, "rb") as file:
            head = outside.convert(_Head, outside.parse_json(file.read(_HEAD)))
            first = np.frombuffer(file.read(4 * min(chars, _CHECKED)), "<u4")
        if head != _Head(corpus.info.sha256, chars) or path.stat().st_size != _HEAD + 4 * chars:
            return None
        return _index(corpus, path) if first.max() < chars else None
    except (OSError, DamagedError, ValueError):
        return None


def _index(corpus: Corpus, path: Path) -> Index:
    """An index that is read from its file, and the corpus from its own. Raises OSError."""
    text = corpus.folder / IDS
    begin = text.stat().st_size - corpus.ids.nbytes
    mapped = len(corpus.ids) <= _MAPPED_MOST
    return Index(corpus, _on_disk(path, _HEAD, mapped), _on_disk(text, begin, mapped))


def _on_disk(path: Path, begin: int, mapped: bool) -> Read:
    """The bytes of a file from `begin` on. Raises OSError."""
    if mapped:
        with open(path, "rb") as file:
            data = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        return lambda size, offset: data[begin + offset : begin + offset + size]
    opened = os.open(path, os.O_RDONLY)

    def read(size: int, offset: int) -> bytes:
        return os.pread(opened, size, begin + offset)

    weakref.finalize(read, os.close, opened)
    return read


def obtain(corpus: Corpus, report: Callable[[float], None] = lambda share: None) -> Index:
    """The index kept with a corpus; if there is none, a new one, which is kept if the disk allows it.

    `report` is called with the share that is done.
    """
    if found := kept(corpus):
        return found
    ids = np.asarray(corpus.ids)[:SEARCHED_MOST]
    ends = ordered(ids, len(corpus.info.symbols), report)
    head = encode_json(asdict(_Head(corpus.info.sha256, len(ids)))).ljust(_HEAD - 1) + b"\n"

    def write(file: BinaryIO) -> None:
        file.write(head)
        file.write(ends.astype("<u4", copy=False).data)

    if (corpus.folder / INFO).exists():  # do not recreate a corpus that was just deleted
        with suppress(HeloError):
            write_atomically(corpus.folder / KEPT, write)
    return Index(corpus, in_memory(ends), in_memory(ids))


def main() -> None:
    """The process: make the index of the corpus in a folder. A line of JSON, {"share": F}, now and then."""
    background()

    def report(share: float) -> None:
        with suppress(OSError):  # whoever asked for it is gone
            print(encode_json({"share": share}).decode(), flush=True)

    obtain(load(Path(sys.argv[1])), report)


if __name__ == "__main__":
    sys.exit(exit_status(main))
