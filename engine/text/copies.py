"""Where the end of a text stands word for word in a corpus: an index, kept beside the corpus.

The index is the corpus's `prefixes` in order, in the file `copies.index`: a line of JSON, padded to 512
bytes, then one number of 4 bytes a character. It is memory-mapped, so that of 100 million characters only
what is looked at is read. `python -m engine.text.copies FOLDER` makes it in a process of its own, and
prints the share that is done.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import BinaryIO, NamedTuple

import numpy as np
import numpy.typing as npt

from engine import outside
from engine.blas import background
from engine.errors import CorpusError, DamagedError, HeloError, exit_status
from engine.storage import encode_json, write_atomically
from engine.text.corpus import INFO, Corpus, corpora, load, read_info
from engine.text.prefixes import Ends, ordered
from engine.vocab import Ids

KEPT = "copies.index"
SEARCHED_MOST = 1 << 28
"""The most characters of a corpus that are searched, from its beginning; bounds memory and disk space."""
_VERSION = 1
_HEAD = 512
"""Bytes before the numbers."""
_CHECKED = 10_000_000
"""How many numbers, from the first, are checked when an index is opened."""
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


class Index:
    """Finds passages of a corpus.

    A file that was damaged after it was opened makes passages too short, never wrong.
    """

    def __init__(self, corpus: Corpus, ends: Ends) -> None:
        self.corpus = corpus
        self._ends = np.asarray(ends)
        self._ids = np.asarray(corpus.ids)[: len(ends)]
        self._big = self._ids.dtype.newbyteorder(">")
        self._lines: npt.NDArray[np.int64] | None = None

    @property
    def searched(self) -> int:
        """How many characters of the corpus are searched, from its beginning."""
        return len(self._ids)

    def follows(self, found: Found, id: int) -> bool:
        """Whether the character after a passage is this one."""
        after = found.end + 1
        return after < len(self._ids) and int(self._ids[after]) == id

    def longest(self, written: Ids) -> Found:
        """The longest end of `written`, ids (M,) of the corpus, that occurs in it, and where."""
        wanted, most = self._backward(written), len(written)
        low, high = 0, len(self._ends)
        while low < high:
            middle = (low + high) // 2
            if self._before(middle, most) < wanted:
                low = middle + 1
            else:
                high = middle
        best = NOTHING
        for slot in (low - 1, low):
            if 0 <= slot < len(self._ends):
                end = int(self._ends[slot])
                same = _common(self._before(slot, most), wanted) // self._ids.itemsize
                if same > best.length and end < len(self._ids):
                    best = Found(same, end)
        return best

    def _before(self, slot: int, most: int) -> bytes:
        """The characters up to a place of the order, at most so many, backward."""
        end = int(self._ends[slot]) + 1
        return self._backward(self._ids[max(0, end - most) : end])

    def _backward(self, ids: Ids) -> bytes:
        """Ids from the last to the first, in bytes that compare as they do."""
        return ids[::-1].astype(self._big).tobytes()

    def text(self, found: Found) -> str:
        """A passage as text."""
        ids = self._ids[found.start : found.end + 1]
        return self.corpus.info.alphabet.decode(ids.tolist())

    def line(self, place: int) -> int:
        """The line, from 1, of a character of the corpus."""
        newline = self.corpus.info.alphabet.ids.get("\n", -1)
        if self._lines is None:
            starts = range(0, len(self._ids), _STRETCH)
            ends = [np.count_nonzero(self._ids[a : a + _STRETCH] == newline) for a in starts]
            self._lines = np.cumsum([0, *ends])
        stretch = place // _STRETCH
        before = self._ids[stretch * _STRETCH : place] == newline
        return 1 + int(self._lines[stretch]) + int(np.count_nonzero(before))


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
        if head != _Head(corpus.info.sha256, chars) or path.stat().st_size != _HEAD + 4 * chars:
            return None
        ends: Ends = np.memmap(path, "<u4", "r", offset=_HEAD, shape=(chars,))
    except (OSError, DamagedError):
        return None
    return Index(corpus, ends) if ends[:_CHECKED].max() < chars else None


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
    return Index(corpus, ends)


def main() -> None:
    """The process: make the index of the corpus in a folder. A line of JSON, {"share": F}, now and then."""
    background()

    def report(share: float) -> None:
        with suppress(OSError):  # whoever asked for it is gone
            print(encode_json({"share": share}).decode(), flush=True)

    obtain(load(Path(sys.argv[1])), report)


if __name__ == "__main__":
    sys.exit(exit_status(main))
