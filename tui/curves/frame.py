"""The stretch of losses that a learning curve shows, and which references stand in it; knows no screens.

What is low and high is measured on the curve's axis, whatever its scale."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from engine.text.survey import Reference
from tui.curves.picture import Axis, FloatArray, round_places, row_of
from tui.curves.scale import NATS, Scale
from tui.curves.series import Series

_CALM = 0.1
"""Share of a run's training points, the first, that may leave the picture at its top."""
_NEAR = 0.5
"""How far outside of the losses, as a share of their stretch, the picture still grows to a reference."""
_FLATTEST = 0.05
"""The least stretch of the axis."""
_APART, _LEVELS = 14, 3
"""Columns and rows from one name on an axis to the next, at least."""


@dataclass(frozen=True)
class Frame:
    """What lies from `low` to `top`; of the references some are lines in it, the others are named."""

    low: float
    top: float
    lines: tuple[Reference, ...]
    named: tuple[Reference, ...]
    scale: Scale

    def where(self, reference: Reference) -> str:
        """A reference that is no line, with its value and a sign where it lies outside."""
        place = self.scale.place(reference.nats)
        side = " ↑" if place > self.top else " ↓" if place < self.low else ""
        return f"{self.label(reference)}{side}"

    def label(self, reference: Reference) -> str:
        """A reference with its value."""
        return f"{reference.name} {self.scale.value(reference.nats):.2f}"

    def inside(self, series: Series) -> tuple[FloatArray, FloatArray]:
        """The steps and places (N,) of the losses that do not leave the picture at its top."""
        places = self.scale.places(series.nats)
        return series.steps[places <= self.top], places[places <= self.top]

    def axes(self, first: float, last: float, columns: int, rows: int) -> tuple[Axis, Axis]:
        """The axis of the steps and that of the losses, of a picture with so many cells."""
        last = max(last, first + 1)
        steps = round_places(first, last, columns // _APART)
        names = {step: f"{step:,.0f}" for step in steps if step == int(step)}
        losses = self.scale.ticks(self.low, self.top, max(2, rows // _LEVELS))
        return Axis(first, last, names), Axis(self.low, self.top, losses)


def frame(
    train: Series,
    validation: Series,
    references: Iterable[Reference],
    rows: int,
    scale: Scale = NATS,
    begins: bool = True,
) -> Frame:
    """The frame of a curve that has losses, `rows` lines of text high; `begins` says whether they are
    those of a whole run, from its first step on.

    A limit is always in it, another reference where it lies in or near the losses: far ones must not
    flatten the curve. Of two in the same row the first is the line.
    """
    places = {reference: scale.place(reference.nats) for reference in references}
    limits = [place for reference, place in places.items() if reference.limit]
    top = scale.place(_top(train, validation, _CALM if begins else 0.0))
    low = min(*scale.places(train.nats), *scale.places(validation.nats), top, *limits)
    top = max(top, low + _FLATTEST, *limits)
    margin = _NEAR * (top - low)
    near = [r for r, place in places.items() if low - margin <= place <= top + margin]
    ends = [low, top, *(places[r] for r in near)]
    low, top = float(min(ends)), float(max(ends))
    taken, lines = set[int](), []
    for reference in near:
        row = row_of(places[reference], Axis(low, top), max(1, rows))
        if row not in taken:
            lines.append(reference)
            taken.add(row)
    named = tuple(r for r in references if r not in lines)
    return Frame(low, top, tuple(lines), named, scale)


def _top(train: Series, validation: Series, calm_from: float) -> float:
    """The upper end of the losses in nats: what the first moments lose must not flatten the rest."""
    if not len(train.nats):
        return float(validation.nats.max())
    first = int(calm_from * len(train.nats))
    calm = train.nats[first:]
    late = validation.nats[validation.steps >= train.steps[first]]
    return float(max(calm.max(), *late, calm.min()))
