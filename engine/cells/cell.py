"""What a recurrent cell is.

    B  batch     H  hidden units    I  inputs of the layer: V in the first, H above
    T  time      G  gates           a  pre-activation (…, G·H), gates in the cell's order

A cell is equations without state: what it remembers comes in and goes out. They are written once,
with operators and `xp.tanh` alone, so that `xp` may be numpy or torch. Arrays may have any leading
axes: none for a single stream, B, or T and B.

The derivative of a step is linear in the deltas that reach it, and what it is linear with does not
depend on them: `factors` computes that for all T steps at once, and `backward` is left with a few
products a step.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar

Array = Any
"""A numpy array or a torch tensor."""
State = tuple[Array, ...]
"""One array (…, H) for each of the cell's `states`."""
Parameters = Mapping[str, Array]
"""A layer's parameters by name."""


def sigmoid(xp: Any, x: Array) -> Array:
    """The logistic function as 0.5·tanh(x/2) + 0.5: it cannot overflow."""
    y = xp.tanh(x * 0.5)
    y *= 0.5
    y += 0.5
    return y


class Cell(ABC):
    """The equations of one layer. A concrete cell is final and has no fields of its own."""

    name: ClassVar[str]
    gates: ClassVar[tuple[str, ...]]
    """The blocks of H columns in W_xh, W_hh and b_h, in order."""
    states: ClassVar[tuple[str, ...]]
    """What is carried from step to step; the first is h, the output."""

    def shapes(self, inputs: int, hidden: int) -> dict[str, tuple[int, ...]]:
        """The parameters of a layer with I `inputs` and H `hidden` units: name to shape."""
        columns = len(self.gates) * hidden
        return {"W_xh": (inputs, columns), "W_hh": (hidden, columns), "b_h": (columns,)}

    @abstractmethod
    def step(self, xp: Any, p: Parameters, a_x: Array, state: State) -> tuple[State, State]:
        """One step: a_x = x·W_xh + b_h (…, G·H) and the state before it (…, H) give the state after,
        and what `factors` will want to know of the step."""

    @abstractmethod
    def factors(self, xp: Any, p: Parameters, kept: State, before: State) -> State:
        """From what the T steps kept and the states before them (T, …, H): what `backward` multiplies
        deltas with, each (T, …)."""

    @abstractmethod
    def backward(self, xp: Any, f: State, d_state: State) -> tuple[Array, Array, State]:
        """One step back: a step's factors and the deltas of the state after it (…, H) give the deltas
        of a_x (…, G·H), of the recurrent product h·W_hh (…, G·H), and of the state before it as far
        as they do not pass through W_hh."""

    def gradients(self, xp: Any, d_a: Array) -> dict[str, Array]:
        """The gradients of parameters beyond W_xh, W_hh and b_h, from the recurrent product's deltas
        (N, G·H) of all steps."""
        return {}
