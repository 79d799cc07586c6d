"""One step of training: the loss on a block of text, its gradients, and the optimiser's step.

A training uses it, and so does what measures a step: the pace of this machine and the choice of precision.
"""

from __future__ import annotations

from itertools import chain

import torch
from torch import Tensor
from torch.nn import functional as F

from engine.config import TrainConfig
from engine.training.device import Device
from engine.training.graph import Captured
from engine.training.model import CharRNN, States
from engine.training.optim import Optimiser
from engine.training.parallel import ALONE, Group


class TrainingStep:
    """A training step of a network on a device, with its own optimiser and carried state.

    On a GPU the step is captured (`graph`). In a group each process reads its own columns, and the
    gradients are summed over all processes.
    """

    def __init__(
        self,
        model: CharRNN,
        config: TrainConfig,
        device: Device,
        columns: int,
        group: Group = ALONE,
    ) -> None:
        """Move the model to the device; the carried state (columns, H) starts as zeros."""
        dtype = torch.float64 if device.dtype == "float64" else torch.float32
        self.model, self.device, self.group = model.to(device.torch, dtype), device, group
        self.optimiser = Optimiser(model, config, device.dtype == "float16")
        self.carried = model.zero_state(columns)
        self._captured: Captured | None = None

    def __call__(self, block: Tensor) -> Tensor:
        """Learn from a block of ids (T+1, B) on the device. Returns the mean loss in nats and the gradient
        norm before clipping, both over all columns: (2,) on the device.

        Raises LostError if another process is gone.
        """
        if self.device.kind != "cuda":
            return self._pass(block)
        if self._captured is None:
            self._captured = Captured(self._pass)
        return self._captured(block)

    def renew(self) -> None:
        """Capture the step again. Needed after a change of what a capture keeps: the clipping, the dropout,
        the optimiser's tensors."""
        self._captured = None

    def _pass(self, block: Tensor) -> Tensor:
        T, B = len(block) - 1, self.model.batch or block.shape[1]
        with self.device.autocast():
            logits, after = self.model(block[:-1], self.carried)
        logits, targets = self.device.widen(logits).flatten(0, 1), block[1:].flatten()
        loss = F.cross_entropy(logits, targets, reduction="sum") / (B * T)
        self.optimiser.backward(loss)
        self.group.sum([*self.optimiser.gradients(), loss])
        norm = self.optimiser.step()
        self.carry(after)
        return torch.stack((loss.detach(), norm))

    def carry(self, states: States) -> None:
        """Copy these states into the carried ones, in place."""
        for s, new in zip(chain(*self.carried), chain(*states), strict=True):
            s.copy_(new.detach())
