"""What a network would say next if one of its units had another value.

It is exact for this one step, and only where a unit reaches the head through no other unit: the last
layer's h, and its memory c, which the head reads as o·tanh c, with o as it is.
"""

from __future__ import annotations

import math

from engine.inspecting.trace import Trace, unit
from engine.network.stepper import Logits, Stepper


def held(stepper: Stepper, found: Trace, name: str, value: float) -> Logits | None:
    """The logits (V,) after the last character of a trace, had the unit this value there; None for a unit
    that reaches the head through others.

    Raises NotFoundError and UsageError if that is no unit.
    """
    array, place = unit(stepper, name)
    layer, _, own = array.rpartition(".")
    config, states = stepper.model.config, stepper.cell.states
    if layer != f"layers.{config.layers - 1}" or config.layer_norm or own not in states:
        return None
    h = float(found.arrays[f"{layer}.h"][-1, place])
    if own != "h":
        value = float(found.arrays[f"{layer}.o"][-1, place]) * math.tanh(value)
    changed: Logits = found.logits[-1] + (value - h) * stepper.model.weights["head.W_hy"][place]
    return changed
