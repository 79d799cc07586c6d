"""The plain recurrent step (Elman, "Finding Structure in Time", 1990).

h' = tanh(x W_xh + h W_hh + b_h)
"""

from __future__ import annotations

from typing import Any

from engine.cells.cell import Array, Cell, Parameters, State


class RNN(Cell):
    name = "rnn"
    gates = ("h",)
    states = ("h",)

    def step(self, xp: Any, p: Parameters, a_x: Array, state: State) -> tuple[State, State]:
        (h,) = state
        h = xp.tanh(a_x + h @ p["W_hh"])
        return (h,), (h,)

    def factors(self, xp: Any, p: Parameters, kept: State, before: State) -> State:
        (h,) = kept
        return (1 - h * h,)

    def backward(self, xp: Any, f: State, d_state: State) -> tuple[Array, Array, State]:
        d_a = d_state[0] * f[0]
        return d_a, d_a, (0,)
