"""Long short-term memory (Hochreiter & Schmidhuber, 1997) with the forget gate of Gers,
Schmidhuber & Cummins, "Learning to Forget", 2000.

    i, f, o = σ(x W_xh + h W_hh + b_h)       input, forget and output gate
    g       = tanh(x W_xh + h W_hh + b_h)    candidate
    c'      = f c + i g
    h'      = o tanh(c')
"""

from __future__ import annotations

from engine.cells.cell import Cell, Parameters, State, Trace, Views, cut
from engine.cells.functions import Array, Functions


class LSTM(Cell):
    name = "lstm"
    hint = "gates around a memory"
    rank = 2
    torch_kernel = "lstm"
    torch_module = "LSTM", {}
    gates = ("i", "f", "g", "o")  # the order of torch's kernels
    states = ("h", "c")
    adds_state = True
    keeps = ("tanh_c",)

    def views(self, a: Array) -> Views:
        return a, *cut(a, 4)

    def step(self, xp: Functions, p: Parameters, trace: Trace) -> None:
        (gates, _, _, g, _), (h, _), _, _ = trace
        xp.add_matmul(h, p["W_hh"], out=gates)
        xp.gates(gates, g, block=2)
        remember(xp, trace)

    def backward(
        self, xp: Functions, p: Parameters, trace: Trace, r: Array, d_state: State, d_h: Array
    ) -> State:
        (d_a, *_), _, _, _ = trace
        d_c = through_memory(xp, trace, d_state)
        xp.add_matmul(d_a, p["W_hh"].T, out=d_h)
        return (d_c,)


def remember(xp: Functions, trace: Trace) -> None:
    """Write the state after and tanh(c'), which is kept first, from c and the four gates, which come last
    of the views."""
    a, (_, c), (h_after, c_after), kept = trace
    (i, f, g, o), tanh_c = a[-4:], kept[0]
    xp.multiply(f, c, out=c_after)
    xp.add_product(i, g, out=c_after)
    xp.tanh(c_after, out=tanh_c)
    xp.multiply(o, tanh_c, out=h_after)


def through_output(xp: Functions, o: Array, tanh_c: Array, d_state: State) -> Array:
    """Back through h' = o tanh(c'). Overwrites o with its delta; returns the delta of c', which is
    now whole."""
    d_h_after, d_c = d_state
    d = d_h_after * o
    d_c += xp.d_tanh(d, tanh_c, out=d)
    xp.d_sigmoid(d_h_after * tanh_c, o, out=o)
    return d_c


def through_memory(xp: Functions, trace: Trace, d_state: State) -> Array:
    """Back through `remember`. Overwrites the four gates with their deltas; returns the delta of c."""
    a, (_, c), _, kept = trace
    i, f, g, o = a[-4:]
    d_c = through_output(xp, o, kept[0], d_state)
    d_i, d_f = d_c * g, d_c * c
    xp.d_tanh(d_c * i, g, out=g)
    xp.d_sigmoid(d_i, i, out=i)
    d_c *= f
    xp.d_sigmoid(d_f, f, out=f)
    return d_c
