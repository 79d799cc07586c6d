"""The state of each layer of a network in training. Measuring does not affect the training.

The weight norm is that of all parameters of a layer. The update is that of one step at the current
learning rate, as a share of that norm; about 0.1 % is typical (Karpathy, CS231n, "Learning and
Evaluation", 2015). A unit is saturated where it hardly learns: a gate within 0.01 of 0 or 1; in a cell
without gates, |h| over 0.99, or with ReLU h = 0. Shares are over all gates, steps and columns of the same
text each time.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from torch import Tensor

from engine.cells.cell import OPENINGS
from engine.network import bptt
from engine.network.lines import carry
from engine.runs.events import Vitals
from engine.training.learner import Learner
from engine.training.model import CharRNN
from engine.training.optim import EPS, Optimiser
from engine.training.products import TorchFunctions
from engine.vocab import Text

_COLUMNS, _LENGTH = 16, 64
_NEAR = 0.01


def vitals(learner: Learner, about: dict[str, Any]) -> Iterator[Vitals]:
    """The vitals of each layer, from the bottom; `about` is the life and step of the events."""
    text = learner.val_ids if learner.has_validation else learner.train_ids
    shares = saturated(learner.model, torch.from_numpy(_sample(text)).to(learner.device.torch))
    for l, layer in enumerate(learner.model.layers):
        parameters: list[Tensor] = list(layer.parameters())
        norm = torch.nn.utils.get_total_norm(parameters)
        update = _update(learner.optimiser, parameters, learner.lr)
        yield Vitals(
            **about,
            layer=l,
            weight_norm=norm.item(),
            update_ratio=update / max(norm.item(), 1e-12),
            saturated=shares[l],
        )


def _sample(text: Text) -> np.ndarray[Any, np.dtype[np.int64]]:
    """Columns (T, B) spread evenly over a text (N,)."""
    T = min(_LENGTH, len(text))
    starts = np.linspace(0, len(text) - T, _COLUMNS).astype(int).tolist()
    return np.stack([text[start : start + T] for start in starts], 1).astype(np.int64)


def _update(optimiser: Optimiser, parameters: list[Tensor], lr: float) -> float:
    """The norm of AdamW's update from its moments; 0 before the first step."""
    squares, (beta1, beta2) = list[float](), optimiser.betas
    own = {id(p) for p in parameters}
    for decay, group in optimiser.groups:
        for p in group:
            moments = optimiser.moments[p]
            if id(p) not in own or not (t := float(moments.step)):
                continue
            mean = moments.exp_avg / (1 - beta1**t)
            deviation = (moments.exp_avg_sq / (1 - beta2**t)).sqrt_().add_(EPS)
            step = mean / deviation + decay * p.detach()
            squares.append(float((step * step).sum()))
    return lr * math.sqrt(sum(squares))


@torch.no_grad()
def saturated(model: CharRNN, ids: Tensor) -> list[float]:
    """The share of each layer's units that are saturated while the network reads ids (T, B)."""
    xp: Any = TorchFunctions(parallel=ids.device.type != "cpu")
    cell = model.cell
    carried = carry(ids, model.newline)
    if carried is not None:
        carried = carried.to(model.head.get_parameter("W_hy").dtype)
    flat = [k for k, gate in enumerate(cell.gates) if gate in OPENINGS]
    shares, x, passed = list[float](), ids, ids
    for l, state in enumerate(model.zero_state(ids.shape[1])):
        p, norm = model.parameters_of(l)
        h, _, tape = bptt.forward(xp, cell, p, x, state, carried)
        H = h.shape[-1]
        if flat:
            gates = torch.stack([tape.a[..., k * H : (k + 1) * H] for k in flat])
            found = (gates < _NEAR) | (gates > 1 - _NEAR)
        else:
            found = h == 0 if cell.name == "rnn-relu" else h.abs() > 1 - _NEAR
        shares.append(found.float().mean().item())
        x, passed = model.read(l, h, passed, norm)
    return shares
