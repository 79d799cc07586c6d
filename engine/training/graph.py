"""A step of training captured once and replayed as one launch, for GPUs.

A step launches hundreds of kernels of some microseconds each, more than a processor can ask for one by
one (Nguyen et al., "Accelerating PyTorch with CUDA graphs", 2021).
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

_REHEARSALS = 3
"""Runs before the capture: what is allocated lazily has to be there."""


class Captured:
    """A function of one tensor that works on tensors that stay where they are, its shapes always the
    same. The first calls run it as it is, then it is captured; what it returns is a copy."""

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
        # aside, as the capture will be
        self._stream.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(self._stream):
            y = self._function(x)
        torch.cuda.current_stream().wait_stream(self._stream)
        return y
