"""Writes a text that comes in blocks to disk as ids, in one pass and constant memory.

The alphabet is known only at the end. Until then, each character is kept as one byte: an ASCII character
(or a byte of a byte text) as itself, any other as the mark 128, with its code point in a second file. At
the end, all are mapped to ids, in the alphabet's sorted order. Most text is mostly ASCII, so what every
character needs is done on bytes, and only the other characters take more.
"""

from __future__ import annotations

import hashlib
import io
import os
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt

from engine.vocab import CODE_POINTS, code_points

_PIECE = 1 << 20
"""Characters processed at a time."""
_HEADER = 128
"""Bytes of a .npy file before its ids."""
_MARK = 128
_PAIRS = np.arange(1 << 16, dtype=np.uint16).view(np.uint8).reshape(-1, 2)
"""The two bytes of each pair, by the number that `_pairs` gives it."""
_AHEAD = 4
"""How many pieces of work may wait for the helper threads."""

_Bytes = npt.NDArray[np.uint8]
_Points = npt.NDArray[np.unsignedinteger[Any]]


def digest(blocks: Iterable[str] | Iterable[bytes]) -> str:
    """The sha256 that a text would have as a corpus: that of its UTF-8 form, or of its bytes."""
    sha256 = hashlib.sha256()
    for block in blocks:
        sha256.update(_utf8(block))
    return sha256.hexdigest()


class Encoder:
    """Takes the blocks of one text and writes `path`, a .npy file of its ids. Must be closed."""

    def __init__(self, path: Path) -> None:
        self.path, self.chars = path, 0
        self._pairs = np.zeros(1 << 16, np.int64)
        """How often each pair of kept bytes occurs."""
        self._counts = np.zeros(CODE_POINTS, np.int64)
        """How often the code points occur that `_pairs` does not count: those beyond ASCII, and the last
        byte of a piece of odd length."""
        self._sha256 = hashlib.sha256()
        self._working: deque[Future[Any]] = deque()
        self._open = ExitStack()
        self._beside = path.with_suffix(".kept"), path.with_suffix(".others")
        for beside in self._beside:
            self._open.callback(beside.unlink, missing_ok=True)
        kept, others = (self._open.enter_context(open(beside, "wb+")) for beside in self._beside)
        self._kept, self._others = kept, others
        self._helpers = [self._open.enter_context(ThreadPoolExecutor(1)) for _ in range(2)]
        self._kept.write(_header(np.dtype(np.uint8), 0))

    def add(self, block: str | bytes) -> None:
        """Take the next block. Raises OSError."""
        for start in range(0, len(block), _PIECE):
            self._add(block[start : start + _PIECE])
        self.chars += len(block)

    def _add(self, piece: str | bytes) -> None:
        data = _utf8(piece)
        hasher, keeper = self._helpers
        self._working.append(hasher.submit(self._sha256.update, data))
        beyond = isinstance(piece, str) and not piece.isascii()
        self._working.append(keeper.submit(self._keep, data, beyond))
        while len(self._working) > _AHEAD:
            self._working.popleft().result()

    def _keep(self, data: bytes, beyond: bool) -> None:
        """Count and write a piece. `beyond` tells whether it has characters beyond ASCII."""
        kept = np.frombuffer(data, np.uint8)
        if beyond:
            kept, others = _apart(kept)
            counts = np.bincount(others)
            self._counts[: len(counts)] += counts
            self._counts[_MARK] -= len(others)  # the pairs count each as a mark
            _write(self._others, others)
        pairs, odd = _pairs(kept)
        np.add.at(self._pairs, pairs, 1)
        self._counts[odd] += 1
        _write(self._kept, kept)

    def finish(self) -> tuple[list[int], list[int], str]:
        """Write the final ids and fsync them.

        Returns the alphabet's code points in sorted order, how often each occurs, and the sha256. Raises
        OSError.
        """
        while self._working:
            self._working.popleft().result()
        pairs = self._pairs.reshape(256, 256)
        self._counts[:256] += pairs.sum(0) + pairs.sum(1)
        points = np.flatnonzero(self._counts)
        ids = np.zeros(CODE_POINTS, np.min_scalar_type(max(len(points) - 1, 0)))
        ids[points] = np.arange(len(points))
        table = ids[_PAIRS].view(f"u{2 * ids.itemsize}")[:, 0]
        self._kept.flush()
        if ids.itemsize == 1:  # overwriting the bytes in place is much faster
            self._beside[0].rename(self.path)
        with open(self.path, "rb+" if ids.itemsize == 1 else "wb") as out:
            out.write(_header(ids.dtype, self.chars))
            mapper, writer = self._helpers
            for block in self._blocks():
                found = mapper.submit(_ids_of, ids, table, *block)
                self._working.append(writer.submit(_write_found, out, found))
                if len(self._working) > _AHEAD:
                    self._working.popleft().result()
            while self._working:
                self._working.popleft().result()
            out.flush()
            os.fsync(out.fileno())
        return points.tolist(), self._counts[points].tolist(), self._sha256.hexdigest()

    def _blocks(self) -> Iterator[tuple[_Bytes, _Points]]:
        """The kept bytes in blocks, each with the code points of its marks."""
        marks = self._others.tell() > 0
        self._kept.seek(_HEADER)
        self._others.seek(0)
        while data := self._kept.read(_PIECE):
            others = data.count(_MARK) if marks else 0
            points = np.frombuffer(self._others.read(4 * others), np.uint32)
            yield np.frombuffer(data, np.uint8), points

    def close(self) -> None:
        """Remove the temporary files and end the helper threads. Raises OSError."""
        self._open.close()


def _apart(data: _Bytes) -> tuple[_Bytes, _Points]:
    """Split UTF-8 into the bytes to keep and the code points of the characters beyond ASCII."""
    beyond = np.flatnonzero(data >= _MARK)
    others = data[beyond]
    kept = np.delete(data, beyond[others < 0xC0])  # drop continuation bytes
    kept[kept > _MARK] = _MARK
    return kept, code_points(others.tobytes().decode("utf-8", "surrogatepass"))


def _ids_of(ids: _Points, table: _Points, kept: _Bytes, others: _Points) -> _Points:
    """The ids of kept bytes and of the other characters among them. `ids` has the id of each code point,
    `table` the two ids of each pair of bytes."""
    pairs, odd = _pairs(kept)
    found = np.take(table, pairs, mode="clip").view(ids.dtype)
    if len(odd):
        found = np.append(found, ids[odd])
    if len(others):
        found[kept == _MARK] = ids[others]
    return found


def _pairs(kept: _Bytes) -> tuple[npt.NDArray[np.uint16], _Bytes]:
    """The bytes two at a time, which halves the work, and the last byte if their number is odd."""
    even = len(kept) // 2 * 2
    return kept[:even].view(np.uint16), kept[even:]


def _header(dtype: np.dtype[Any], chars: int) -> bytes:
    """The header of a .npy file of `chars` ids. It has the same length for any number of them."""
    header = io.BytesIO()
    form = {"descr": dtype.str, "fortran_order": False, "shape": (chars,)}
    np.lib.format.write_array_header_1_0(header, form)
    assert header.tell() == _HEADER
    return header.getvalue()


def _write_found(file: BinaryIO, found: Future[_Points]) -> None:
    _write(file, found.result())


def _write(file: BinaryIO, ids: npt.NDArray[Any]) -> None:
    """Write an array. Unlike `ids.tofile`, this reports a full disk."""
    file.write(ids.data)


def _utf8(block: str | bytes) -> bytes:
    return block.encode("utf-8", "surrogatepass") if isinstance(block, str) else block
