"""The loss of a network on ids, in parallel columns, by torch.

With one column this is the stateful pass of `score`; with many, each starts from a cold state.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from engine.config import EVALUATION_COLUMNS, EVALUATION_LENGTH
from engine.runs.layout import Layout, layout
from engine.training.device import Device
from engine.training.model import CharRNN
from engine.training.parallel import ALONE, Group
from engine.training.streams import columns
from engine.vocab import Text

_COLUMN = 1024
"""Characters per column, where there are more columns than usual."""


@dataclass(frozen=True)
class Evaluation:
    """A mean loss in nats, the number of predictions, and the drift: how much worse the network predicts
    the same characters with its carried state than from a cold start 64 characters earlier; None if the
    text is too short."""

    nats: float
    predictions: int
    drift: float | None = None


@torch.inference_mode()
def evaluate(
    model: CharRNN,
    ids: Text,
    device: Device,
    batch: int,
    wanted: int | None = None,
    group: Group = ALONE,
) -> Evaluation:
    """The loss over ids (N,), N ≥ 2, in at most `batch` columns spread evenly over them. Each column
    covers its part of the `wanted` characters, or all it has. Leaves the model's mode and all random
    numbers unchanged.

    The processes of `group` share the columns. Raises LostError if one has died.
    """
    plan = layout(len(ids), batch, EVALUATION_LENGTH)
    length = plan.length if wanted is None else min(plan.length, math.ceil(wanted / plan.batch))
    sums = torch.zeros(3, dtype=torch.float64)
    was_training = model.training
    model.eval()
    try:
        if share := group.share(plan.batch):
            sums += _sums(model, ids, device, share, plan.length, length)
    finally:
        model.train(was_training)
    group.sum([sums])
    nats, carried, cold = sums.tolist()
    predictions = plan.batch * length
    compared = plan.batch * (EVALUATION_LENGTH // 2)
    drift = (carried - cold) / compared if _tells_drift(length) else None
    return Evaluation(nats / predictions, predictions, drift)


def most_columns(training: Layout, n: int) -> int:
    """The columns for an evaluation of n characters during training: as many as the batch has, if that is
    more than usual, needs no more memory than a step, and leaves each column enough characters. So an
    evaluation is spread over as many devices as a step is."""
    B, T = training.batch, training.seq_length
    return max(EVALUATION_COLUMNS, min(B, B * T // EVALUATION_LENGTH, n // _COLUMN))


def _tells_drift(length: int) -> bool:
    return length >= 2 * EVALUATION_LENGTH


def _sums(
    model: CharRNN, ids: Text, device: Device, share: range, apart: int, length: int
) -> Tensor:
    """Sums over columns `apart` characters apart, float64 (3,): the nats of all predictions; and those of
    the second half of the last whole block, with the carried state, and from a cold state before the
    block."""
    half = EVALUATION_LENGTH // 2
    states = model.start_state(len(share))
    sums = torch.zeros(3, dtype=torch.float64)
    last = (length // EVALUATION_LENGTH - 1) * EVALUATION_LENGTH
    for first in range(0, length, EVALUATION_LENGTH):
        T = min(EVALUATION_LENGTH, length - first)
        block = torch.from_numpy(columns(ids, share, apart, first, T)).to(device.torch)
        with device.autocast():
            logits, states = model(block[:-1], states)
        nats = _nats(logits, block, device)
        sums[0] += nats.sum().cpu()
        if first == last and _tells_drift(length):
            with device.autocast():
                cold, _ = model(block[:-1], model.start_state(len(share)))
            sums[1] = nats[half:].sum().cpu()
            sums[2] = _nats(cold, block, device)[half:].sum().cpu()
    return sums


def _nats(logits: Tensor, block: Tensor, device: Device) -> Tensor:
    """−log p of each character after the first of a block (T+1, B): (T, B) in float64."""
    losses = F.cross_entropy(
        device.widen(logits).flatten(0, 1), block[1:].flatten(), reduction="none"
    )
    return losses.double().view(block.shape[0] - 1, -1)
