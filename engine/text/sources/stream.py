"""Streams of bytes that can be read once and peeked at, and their unpacking.

What is packed is recognized by its first bytes, never by its name.
"""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import re
from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

from engine.text.sources.document import BLOCK, Ledger

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

_XZ_MEMORY = 1 << 28
_ZSTD_WINDOW = 1 << 27
_ZSTD_STEP = 1 << 11
"""Bytes to decompress at a time; each can become 32 KiB."""

_PACKED = {
    "gzip": re.compile(rb"\x1f\x8b\x08"),
    "bzip2": re.compile(rb"BZh[1-9](1AY&SY|\x17rE8P\x90)"),
    "xz": re.compile(rb"\xfd7zXZ\0"),
    "zstd": re.compile(rb"\x28\xb5\x2f\xfd"),
    "zip": re.compile(rb"PK(\x03\x04|\x05\x06|\x07\x08)"),
}


def packed(head: bytes) -> str | None:
    """How a stream that begins with `head` is packed; None if it is not."""
    return next((kind for kind, magic in _PACKED.items() if magic.match(head)), None)


class _Pieces(io.RawIOBase):
    """An iterator of bytes as a file. `count` is called with the number of bytes taken."""

    def __init__(self, pieces: Iterator[bytes], count: Callable[[int], object]) -> None:
        self._pieces, self._count = pieces, count
        self._rest = memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer) -> int:
        view, filled = memoryview(buffer), 0
        while filled < len(view) and (self._rest or self._more()):
            n = min(len(self._rest), len(view) - filled)
            view[filled : filled + n] = self._rest[:n]
            self._rest = self._rest[n:]
            filled += n
        self._count(filled)
        return filled

    def _more(self) -> bool:
        self._rest = memoryview(next(self._pieces, b""))
        return len(self._rest) > 0


Stream: TypeAlias = "io.BufferedReader[Any]"
"""A stream whose `peek` returns its first BLOCK bytes, or all if there are fewer."""


def stream(pieces: Iterator[bytes], count: Callable[[int], object]) -> Stream:
    """A stream of non-empty pieces of bytes. `count` is called with the number of bytes taken."""
    return io.BufferedReader(_Pieces(pieces, count), BLOCK)


class _Readable(Protocol):
    def read(self, size: int, /) -> bytes: ...


def blocks(file: _Readable) -> Iterator[bytes]:
    """The rest of a file, one block at a time."""
    return iter(partial(file.read, BLOCK), b"")


def unpack(file: Stream, ledger: Ledger) -> Stream | None:
    """The unpacked content of a stream that is packed as one file (gzip, bzip2, xz, zstd); else None."""
    match packed(file.peek()):
        case "gzip":
            pieces = blocks(gzip.GzipFile(fileobj=file))
        case "bzip2":
            pieces = blocks(bz2.BZ2File(file))
        case "xz":
            pieces = _xz(file)
        case "zstd":
            pieces = _zstd(file)
        case _:
            return None
    return stream(pieces, ledger.unpack)


def _xz(file: Stream) -> Iterator[bytes]:
    """Same as lzma.open, with a limit on memory: streams one after another, with padding between them."""
    data = file.read(BLOCK)
    while data:
        unpacker = lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=_XZ_MEMORY)
        while True:
            if piece := unpacker.decompress(data, BLOCK):
                yield piece
            if unpacker.eof:
                break
            data = b""
            if unpacker.needs_input and not (data := file.read(BLOCK)):
                raise EOFError("it ends in the middle")
        data = unpacker.unused_data.lstrip(b"\0") or file.read(BLOCK).lstrip(b"\0")


def _zstd(file: Stream) -> Iterator[bytes]:
    """Frames one after another. Unlike zstandard's own reader, this notices if the last one is cut
    short."""
    from zstandard import ZstdDecompressor, ZstdError

    context, data = ZstdDecompressor(max_window_size=_ZSTD_WINDOW), file.read(_ZSTD_STEP)
    while data:
        frame = context.decompressobj()
        while not frame.eof:
            if not data:
                raise EOFError("it ends in the middle")
            try:
                piece = frame.decompress(data)
            except ZstdError as error:
                raise EOFError(str(error)) from error
            if piece:
                yield piece
            data = frame.unused_data if frame.eof else file.read(_ZSTD_STEP)
        data = data or file.read(_ZSTD_STEP)
