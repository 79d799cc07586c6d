"""The cells' functions for torch, with the fastest matrix products of the processor.

Where a loop uses a matrix T times, oneDNN's product with a matrix packed once is two to three times as
fast as `mm` on some processors, and never slower. It is reached through the operator that torch's
compiler uses; builds without that operator use `mm`.
"""

from __future__ import annotations

from functools import cached_property
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

_available: Any = torch.backends.mkldnn.is_available
_PACKED = hasattr(torch.ops.mkldnn, "_linear_pointwise") and _available()
_HALF_PACKED = _PACKED and bool(torch.ops.mkldnn._is_mkldnn_bf16_supported())
_LEAST_STEP, _LEAST_BULK = 1 << 17, 1 << 15
"""Elements of a matrix from which packing pays: for the few rows of one step, and for those of all."""
_linear: Any = torch.ops.mkldnn._linear_pointwise.default if _PACKED else None
_reorder: Any = torch.ops.mkldnn._reorder_linear_weight.default if _PACKED else None
_sigmoid_backward: Any = torch.ops.aten.sigmoid_backward.grad_input
_tanh_backward: Any = torch.ops.aten.tanh_backward.grad_input
_relu_backward: Any = torch.ops.aten.threshold_backward.grad_input
_MINUS_ONE = torch.tensor(-1.0)


def _packs(W: Tensor, elements: int, least: int) -> bool:
    """Whether to pack a matrix with this many elements and the type of W."""
    there = {torch.float32: _PACKED, torch.bfloat16: _HALF_PACKED}.get(W.dtype, False)
    return there and W.device.type == "cpu" and elements >= least


class Matrix:
    """W (m, n), ready for many products x @ W with x (…, m) of W's own type.

    With `bfloat16` both operands and the result are rounded to it; sums are in float32.
    """

    def __init__(self, W: Tensor, bfloat16: bool, least: int = _LEAST_STEP) -> None:
        self.W, self.bfloat16, self._least = W, bfloat16, least
        own = W.bfloat16() if bfloat16 else W
        self._packed = _packs(own, W.numel(), least)
        self._product = _reorder(own.t()) if self._packed else own.contiguous()

    @cached_property
    def T(self) -> Matrix:
        return Matrix(self.W.t(), self.bfloat16, self._least)

    def __rmatmul__(self, x: Tensor) -> Tensor:
        if self.bfloat16:
            return self.bare(x.bfloat16()).to(self.W.dtype)
        return self.bare(x)

    def bare(self, x: Tensor, b: Tensor | None = None) -> Tensor:
        """x W + b in the type of the products, which x, b and the result have."""
        if self._packed:
            product: Tensor = _linear(x, self._product, b, "none", (), "")
            return product
        product = x @ self._product
        return product if b is None else product.add_(b)

    def add_to(self, out: Tensor, x: Tensor) -> Tensor:
        """out + x W, in place."""
        if self.bfloat16:
            return out.add_(self.bare(x.bfloat16()))
        return out.add_(x @ self) if self._packed else out.addmm_(x, self._product)

    def affine(self, x: Tensor, b: Tensor) -> Tensor:
        """x W + b."""
        if self.bfloat16:
            return self.bare(x.bfloat16()).to(self.W.dtype).add_(b)
        return self.bare(x, b)


class TorchFunctions:
    """`engine.cells.functions.Functions` for torch; autograd follows nothing here.

    With `parallel`, a cell that can compute all steps at once does so, which is faster where launching an
    operation is slow.
    """

    multiply = staticmethod(torch.mul)
    add = staticmethod(torch.add)
    relu = staticmethod(lambda x, out: torch.clamp(x, min=0, out=out))
    sigmoid = staticmethod(torch.sigmoid)
    lerp = staticmethod(torch.lerp)

    def __init__(self, bfloat16: bool = False, parallel: bool = False) -> None:
        self.bfloat16, self.parallel = bfloat16, parallel

    def empty(self, shape: tuple[int, ...], like: Tensor) -> Tensor:
        return like.new_empty(shape)

    def concatenate(self, arrays: list[Tensor]) -> Tensor:
        return torch.cat(arrays, -1)

    def tanh(self, x: Tensor, out: Tensor) -> Tensor:
        # 2σ(2x) − 1: on processors torch's σ is four times as fast as its tanh
        torch.add(x, x, out=out)
        torch.sigmoid(out, out=out)
        return torch.add(_MINUS_ONE, out, alpha=2, out=out)

    def add_product(self, x: Tensor, y: Tensor, out: Tensor) -> Tensor:
        return out.addcmul_(x, y)

    def matmul(self, x: Tensor, W: Matrix, out: Tensor | None = None) -> Tensor:
        product = x @ W
        return product if out is None else out.copy_(product)

    def add_matmul(self, x: Tensor, W: Matrix, out: Tensor) -> Tensor:
        return W.add_to(out, x)

    def gates(self, x: Tensor, tanh: Tensor, block: int) -> None:
        torch.add(tanh, tanh, out=tanh)
        torch.sigmoid(x, out=x)
        torch.add(_MINUS_ONE, tanh, alpha=2, out=tanh)

    def d_sigmoid(self, d: Tensor, y: Tensor, out: Tensor) -> Tensor:
        _sigmoid_backward(d, y, grad_input=out)
        return out

    def d_tanh(self, d: Tensor, y: Tensor, out: Tensor) -> Tensor:
        _tanh_backward(d, y, grad_input=out)
        return out

    def d_relu(self, d: Tensor, y: Tensor, out: Tensor) -> Tensor:
        _relu_backward(d, y, 0, grad_input=out)
        return out

    def matrix(self, W: Tensor) -> Matrix:
        return Matrix(W, self.bfloat16)

    def bulk(self, W: Tensor) -> Matrix:
        """W (m, n), ready for one product with the rows of all steps."""
        return Matrix(W, self.bfloat16, _LEAST_BULK)

    def operand(self, x: Tensor) -> Tensor:
        return x.bfloat16() if self.bfloat16 else x

    def affine(self, x: Tensor, W: Tensor, b: Tensor) -> Tensor:
        if x.dtype == torch.long:
            return F.embedding(x, W + b)
        return self.bulk(W).affine(x, b)

    def back(self, d: Tensor, W: Tensor) -> Tensor:
        return d @ self.bulk(W.t())

    def outer(self, x: Tensor, d: Tensor) -> Tensor:
        x, d = x.flatten(0, 1).t(), d.flatten(0, 1).contiguous()
        if self.bfloat16:
            return (x.bfloat16() @ d.bfloat16()).float()
        if _packs(d, len(x) * d.shape[-1], _LEAST_BULK):
            product: Tensor = _linear(x.contiguous(), d.t(), None, "none", (), "")
            return product
        return x @ d

    def rows(self, ids: Tensor, d: Tensor, V: int) -> Tensor:
        return d.new_zeros(V, d.shape[-1]).index_add_(0, ids.flatten(), d.flatten(0, 1))
