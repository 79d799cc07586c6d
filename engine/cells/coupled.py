"""LSTM with coupled gates: the input gate is 1 − f (Greff et al., "LSTM: A Search Space Odyssey", 2016).

f, o = σ(x W_xh + h W_hh + b_h)
g    = tanh(x W_xh + h W_hh + b_h)
c'   = f c + (1 − f) g
h'   = o tanh(c')
"""

from __future__ import annotations

from engine.cells.cell import Cell, Parameters, State, Trace, Views, cut
from engine.cells.functions import Array, Functions
from engine.cells.lstm import through_output


class Coupled(Cell):
    name = "coupled"
    hint = "one gate forgets and takes"
    aliases = ("cifg",)
    rank = 4
    torch_kernel = "lstm"  # with an input gate put in
    gates = ("f", "g", "o")
    states = ("h", "c")
    adds_state = True
    keeps = ("tanh_c",)

    def views(self, a: Array) -> Views:
        return a, *cut(a, 3)

    def step(self, xp: Functions, p: Parameters, trace: Trace) -> None:
        (gates, f, g, o), (h, c), (h_after, c_after), (tanh_c,) = trace
        xp.add_matmul(h, p["W_hh"], out=gates)
        xp.gates(gates, g, block=1)
        xp.lerp(g, c, f, out=c_after)
        xp.tanh(c_after, out=tanh_c)
        xp.multiply(o, tanh_c, out=h_after)

    def backward(
        self, xp: Functions, p: Parameters, trace: Trace, r: Array, d_state: State, d_h: Array
    ) -> State:
        (d_a, f, g, o), (_, c), _, (tanh_c,) = trace
        d_c = through_output(xp, o, tanh_c, d_state)
        d_before = d_c * f
        d_f = d_c * (c - g)
        d_c -= d_before
        xp.d_tanh(d_c, g, out=g)
        xp.d_sigmoid(d_f, f, out=f)
        xp.add_matmul(d_a, p["W_hh"].T, out=d_h)
        return (d_before,)
