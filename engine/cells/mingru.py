"""Minimal gated recurrent unit (Feng et al., "Were RNNs All We Needed?", 2024): gates that do not see
the state, so that nothing but a weighted sum runs through time.

    z  = σ(x W_xh + b_h)                  update gate
    n  = x W_xh + b_h                     candidate
    h' = (1 − z) h + z n

Since h is a weighted sum, all T steps can be computed in log₂ T rounds over whole arrays (`scan`).
"""

from __future__ import annotations

from collections.abc import Mapping

from engine.cells.cell import Cell, Parameters, State, Trace, Views, cut
from engine.cells.functions import Array, Functions


class MinGRU(Cell):
    name = "mingru"
    hint = "gates blind to state; fast"
    aliases = ("minimal-gru",)
    rank = 7
    gates = ("z", "n")
    parallel = True

    def shapes(self, inputs: int, hidden: int) -> dict[str, tuple[int, ...]]:
        return {"W_xh": (inputs, 2 * hidden), "b_h": (2 * hidden,)}

    def kept_share(self, gates: Mapping[str, Array]) -> Array | None:
        return 1 - gates["z"]

    def views(self, a: Array) -> Views:
        return cut(a, 2)

    def step(self, xp: Functions, p: Parameters, trace: Trace) -> None:
        (z, n), (h,), (h_after,), _ = trace
        xp.sigmoid(z, out=z)
        xp.lerp(h, n, z, out=h_after)

    def backward(
        self, xp: Functions, p: Parameters, trace: Trace, r: Array, d_state: State, d_h: Array
    ) -> State:
        (z, n), (h,), _, _ = trace
        (d,) = d_state
        d_n = d * z
        xp.d_sigmoid(d * (n - h), z, out=z)
        n[...] = d_n
        d_h += d
        d_h -= d_n
        return ()

    def gradients(self, xp: Functions, trace: Trace, r: Array) -> dict[str, Array]:
        return {}

    def all_steps(self, xp: Functions, a: Array, states: State) -> None:
        z, n = cut(a, 2)
        (h,) = states
        xp.sigmoid(z, out=z)
        fresh = z * n
        fresh[0] += (1 - z[0]) * h[0]
        h[1:] = scan(1 - z, fresh)

    def all_back(
        self, xp: Functions, a: Array, before: State, d_outputs: Array, d_state: State
    ) -> State:
        z, n = cut(a, 2)
        (h,) = before
        decay = z * 0
        decay[:-1] = 1 - z[1:]  # what d_h of a step takes from the step after it
        d_h = d_outputs * 1
        d_h[-1] += d_state[0]
        d_h = scan(decay, d_h, backwards=True)
        d_before = d_h[0] * (1 - z[0])
        d_z = d_h * (n - h)
        n[...] = d_h * z
        xp.d_sigmoid(d_z, z, out=z)
        return (d_before,)


def scan(decay: Array, x: Array, backwards: bool = False) -> Array:
    """h_t = decay_t h_{t−1} + x_t with h_{−1} = 0, for all t of (T, …) in log₂ T rounds (Hillis &
    Steele, "Data Parallel Algorithms", 1986); if `backwards`, h_t depends on h_{t+1}."""
    decay, x, span = decay * 1, x * 1, 1
    while span < len(x):
        to, by = slice(span, None), slice(None, -span)
        if backwards:
            to, by = by, to
        x[to] = x[to] + decay[to] * x[by]
        decay[to] = decay[to] * decay[by]
        span *= 2
    return x
