"""The scale of a learning curve, and the part of a run that it shows. Independent of screens."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from tui.curves.picture import FloatArray, round_places

PARTS = {1.0: "", 0.5: "last half", 0.1: "last tenth"}
"""The last parts of a run that can be shown, as shares of it, and their names."""
_LEAST = 1e-4
"""The least loss in nats on a logarithmic axis, which has no place for 0. Smaller losses are drawn
there."""
_FAR = 8.0
"""If the greatest loss is more than this many times the least, a logarithmic axis counts in 1, 2, 5, 10."""


@dataclass(frozen=True)
class Scale:
    """Converts losses to positions on the axis."""

    bits: bool = False
    logarithmic: bool = False

    @property
    def unit(self) -> str:
        return "bits" if self.bits else "nats"

    def value(self, nats: float) -> float:
        """A loss in the unit shown."""
        return nats / math.log(2) if self.bits else nats

    def places(self, nats: FloatArray) -> FloatArray:
        """The positions (N,) of losses (N,) in nats."""
        values = nats / math.log(2) if self.bits else nats
        return np.log(np.maximum(values, _LEAST)) if self.logarithmic else values

    def place(self, nats: float) -> float:
        """The position of one loss in nats."""
        return float(self.places(np.array([nats]))[0])

    def ticks(self, low: float, high: float, most: int) -> dict[float, str]:
        """Labels by position for about `most` round losses between the positions `low` and `high`."""
        if self.logarithmic:
            ends = math.exp(low), math.exp(high)
            values = _log_ticks(*ends) if _is_far(*ends) else round_places(*ends, most)
        else:
            values = round_places(low, high, most)
        return {math.log(v) if self.logarithmic else v: f"{v:.6g}" for v in values}


NATS = Scale()


@dataclass(frozen=True)
class View:
    """What a curve shows of a run: its scale, and the last `part` of its steps."""

    scale: Scale = NATS
    part: float = 1.0

    def other_unit(self) -> View:
        return replace(self, scale=replace(self.scale, bits=not self.scale.bits))

    def other_axis(self) -> View:
        return replace(self, scale=replace(self.scale, logarithmic=not self.scale.logarithmic))

    def zoomed(self, by: int) -> View:
        """The view of a smaller part of the run for 1, of a larger one for -1; unchanged if there is
        none."""
        parts = list(PARTS)
        at = parts.index(self.part) + by
        return replace(self, part=parts[min(max(at, 0), len(parts) - 1)])

    @property
    def name(self) -> str:
        """The unit, and what else differs from the default, in words."""
        words = [self.scale.unit, "logarithmic" if self.scale.logarithmic else ""]
        return ", ".join(word for word in (*words, PARTS[self.part]) if word)


def _log_ticks(low: float, high: float) -> list[float]:
    """Round values from `low` to `high`, both above 0: 1, 2 and 5 times powers of ten, or powers of ten
    only if there are many. For a logarithmic axis too long for equal steps."""
    powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    digits = (1, 2, 5) if len(powers) <= 4 else (1,)
    ticks = (digit * 10.0**power for power in powers for digit in digits)
    return [tick for tick in ticks if low <= tick <= high]


def _is_far(low: float, high: float) -> bool:
    """Whether equal steps from `low` to `high` would crowd at the end of a logarithmic axis."""
    return high > _FAR * low
