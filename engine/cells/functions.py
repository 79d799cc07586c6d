"""What the equations are written with. `engine.network.numpy_functions` has it for NumPy, and
`engine.training.products` for torch.

Functions that take `out` write there and return it. `out` may be an argument too, where nothing else is
said.
"""

from __future__ import annotations

from typing import Any, Protocol

Array = Any
"""A numpy array or a torch tensor."""


class Functions(Protocol):
    """The few array functions that cells and time loops need beyond operators."""

    parallel: bool
    """Whether all steps are to be computed at once where a cell can."""

    def empty(self, shape: tuple[int, ...], like: Array) -> Array:
        """An array with the type of `like`, of any content."""

    def concatenate(self, arrays: list[Array]) -> Array:
        """Arrays side by side along their last axis."""

    def multiply(self, x: Array, y: Array, out: Array) -> Array:
        """x·y."""

    def add(self, x: Array, y: Array, out: Array) -> Array:
        """x + y."""

    def add_product(self, x: Array, y: Array, out: Array) -> Array:
        """out + x·y."""

    def lerp(self, x: Array, y: Array, weight: Array, out: Array) -> Array:
        """x + weight·(y − x); `out` is none of them."""

    def sigmoid(self, x: Array, out: Array) -> Array:
        """σ(x), the logistic function, without overflow."""

    def tanh(self, x: Array, out: Array) -> Array:
        """tanh(x)."""

    def gates(self, x: Array, tanh: Array, block: int) -> None:
        """σ(x) over x, but tanh over `tanh`, which is that block of it."""

    def d_sigmoid(self, d: Array, y: Array, out: Array) -> Array:
        """d·y·(1 − y): back through y = σ(x)."""

    def d_tanh(self, d: Array, y: Array, out: Array) -> Array:
        """d·(1 − y²): back through y = tanh(x)."""

    def relu(self, x: Array, out: Array) -> Array:
        """max(x, 0)."""

    def d_relu(self, d: Array, y: Array, out: Array) -> Array:
        """d where y > 0, else 0: back through y = relu(x)."""

    def add_matmul(self, x: Array, W: Array, out: Array) -> Array:
        """out + x W, for a W of `matrix`."""

    def matrix(self, W: Array) -> Array:
        """W (m, n), made ready for many products x @ W and d @ W.T."""

    def operand(self, x: Array) -> Array:
        """x made ready for more than one product."""

    def affine(self, x: Array, W: Array, b: Array) -> Array:
        """x W + b; x is (T, B, m), or ids (T, B) of rows of W."""

    def back(self, d: Array, W: Array) -> Array:
        """d W.T: what `affine` gave, back to x."""

    def outer(self, x: Array, d: Array) -> Array:
        """The sum of x ⊗ d over all leading axes: the gradient of W in x @ W; x (T, B, m)."""

    def rows(self, ids: Array, d: Array, V: int) -> Array:
        """`outer` of one-hot rows (V, n): the sum of the d (T, B, n) of each id (T, B)."""
