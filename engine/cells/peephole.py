"""LSTM with peephole connections: the gates see the cell itself (Gers & Schmidhuber, "Recurrent Nets
that Time and Count", 2000).

    i, f = σ(x W_xh + h W_hh + b_h + p_{i,f} c)
    g    = tanh(x W_xh + h W_hh + b_h)
    c'   = f c + i g
    o    = σ(x W_xh + h W_hh + b_h + p_o c')       the output gate sees what c has become
    h'   = o tanh(c')
"""

from __future__ import annotations

from engine.cells.cell import Cell, Parameters, State, Trace, Views, cut
from engine.cells.functions import Array, Functions
from engine.cells.lstm import through_output


class Peephole(Cell):
    name = "peephole"
    hint = "gates that see the memory"
    aliases = ("peephole-lstm",)
    rank = 3
    gates = ("i", "f", "g", "o")
    states = ("h", "c")
    adds_state = True
    keeps = ("tanh_c",)

    def shapes(self, inputs: int, hidden: int) -> dict[str, tuple[int, ...]]:
        return super().shapes(inputs, hidden) | {f"p_{gate}": (hidden,) for gate in "ifo"}

    def views(self, a: Array) -> Views:
        i, f, g, o = cut(a, 4)
        return a, i, f, g, o, a[..., : 3 * g.shape[-1]]

    def step(self, xp: Functions, p: Parameters, trace: Trace) -> None:
        (gates, i, f, g, o, i_f_g), (h, c), (h_after, c_after), (tanh_c,) = trace
        xp.add_matmul(h, p["W_hh"], out=gates)
        xp.add_product(p["p_i"], c, out=i)
        xp.add_product(p["p_f"], c, out=f)
        xp.gates(i_f_g, g, block=2)
        xp.multiply(f, c, out=c_after)
        xp.add_product(i, g, out=c_after)
        xp.add_product(p["p_o"], c_after, out=o)
        xp.sigmoid(o, out=o)
        xp.tanh(c_after, out=tanh_c)
        xp.multiply(o, tanh_c, out=h_after)

    def backward(
        self, xp: Functions, p: Parameters, trace: Trace, r: Array, d_state: State, d_h: Array
    ) -> State:
        (d_a, i, f, g, o, _), (_, c), _, (tanh_c,) = trace
        d_c = through_output(xp, o, tanh_c, d_state)
        xp.add_product(o, p["p_o"], out=d_c)
        d_i, d_f = d_c * g, d_c * c
        xp.d_tanh(d_c * i, g, out=g)
        d_c *= f
        xp.add_product(xp.d_sigmoid(d_i, i, out=i), p["p_i"], out=d_c)
        xp.add_product(xp.d_sigmoid(d_f, f, out=f), p["p_f"], out=d_c)
        xp.add_matmul(d_a, p["W_hh"].T, out=d_h)
        return (d_c,)

    def gradients(self, xp: Functions, trace: Trace, r: Array) -> dict[str, Array]:
        (d_a, d_i, d_f, _, d_o, _), (h, c), (_, c_after), _ = trace
        return {
            "W_hh": xp.outer(h, d_a),
            "p_i": (d_i * c).reshape(-1, c.shape[-1]).sum(0),
            "p_f": (d_f * c).reshape(-1, c.shape[-1]).sum(0),
            "p_o": (d_o * c_after).reshape(-1, c.shape[-1]).sum(0),
        }
