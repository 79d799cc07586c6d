"""Which kernel runs a layer: torch's own, or helo's loops. Decided without torch, so that the memory a
training needs can be computed before it starts."""

from __future__ import annotations

from engine.cells import CELLS
from engine.config import ModelConfig

_LARGE = 1 << 14
"""B·H from which the loops run three gates faster than torch's kernel runs four."""


def on_torch(config: ModelConfig, V: int, B: int, kind: str, bfloat16: bool) -> bool:
    """Whether torch's kernel is faster for a layer that reads B columns on this kind of device. V is the
    size of the alphabet for a layer that reads ids, 0 for a layer above.

    On processors only the LSTM's kernel is faster; docs/cells.md has the figures. It takes ids as one-hot
    rows, which for a large alphabet costs more than it saves. No kernel of torch's can reset a state
    within a sequence.
    """
    cell, H = CELLS[config.cell], config.hidden
    if config.lines or not cell.torch_kernel or V > H:
        return False
    if kind != "cpu":
        return True
    if cell.torch_kernel != "lstm":
        return False
    return len(cell.gates) == 4 or B * H < _LARGE or bfloat16
