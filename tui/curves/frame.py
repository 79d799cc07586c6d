"""The range of losses that a learning curve shows, and which references are drawn in it.

Positions, such as `low` and `top`, are measured along the axis, which may be logarithmic.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from engine.text.survey import Reference
from tui.curves.picture import Axis, FloatArray, round_places, row_of
from tui.curves.scale import NATS, Scale
from tui.curves.series import Series

_CALM = 0.1
"""The share of a run, at its start, whose training losses may be too high for the picture."""
_NEAR = 0.5
"""How far outside the losses a reference may be to be included, as a share of the losses' range."""
_FLATTEST = 0.05
"""The least range of the axis."""
_APART, _LEVELS = 14, 3
"""The least number of columns and of rows between the labels of an axis."""


@dataclass(frozen=True)
class Frame:
    """The range from `low` to `top`. The references `lines` are drawn in it; `named` are only listed."""

    low: float
    top: float
    lines: tuple[Reference, ...]
    named: tuple[Reference, ...]
    scale: Scale

    def where(self, reference: Reference) -> str:
        """The label of a reference that is not drawn, with an arrow if it is outside the range."""
        place = self.scale.place(reference.nats)
        side = " ↑" if place > self.top else " ↓" if place < self.low else ""
        return f"{self.label(reference)}{side}"

    def label(self, reference: Reference) -> str:
        """A reference's name and value."""
        return f"{reference.name} {self.scale.value(reference.nats):.2f}"

    def inside(self, series: Series) -> tuple[FloatArray, FloatArray]:
        """The steps and positions (N,) of the losses within the range."""
        places = self.scale.places(series.nats)
        inside = (places >= self.low) & (places <= self.top)
        return series.steps[inside], places[inside]

    def side(self, series: Series) -> str:
        """An arrow to where the newest loss lies, if it is outside the range."""
        newest = self.scale.places(series.nats[-1:])
        return " ↑" if any(newest > self.top) else " ↓" if any(newest < self.low) else ""

    def axes(self, first: float, last: float, columns: int, rows: int) -> tuple[Axis, Axis]:
        """The axes for steps and losses of a picture with this many cells."""
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
    """The frame of a curve that has losses, drawn in `rows` lines of text. `begins` says whether the curve
    starts at a run's first step.

    Limits are always included. Other references are included if they are in or near the range of the
    losses, so that distant ones do not flatten the curve. Of two references in the same row, the first is
    drawn.
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
    """The upper end of the losses in nats, without the high losses at the start, which would flatten the
    rest."""
    if not len(train.nats):
        return float(validation.nats.max())
    first = int(calm_from * len(train.nats))
    calm = train.nats[first:]
    late = validation.nats[validation.steps >= train.steps[first]]
    return float(max(calm.max(), *late, calm.min()))
