"""The plain recurrent step (Elman, "Finding Structure in Time", 1990).

h' = φ(x W_xh + h W_hh + b_h)        φ = tanh, or max(0, ·) in `rnn-relu`
"""

from __future__ import annotations

from typing import ClassVar

from engine.cells.cell import Cell, Parameters, State, Trace, Views
from engine.cells.functions import Array, Functions


class RNN(Cell):
    name = "rnn"
    hint = "the plain recurrent step"
    aliases = ("vanilla", "elman")
    rank = 1
    lr_factor = 0.25
    torch_kernel = "rnn_tanh"
    torch_module = "RNN", {}
    gates = ("h",)
    adds_state = True
    relu: ClassVar[bool] = False

    def views(self, a: Array) -> Views:
        return (a,)

    def step(self, xp: Functions, p: Parameters, trace: Trace) -> None:
        (a,), (h,), (h_after,), _ = trace
        xp.add_matmul(h, p["W_hh"], out=a)
        (xp.relu if self.relu else xp.tanh)(a, out=h_after)

    def backward(
        self, xp: Functions, p: Parameters, trace: Trace, r: Array, d_state: State, d_h: Array
    ) -> State:
        (d_a,), _, (h_after,), _ = trace
        (xp.d_relu if self.relu else xp.d_tanh)(d_state[0], h_after, out=d_a)
        xp.add_matmul(d_a, p["W_hh"].T, out=d_h)
        return ()


class ReluRNN(RNN):
    name = "rnn-relu"
    hint = "the plain step, cut at 0"
    aliases = ("relu", "rnn_relu")
    lr_factor = 0.15
    torch_kernel = "rnn_relu"
    torch_module = "RNN", {"nonlinearity": "relu"}
    relu = True
