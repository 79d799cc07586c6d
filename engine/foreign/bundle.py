"""TensorFlow's checkpoints of the second version ("tensor bundles"): a table that says of each variable
where it lies, and the values beside it.

The table (`NAME.index`) is LevelDB's: blocks of sorted keys, each key stored as what differs from the one
before, and a block that lists the blocks. Its values are protocol buffers, `BundleHeaderProto` under the
empty key and a `BundleEntryProto` a variable. The values lie in `NAME.data-00000-of-00001` as they are in
memory. Checksums are not computed: CRC-32C in Python takes a second a megabyte, and each size, offset and
shape is checked.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from engine import outside
from engine.errors import DamagedError, ForeignError
from engine.words import quoted

MAGIC = struct.pack("<Q", 0xDB4775248B80FB57)
"""The last bytes of a table."""
_FOOTER, _TRAILER = 48, 5
_FLOATS = {1: "f4", 2: "f8", 19: "f2"}
"""TensorFlow's numbers for the types of values that are read."""
_MOST_SHARDS = 1000
_LONGEST_NAME = 1000
Fields = dict[int, list[int | bytes]]


@dataclass(frozen=True)
class Entry:
    """Where a variable lies: `offset` and `size` are bytes in a shard."""

    shape: tuple[int, ...]
    shard: int
    offset: int
    size: int
    kind: str
    """NumPy's name of the type, or "" where it is none of floats."""


@dataclass(frozen=True)
class Index:
    shards: int
    entries: dict[str, Entry]


def parse_index(data: bytes) -> Index:
    """What a table says.

    Raises DamagedError, and ForeignError for an older checkpoint or a compressed table.
    """
    if len(data) < _FOOTER or not data.endswith(MAGIC):
        raise DamagedError("its table is cut off")
    at = len(data) - _FOOTER
    for _ in range(2):  # of extra blocks, which there are none of
        _, at = _varint(data, at)
    values, whole = dict[bytes, bytes](), 0
    for _, handle in _pairs(_block(data, *_handle(data, at))):
        block = _block(data, *_handle(handle, 0))
        values |= _pairs(block)
        whole += len(block)
        if whole > len(data):
            raise DamagedError("blocks that lie over one another")
    header = _fields(values.pop(b"", b""))
    shards = _number(header, 1)
    if not shards:
        raise ForeignError("is a TensorFlow checkpoint of the first version: save it again with V2")
    if not 1 <= shards <= _MOST_SHARDS:
        raise DamagedError(f"its table tells of {shards} parts")
    order = ">" if _number(header, 2) else "<"
    return Index(shards, {_name(key): _entry(value, order) for key, value in values.items()})


def is_table(path: Path) -> bool:
    """Whether a file ends as a table does. Raises OSError."""
    with path.open("rb") as file:
        size = file.seek(0, os.SEEK_END)
        if not _FOOTER <= size <= outside.SMALL:
            return False
        file.seek(-len(MAGIC), os.SEEK_END)
        return file.read() == MAGIC


def read(path: Path) -> Index:
    """What a table says, with the files of its values beside it.

    Raises DamagedError if these are smaller than what the table says lies in them; ForeignError, OSError.
    """
    index = parse_index(outside.read(path))
    there = sum(_part(path, index, shard).stat().st_size for shard in range(index.shards))
    if sum(entry.size for entry in index.entries.values()) > there:
        raise DamagedError("its values are more than the files beside its table hold")
    return index


def _part(path: Path, index: Index, shard: int) -> Path:
    return path.with_name(f"{path.stem}.data-{shard:05}-of-{index.shards:05}")


def value(path: Path, index: Index, name: str) -> npt.NDArray[np.float32]:
    """A variable, from the files beside its table.

    Raises DamagedError, OSError.
    """
    entry = index.entries[name]
    if entry.size != prod(entry.shape) * np.dtype(entry.kind).itemsize:
        raise DamagedError(f"{quoted(name)} has {entry.size:,} bytes, not what its shape asks")
    part = _part(path, index, entry.shard)
    outside.require_file(part)
    with part.open("rb") as file:
        if entry.offset + entry.size > file.seek(0, os.SEEK_END):
            raise DamagedError(f"{quoted(name)} lies beyond the end of {quoted(part.name)}")
        file.seek(entry.offset)
        values = np.frombuffer(file.read(entry.size), entry.kind).reshape(entry.shape)
    with np.errstate(over="ignore", invalid="ignore"):  # what is no number is refused in the end
        return values.astype(np.float32)


def _name(key: bytes) -> str:
    try:
        return key.decode()
    except UnicodeDecodeError as error:
        raise DamagedError("a variable without a name") from error


def _entry(data: bytes, order: str) -> Entry:
    fields = _fields(data)
    kind = _FLOATS.get(_number(fields, 1), "")
    shape = tuple(_number(_fields(_bytes(dim)), 1) for dim in _fields(_last(fields, 2)).get(2, ()))
    shard, offset, size = (_number(fields, n) for n in (3, 4, 5))
    if fields.get(7):
        kind = ""  # cut into slices, which have entries of their own
    return Entry(shape, shard, offset, size, kind and order + kind)


def _handle(data: bytes, at: int) -> tuple[int, int]:
    offset, at = _varint(data, at)
    return offset, _varint(data, at)[0]


def _block(data: bytes, offset: int, size: int) -> bytes:
    end = offset + size
    if end + _TRAILER > len(data):
        raise DamagedError("a block lies beyond its table")
    if data[end]:
        raise ForeignError("is a compressed table, which is not read: TensorFlow writes it plain")
    return data[offset:end]


def _pairs(block: bytes) -> Iterator[tuple[bytes, bytes]]:
    """The keys and values of a block; where it may be entered does not matter when all of it is read."""
    if len(block) < 4:
        raise DamagedError("a block without an end")
    end = len(block) - 4 * (1 + int.from_bytes(block[-4:], "little"))
    if end < 0:
        raise DamagedError("a block without an end")
    at, key = 0, b""
    while at < end:
        shared, at = _varint(block, at)
        own, at = _varint(block, at)
        size, at = _varint(block, at)
        if shared > len(key) or at + own + size > end or shared + own > _LONGEST_NAME:
            raise DamagedError("a key that is cut off")
        key = key[:shared] + block[at : at + own]
        at += own
        yield key, block[at : at + size]
        at += size


def _varint(data: bytes, at: int) -> tuple[int, int]:
    """A number of seven bits a byte, and where the next one begins."""
    value = 0
    for shift in range(0, 64, 7):
        if at >= len(data):
            break
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
    raise DamagedError("a number that does not end")


def _fields(message: bytes) -> Fields:
    """The fields of a protocol buffer by number."""
    found: Fields = {}
    at = 0
    while at < len(message):
        tag, at = _varint(message, at)
        value: int | bytes
        match tag & 7:
            case 0:
                value, at = _varint(message, at)
            case 2:
                size, at = _varint(message, at)
                value, at = message[at : at + size], at + size
            case 1 | 5 as width:
                size = 8 if width == 1 else 4
                value, at = message[at : at + size], at + size
            case kind:
                raise DamagedError(f"a field of kind {kind}")
        if at > len(message):
            raise DamagedError("a field that is cut off")
        found.setdefault(tag >> 3, []).append(value)
    return found


def _last(fields: Fields, number: int) -> bytes:
    return _bytes(fields.get(number, [b""])[-1])


def _bytes(value: Any) -> bytes:
    if not isinstance(value, bytes):
        raise DamagedError("a number where a message should be")
    return value


def _number(fields: Fields, number: int) -> int:
    value = fields.get(number, [0])[-1]
    if not isinstance(value, int):
        raise DamagedError("a message where a number should be")
    return value
