"""Whether a training goes well, judged by its losses and its gradients."""

from __future__ import annotations

import math

RECENT = 50
_NEWEST = 10
ROLLBACKS = 3
"""How often a run goes back by itself, without getting past where it failed, before it gives up."""


def trouble(loss: float, norm: float, recent: list[float], V: int) -> str:
    """Why training must stop after this step, or "". Either the loss (nats) or the gradient norm is not
    finite, or the mean of the last `RECENT` losses is far worse than blind guessing among V characters
    (char-rnn's guard, made relative to the alphabet)."""
    if not math.isfinite(loss):
        return f"the loss is {loss}"
    if not math.isfinite(norm):
        return f"the gradients' norm is {norm}"
    if len(recent) == RECENT and (mean := sum(recent) / RECENT) > 2 * math.log(V) + 1:
        return f"the loss exploded to {mean:.3g} nats"
    return ""


def sound(recent: list[float], V: int) -> bool:
    """Whether this is a state to go back to: the newest losses are not much worse than blind guessing
    among V characters."""
    newest = recent[-_NEWEST:]
    return not newest or sum(newest) / len(newest) <= math.log(V) + 1
