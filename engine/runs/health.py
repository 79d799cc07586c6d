"""Whether a training goes well, judged by its losses and its gradients."""

from __future__ import annotations

import math

RECENT = 50
_NEWEST = 10
ROLLBACKS = 3
"""How often a run goes back by itself, without getting beyond where it failed, before it gives up."""


def trouble(loss: float, norm: float, recent: list[float], V: int) -> str:
    """Why training cannot go on after a step, or nothing: a loss in nats or a norm of gradients that is
    no number, or a mean of the `recent` losses, `RECENT` of them, that blind guessing among V characters
    would beat by far (char-rnn's guard, made relative to the alphabet)."""
    if not math.isfinite(loss):
        return f"the loss is {loss}"
    if not math.isfinite(norm):
        return f"the gradients' norm is {norm}"
    if len(recent) == RECENT and (mean := sum(recent) / RECENT) > 2 * math.log(V) + 1:
        return f"the loss exploded to {mean:.3g} nats"
    return ""


def sound(recent: list[float], V: int) -> bool:
    """Whether a state at this moment is one to go back to: its newest losses are not much worse than
    those of blind guessing among V characters."""
    newest = recent[-_NEWEST:]
    return not newest or sum(newest) / len(newest) <= math.log(V) + 1
