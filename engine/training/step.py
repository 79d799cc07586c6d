"""One step of training: the loss of a block of text, its gradients, and what the optimiser makes of them.

A training takes it, and so do the measure of this machine's pace and the trial of a precision.
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
    """A step of a network on a device, with an optimiser and a carried state of its own.

    On a GPU it is captured. In a group each process has its columns, and the gradients are those of all.
    """

    def __init__(
        self,
        model: CharRNN,
        config: TrainConfig,
        device: Device,
        columns: int,
        group: Group = ALONE,
    ) -> None:
        """Moves the model to the device; the carried state (columns, H) is zeros."""
        dtype = torch.float64 if device.dtype == "float64" else torch.float32
        self.model, self.device, self.group = model.to(device.torch, dtype), device, group
        self.optimiser = Optimiser(model, config, device.dtype == "float16")
        self.carried = model.zero_state(columns)
        self._captured: Captured | None = None

    def __call__(self, block: Tensor) -> Tensor:
        """Learn from a block (T+1, B) on the device. Returns the loss and the norm of the gradients before
        clipping (2,), those of all columns, on the device.

        Raises LostError where another process is gone.
        """
        if self.device.kind != "cuda":
            return self._pass(block)
        if self._captured is None:
            self._captured = Captured(self._pass)
        return self._captured(block)

    def renew(self) -> None:
        """Capture the step anew: something that the capture keeps is another now, such as the clipping,
        the dropout, or the tensors of the carried state and of the optimiser."""
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
        """Go on from these states; they are copied to where the carried ones are."""
        for s, new in zip(chain(*self.carried), chain(*states), strict=True):
            s.copy_(new.detach())
