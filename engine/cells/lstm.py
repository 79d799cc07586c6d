"""Long short-term memory (Hochreiter & Schmidhuber, 1997) with the forget gate of Gers,
Schmidhuber & Cummins, "Learning to Forget", 2000.

    i, f, o = σ(x W_xh + h W_hh + b_h)       input, forget and output gate
    g       = tanh(x W_xh + h W_hh + b_h)    candidate
    c'      = f c + i g
    h'      = o tanh(c')
"""

from __future__ import annotations

from typing import Any

from engine.cells.cell import Array, Cell, Parameters, State, sigmoid


class LSTM(Cell):
    name = "lstm"
    gates = ("i", "f", "g", "o")  # the three that act through c stand together
    states = ("h", "c")

    def step(self, xp: Any, p: Parameters, a_x: Array, state: State) -> tuple[State, State]:
        h, c = state
        H = h.shape[-1]
        a = a_x + h @ p["W_hh"]
        i_f = sigmoid(xp, a[..., : 2 * H])
        g = xp.tanh(a[..., 2 * H : 3 * H])
        o = sigmoid(xp, a[..., 3 * H :])
        c = i_f[..., H:] * c + i_f[..., :H] * g
        tanh_c = xp.tanh(c)
        return (o * tanh_c, c), (i_f, g, o, tanh_c)

    def factors(self, xp: Any, p: Parameters, kept: State, before: State) -> State:
        i_f, g, o, tanh_c = kept
        H = g.shape[-1]
        i, f = i_f[..., :H], i_f[..., H:]
        to_a = xp.empty_like(xp.broadcast_to(g[..., None, :], (*g.shape[:-1], 4, H)))
        to_a[..., 0, :] = g * i * (1 - i)
        to_a[..., 1, :] = before[1] * f * (1 - f)
        to_a[..., 2, :] = i * (1 - g * g)
        to_a[..., 3, :] = tanh_c * o * (1 - o)
        return to_a, o * (1 - tanh_c * tanh_c), f

    def backward(self, xp: Any, f: State, d_state: State) -> tuple[Array, Array, State]:
        to_a, to_c, forget = f
        d_h, d_c = d_state
        d_c = d_c + d_h * to_c
        d_a = to_a * d_c[..., None, :]
        d_a[..., 3, :] = to_a[..., 3, :] * d_h
        d_a = d_a.reshape(*d_h.shape[:-1], -1)
        return d_a, d_a, (0, d_c * forget)
