"""Configurations of trainings, for tests that do not care about every setting."""

from __future__ import annotations

from typing import Any

from engine.config import ModelConfig, TrainConfig

USUAL: dict[str, Any] = {
    "model": ModelConfig("lstm", 8, 1),
    "batch": 16,
    "seq_length": 40,
    "dropout": 0.1,
    "lr": 4e-3,
    "weight_decay": 0.01,
}


def a_config(model: ModelConfig = USUAL["model"], **settings: Any) -> TrainConfig:
    """A configuration with these settings, one of which is steps, epochs or seconds."""
    return TrainConfig(**USUAL | {"model": model} | settings)
