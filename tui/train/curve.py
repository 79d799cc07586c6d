"""The learning curve: training loss as a line, validation as diamonds, and labelled lines for what they are
compared with, so that colour is not needed."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from textual.app import ComposeResult
from textual.containers import Grid
from textual.strip import Strip
from textual_hires_canvas import Canvas
from textual_plot import HiResMode, PlotWidget
from textual_plot.axis_formatter import NumericAxisFormatter
from textual_plot.plot_widget import Legend

from engine.survey import Reference
from tui.train.follow import FloatArray, Series, Snapshot
from tui.train.frame import frame, label

VALIDATION_MARK = "◆"
_DOTS = 2
"""Columns of dots in a character cell."""
_AXES = 4
"""Rows that are no part of the picture: the title, the box, the steps."""
_BOX = 2
"""Columns of the box."""
_N_GRAM, _LIMIT = "·  ", "╌"
"""What the lines are made of."""
_TITLE = f"loss in nats: ⠒⠒ training  {VALIDATION_MARK} validation"


class _Canvas(Canvas):
    """Without the unstyled blank line of a canvas with no size yet, which NO_COLOR's filter cannot take."""

    def render_line(self, y: int) -> Strip:
        strip = super().render_line(y)
        return strip if strip.cell_length else Strip([])


class Curve(PlotWidget, can_focus=False):
    """Nats per character by step. Draws only what has changed."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "curve--train",
        "curve--validation",
        "curve--n-gram",
        "curve--limit",
    }
    DEFAULT_CSS = """
    Curve {
        border-top: solid $primary-muted;
        border-title-color: $text-muted;
        &> .curve--train { color: $primary; }
        &> .curve--validation { color: $text-warning; text-style: bold; }
        &> .curve--n-gram { color: $text-muted; }
        &> .curve--limit { color: $text-success; }
        &> .plot--axis { color: $foreground 30%; }
        &> .plot--tick { color: $text-muted; text-style: none; }
    }
    """

    def __init__(self, id: str | None = None) -> None:
        super().__init__(id=id, allow_pan_and_zoom=False)
        self._shown: tuple[object, ...] = ()
        self.border_title = _TITLE

    def compose(self) -> ComposeResult:
        with Grid():
            for name in ("margin-top", "margin-left", "plot", "margin-bottom"):
                yield _Canvas(1, 1, id=name)
        yield Legend(id="legend")

    def on_mount(self) -> None:
        self.margin_top, self.margin_bottom, self.margin_left = 0, 1, 7

    def show(self, snapshot: Snapshot | None) -> None:
        """Draw the losses of a run and what they are compared with; nothing where there are no losses."""
        train, validation, references = (
            (snapshot.train, snapshot.validation, snapshot.references)
            if snapshot
            else (Series.of(()), Series.of(()), ())
        )
        key = (len(train.steps), len(validation.steps), *train.nats[-1:], self.size, self.app.theme)
        key += (*train.steps[-1:], references)
        if key == self._shown:
            return
        self._shown = key
        self.clear()
        self.border_title = _TITLE
        steps = np.concatenate([train.steps, validation.steps])
        if not len(steps):
            return
        line = train.in_columns(max(2, self.size.width * _DOTS))
        marks = validation.in_columns(max(2, self.size.width))
        shown = frame(line, marks, references, self.size.height - _AXES)
        self.set_xlimits(float(steps.min()), float(max(steps.max(), steps.min() + 1)))
        self.set_ylimits(shown.low, shown.top)
        self.set_xticks(self._ticks(steps))
        for reference in shown.lines:
            self._draw(reference, (_LIMIT if reference.limit else _N_GRAM) * self.size.width)
        self.plot(
            line.steps[line.nats <= shown.top],
            line.nats[line.nats <= shown.top],
            line_style=self._style("train"),
            hires_mode=HiResMode.BRAILLE,
        )
        self.scatter(
            marks.steps[marks.nats <= shown.top],
            marks.nats[marks.nats <= shown.top],
            marker=VALIDATION_MARK,
            marker_style=self._style("validation"),
        )
        for reference in shown.lines:
            self._draw(reference, f"{label(reference)} ")
        self.border_title = "  ".join([_TITLE, *map(shown.where, shown.named)])

    def _draw(self, reference: Reference, text: str) -> None:
        """A text in the row of a reference, from the left edge to the right one at most."""
        width = max(1, self.size.width - self.margin_left - _BOX)
        style = self._style("limit" if reference.limit else "n-gram")
        low, high = self._x_min, self._x_max
        for char in dict.fromkeys(text):
            places = np.array([i for i, c in enumerate(text[:width]) if c == char])
            steps = low + (places + 0.5) * (high - low) / width
            self.scatter(
                steps, np.full(len(steps), reference.nats), marker=char, marker_style=style
            )

    def _ticks(self, steps: FloatArray) -> list[float]:
        """Steps to name on the axis, without those whose name the right edge would cut."""
        first, last = float(steps.min()), float(steps.max())
        if last <= first:
            return [first]
        width = max(1, self.size.width - self.margin_left)
        ticks = NumericAxisFormatter().get_ticks(first, last)
        return [t for t in ticks if (last - t) / (last - first) * width > len(f"{t:.0f}") / 2 + 1]

    def _style(self, name: str) -> str:
        return str(self.get_component_rich_style(f"curve--{name}"))
