"""The learning rate's schedule.

A run that is trained longer, or less long, follows the schedule of one that was planned so from the start.
Over a warm-up of the steps to come it rises, or falls, from the rate that it had reached.
"""

from __future__ import annotations

import math

from engine.config import TrainConfig
from engine.runs.points import Cursor, Extension


def learning_rate(progress: float, config: TrainConfig, peak: float) -> float:
    """The learning rate at `progress` in [0, 1]: a linear rise to `peak` over the warm-up, then half a
    cosine down to `final_lr` of it (Loshchilov & Hutter, "SGDR", 2017)."""
    if progress < config.warmup:
        return peak * progress / config.warmup
    share = (progress - config.warmup) / max(1 - config.warmup, 1e-9)
    low = config.final_lr
    return peak * (low + (1 - low) * 0.5 * (1 + math.cos(math.pi * min(share, 1.0))))


def next_rate(cursor: Cursor, config: TrainConfig) -> float:
    """The learning rate of the next step, or of the last one if all are taken."""
    step = min(cursor.step + 1, cursor.total_steps)
    planned = learning_rate(step / max(cursor.total_steps, 1), config, cursor.peak_lr)
    since = cursor.extension
    rise = config.warmup * (cursor.total_steps - since.step)
    if not since.step or step - since.step >= rise:
        return planned
    before = since.rate * cursor.peak_lr
    return before + (planned - before) * (step - since.step) / rise


def extend(cursor: Cursor, config: TrainConfig, total_steps: int) -> None:
    """Let the run end after `total_steps`, whatever was planned."""
    rate = min(next_rate(cursor, config) / cursor.peak_lr, 1.0)
    cursor.extension, cursor.total_steps = Extension(cursor.step, rate), total_steps
