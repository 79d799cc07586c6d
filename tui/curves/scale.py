"""How a learning curve measures losses, and how much of a run it shows; knows no screens."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from tui.curves.picture import FloatArray, round_places

PARTS = {1.0: "", 0.5: "last half", 0.1: "last tenth"}
"""Shares of a run, the last, that can be looked at, and what they are called."""
_LEAST = 1e-4
"""Smaller losses in nats are this on a logarithmic axis, where 0 has no place."""
_FAR = 8.0
"""How many times the least loss the greatest is, from where on a logarithmic axis counts in 1, 2, 5, 10."""


@dataclass(frozen=True)
class Scale:
    """Where losses lie on the axis."""

    bits: bool = False
    logarithmic: bool = False

    @property
    def unit(self) -> str:
        return "bits" if self.bits else "nats"

    def value(self, nats: float) -> float:
        """A loss in the unit."""
        return nats / math.log(2) if self.bits else nats

    def places(self, nats: FloatArray) -> FloatArray:
        """Where losses (N,) lie: (N,)."""
        values = nats / math.log(2) if self.bits else nats
        return np.log(np.maximum(values, _LEAST)) if self.logarithmic else values

    def place(self, nats: float) -> float:
        """Where one loss lies."""
        return float(self.places(np.array([nats]))[0])

    def ticks(self, low: float, high: float, most: int) -> dict[float, str]:
        """The names of some places from `low` to `high`, about `most` at most: round losses in the unit."""
        if self.logarithmic:
            ends = math.exp(low), math.exp(high)
            values = _log_ticks(*ends) if _is_far(*ends) else round_places(*ends, most)
        else:
            values = round_places(low, high, most)
        return {math.log(v) if self.logarithmic else v: f"{v:.6g}" for v in values}


NATS = Scale()


@dataclass(frozen=True)
class View:
    """What a curve shows of a run: its scale, and the last `part` of the steps."""

    scale: Scale = NATS
    part: float = 1.0

    def other_unit(self) -> View:
        return replace(self, scale=replace(self.scale, bits=not self.scale.bits))

    def other_axis(self) -> View:
        return replace(self, scale=replace(self.scale, logarithmic=not self.scale.logarithmic))

    def zoomed(self, by: int) -> View:
        """A smaller part of the run for 1, a larger one for -1, as far as there are any."""
        parts = list(PARTS)
        at = parts.index(self.part) + by
        return replace(self, part=parts[min(max(at, 0), len(parts) - 1)])

    @property
    def name(self) -> str:
        """The unit, and what is not as usual, in words."""
        words = [self.scale.unit, "logarithmic" if self.scale.logarithmic else ""]
        return ", ".join(word for word in (*words, PARTS[self.part]) if word)


def _log_ticks(low: float, high: float) -> list[float]:
    """Round values from `low` to `high`, both above 0, for a logarithmic axis that is too long for
    equal steps: 1, 2 and 5 times powers of ten, or only those powers where there are many."""
    powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    digits = (1, 2, 5) if len(powers) <= 4 else (1,)
    ticks = (digit * 10.0**power for power in powers for digit in digits)
    return [tick for tick in ticks if low <= tick <= high]


def _is_far(low: float, high: float) -> bool:
    """Whether equal steps from `low` to `high` would crowd at the end of a logarithmic axis."""
    return high > _FAR * low
