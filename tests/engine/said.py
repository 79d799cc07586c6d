"""What a trainer might say: whole events, of which a test names only what matters to it."""

from __future__ import annotations

from typing import Any

from engine.runs.events import Evaluated, Progress, Started

STARTED: dict[str, Any] = {
    "total_steps": 100,
    "batch": 1,
    "seq_length": 1,
    "parameters": 1,
    "train_chars": 1,
    "val_chars": 0,
    "device": "cpu",
    "dtype": "float32",
    "threads": 1,
}
PROGRESS: dict[str, Any] = {
    "chars": 1,
    "seconds": 1.0,
    "train_nats": 1.0,
    "lr": 1.0,
    "grad_norm": 1.0,
    "chars_per_second": 1.0,
}
EVALUATED: dict[str, Any] = {
    "chars": 1,
    "seconds": 1.0,
    "val_nats": 1.0,
    "predictions": 1,
    "protocol": "columns",
    "best": True,
}


def started(life: int = 0, step: int = 0, **named: Any) -> Started:
    return Started(life=life, step=step, **STARTED | named)


def progress(life: int = 0, step: int = 0, **named: Any) -> Progress:
    return Progress(life=life, step=step, **PROGRESS | {"chars": step} | named)


def evaluated(life: int = 0, step: int = 0, **named: Any) -> Evaluated:
    return Evaluated(life=life, step=step, **EVALUATED | {"chars": step} | named)
