"""Long short-term memory (Hochreiter & Schmidhuber, 1997) with the forget gate of Gers,
Schmidhuber & Cummins, "Learning to Forget", 2000.

    i, f, o = σ(x W_xh + h W_hh + b_h)       input, forget and output gate
    g       = tanh(x W_xh + h W_hh + b_h)    candidate
    c'      = f c + i g
    h'      = o tanh(c')
"""

from __future__ import annotations

from engine.cells.cell import Cell, Parameters, State, Views, cut
from engine.cells.functions import Array, Functions


class LSTM(Cell):
    name = "lstm"
    hint = "gates around a memory"
    rank = 2
    torch_kernel = "lstm"
    torch_module = "LSTM", {}
    gates = ("i", "f", "g", "o")  # the order of torch's kernels
    states = ("h", "c")
    keeps = ("tanh_c",)

    def views(self, a: Array) -> Views:
        return a, *cut(a, 4)

    def step(
        self, xp: Functions, p: Parameters, a: Views, before: State, after: State, kept: State
    ) -> None:
        gates, i, f, g, o = a
        h, c = before
        xp.add_matmul(h, p["W_hh"], out=gates)
        xp.gates(gates, g, block=2)
        remember(xp, i, f, g, o, c, after, kept[0])

    def backward(
        self,
        xp: Functions,
        p: Parameters,
        a: Views,
        before: State,
        after: State,
        kept: State,
        r: Array,
        d_state: State,
        d_h: Array,
    ) -> State:
        d_c = through_memory(xp, a, before[1], kept[0], d_state)
        xp.add_matmul(a[0], p["W_hh"].T, out=d_h)
        return (d_c,)


def remember(
    xp: Functions, i: Array, f: Array, g: Array, o: Array, c: Array, after: State, tanh_c: Array
) -> None:
    """The state after, from the gates and c before, all (…, H)."""
    h, c_after = after
    xp.multiply(f, c, out=c_after)
    xp.add_product(i, g, out=c_after)
    xp.tanh(c_after, out=tanh_c)
    xp.multiply(o, tanh_c, out=h)


def through_memory(xp: Functions, a: Views, c: Array, tanh_c: Array, d_state: State) -> Array:
    """The deltas of the four gates, over them, from those of h and c after; returns that of c before."""
    *_, i, f, g, o = a
    d_h_after, d_c = d_state
    d = d_h_after * o
    d_c += xp.d_tanh(d, tanh_c, out=d)
    xp.d_sigmoid(d_h_after * tanh_c, o, out=o)
    d_i, d_f = d_c * g, d_c * c
    xp.d_tanh(d_c * i, g, out=g)
    xp.d_sigmoid(d_i, i, out=i)
    d_c *= f
    xp.d_sigmoid(d_f, f, out=f)
    return d_c
