"""How fast the text is shown."""

from __future__ import annotations

import math

SPEEDS: tuple[float, ...] = (1, 2, 4, 8, 15, 30, 60, 120, 250, 500, 1000, 2000, math.inf)
"""Characters per second; the last is as fast as the model writes."""


def neighbour(speed: float, step: int) -> float:
    """The next slower (−1) or faster (+1) of the speeds; the same one if there is none."""
    if step > 0:
        return min((s for s in SPEEDS if s > speed), default=speed)
    return max((s for s in SPEEDS if s < speed), default=speed)


def speed_name(speed: float) -> str:
    return f"{speed:g}/s" if math.isfinite(speed) else "full speed"


class Pace:
    """Turns elapsed time into characters due, keeping fractions."""

    def __init__(self) -> None:
        self._owed = 0.0
        self._shown: list[tuple[float, int]] = []

    def restart(self) -> None:
        self._owed = 1.0
        self._shown.clear()

    def due(self, speed: float, seconds: float) -> int:
        """How many characters are due after this time; at most a second's worth at once."""
        if math.isinf(speed):
            return 1 << 30
        self._owed = min(self._owed + speed * seconds, max(1.0, speed))
        return int(self._owed)

    def count(self, now: float, characters: int) -> None:
        """Record that this many characters were shown."""
        self._owed -= min(self._owed, characters)
        self._shown.append((now, characters))
        while self._shown[0][0] < now - 1.5 and len(self._shown) > 2:
            del self._shown[0]

    @property
    def measured(self) -> float:
        """Characters per second over the last 1.5 seconds or so."""
        if len(self._shown) < 2:
            return 0.0
        seconds = self._shown[-1][0] - self._shown[0][0]
        return sum(n for _, n in self._shown[1:]) / seconds if seconds > 0 else 0.0
