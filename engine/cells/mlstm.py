"""Multiplicative LSTM (Krause, Murray, Renals & Lu, 2016): every character has a recurrent matrix of
its own, W_mh diag(x W_mx) W_hh, in factored form.

    m       = (x W_mx) (h W_mh)
    i, f, o = σ(x W_xh + m W_hh + b_h)
    g       = tanh(x W_xh + m W_hh + b_h)
    c'      = f c + i g
    h'      = o tanh(c')
"""

from __future__ import annotations

from engine.cells.cell import Cell, Parameters, State, Trace, Views, cut
from engine.cells.functions import Array, Functions
from engine.cells.lstm import remember, through_memory


class MLSTM(Cell):
    name = "mlstm"
    hint = "a matrix per character"
    aliases = ("multiplicative-lstm",)
    rank = 6
    lr_factor = 0.5
    gates = ("i", "f", "g", "o")
    states = ("h", "c")
    keeps = ("tanh_c", "m", "q")
    """q is h W_mh."""
    columns = 5  # the gates, and x W_mx
    recurrent = 1  # the deltas of q
    inputs = ("W_xh", "W_mx")

    def shapes(self, inputs: int, hidden: int) -> dict[str, tuple[int, ...]]:
        return super().shapes(inputs, hidden) | {
            "W_mx": (inputs, hidden),
            "W_mh": (hidden, hidden),
        }

    def deviation(self, name: str, hidden: int) -> float:
        return 1.0 if name == "W_mx" else super().deviation(name, hidden)  # it multiplies q

    def input_side(self, xp: Functions, p: Parameters) -> tuple[Array, Array]:
        b = p["b_h"]
        none = b[: len(b) // 4] * 0
        return xp.concatenate([p["W_xh"], p["W_mx"]]), xp.concatenate([b, none])

    def input_gradients(self, W: Array, b: Array) -> dict[str, Array]:
        n = 4 * (len(b) // 5)
        return {"W_xh": W[:, :n], "W_mx": W[:, n:], "b_h": b[:n]}

    def views(self, a: Array) -> Views:
        n = 4 * (a.shape[-1] // 5)
        return a[..., n:], a[..., :n], *cut(a[..., :n], 4)

    def step(self, xp: Functions, p: Parameters, trace: Trace) -> None:
        (mx, gates, _, _, g, _), (h, _), _, (_, m, q) = trace
        xp.matmul(h, p["W_mh"], out=q)
        xp.multiply(mx, q, out=m)
        xp.add_matmul(m, p["W_hh"], out=gates)
        xp.gates(gates, g, block=2)
        remember(xp, trace)

    def backward(
        self, xp: Functions, p: Parameters, trace: Trace, r: Array, d_state: State, d_h: Array
    ) -> State:
        (d_mx, d_gates, *_), _, _, (_, _, q) = trace
        d_c = through_memory(xp, trace, d_state)
        d_m = d_gates @ p["W_hh"].T
        xp.multiply(d_m, d_mx, out=r)  # which still is x W_mx
        xp.multiply(d_m, q, out=d_mx)
        xp.add_matmul(r, p["W_mh"].T, out=d_h)
        return (d_c,)

    def gradients(self, xp: Functions, trace: Trace, r: Array) -> dict[str, Array]:
        (_, d_gates, *_), (h, _), _, (_, m, _) = trace
        return {"W_hh": xp.outer(m, d_gates), "W_mh": xp.outer(h, r)}
