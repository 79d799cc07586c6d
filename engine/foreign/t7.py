"""Torch7's files in their binary form (.t7): Lua values, tables that may refer to one another in circles,
and torch's objects.

A file is one value; a value is an int for its kind and what the kind asks for. Tables and objects carry an
index; where it stands a second time, the first is meant. Ints have 4 bytes, torch's `long` 8 or 4, in
either byte order. The source is torch7's `File.lua`, `generic/Tensor.c` and `generic/Storage.c`. Functions
are skipped; nothing is executed.
"""

from __future__ import annotations

import struct
from collections.abc import Generator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from engine.errors import DamagedError
from engine.foreign.bounds import MOST_AXES, Cursor, strided
from engine.foreign.value import Array

_NIL, _NUMBER, _STRING, _TABLE, _OBJECT, _BOOLEAN, _FUNCTION = range(7)
_REFERRED = (_TABLE, _OBJECT, 7, 8)
"""The kinds that carry an index; 7 and 8 are functions too."""
_MOST_VALUES = 1 << 21
_DEEPEST = 20_000
"""The longest chain of values in values; the graph of a network is one long chain."""
_ELEMENTS = {
    **dict(Byte="u1", Char="i1", Short="i2", Int="i4", Float="f4", Half="f2", Double="f8"),
    **dict(Cuda="f4", CudaDouble="f8", CudaHalf="f2", Cl="f4"),
}

Value = Any
"""None, a float, bytes, a bool, a Table, an Object, a Tensor or a storage."""


@dataclass(eq=False)
class Table:
    """A Lua table."""

    items: dict[Value, Value] = field(default_factory=dict)

    def sequence(self) -> list[Value]:
        """The values at 1, 2, 3 and so on, up to the first that is missing."""
        found = list[Value]()
        while (value := self.items.get(float(len(found) + 1))) is not None:
            found.append(value)
        return found

    def get(self, name: str) -> Value:
        """The value at a name; None if there is none."""
        return self.items.get(name.encode())

    def array(self, name: str) -> Array:
        """The tensor at a name. Raises DamagedError."""
        if (found := self.vector(name)) is None:
            raise DamagedError(f"{name} is missing or empty")
        return found

    def matrix(self, name: str) -> Array:
        """The tensor at a name, which has two axes. Raises DamagedError."""
        found = self.array(name)
        if found.ndim != 2 or not found.size:
            raise DamagedError(f"{name} is no matrix")
        return found

    def vector(self, name: str) -> Array | None:
        """The tensor at a name; None if there is none, or an empty one. Raises DamagedError."""
        found = self.get(name)
        return found.array(name) if isinstance(found, Tensor) and found.sizes else None


@dataclass(eq=False)
class Object(Table):
    """An object of a class that is not torch's own: its fields, and its name."""

    name: str = ""

    @property
    def kind(self) -> str:
        """Its name without the package."""
        return self.name.rpartition(".")[2]


def table(value: Value) -> Table:
    """A value that should be a table; an empty one if it is none."""
    return value if isinstance(value, Table) else Table()


@dataclass(eq=False)
class Tensor:
    """A view of a storage; sizes and strides are counted in elements."""

    sizes: tuple[int, ...]
    strides: tuple[int, ...]
    offset: int
    storage: npt.NDArray[Any] | None = None

    def array(self, name: str) -> Array:
        """A copy of what it shows. Raises DamagedError."""
        if self.storage is None:
            raise DamagedError(f"{name} has no storage")
        view = strided(self.storage, self.sizes, name, self.offset, self.strides)
        with np.errstate(
            over="ignore", invalid="ignore"
        ):  # what is no number is refused in the end
            return view.astype(np.float32)


def begins(data: bytes) -> bool:
    """Whether bytes are the beginning of such a file that holds a table or an object: its kind and an index
    of 1."""
    return data[:8] in {struct.pack(f"{o}2i", kind, 1) for o in "<>" for kind in (_TABLE, _OBJECT)}


def parse(data: bytes) -> Value:
    """The value that a file holds, whichever its byte order and the size of its `long`.

    Raises DamagedError.
    """
    order = "<" if data[:1] != b"\0" else ">"
    try:
        return _Reader(data, order, "q").read()
    except DamagedError:
        try:
            return _Reader(data, order, "i").read()
        except DamagedError:
            pass
        raise


class _Reader:
    def __init__(self, data: bytes, order: str, long: str) -> None:
        self._bytes, self._order, self._long = Cursor(data), order, long
        self._seen: dict[int, Value] = {}

    def read(self) -> Value:
        """A value and all that it holds: each generator asks for a value within its own by a yield."""
        stack, found, count = [self._value()], None, 0
        while stack:
            try:
                stack[-1].send(found)
            except StopIteration as done:
                stack.pop()
                found = done.value
                continue
            count += 1
            if count > _MOST_VALUES or len(stack) > _DEEPEST:
                raise DamagedError("too many values, or nested too deeply")
            stack.append(self._value())
            found = None
        return found

    def _value(self) -> Generator[None, Value, Value]:
        kind = self._int()
        if kind == _NIL:
            return None
        if kind == _NUMBER:
            return self._bytes.unpack(f"{self._order}d")[0]
        if kind == _STRING:
            return self._string()
        if kind == _BOOLEAN:
            return self._int() != 0
        if kind == _FUNCTION:
            self._string()
            yield
            return None
        if kind not in _REFERRED:
            raise DamagedError(f"a value of kind {kind}")
        index = self._int()
        if index in self._seen:
            return self._seen[index]
        if kind == _TABLE:
            table = self._seen[index] = Table()
            yield from self._fill(table)
            return table
        if kind != _OBJECT:
            self._seen[index] = None
            self._string()
            yield
            return None
        return (yield from self._object(index))

    def _fill(self, table: Table) -> Generator[None, Value, None]:
        size = self._int()
        if not 0 <= size <= self._bytes.left // 8:
            raise DamagedError(f"a table of {size} entries")
        for _ in range(size):
            key = yield
            value = yield
            if not isinstance(key, np.ndarray):  # which has no hash, and no use as a key
                table.items[key] = value

    def _object(self, index: int) -> Generator[None, Value, Value]:
        name = self._string()
        if name.startswith(b"V "):  # else it is older than versions
            name = self._string()
        own = name.decode("latin-1").removeprefix("torch.")
        element = own.removesuffix("Tensor").removesuffix("Storage")
        if own.endswith("Storage") and element in (*_ELEMENTS, "Long"):
            self._seen[index] = storage = self._storage(element)
            return storage
        if own.endswith("Tensor") and element in (*_ELEMENTS, "Long"):
            axes = self._int()
            if not 0 <= axes <= MOST_AXES:
                raise DamagedError(f"a tensor of {axes} axes")
            sizes, strides = self._longs(axes), self._longs(axes)
            self._seen[index] = tensor = Tensor(sizes, strides, self._longs(1)[0] - 1)
            storage = yield
            if storage is not None and not isinstance(storage, np.ndarray):
                raise DamagedError("a tensor without a storage")
            tensor.storage = storage
            return tensor
        self._seen[index] = made = Object(name=name.decode("latin-1"))
        fields = yield
        if isinstance(fields, Table):
            made.items = fields.items
        return made

    def _storage(self, element: str) -> npt.NDArray[Any]:
        letter = _ELEMENTS.get(element) or f"i{struct.calcsize(f'={self._long}')}"
        kind = np.dtype(self._order + letter)
        (size,) = self._longs(1)
        return np.frombuffer(self._bytes.take(size * kind.itemsize), kind)

    def _int(self) -> int:
        return self._bytes.number(f"{self._order}i")

    def _longs(self, count: int) -> tuple[int, ...]:
        return self._bytes.unpack(f"{self._order}{count}{self._long}")

    def _string(self) -> bytes:
        return bytes(self._bytes.take(self._int()))
