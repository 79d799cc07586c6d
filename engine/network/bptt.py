"""Back-propagation through time: two loops over any cell, for NumPy and torch arrays alike.

    T  time    B  batch    H  hidden units    G  gates    I  inputs

Werbos, "Backpropagation through time", 1990. All memory is allocated before the loop. `a` holds the
input's part of all T pre-activations, then the gates, and after the backward loop their deltas. So
neither loop copies, and the gradient of a matrix is one product over all steps at the end.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from engine.cells.cell import Cell, Parameters, State, Trace
from engine.cells.functions import Array, Functions

Settle = Callable[[Array, State], None]
"""Is given the gates of a step (…, G·H) and the state after it, which it may change."""


@dataclass(frozen=True)
class Tape:
    """What the forward loop leaves for the backward loop. Can be used once."""

    p: Parameters
    """The parameters, with matrices ready for products."""
    a: Array
    """The gates (T, B, G·H)."""
    whole: Trace
    """The arrays of all steps (T, B, …)."""
    steps: list[Trace]
    """The arrays of each step (B, …); empty if all were computed at once."""
    carry: Array | None


def prepared(xp: Functions, cell: Cell, p: Parameters) -> dict[str, Array]:
    """The parameters that a layer's steps use, with matrices ready for many products."""
    return {k: xp.matrix(v) if v.ndim == 2 else v for k, v in p.items() if k not in cell.inputs}


def forward(
    xp: Functions, cell: Cell, p: Parameters, x: Array, state: State, carry: Array | None = None
) -> tuple[Array, State, Tape]:
    """Take T steps from x (T, B, I), or ids (T, B) of rows of W_xh, and the state before them (B, H).
    With a `carry` (T, B, 1), the state before each step is multiplied by its row.

    Returns the outputs h (T, B, H), the state after the last step, and the tape. The first two are views of
    the tape: changing them changes the backward pass.
    """
    a = xp.affine(x, *cell.input_side(xp, p))
    return run(xp, cell, prepared(xp, cell, p), a, state, carry)


def run(
    xp: Functions,
    cell: Cell,
    p: Parameters,
    a: Array,
    state: State,
    carry: Array | None = None,
    settle: Settle | None = None,
) -> tuple[Array, State, Tape]:
    """`forward` from `prepared` parameters and the input's part a = x·W_xh + b_h (T, …, G·H), which is
    overwritten. `settle` may change the state after each step."""
    T, *batch, width = a.shape
    H = width // cell.blocks
    states = tuple(xp.empty((T + 1, *batch, H), a) for _ in cell.states)
    for s, first in zip(states, state, strict=True):
        s[0] = first
    before = tuple(s[:T] if carry is None else xp.empty((T, *batch, H), a) for s in states)
    kept = tuple(xp.empty((T, *batch, H), a) for _ in cell.keeps)
    views = cell.views(a)
    whole = views, before, tuple(s[1:] for s in states), kept
    steps: list[Trace] = []
    if settle is None and _at_once(xp, cell, carry):
        cell.all_steps(xp, a, states)
    else:
        state_at = _rows(states, T + 1)
        before_at = state_at[:T] if carry is None else _rows(before, T)
        steps = list(zip(_rows(views, T), before_at, state_at[1:], _rows(kept, T), strict=True))
        for t, step in enumerate(steps):
            if carry is not None:
                for s, began in zip(state_at[t], before_at[t], strict=True):
                    xp.multiply(s, carry[t], out=began)
            cell.step(xp, p, step)
            if settle is not None:
                settle(a[t], step[2])
    return states[0][1:], tuple(s[-1] for s in states), Tape(p, a, whole, steps, carry)


def backward(
    xp: Functions,
    cell: Cell,
    p: Parameters,
    x: Array,
    tape: Tape,
    d_outputs: Array,
    d_state: State,
    wants_x: bool = True,
) -> tuple[Array | None, dict[str, Array], State]:
    """The gradients of T steps from those of their outputs (T, B, H) and of the last state (B, H).

    Consumes the tape. Returns the gradient of x (T, B, I), or None for ids or unless `wants_x`; those of
    the parameters by name; and those of the state before the first step.
    """
    T, B, H = d_outputs.shape
    a, (_, before, _, _), carry = tape.a, tape.whole, tape.carry
    r = xp.empty((T, B, cell.recurrent * H), a) if cell.recurrent else a
    if _at_once(xp, cell, carry):
        d_state = cell.all_back(xp, a, before, d_outputs, d_state)
    else:
        d_h = xp.empty((T + 1, B, H), a)
        d_h[0], d_h[1:] = 0, d_outputs
        d_h[T] += d_state[0]
        others = tuple(d * 1 for d in d_state[1:])  # the cell writes to its own
        none = d_h[0] * 1
        r_at, d_h_at = list(r), list(d_h)
        for t in range(T - 1, -1, -1):
            d_after = (d_h_at[t + 1], *others)
            d_before = d_h_at[t] if carry is None else none * 1
            others = cell.backward(xp, tape.p, tape.steps[t], r_at[t], d_after, d_before)
            if carry is not None:
                xp.add_product(d_before, carry[t], out=d_h_at[t])
                others = tuple(d * carry[t] for d in others)
        d_state = (d_h[0], *others)
    gradients = cell.gradients(xp, tape.whole, r)
    W, _ = cell.input_side(xp, p)
    if x.ndim == 2:
        d_x, d_W = None, xp.rows(x, a, len(W))
        d_b = d_W.sum(0)
    else:
        d_a = xp.operand(a)
        d_x = xp.back(d_a, W) if wants_x else None
        d_W, d_b = xp.outer(x, d_a), a.reshape(-1, a.shape[-1]).sum(0)
    return d_x, cell.input_gradients(d_W, d_b) | gradients, d_state


def _at_once(xp: Functions, cell: Cell, carry: Array | None) -> bool:
    """Whether the cell replaces the loops."""
    return cell.parallel and xp.parallel and carry is None


def _rows(arrays: Sequence[Array], T: int) -> list[tuple[Array, ...]]:
    """Arrays (T, …) as T tuples of their rows."""
    return list(zip(*map(list, arrays), strict=True)) if arrays else [()] * T
