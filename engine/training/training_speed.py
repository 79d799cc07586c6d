"""How fast helo trains, beside torch's own modules and beside the matrix products that a step needs.

`python -P -m engine.training.training_speed JSON` measures for processes without torch. It writes one JSON
object per line: {"rounds": n} after each round, then a `TrainingSpeed`.

What is measured is the recurrent layers, there and back: ids in, outputs (T, B, H) out, a given gradient of
these back to every parameter. All sides take turns in one process, with the same memory and threads, and
each figure is the median of its rounds.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass
from statistics import median

import torch
from torch import Tensor
from torch.nn import functional as F

from engine.cells import CELLS
from engine.config import ModelConfig
from engine.errors import exit_status
from engine.network.parameters import initial
from engine.training.device import Device, choose
from engine.training.model import CharRNN
from engine.training.products import Matrix, TorchFunctions
from engine.training.usual import torch_module
from engine.writing.bench import ALPHABET

ROUNDS = 9
Side = Callable[[], object]
"""Works through T × B characters once."""


@dataclass(frozen=True)
class TrainingSpeed:
    """Characters a second through the layers, there and back."""

    cell: str
    hidden: int
    layers: int
    dtype: str
    batch: int
    seq_length: int
    chars_per_second: float
    torch_ratio: float | None
    """helo's speed ÷ that of torch's module of the same layers; None where torch has none."""
    limit_ratio: float | None
    """The time of the bare products of matrices ÷ helo's time; None for a cell without any in time."""


def measure(
    config: ModelConfig, device: Device, batch: int, seq_length: int, report: Callable[[int], None]
) -> TrainingSpeed:
    """Measure one network with untrained weights; `report` is called with the rounds done."""
    cell = CELLS[config.cell]
    ids = torch.randint(ALPHABET, (seq_length, batch), device=device.torch)
    d = torch.randn(seq_length, batch, config.hidden, device=device.torch)
    sides: dict[str, Side] = {
        "helo": _helo(config, device, ids, d),
        "limit": _products(config, device, batch, seq_length),
    }
    if cell.torch_module:
        sides["torch"] = _torch(config, device, ids, d)
    for side in sides.values():
        side()
    times: dict[str, list[float]] = {name: [] for name in sides}
    for done in range(ROUNDS):
        for name, side in sides.items():
            times[name].append(device.seconds(side))
        report(done + 1)
    helo, limit = median(times["helo"]), median(times["limit"])
    return TrainingSpeed(
        config.cell,
        config.hidden,
        config.layers,
        device.dtype,
        batch,
        seq_length,
        chars_per_second=batch * seq_length / helo,
        torch_ratio=median(times["torch"]) / helo if "torch" in times else None,
        limit_ratio=limit / helo if cell.in_time else None,
    )


def _helo(config: ModelConfig, device: Device, ids: Tensor, d: Tensor) -> Side:
    model = CharRNN(config, ALPHABET)
    model.load(initial(config, ALPHABET, 0))
    model.to(device.torch)
    states = model.zero_state(ids.shape[1])

    def work() -> None:
        model.zero_grad()
        with device.autocast():
            outputs, _ = model.outputs(ids, states)
        outputs.backward(d.to(outputs.dtype))  # type: ignore[no-untyped-call]

    return work


def _torch(config: ModelConfig, device: Device, ids: Tensor, d: Tensor) -> Side:
    module = torch_module(config, ALPHABET).to(device.torch)

    def work() -> None:
        module.zero_grad()
        with device.autocast():
            outputs, _ = module(F.one_hot(ids, ALPHABET).float())
        outputs.backward(d.to(outputs.dtype))

    return work


def _products(config: ModelConfig, device: Device, B: int, T: int) -> Side:
    """The products of one pass, by the means that helo's loops use, on operands that are ready:
    for each recurrent matrix T there, T back and one for its gradient; above the first layer, whose
    input is a row gather, one there, one back and one for the gradient of what multiplies the input."""
    cell, H = CELLS[config.cell], config.hidden
    xp = TorchFunctions(device.dtype == "bfloat16")
    operand = torch.bfloat16 if xp.bfloat16 else torch.float32
    shapes = {name: shape for name, shape in cell.shapes(H, H).items() if len(shape) == 2}
    work: list[Side] = []
    for name, (m, n) in shapes.items():
        W = torch.randn(m, n, device=device.torch)
        x, d = (torch.randn(T, B, k, device=device.torch).to(operand) for k in (m, n))
        if name in cell.inputs:
            work += [_above(xp, W, x, d)] * (config.layers - 1)
        else:
            work += [_in_time(xp, xp.matrix(W), x, d)] * config.layers
    return lambda: [side() for side in work]


def _above(xp: TorchFunctions, W: Tensor, x: Tensor, d: Tensor) -> Side:
    there, back = xp.bulk(W), xp.bulk(W.t())
    return lambda: (there.bare(x), back.bare(d), xp.outer(x, d))


def _in_time(xp: TorchFunctions, W: Matrix, x: Tensor, d: Tensor) -> Side:
    def work() -> None:
        for x_t in x:
            W.bare(x_t)
        for d_t in d:
            W.T.bare(d_t)
        xp.outer(x, d)

    return work


def main() -> None:
    """The process."""
    asked = json.loads(sys.argv[1])
    config = ModelConfig(**asked["model"])
    batch, seq_length = asked["batch"], asked["seq_length"]
    device = choose(asked["device"], asked["dtype"], asked["threads"], lambda device: None)
    speed = measure(
        config, device, batch, seq_length, lambda n: print(json.dumps({"rounds": n}), flush=True)
    )
    print(json.dumps(asdict(speed)), flush=True)


if __name__ == "__main__":
    sys.exit(exit_status(main))
