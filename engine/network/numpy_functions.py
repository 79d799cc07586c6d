"""The cells' functions for NumPy."""

from __future__ import annotations

from functools import cache

import numpy as np

from engine.cells.functions import Array, Functions


class _NumPy:
    parallel = False
    multiply = staticmethod(np.multiply)
    add = staticmethod(np.add)
    tanh = staticmethod(np.tanh)

    def empty(self, shape: tuple[int, ...], like: Array) -> Array:
        return np.empty(shape, like.dtype)

    def concatenate(self, arrays: list[Array]) -> Array:
        return np.concatenate(arrays, axis=-1)

    def add_product(self, x: Array, y: Array, out: Array) -> Array:
        out += x * y
        return out

    def lerp(self, x: Array, y: Array, weight: Array, out: Array) -> Array:
        np.subtract(y, x, out=out)
        out *= weight
        out += x
        return out

    def sigmoid(self, x: Array, out: Array) -> Array:
        np.multiply(x, 0.5, out=out)
        np.tanh(out, out=out)
        out *= 0.5
        out += 0.5
        return out

    def gates(self, x: Array, tanh: Array, block: int) -> None:
        scale, shift = _as_tanh(x.shape[-1], tanh.shape[-1], block, x.dtype)
        np.multiply(x, scale, out=x)
        np.tanh(x, out=x)
        np.multiply(x, scale, out=x)
        np.add(x, shift, out=x)

    def d_sigmoid(self, d: Array, y: Array, out: Array) -> Array:
        return np.multiply(d * y, 1 - y, out=out)

    def d_tanh(self, d: Array, y: Array, out: Array) -> Array:
        return np.multiply(d, 1 - y * y, out=out)

    def relu(self, x: Array, out: Array) -> Array:
        return np.maximum(x, 0, out=out)

    def d_relu(self, d: Array, y: Array, out: Array) -> Array:
        return np.multiply(d, y > 0, out=out)

    def add_matmul(self, x: Array, W: Array, out: Array) -> Array:
        out += x @ W
        return out

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
