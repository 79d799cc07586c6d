"""The ground floor's time loops as one operation of torch's autograd."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from engine.cells.cell import Cell, State
from engine.network import bptt
from engine.training.products import TorchFunctions


class _Recurrence(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any,
        cell: Cell,
        names: tuple[str, ...],
        bfloat16: bool,
        carry: Tensor | None,
        x: Tensor,
        *rest: Tensor,
    ) -> tuple[Tensor, ...]:
        n = len(cell.states)
        p = dict(zip(names, rest[n:], strict=True))
        ctx.cell, ctx.names, ctx.xp = (
            cell,
            names,
            TorchFunctions(bfloat16, parallel=x.device.type != "cpu"),
        )
        ctx.save_for_backward(carry, x, *rest)
        outputs, state, ctx.tape = bptt.forward(ctx.xp, cell, p, x, rest[:n], carry)
        return outputs, *(s.clone() for s in state)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, d_outputs: Tensor, *d_state: Tensor) -> Any:
        carry, x, *rest = ctx.saved_tensors
        n = len(ctx.cell.states)
        p = dict(zip(ctx.names, rest[n:], strict=True))
        tape, ctx.tape = ctx.tape, None
        if tape is None:  # used up by a way back before this one
            _, _, tape = bptt.forward(ctx.xp, ctx.cell, p, x, tuple(rest[:n]), carry)
        d_x, d_p, d_before = bptt.backward(
            ctx.xp, ctx.cell, p, x, tape, d_outputs, d_state, ctx.needs_input_grad[4]
        )
        return None, None, None, None, d_x, *d_before, *(d_p[name] for name in ctx.names)


def recurrence(
    cell: Cell,
    parameters: dict[str, Tensor],
    x: Tensor,
    state: State,
    bfloat16: bool = False,
    carry: Tensor | None = None,
) -> tuple[Tensor, State]:
    """T steps of a cell: x (T, B, I), or ids (T, B), and the state (B, H) give the outputs (T, B, H)
    and the state after, differentiable in all of them. `bfloat16` rounds what products take and give;
    `carry` is that of `bptt.forward`."""
    names = tuple(parameters)
    outputs, *after = _Recurrence.apply(  # type: ignore[no-untyped-call]
        cell, names, bfloat16, carry, x, *state, *(parameters[name] for name in names)
    )
    return outputs, tuple(after)
