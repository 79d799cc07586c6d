"""The optimiser: parameter groups, learning rate schedule, clipping, and loss scale."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from engine.config import TrainConfig

_FIRST_SCALE = 2.0**12
_SCALE_GROWS = 1000
"""Steps without an overflow after which the loss scale doubles."""


def learning_rate(progress: float, config: TrainConfig, peak: float) -> float:
    """The learning rate at `progress` in [0, 1]: a linear rise to `peak` over the warm-up, then half
    a cosine down to `final_lr` of it (Loshchilov & Hutter, "SGDR", 2017)."""
    if progress < config.warmup:
        return peak * progress / config.warmup
    share = (progress - config.warmup) / max(1 - config.warmup, 1e-9)
    low = config.final_lr
    return peak * (low + (1 - low) * 0.5 * (1 + math.cos(math.pi * min(share, 1.0))))


class Optimiser:
    """AdamW (Loshchilov & Hutter, 2019) without weight decay on vectors, the biases.

    A step clips the gradients' global norm (Pascanu et al., 2013) and changes nothing if that norm is not
    finite. In float16, where gradients would underflow, the loss is multiplied by a scale that halves at an
    overflow and doubles after a while without one (Micikevicius et al., "Mixed precision training", 2018).
    Nothing waits for the device.
    """

    def __init__(self, model: nn.Module, config: TrainConfig, float16: bool = False) -> None:
        parameters = list(model.parameters())
        device = parameters[0].device
        groups = [
            {"params": [p for p in parameters if p.ndim > 1], "weight_decay": config.weight_decay},
            {"params": [p for p in parameters if p.ndim == 1], "weight_decay": 0.0},
        ]
        on_device = device.type == "cuda"  # a captured step reads the tensor in place
        lr = torch.tensor(config.lr, device=device) if on_device else config.lr
        self.adamw = torch.optim.AdamW(
            groups, lr=lr, betas=(config.beta1, config.beta2), fused=True, capturable=on_device
        )
        self.clip = config.clip
        self.scale = torch.tensor(_FIRST_SCALE, device=device) if float16 else None
        self.sound = torch.zeros((), device=device)
        """Steps since the scale last changed."""
        self._parameters = parameters

    def set_lr(self, lr: float) -> None:
        """Use this learning rate from the next step on."""
        for group in self.adamw.param_groups:
            if isinstance(group["lr"], Tensor):
                group["lr"].fill_(lr)
            else:
                group["lr"] = lr

    def backward(self, loss: Tensor) -> None:
        """Compute the gradients of `loss`, replacing earlier ones."""
        self.adamw.zero_grad(set_to_none=True)
        (loss if self.scale is None else loss * self.scale).backward()  # type: ignore[no-untyped-call]

    def gradients(self) -> list[Tensor]:
        """The gradients from `backward`, each with its parameter's memory layout."""
        return [p.grad for p in self._parameters if p.grad is not None]

    def step(self) -> Tensor:
        """Take a step with the gradients from `backward`. Returns their global norm before clipping."""
        norm = nn.utils.get_total_norm(self.gradients())
        if self.scale is not None:
            norm = norm / self.scale
        shrink = torch.clamp((norm + 1e-6) / self.clip, min=1.0).float()
        # the fused kernel divides by the one and skips the step if the other is 1: no extra pass
        self.adamw.grad_scale = shrink if self.scale is None else shrink * self.scale  # type: ignore[attr-defined]
        self.adamw.found_inf = found = norm.isfinite().logical_not().float()  # type: ignore[attr-defined]
        self.adamw.step()
        if self.scale is not None:
            self._rescale(self.scale, found)
        return norm

    def _rescale(self, scale: Tensor, overflow: Tensor) -> None:
        self.sound.add_(1).mul_(1 - overflow)
        grows = (self.sound >= _SCALE_GROWS).float()
        scale.mul_(torch.exp2(grows - overflow))
        self.sound.mul_(1 - grows)

    def reset(self) -> None:
        """Forget all steps taken."""
        for state in self.adamw.state.values():
            for value in state.values():
                value.zero_()
        self.sound.zero_()
