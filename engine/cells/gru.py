"""Gated recurrent unit (Cho et al., 2014) in the form that cuDNN computes: the reset gate
multiplies the recurrent product, not the state before it.

    r, z = σ(x W_xh + h W_hh + b_h)                   reset and update gate
    n    = tanh(x W_xh + b_h + r (h W_hh + b_hn))     candidate
    h'   = (1 − z) n + z h
"""

from __future__ import annotations

from typing import Any

from engine.cells.cell import Array, Cell, Parameters, State, sigmoid


class GRU(Cell):
    name = "gru"
    gates = ("r", "z", "n")
    states = ("h",)

    def shapes(self, inputs: int, hidden: int) -> dict[str, tuple[int, ...]]:
        return super().shapes(inputs, hidden) | {"b_hn": (hidden,)}

    def step(self, xp: Any, p: Parameters, a_x: Array, state: State) -> tuple[State, State]:
        (h,) = state
        H = h.shape[-1]
        a_h = h @ p["W_hh"]
        rz = sigmoid(xp, a_x[..., : 2 * H] + a_h[..., : 2 * H])
        q = a_h[..., 2 * H :] + p["b_hn"]
        n = xp.tanh(a_x[..., 2 * H :] + rz[..., :H] * q)
        return (n + rz[..., H:] * (h - n),), (rz, q, n)

    def factors(self, xp: Any, p: Parameters, kept: State, before: State) -> State:
        rz, q, n = kept
        H = n.shape[-1]
        r, z = rz[..., :H], rz[..., H:]
        to_n = (1 - z) * (1 - n * n)
        to_x = xp.empty_like(xp.broadcast_to(n[..., None, :], (*n.shape[:-1], 3, H)))
        to_x[..., 0, :] = to_n * q * r * (1 - r)
        to_x[..., 1, :] = (before[0] - n) * z * (1 - z)
        to_x[..., 2, :] = to_n
        return to_x, to_n * r, z

    def backward(self, xp: Any, f: State, d_state: State) -> tuple[Array, Array, State]:
        to_x, to_q, z = f
        (d_h,) = d_state
        d_x = to_x * d_h[..., None, :]
        d_a = xp.empty_like(d_x)
        d_a[..., :2, :] = d_x[..., :2, :]
        d_a[..., 2, :] = to_q * d_h
        flat = (*d_h.shape[:-1], d_x.shape[-2] * d_x.shape[-1])
        return d_x.reshape(flat), d_a.reshape(flat), (d_h * z,)

    def gradients(self, xp: Any, d_a: Array) -> dict[str, Array]:
        return {"b_hn": d_a[:, -d_a.shape[-1] // 3 :].sum(0)}
