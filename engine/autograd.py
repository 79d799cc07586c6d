"""The ground floor's time loops as one operation of torch's autograd."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from engine import bptt
from engine.cells.cell import Cell, State


class _Recurrence(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any, cell: Cell, names: tuple[str, ...], a_x: Tensor, *rest: Tensor
    ) -> tuple[Tensor, ...]:
        n = len(cell.states)
        p = dict(zip(names, rest[n:], strict=True))
        outputs, state, tape = bptt.forward(torch, cell, p, a_x, rest[:n])
        ctx.cell, ctx.names, ctx.sizes = cell, names, (len(tape.kept), len(tape.before))
        ctx.save_for_backward(*tape.kept, *tape.before, *rest[n:])
        return outputs, *(s.clone() for s in state)

    @staticmethod
    def backward(ctx: Any, d_outputs: Tensor, *d_state: Tensor) -> Any:
        kept, before = ctx.sizes
        saved = ctx.saved_tensors
        tape = bptt.Tape(saved[:kept], saved[kept : kept + before])
        p = dict(zip(ctx.names, saved[kept + before :], strict=True))
        d_a_x, d_p, d_before = bptt.backward(torch, ctx.cell, p, tape, d_outputs, d_state)
        return None, None, d_a_x, *d_before, *(d_p[name] for name in ctx.names)


def recurrence(
    cell: Cell, parameters: dict[str, Tensor], a_x: Tensor, state: State
) -> tuple[Tensor, State]:
    """T steps of a cell: a_x = x·W_xh + b_h (T, B, G·H) and the state (B, H) give the outputs
    (T, B, H) and the state after, differentiable in all of them and in the recurrent parameters."""
    names = tuple(name for name in parameters if name not in ("W_xh", "b_h"))
    outputs, *after = _Recurrence.apply(  # type: ignore[no-untyped-call]
        cell, names, a_x, *state, *(parameters[name] for name in names)
    )
    return outputs, tuple(after)
