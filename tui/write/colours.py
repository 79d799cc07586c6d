"""The surprisal of a character as a style: five levels that differ in colour and in other attributes."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from rich.style import Style

from engine.writing.sampling import Probs

BOUNDS = (0.5, 2.0, 4.0, 7.0)
"""Bits between the levels: likely, plausible, a choice, a surprise, against expectation."""


@dataclass(frozen=True)
class Palette:
    """The styles of a transcript under one theme."""

    written: Style
    given: Style
    chosen: Style
    ahead: Style
    note: Style
    cursor: Style
    surprise: tuple[Style, ...]
    """One per level of surprisal, from the likeliest."""


def levels(bits: Probs) -> bytes:
    """The level of surprisal (0 to 4) of each character, from bits (N,)."""
    return np.searchsorted(BOUNDS, bits, side="right").astype(np.uint8).tobytes()


def legend() -> list[str]:
    """The range of each level in bits, as text, from the likeliest."""
    low, *_ = BOUNDS
    middle = [f"{a:g}–{b:g}" for a, b in pairwise(BOUNDS)]
    return [f"<{low:g}", *middle, f">{BOUNDS[-1]:g}"]
