"""Gated recurrent unit (Cho et al., 2014) in the form that cuDNN computes: the reset gate
multiplies the recurrent product, not the state before it.

    r, z = σ(x W_xh + h W_hh + b_h)                   reset and update gate
    n    = tanh(x W_xh + b_h + r (h W_hh + b_hn))     candidate
    h'   = (1 − z) n + z h
"""

from __future__ import annotations

from collections.abc import Mapping

from engine.cells.cell import Cell, Parameters, State, Trace, Views, cut
from engine.cells.functions import Array, Functions


class GRU(Cell):
    name = "gru"
    hint = "two gates, no memory apart"
    rank = 5
    torch_kernel = "gru"
    torch_module = "GRU", {}
    gates = ("r", "z", "n")
    keeps = ("q",)
    """q is the recurrent product of n."""
    recurrent = 3

    def shapes(self, inputs: int, hidden: int) -> dict[str, tuple[int, ...]]:
        return super().shapes(inputs, hidden) | {"b_hn": (hidden,)}

    def kept_share(self, gates: Mapping[str, Array]) -> Array | None:
        return gates["z"]

    def views(self, a: Array) -> Views:
        r, z, n = cut(a, 3)
        return a, a[..., : 2 * n.shape[-1]], r, z, n

    def step(self, xp: Functions, p: Parameters, trace: Trace) -> None:
        (_, r_z, r, z, n), (h,), (h_after,), (q,) = trace
        r_z_q = xp.matmul(h, p["W_hh"])
        width = r_z.shape[-1]
        xp.add(r_z, r_z_q[..., :width], out=r_z)
        xp.sigmoid(r_z, out=r_z)
        xp.add(r_z_q[..., width:], p["b_hn"], out=q)
        xp.add_product(r, q, out=n)
        xp.tanh(n, out=n)
        xp.lerp(n, h, z, out=h_after)

    def backward(
        self, xp: Functions, p: Parameters, trace: Trace, r: Array, d_state: State, d_h: Array
    ) -> State:
        (_, d_r_z, reset, z, n), (h,), _, (q,) = trace
        (d,) = d_state
        H = q.shape[-1]
        d_z, d_through = d * (h - n), d * z
        d_h += d_through
        xp.d_sigmoid(d_z, z, out=z)
        d -= d_through
        d_n = xp.d_tanh(d, n, out=n)
        xp.multiply(d_n, reset, out=r[..., 2 * H :])
        xp.d_sigmoid(d_n * q, reset, out=reset)
        r[..., : 2 * H] = d_r_z
        xp.add_matmul(r, p["W_hh"].T, out=d_h)
        return ()

    def gradients(self, xp: Functions, trace: Trace, r: Array) -> dict[str, Array]:
        _, (h,), _, _ = trace
        d_q = cut(r, 3)[2]
        return {"W_hh": xp.outer(h, r), "b_hn": d_q.reshape(-1, d_q.shape[-1]).sum(0)}
