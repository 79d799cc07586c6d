"""Bounds for readers: nothing is larger, deeper or elsewhere than the bytes at hand allow.

Everything here raises DamagedError.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from math import prod

import numpy as np

from engine.errors import DamagedError
from engine.foreign.value import Array
from engine.words import shortened

MOST_BYTES = 1 << 31
"""The largest file that is read."""
MOST_SYMBOLS = 1 << 17
"""The largest alphabet."""
MOST_DEPTH = 64
"""How deep what a file holds may be nested."""
MOST_AXES = 8
MOST_LAYERS = 64


class Cursor:
    """Bytes, read from the front."""

    def __init__(self, data: bytes | memoryview, place: int = 0) -> None:
        self.data, self.place = memoryview(data), place

    @property
    def left(self) -> int:
        """How many bytes are left."""
        return len(self.data) - self.place

    def take(self, size: int) -> memoryview:
        """The next bytes."""
        if not 0 <= size <= self.left:
            raise DamagedError("cut off")
        self.place += size
        return self.data[self.place - size : self.place]

    def unpack(self, form: str) -> tuple[int, ...]:
        """The next values, in a form of `struct`."""
        return struct.unpack(form, self.take(struct.calcsize(form)))

    def number(self, form: str) -> int:
        """The next value, in a form of `struct`."""
        return self.unpack(form)[0]


def within(value: object, most: int, what: str) -> int:
    """A whole number from 0 to `most`."""
    if type(value) is not int or not 0 <= value <= most:
        raise DamagedError(f"{what} is {shortened(repr(value), 20)}, not between 0 and {most:,}")
    return value


def strided(
    flat: Array,
    shape: Sequence[object],
    name: str,
    offset: object = 0,
    strides: Sequence[object] | None = None,
) -> Array:
    """The array (shape) in a storage (N,). `strides` count elements; without them it lies in C order. None
    holds more elements than the storage."""
    if len(shape) > MOST_AXES or (strides is not None and len(strides) != len(shape)):
        raise DamagedError(f"{shortened(name)} has {len(shape)} axes")
    sizes = [within(n, len(flat), f"a size of {shortened(name)}") for n in shape]
    start = within(offset, len(flat), f"the offset of {shortened(name)}")
    if strides is None:
        steps = [prod(sizes[axis + 1 :]) for axis in range(len(sizes))]
    else:
        steps = [within(n, len(flat), f"a stride of {shortened(name)}") for n in strides]
    if prod(sizes) == 0:
        return np.zeros(sizes, flat.dtype)
    last = start + sum((n - 1) * step for n, step in zip(sizes, steps, strict=True))
    if last >= len(flat) or prod(sizes) > len(flat):
        raise DamagedError(f"{shortened(name)} leads outside its storage")
    item = flat.itemsize
    return np.lib.stride_tricks.as_strided(flat[start:], sizes, [item * n for n in steps])


def shaped(array: Array, shape: tuple[int | None, ...], name: str) -> Array:
    """The array, which has this shape; None stands for any size."""
    fits = len(array.shape) == len(shape) and all(
        b in (None, a) for a, b in zip(array.shape, shape, strict=True)
    )
    if not fits:
        asked = "×".join("any" if n is None else str(n) for n in shape)
        raise DamagedError(f"{shortened(name)} is {'×'.join(map(str, array.shape))}, not {asked}")
    return array
