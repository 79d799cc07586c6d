"""The stretch of losses that a learning curve shows, and which references stand in it; knows no screens."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from engine.survey import Reference
from tui.train.follow import Series

_CALM = 0.1
"""Share of the training points, the first, that may leave the picture at its top."""
_NEAR = 0.5
"""How far outside of the losses, as a share of their stretch, the picture still grows to a reference."""
_FLATTEST = 0.05
"""The least stretch in nats."""


@dataclass(frozen=True)
class Frame:
    """Losses from `low` to `top` in nats; of the references some are lines in it, the others are named."""

    low: float
    top: float
    lines: tuple[Reference, ...]
    named: tuple[Reference, ...]

    def where(self, reference: Reference) -> str:
        """A reference that is no line, with its value and a sign where it lies outside."""
        side = " ↑" if reference.nats > self.top else " ↓" if reference.nats < self.low else ""
        return f"{label(reference)}{side}"


def label(reference: Reference) -> str:
    """A reference with its value."""
    return f"{reference.name} {reference.nats:.2f}"


def frame(train: Series, validation: Series, references: Iterable[Reference], rows: int) -> Frame:
    """The frame of a curve that has losses, `rows` lines of text high.

    A limit is always in it, another reference where it lies in or near the losses: far ones must not
    flatten the curve. Of two in the same row the first is the line.
    """
    top = _top(train, validation)
    limits = [reference.nats for reference in references if reference.limit]
    low = float(min(*train.nats, *validation.nats, top, *limits))
    top = max(top, low + _FLATTEST, *limits)
    margin = _NEAR * (top - low)
    near = [r for r in references if low - margin <= r.nats <= top + margin]
    ends = [low, top, *(r.nats for r in near)]
    low, top = min(ends), max(ends)
    top += (top - low) / (2 * max(1, rows))  # a line at the very top would be the box
    taken, lines = set[int](), []
    for reference in near:
        row = math.ceil((top - reference.nats) / (top - low) * rows)
        if row not in taken:
            lines.append(reference)
            taken.add(row)
    return Frame(low, top, tuple(lines), tuple(r for r in references if r not in lines))


def _top(train: Series, validation: Series) -> float:
    """The upper end of the losses: what the first moments lose must not flatten all that follows."""
    if not len(train.nats):
        return float(validation.nats.max())
    calm = train.nats[int(_CALM * len(train.nats)) :]
    late = validation.nats[validation.steps >= train.steps[int(_CALM * len(train.nats))]]
    return float(max(calm.max(), *late, calm.min()))
