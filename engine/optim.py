"""The optimiser, the learning rate's schedule, and clipping."""

from __future__ import annotations

import math

import torch
from torch import nn

from engine.config import TrainConfig


def learning_rate(progress: float, config: TrainConfig, peak: float) -> float:
    """The learning rate at `progress` in [0, 1]: a linear rise to `peak` over the warm-up, then half
    a cosine down to `final_lr` of it (Loshchilov & Hutter, "SGDR", 2017)."""
    if progress < config.warmup:
        return peak * progress / config.warmup
    share = (progress - config.warmup) / max(1 - config.warmup, 1e-9)
    low = config.final_lr
    return peak * (low + (1 - low) * 0.5 * (1 + math.cos(math.pi * min(share, 1.0))))


def adamw(model: nn.Module, config: TrainConfig) -> torch.optim.AdamW:
    """AdamW (Loshchilov & Hutter, 2019) whose weight decay leaves vectors, the biases, alone."""
    parameters = list(model.parameters())
    groups = [
        {"params": [p for p in parameters if p.ndim > 1], "weight_decay": config.weight_decay},
        {"params": [p for p in parameters if p.ndim == 1], "weight_decay": 0.0},
    ]
    return torch.optim.AdamW(
        groups, lr=config.lr, betas=(config.beta1, config.beta2), fused=_has_fused(parameters)
    )


def _has_fused(parameters: list[nn.Parameter]) -> bool:
    return parameters[0].device.type in ("cpu", "cuda")


def clip(model: nn.Module, limit: float) -> float:
    """Scale all gradients so that their global norm is at most `limit` (Pascanu et al., 2013);
    returns the norm before."""
    return float(nn.utils.clip_grad_norm_(model.parameters(), limit))
