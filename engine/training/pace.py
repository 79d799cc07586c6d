"""How fast this machine learns: characters a second with each rung of the recipe's ladder.

`python -P -m engine.training.pace JSON` answers processes without torch: one JSON object per line, the
number of networks that were made ready, then the pace.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from functools import partial

import torch

from engine.config import TrainConfig
from engine.errors import exit_status
from engine.runs import measured
from engine.runs.recipe import LADDER, PACED, Rung, learning_rate
from engine.training.device import Device, choose, kind_of
from engine.training.model import CharRNN
from engine.training.step import TrainingStep
from engine.training.timing import fastest

_WARM = 5
"""Steps that are not timed on a GPU: the first ones are not captured."""


def pace(device: str, dtype: str, threads: int) -> Iterator[list[float]]:
    """Characters per second in training, for each rung; before that, an empty list for each that is
    ready to be measured. What was measured before, and what runs really did, counts for half.

    Raises UsageError for a device that this machine does not have.
    """
    middle = LADDER[len(LADDER) // 2]
    network = measured.network(middle.model, middle.batch, middle.seq_length)
    chosen = choose(device, dtype, threads, lambda d: _step(middle, d)(), network)
    steps = []
    for rung in LADDER:
        steps.append(step := _step(rung, chosen))
        for _ in range(_WARM if chosen.kind == "cuda" else 1):
            step()
        yield []
    times = fastest([partial(chosen.seconds, step) for step in steps])
    chars = [rung.batch * rung.seq_length for rung in LADDER]
    fresh = [n / seconds for n, seconds in zip(chars, times, strict=True)]
    yield measured.learn_pace(kind_of(chosen, dtype), fresh)


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
    for networks, found in enumerate(pace(**json.loads(sys.argv[1])), 1):
        print(json.dumps({"pace": found} if found else {"networks": networks}), flush=True)


if __name__ == "__main__":
    sys.exit(exit_status(main))
