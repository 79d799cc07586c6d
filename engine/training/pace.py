"""How fast this machine learns: characters a second with each rung of the recipe's ladder.

`python -P -m engine.training.pace JSON` answers processes without torch: one JSON object per line.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from functools import partial

import torch

from engine.config import TrainConfig
from engine.errors import exit_status
from engine.runs.recipe import LADDER, PACED, Rung, learning_rate
from engine.training.device import Device, choose
from engine.training.model import CharRNN
from engine.training.step import TrainingStep

_WARM = 5
"""Steps that are not timed: on a GPU the first ones are not captured."""
_SHORTEST, _TIMED = 0.1, 2
"""The least seconds and steps to time."""


def pace(device: str, dtype: str, threads: int) -> Iterator[float]:
    """Characters per second in training, for one rung after another.

    Raises UsageError for a device that this machine does not have.
    """
    middle = LADDER[len(LADDER) // 2]
    chosen = choose(device, dtype, threads, lambda d: _step(middle, d)())
    for rung in LADDER:
        yield rung.batch * rung.seq_length / _seconds(rung, chosen)


def _seconds(rung: Rung, device: Device) -> float:
    step = _step(rung, device)
    times = list[float]()
    for _ in range(_WARM if device.kind == "cuda" else 1):
        step()
    while len(times) < _TIMED or sum(times) < _SHORTEST:
        times.append(device.seconds(step))
    return min(times)


def _step(rung: Rung, device: Device) -> Callable[[], object]:
    """A training step with the sizes of a rung, always on the same characters."""
    sizes = (rung.model, rung.batch, rung.seq_length)
    lr = learning_rate(rung.model)
    config = TrainConfig(*sizes, dropout=0.0, lr=lr, weight_decay=0.0, steps=1)
    step = TrainingStep(CharRNN(rung.model, PACED), config, device, rung.batch)
    ids = torch.randint(PACED, (rung.seq_length + 1, rung.batch), device=device.torch)
    return partial(step, ids)


def main() -> None:
    """The process."""
    for found in pace(**json.loads(sys.argv[1])):
        print(json.dumps({"chars_per_second": round(found, 1)}), flush=True)


if __name__ == "__main__":
    sys.exit(exit_status(main))
