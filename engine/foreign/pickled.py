"""The plain values in a pickle: numbers, texts, bytes, as each protocol since the first writes them.

What is no such value raises ValueError, or DamagedError where the bytes end.
"""

from __future__ import annotations

import codecs
from collections.abc import Callable

from engine.foreign.bounds import Cursor

_LONGEST_LINE = 1 << 16
_LONGEST_INT = 255
"""Bytes or digits."""


class Unordered(list[object]):
    """A set. Its members are not hashed, since hashing what is deeply nested takes for ever."""


def line(cursor: Cursor) -> str:
    """The text up to the next end of a line."""
    size, end = 64, -1
    while end < 0 and size <= _LONGEST_LINE:
        end = bytes(cursor.data[cursor.place : cursor.place + size]).find(b"\n")
        size *= 4
    if end < 0:
        raise ValueError
    return str(cursor.take(end + 1)[:end], "latin-1")


def _integer(cursor: Cursor) -> int | bool:
    text = line(cursor)
    if text in ("00", "01"):
        return text == "01"
    if len(text) > _LONGEST_INT:
        raise ValueError
    return int(text.removesuffix("L"))


def _long(cursor: Cursor, form: str) -> int:
    size = cursor.number(form)
    if size > _LONGEST_INT:
        raise ValueError
    return int.from_bytes(cursor.take(size), "little", signed=True)


def _quoted(cursor: Cursor) -> str:
    """A string of Python 2, in quotes and with escapes."""
    text = line(cursor)
    if len(text) < 2 or text[0] not in "'\"" or text[0] != text[-1]:
        raise ValueError
    data = codecs.escape_decode(text[1:-1].encode("latin-1"))[0]
    assert isinstance(data, bytes)
    return _old(data)


def _old(data: bytes | memoryview) -> str:
    """A string of Python 2: UTF-8 if it is, else a character for each byte."""
    try:
        return str(data, "utf-8")
    except UnicodeDecodeError:
        return str(data, "latin-1")


def _escaped(cursor: Cursor) -> str:
    return line(cursor).encode("latin-1").decode("raw-unicode-escape")


def _text(cursor: Cursor, form: str) -> str:
    return str(cursor.take(cursor.number(form)), "utf-8", "surrogatepass")


def _bytes(cursor: Cursor, form: str) -> bytes:
    return bytes(cursor.take(cursor.number(form)))


VALUES: dict[int, Callable[[Cursor], object]] = {
    ord("N"): lambda _: None,
    0x88: lambda _: True,
    0x89: lambda _: False,
    ord("K"): lambda c: c.number("<B"),
    ord("M"): lambda c: c.number("<H"),
    ord("J"): lambda c: c.number("<i"),
    ord("I"): _integer,
    ord("L"): _integer,
    0x8A: lambda c: _long(c, "<B"),
    0x8B: lambda c: _long(c, "<I"),
    ord("F"): lambda c: float(line(c)),
    ord("G"): lambda c: c.unpack(">d")[0],
    ord("S"): _quoted,
    ord("T"): lambda c: _old(_bytes(c, "<I")),
    ord("U"): lambda c: _old(_bytes(c, "<B")),
    ord("V"): _escaped,
    ord("X"): lambda c: _text(c, "<I"),
    0x8C: lambda c: _text(c, "<B"),
    0x8D: lambda c: _text(c, "<Q"),
    ord("B"): lambda c: _bytes(c, "<I"),
    ord("C"): lambda c: _bytes(c, "<B"),
    0x8E: lambda c: _bytes(c, "<Q"),
    0x96: lambda c: _bytes(c, "<Q"),
    ord("]"): lambda _: [],
    ord("}"): lambda _: {},
    ord(")"): lambda _: (),
    0x8F: lambda _: Unordered(),
}
"""Opcodes that put a value on the stack."""
