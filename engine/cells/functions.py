"""The functions that the equations are written in. `engine.network.numpy_functions` implements them for
NumPy, `engine.training.products` for torch.

Functions that take `out` write to it and return it. Unless stated otherwise, `out` may also be an argument.
"""

from __future__ import annotations

from typing import Any, Protocol

Array = Any
"""A numpy array or a torch tensor."""


class Functions(Protocol):
    """The few array functions that cells and time loops need beyond operators."""

    parallel: bool
    """Whether to compute all steps at once if the cell can."""

    def empty(self, shape: tuple[int, ...], like: Array) -> Array:
        """An uninitialised array with the type of `like`."""

    def concatenate(self, arrays: list[Array]) -> Array:
        """Arrays side by side along their last axis."""

    def multiply(self, x: Array, y: Array, out: Array) -> Array:
        """x·y."""

    def add(self, x: Array, y: Array, out: Array) -> Array:
        """x + y."""

    def add_product(self, x: Array, y: Array, out: Array) -> Array:
        """out + x·y."""

    def lerp(self, x: Array, y: Array, weight: Array, out: Array) -> Array:
        """x + weight·(y − x). `out` must not be an argument."""

    def sigmoid(self, x: Array, out: Array) -> Array:
        """σ(x), the logistic function, without overflow."""

    def tanh(self, x: Array, out: Array) -> Array:
        """tanh(x)."""

    def gates(self, x: Array, tanh: Array, block: int) -> None:
        """Replace x by σ(x), but its part `tanh`, which is that block of it, by tanh."""

    def d_sigmoid(self, d: Array, y: Array, out: Array) -> Array:
        """d·y·(1 − y): back through y = σ(x)."""

    def d_tanh(self, d: Array, y: Array, out: Array) -> Array:
        """d·(1 − y²): back through y = tanh(x)."""

    def relu(self, x: Array, out: Array) -> Array:
        """max(x, 0)."""

    def d_relu(self, d: Array, y: Array, out: Array) -> Array:
        """d where y > 0, else 0: back through y = relu(x)."""

    def matmul(self, x: Array, W: Array, out: Array | None = None) -> Array:
        """x W, for a W of `matrix`; in a new array if there is no `out`, which must not be x."""

    def add_matmul(self, x: Array, W: Array, out: Array) -> Array:
        """out + x W, for a W of `matrix`."""

    def matrix(self, W: Array) -> Array:
        """W (m, n), made ready for many products x @ W and d @ W.T."""

    def operand(self, x: Array) -> Array:
        """x made ready for several products."""

    def affine(self, x: Array, W: Array, b: Array) -> Array:
        """x W + b; x is (T, B, m), or ids (T, B) of rows of W."""

    def back(self, d: Array, W: Array) -> Array:
        """d W.T: back through `affine` to x."""

    def outer(self, x: Array, d: Array) -> Array:
        """The sum of x ⊗ d over all leading axes: the gradient of W in x @ W; x (T, B, m)."""

    def rows(self, ids: Array, d: Array, V: int) -> Array:
        """`outer` of one-hot rows (V, n): the sum of the d (T, B, n) of each id (T, B)."""
