"""The cells' functions for NumPy, and a recorder of the calls that they make."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np

from engine.cells.functions import Array, Functions

Call = tuple[Callable[..., object], tuple[Array, ...], Array]
"""A function of NumPy, its arguments, and the array that it writes to."""


class _NumPy:
    """All that a step of a cell uses is done by functions of `by`, which has those of NumPy."""

    parallel = False

    def __init__(self, by: Any = np) -> None:
        self._by = by
        self.multiply, self.add, self.tanh = by.multiply, by.add, by.tanh

    def empty(self, shape: tuple[int, ...], like: Array) -> Array:
        return np.empty(shape, like.dtype)

    def concatenate(self, arrays: list[Array]) -> Array:
        return np.concatenate(arrays, axis=-1)

    def add_product(self, x: Array, y: Array, out: Array) -> Array:
        return self.add(out, self.multiply(x, y), out=out)

    def lerp(self, x: Array, y: Array, weight: Array, out: Array) -> Array:
        self._by.subtract(y, x, out=out)
        self.multiply(out, weight, out=out)
        return self.add(out, x, out=out)

    def sigmoid(self, x: Array, out: Array) -> Array:
        self.multiply(x, 0.5, out=out)
        self.tanh(out, out=out)
        self.multiply(out, 0.5, out=out)
        return self.add(out, 0.5, out=out)

    def gates(self, x: Array, tanh: Array, block: int) -> None:
        scale, shift = _as_tanh(x.shape[-1], tanh.shape[-1], block, x.dtype)
        self.multiply(x, scale, out=x)
        self.tanh(x, out=x)
        self.multiply(x, scale, out=x)
        self.add(x, shift, out=x)

    def d_sigmoid(self, d: Array, y: Array, out: Array) -> Array:
        return np.multiply(d * y, 1 - y, out=out)

    def d_tanh(self, d: Array, y: Array, out: Array) -> Array:
        return np.multiply(d, 1 - y * y, out=out)

    def relu(self, x: Array, out: Array) -> Array:
        return self._by.maximum(x, 0, out=out)

    def d_relu(self, d: Array, y: Array, out: Array) -> Array:
        return np.multiply(d, y > 0, out=out)

    def matmul(self, x: Array, W: Array, out: Array | None = None) -> Array:
        return self._by.matmul(x, W, out=out)

    def add_matmul(self, x: Array, W: Array, out: Array) -> Array:
        return self.add(out, self._by.matmul(x, W), out=out)

    def matrix(self, W: Array) -> Array:
        return W

    def operand(self, x: Array) -> Array:
        return x

    def affine(self, x: Array, W: Array, b: Array) -> Array:
        if np.issubdtype(x.dtype, np.integer):
            return (W + b)[x]
        a = x.reshape(-1, x.shape[-1]) @ W  # one product; of (T, B, m) it would be T
        a += b
        return a.reshape(*x.shape[:-1], -1)

    def back(self, d: Array, W: Array) -> Array:
        return (d.reshape(-1, d.shape[-1]) @ W.T).reshape(*d.shape[:-1], -1)

    def outer(self, x: Array, d: Array) -> Array:
        return x.reshape(-1, x.shape[-1]).T @ d.reshape(-1, d.shape[-1])

    def rows(self, ids: Array, d: Array, V: int) -> Array:
        summed = np.zeros((V, d.shape[-1]), d.dtype)
        np.add.at(summed, ids.reshape(-1), d.reshape(-1, d.shape[-1]))
        return summed


@cache
def _as_tanh(n: int, H: int, block: int, dtype: np.dtype[np.generic]) -> tuple[Array, Array]:
    """The rows (n,) for which scale·tanh(scale·x) + shift is σ(x), but tanh(x) in one block of H."""
    scale, shift = np.full(n, 0.5, dtype), np.full(n, 0.5, dtype)
    scale[block * H : (block + 1) * H], shift[block * H : (block + 1) * H] = 1.0, 0.0
    return scale, shift


NUMPY: Functions = _NumPy()


class Recorder:
    """NumPy's functions; whatever is called is also written down, on the same arrays. A result that is
    written nowhere gets an array of its own."""

    def __init__(self) -> None:
        self.functions: Functions = _NumPy(self)
        self.calls: list[Call] = []

    def __getattr__(self, name: str) -> Callable[..., Array]:
        # of a vector and a matrix both give the same, and `dot` is sooner called
        function: Callable[..., Array] = np.dot if name == "matmul" else getattr(np, name)

        def record(*arguments: Array, out: Array | None = None) -> Array:
            out = function(*arguments, out=out)
            self.calls.append((function, arguments, out))
            return out

        return record
