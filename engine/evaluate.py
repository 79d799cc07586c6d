"""The loss of a network on ids, in parallel columns on torch's side of the house.

With one column this is `score`'s stateful pass; with many, each begins from a cold state.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

from engine.device import Device
from engine.model import CharRNN
from engine.parallel import ALONE, Group
from engine.streams import Layout, columns, layout
from engine.vocab import Ids

_T = 128


@torch.inference_mode()
def evaluate(
    model: CharRNN, ids: Ids, device: Device, batch: int, group: Group = ALONE
) -> tuple[float, int]:
    """Mean nats per character over ids (N,), N ≥ 2, in at most `batch` columns, and the number of
    predictions behind it. Leaves the model's mode and all random numbers as they were.

    The processes of `group` share the columns; raises LostError where one is gone.
    """
    plan = layout(len(ids), batch, _T)
    nats = torch.zeros((), dtype=torch.float64)
    if share := group.share(plan.batch):
        nats += _summed(model, ids, device, plan, share)
    group.sum([nats])
    predictions = plan.batch * plan.length
    return float(nats) / predictions, predictions


def _summed(model: CharRNN, ids: Ids, device: Device, plan: Layout, share: range) -> Tensor:
    """The nats of all predictions in some columns, a float64 on the processor."""
    was_training = model.training
    model.eval()
    try:
        states = model.zero_state(len(share))
        nats = torch.zeros((), dtype=torch.float64)
        for first in range(0, plan.length, _T):
            T = min(_T, plan.length - first)
            block = torch.from_numpy(columns(ids, share, plan.length, first, T))
            block = block.to(device.torch)
            with device.autocast():
                logits, states = model(block[:-1], states)
            loss = F.cross_entropy(
                device.widen(logits).flatten(0, 1), block[1:].flatten(), reduction="sum"
            )
            nats += loss.double().cpu()
    finally:
        model.train(was_training)
    return nats
