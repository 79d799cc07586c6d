"""Fields of Protocol Buffers messages, as bytes: what is written for TensorBoard and as ONNX.

A message is its fields, one after the other. https://protobuf.dev/programming-guides/encoding
"""

from __future__ import annotations

import struct


def whole(field: int, value: int) -> bytes:
    """An integer of 64 bits, or an enum."""
    return _key(field, 0) + _varint(value)


def single(field: int, value: float) -> bytes:
    """A number of 32 bits."""
    return _key(field, 5) + struct.pack("<f", value)


def double(field: int, value: float) -> bytes:
    """A number of 64 bits."""
    return _key(field, 1) + struct.pack("<d", value)


def block(field: int, value: bytes | str) -> bytes:
    """Bytes, a text as UTF-8, or a message."""
    data = value.encode("utf-8", "backslashreplace") if isinstance(value, str) else value
    return _key(field, 2) + _varint(len(data)) + data


def _key(field: int, kind: int) -> bytes:
    return _varint(field << 3 | kind)


def _varint(value: int) -> bytes:
    """A whole number of 64 bits in groups of seven bits, lowest first."""
    groups, value = bytearray(), value & 0xFFFFFFFFFFFFFFFF
    while value > 0x7F:
        groups.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*groups, value])
