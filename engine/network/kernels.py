"""Which kernel runs a layer: torch's own, or helo's loops. Known without torch, so that what a training
needs can be reckoned before it is started."""

from __future__ import annotations

from engine.cells import CELLS
from engine.config import ModelConfig

_LARGE = 1 << 14
"""B·H from which on the loops run three gates faster than torch's kernel runs four."""


def on_torch(config: ModelConfig, V: int, B: int, kind: str, bfloat16: bool) -> bool:
    """Whether torch's kernel is the faster one for a layer of a network that reads B columns, on a device
    of that kind. V is the size of the alphabet for a layer that reads ids, 0 for one above.

    On a processor that is the LSTM's: docs/cells.md has the figures. It wants ids as one-hot rows,
    which over a large alphabet costs more than it saves. None of torch's lets a state start anew within
    a sequence.
    """
    cell, H = CELLS[config.cell], config.hidden
    if config.lines or not cell.torch_kernel or V > H:
        return False
    if kind != "cpu":
        return True
    if cell.torch_kernel != "lstm":
        return False
    return len(cell.gates) == 4 or B * H < _LARGE or bfloat16
