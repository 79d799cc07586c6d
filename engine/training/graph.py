"""A step of training captured once and replayed as one launch, for GPUs.

A step launches hundreds of kernels that take microseconds each, faster than a processor can launch them
(Nguyen et al., "Accelerating PyTorch with CUDA graphs", 2021).
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

_REHEARSALS = 3
"""Runs before the capture, so that everything allocated lazily exists."""


class Captured:
    """A function of one tensor of fixed shape, whose other tensors stay in place. The first calls run it
    directly, then it is captured. Returns a copy of its result."""

    def __init__(self, function: Callable[[Tensor], Tensor]) -> None:
        self._function = function
        self._stream = torch.cuda.Stream()  # type: ignore[no-untyped-call]
        self._rehearsals = _REHEARSALS
        self._graph: torch.cuda.CUDAGraph | None = None

    def __call__(self, x: Tensor) -> Tensor:
        if self._rehearsals:
            self._rehearsals -= 1
            return self._rehearse(x)
        if self._graph is None:
            self._x, graph = x.clone(), torch.cuda.CUDAGraph()
            with torch.cuda.graph(graph):
                self._y = self._function(self._x)
            self._graph = graph
        self._x.copy_(x)
        self._graph.replay()
        return self._y.clone()

    def _rehearse(self, x: Tensor) -> Tensor:
        # on a side stream, like the capture
        self._stream.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(self._stream):
            y = self._function(x)
        torch.cuda.current_stream().wait_stream(self._stream)
        return y
