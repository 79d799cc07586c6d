"""The loss of a network on ids, in parallel columns on torch's side of the house.

With one column this is `score`'s stateful pass; with many, each begins from a cold state.
"""

from __future__ import annotations

import torch
from torch.nn import functional as F

from engine.config import EVALUATION_LENGTH
from engine.device import Device
from engine.model import CharRNN
from engine.streams import columns, layout
from engine.vocab import Ids


@torch.inference_mode()
def evaluate(model: CharRNN, ids: Ids, device: Device, batch: int) -> tuple[float, int]:
    """Mean nats per character over ids (N,), N ≥ 2, in at most `batch` columns, and the number of
    predictions behind it. Leaves the model's mode and all random numbers as they were."""
    plan = layout(len(ids), batch, EVALUATION_LENGTH)
    was_training = model.training
    model.eval()
    try:
        states = model.zero_state(plan.batch)
        nats = torch.zeros((), dtype=torch.float64)
        for first in range(0, plan.length, EVALUATION_LENGTH):
            T = min(EVALUATION_LENGTH, plan.length - first)
            block = torch.from_numpy(columns(ids, plan.batch, plan.length, first, T))
            block = block.to(device.torch)
            with device.autocast():
                logits, states = model(block[:-1], states)
            loss = F.cross_entropy(
                logits.float().flatten(0, 1), block[1:].flatten(), reduction="sum"
            )
            nats += loss.double().cpu()
    finally:
        model.train(was_training)
    predictions = plan.batch * plan.length
    return float(nats) / predictions, predictions
