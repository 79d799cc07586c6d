"""Back-propagation through time: two loops over any cell, for numpy and torch arrays alike.

    T  time    B  batch    H  hidden units    G  gates

Werbos, "Backpropagation through time", 1990. The forward loop keeps what the cell wants kept; the
backward loop computes deltas alone, and the gradient of W_hh is one product after it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from engine.cells.cell import Array, Cell, Parameters, State


@dataclass(frozen=True)
class Tape:
    """What the forward loop leaves for the backward one; everything (T, …)."""

    kept: State
    before: State
    """The states before each step."""


def forward(
    xp: Any, cell: Cell, p: Parameters, a_x: Array, state: State
) -> tuple[Array, State, Tape]:
    """T steps from a_x = x·W_xh + b_h (T, B, G·H) and the state before them (B, H).

    Returns the outputs h (T, B, H), the state after the last step, and the tape.
    """
    before: list[State] = []
    kept: list[State] = []
    outputs: list[Array] = []
    for a_t in a_x:
        before.append(state)
        state, k = cell.step(xp, p, a_t, state)
        kept.append(k)
        outputs.append(state[0])
    return xp.stack(outputs), state, Tape(_columns(xp, kept), _columns(xp, before))


def backward(
    xp: Any, cell: Cell, p: Parameters, tape: Tape, d_outputs: Array, d_state: State
) -> tuple[Array, dict[str, Array], State]:
    """The gradients of T steps from those of their outputs (T, B, H) and of the last state (B, H).

    Returns those of a_x (T, B, G·H), of the cell's recurrent parameters by name, and of the state
    before the first step.
    """
    factors = cell.factors(xp, p, tape.kept, tape.before)
    W_hh_T = p["W_hh"].T
    T = len(d_outputs)
    d_x: list[Array] = [None] * T
    d_a: list[Array] = [None] * T
    for t in reversed(range(T)):
        d_h = d_state[0] + d_outputs[t]
        d_x[t], d_a[t], direct = cell.backward(
            xp, tuple(f[t] for f in factors), (d_h, *d_state[1:])
        )
        d_state = (d_a[t] @ W_hh_T + direct[0], *direct[1:])
    d_a_x = xp.stack(d_x)
    same = all(x is a for x, a in zip(d_x, d_a, strict=True))
    flat = (d_a_x if same else xp.stack(d_a)).reshape(-1, d_a_x.shape[-1])
    h = tape.before[0]
    d_W_hh = h.reshape(-1, h.shape[-1]).T @ flat
    return d_a_x, {"W_hh": d_W_hh, **cell.gradients(xp, flat)}, d_state


def _columns(xp: Any, rows: list[State]) -> State:
    """T tuples of arrays as one tuple of arrays with a time axis."""
    return tuple(xp.stack(column) for column in zip(*rows, strict=True))
