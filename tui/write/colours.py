"""What the colours of a text tell. A mode gives each character one of a few levels, which have styles."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from tui.write.branch import Branch

Values = npt.NDArray[np.generic]
LEVELS = 5
"""Levels that differ in colour, and in other attributes where there are no colours."""


@dataclass(frozen=True)
class Colouring:
    """A mode. Level i has the style `styles[i]`, one of LEVELS from what was expected to what was not."""

    name: str
    title: str
    """What is told, for the legend."""
    short: str
    """The same where there is little room."""
    values: Callable[[Branch, int, int | None], Values]
    """What is told of the characters [start, end) of a branch, as far as the network has read."""
    bounds: tuple[float, ...]
    """Between the levels. A value at a bound is of the level above."""
    names: tuple[str, ...]
    styles: tuple[int, ...] = tuple(range(LEVELS))
    averaged: bool = True
    """Whether the mean of a line says something."""

    def levels(self, branch: Branch, start: int) -> bytes:
        """The level of each character from `start` on."""
        return self.levels_of(self.values(branch, start, None))

    def levels_of(self, values: Values) -> bytes:
        """The level of each value."""
        found = np.searchsorted(self.bounds, values, side="right")
        return found.astype(np.uint8).tobytes()


def _ranges(bounds: tuple[float, ...]) -> tuple[str, ...]:
    middle = (f"{a:g}–{b:g}" for a, b in pairwise(bounds))
    return f"<{bounds[0]:g}", *middle, f">{bounds[-1]:g}"


def _kinds(branch: Branch, start: int, end: int | None) -> Values:
    return np.frombuffer(bytes(branch.kinds[start:end]), np.uint8)


_SURPRISAL_BOUNDS = (0.5, 2.0, 4.0, 7.0)
"""Bits between likely, plausible, a choice, a surprise, and against expectation."""
_ENTROPY_BOUNDS = (0.5, 1.0, 2.0, 3.0)

SURPRISAL = Colouring(
    "surprisal",
    "surprisal in bits",
    "bits",
    Branch.bits,
    _SURPRISAL_BOUNDS,
    _ranges(_SURPRISAL_BOUNDS),
)
_MODES = (
    SURPRISAL,
    Colouring(
        "rank",
        "rank among the candidates",
        "rank",
        Branch.ranks,
        (2, 11, 101),
        ("1", "2–10", "11–100", ">100"),
        styles=(0, 1, 3, 4),
    ),
    Colouring(
        "entropy",
        "entropy in bits: how open the choice was",
        "entropy",
        Branch.entropies,
        _ENTROPY_BOUNDS,
        _ranges(_ENTROPY_BOUNDS),
    ),
    Colouring(
        "origin",
        "where it comes from",
        "origin",
        _kinds,
        (1, 2, 3),
        ("the model", "the prompt", "picked", "typed"),
        styles=(0, 1, 2, 3),
        averaged=False,
    ),
)
COLOURINGS: Mapping[str, Colouring] = {mode.name: mode for mode in _MODES}
NO_COLOURS = "none"


def following(name: str) -> str:
    """The mode after this one, with none of them after the last."""
    names = (NO_COLOURS, *COLOURINGS)
    return names[(names.index(name) + 1) % len(names)]
