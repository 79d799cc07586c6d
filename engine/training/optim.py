"""The optimiser: parameter groups, clipping, and loss scale."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from engine.config import TrainConfig

EPS = 1e-8
_FIRST_SCALE = 2.0**12
_SCALE_GROWS = 1000
"""Steps without an overflow after which the loss scale doubles."""


@dataclass(frozen=True)
class Moments:
    """What AdamW keeps of a parameter: its number of steps (a float32 scalar), and the running averages of
    its gradient and of that squared, in the parameter's memory layout: the kernel walks memory."""

    step: Tensor
    exp_avg: Tensor
    exp_avg_sq: Tensor

    @classmethod
    def none(cls, p: Tensor) -> Moments:
        """Those of a parameter before the first step."""
        step = torch.zeros((), dtype=torch.float32, device=p.device)
        return cls(step, torch.zeros_like(p), torch.zeros_like(p))

    def named(self) -> dict[str, Tensor]:
        """The tensors by their names in a state."""
        return {"step": self.step, "exp_avg": self.exp_avg, "exp_avg_sq": self.exp_avg_sq}


class Optimiser:
    """AdamW (Loshchilov & Hutter, 2019) without weight decay on vectors, the biases.

    A step clips the gradients' global norm (Pascanu et al., 2013) and changes nothing if that norm is not
    finite. In float16, where gradients would underflow, the loss is multiplied by a scale that halves at an
    overflow and doubles after a while without one (Micikevicius et al., "Mixed precision training", 2018).
    Nothing waits for the device. It calls the fused kernel of torch.optim.AdamW itself: that class imports
    torch's compiler, which takes longer than torch.
    """

    def __init__(self, model: nn.Module, config: TrainConfig, float16: bool = False) -> None:
        parameters = list(model.parameters())
        device = parameters[0].device
        self.betas = (config.beta1, config.beta2)
        self.groups = (
            (config.weight_decay, [p for p in parameters if p.ndim > 1]),
            (0.0, [p for p in parameters if p.ndim == 1]),
        )
        """Parameters with their weight decay."""
        self.moments = {p: Moments.none(p.detach()) for p in parameters}
        # a captured step reads the tensor in place
        self.lr = torch.tensor(config.lr, device=device) if device.type == "cuda" else config.lr
        self.clip = config.clip
        self.scale = torch.tensor(_FIRST_SCALE, device=device) if float16 else None
        self.sound = torch.zeros((), device=device)
        """Steps since the scale last changed."""

    def set_lr(self, lr: float) -> None:
        """Use this learning rate from the next step on."""
        if isinstance(self.lr, Tensor):
            self.lr.fill_(lr)
        else:
            self.lr = lr

    def backward(self, loss: Tensor) -> None:
        """Compute the gradients of `loss`, replacing earlier ones."""
        for p in self.moments:
            p.grad = None
        (loss if self.scale is None else loss * self.scale).backward()  # type: ignore[no-untyped-call]

    def gradients(self) -> list[Tensor]:
        """The gradients from `backward`, each with its parameter's memory layout."""
        return [p.grad for p in self.moments if p.grad is not None]

    @torch.no_grad()
    def step(self) -> Tensor:
        """Take a step with the gradients from `backward`. Returns their global norm before clipping."""
        norm = nn.utils.get_total_norm(self.gradients())
        if self.scale is not None:
            norm = norm / self.scale
        shrink = torch.clamp((norm + 1e-6) / self.clip, min=1.0).float()
        found = norm.isfinite().logical_not().float()
        divisor = shrink if self.scale is None else shrink * self.scale
        for decay, parameters in self.groups:
            self._update(parameters, decay, divisor, found)
        if self.scale is not None:
            self._rescale(self.scale, found)
        return norm

    def _update(
        self, parameters: list[nn.Parameter], decay: float, divisor: Tensor, overflow: Tensor
    ) -> None:
        """AdamW on the gradients divided by `divisor`; nothing changes if `overflow` is 1."""
        gradients = {p: p.grad for p in parameters if p.grad is not None}
        if not gradients:
            return
        moments = [self.moments[p] for p in gradients]
        steps = [m.step for m in moments]
        torch._foreach_add_(steps, 1)
        # the kernel divides by the one and skips the step if the other is 1: no extra pass
        torch._fused_adamw_(
            list(gradients),
            list(gradients.values()),
            [m.exp_avg for m in moments],
            [m.exp_avg_sq for m in moments],
            [],
            steps,
            lr=self.lr,  # type: ignore[arg-type]
            beta1=self.betas[0],
            beta2=self.betas[1],
            weight_decay=decay,
            eps=EPS,
            amsgrad=False,
            maximize=False,
            grad_scale=divisor,
            found_inf=overflow,
        )
        torch._foreach_sub_(steps, [overflow] * len(steps))

    def _rescale(self, scale: Tensor, overflow: Tensor) -> None:
        self.sound.add_(1).mul_(1 - overflow)
        grows = (self.sound >= _SCALE_GROWS).float()
        scale.mul_(torch.exp2(grows - overflow))
        self.sound.mul_(1 - grows)

    def reset(self) -> None:
        """Forget all steps taken."""
        for moments in self.moments.values():
            for value in moments.named().values():
                value.zero_()
        self.sound.zero_()
