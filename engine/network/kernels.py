"""Which kernel runs a layer: torch's own, or helo's loops. Known without torch, so that what a training
needs can be reckoned before it is started."""

from __future__ import annotations

from engine.config import ModelConfig

_KERNELS = ("rnn", "rnn-relu", "lstm", "coupled", "gru")
"""The cells that torch has kernels for."""
_LARGE = 1 << 14
"""B·H from which on the loops run three gates faster than torch's kernel runs four."""


def on_torch(config: ModelConfig, V: int, B: int, kind: str, bfloat16: bool) -> bool:
    """Whether torch's kernel is the faster one for a layer of a network that reads B columns, on a device
    of that kind. V is the size of the alphabet for a layer that reads ids, 0 for one above.

    On a processor that is the LSTM's: docs/cells.md has the figures. It wants ids as one-hot rows,
    which over a large alphabet costs more than it saves. None of torch's lets a state start anew within
    a sequence.
    """
    cell, H = config.cell, config.hidden
    if config.lines or cell not in _KERNELS or V > H:
        return False
    if kind != "cpu" or cell == "lstm":
        return True
    return cell == "coupled" and (B * H < _LARGE or bfloat16)
