"""The learning curve: training loss as a line, validation as diamonds, marks for what was changed, and
labelled lines for what the losses are compared with, so that colour is not needed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from time import monotonic
from typing import ClassVar

import numpy as np
from rich.style import Style
from textual.app import ComposeResult
from textual.containers import Grid
from textual.content import Content
from textual.geometry import Region
from textual.strip import Strip
from textual_hires_canvas import Canvas
from textual_plot import HiResMode, PlotWidget
from textual_plot.axis_formatter import NumericAxisFormatter
from textual_plot.plot_widget import Legend

from engine.events import Changed, Event, RolledBack
from engine.survey import Reference
from tui.train.compare import Other
from tui.train.follow import FloatArray, Series, Snapshot, joined
from tui.train.frame import Frame, frame
from tui.train.scale import View, is_far, log_ticks

VALIDATION_MARK = "◆"
_CHANGES: dict[type[Changed | RolledBack], tuple[str, str]] = {
    Changed: ("▲", "changed"),
    RolledBack: ("◀", "went back"),
}
"""The marks of what was done to a run, and what they are called."""
_OFTEN = 2.0
"""Seconds between two drawings of a training line that only grew: they take from the training."""
_DOTS = 2
"""Columns of dots in a character cell."""
_AXES = 4
"""Rows that are no part of the picture: the title, the box, the steps."""
_BOX = 2
"""Columns of the box."""
_N_GRAM, _LIMIT = "·  ", "╌"
"""What the lines are made of."""


class LossAxis(NumericAxisFormatter):
    """Ticks of an axis whose places are the logarithms of the values."""

    def get_ticks(self, min_: float, max_: float, max_ticks: int = 8) -> list[float]:
        low, high = float(np.exp(min_)), float(np.exp(max_))
        far = is_far(low, high)
        values = log_ticks(low, high) if far else super().get_ticks(low, high, max_ticks)
        return [float(np.log(value)) for value in values if value > 0]

    def get_labels_for_ticks(self, ticks: Sequence[float]) -> list[str]:
        return [f"{np.exp(tick):.6g}" for tick in ticks]


class _Canvas(Canvas):
    """Asks for its style once a picture and not in each line, and is without the unstyled blank line of a
    canvas with no size yet, which NO_COLOR's filter cannot take."""

    _style: Style | None = None

    @property
    def rich_style(self) -> Style:
        return self._style or super().rich_style

    def render_lines(self, crop: Region) -> list[Strip]:
        self._style = None
        self._style = self.rich_style
        return super().render_lines(crop)

    def render_line(self, y: int) -> Strip:
        strip = super().render_line(y)
        return strip if strip.cell_length else Strip([])


class Curve(PlotWidget, can_focus=False):
    """Loss per character by step. Draws only what has changed."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "curve--train",
        "curve--validation",
        "curve--other",
        "curve--change",
        "curve--sample",
        "curve--n-gram",
        "curve--limit",
    }
    DEFAULT_CSS = """
    Curve {
        border-top: solid $primary-muted;
        border-title-color: $text-muted;
        &> .curve--train { color: $primary; }
        &> .curve--validation { color: $text-warning; text-style: bold; }
        &> .curve--other { color: $text-secondary; }
        &> .curve--change { color: $text-accent; }
        &> .curve--sample { color: $foreground 60%; }
        &> .curve--n-gram { color: $text-muted; }
        &> .curve--limit { color: $text-success; }
        &> .plot--axis { color: $foreground 30%; }
        &> .plot--tick { color: $text-muted; text-style: none; }
    }
    """

    def __init__(self, id: str | None = None) -> None:
        super().__init__(id=id, allow_pan_and_zoom=False)
        self._shown: tuple[object, ...] = ()
        self._grown: tuple[float, ...] = ()
        """What was known of the training loss when it was drawn."""
        self._drawn = 0.0
        self.border_title = _title(View())

    def compose(self) -> ComposeResult:
        with Grid():
            for name in ("margin-top", "margin-left", "plot", "margin-bottom"):
                yield _Canvas(1, 1, id=name)
        yield Legend(id="legend")

    def on_mount(self) -> None:
        self.margin_top, self.margin_bottom, self.margin_left = 0, 1, 7

    def show(
        self,
        snapshot: Snapshot,
        view: View,
        at: int | None = None,
        others: tuple[Other, ...] = (),
    ) -> None:
        """Draw the losses of a run and what they are compared with; nothing where there are no losses.
        `at` is a step to mark."""
        train, validation, references = snapshot.train, snapshot.validation, snapshot.references
        key: tuple[object, ...] = (
            len(validation.steps),
            self.size,
            self.app.theme,
            snapshot.status.word,
        )
        key += (bool(len(train.steps)), snapshot.partial)
        key += (references, len(snapshot.changes), view, at)
        key += tuple(
            (o.mark, o.name, len(o.validation.steps), *o.validation.nats[-1:]) for o in others
        )
        grown = (len(train.steps), *train.steps[-1:], *train.nats[-1:])
        if key == self._shown and (grown == self._grown or monotonic() - self._drawn < _OFTEN):
            return
        self._shown, self._grown, self._drawn = key, grown, monotonic()
        self.clear()
        self.border_title = _title(view)
        every = [validation, *(other.validation for other in others)]
        steps = np.concatenate([train.steps, *(s.steps for s in every)])
        if not len(steps):
            return
        first, last = float(steps.min()), float(steps.max())
        first = last - view.part * (last - first)
        line = train.since(first).in_columns(max(2, self.size.width * _DOTS))
        every = [s.since(first).in_columns(max(2, self.size.width)) for s in every]
        rows = self.size.height - _AXES
        shown = frame(line, joined(every), references, rows, view.scale, begins=view.part == 1)
        end = max(last, first + 1)
        margin = (end - first) / (2 * max(1, self.size.width))
        self.set_xlimits(first, end + margin)  # a mark at the very end would be the box
        self.set_ylimits(shown.low, shown.top)
        self.set_y_formatter(LossAxis() if view.scale.logarithmic else NumericAxisFormatter())
        self.set_xticks(self._ticks(first, last))
        if at is not None and at >= first:
            heights = np.linspace(shown.low, shown.top, 2 * max(1, rows))
            here = np.full(len(heights), float(at))
            self.scatter(here, heights, marker="│", marker_style=self._style("sample"))
        for reference in shown.lines:
            text = (_LIMIT if reference.limit else _N_GRAM) * self.size.width
            self._draw(shown, reference, text)
        steps, places = _inside(shown, line)
        self.plot(steps, places, line_style=self._style("train"), hires_mode=HiResMode.BRAILLE)
        for other, marks in zip(others, every[1:], strict=True):
            self._mark(shown, marks, other.mark, "other")
        self._mark(shown, every[0], VALIDATION_MARK, "validation")
        for reference in shown.lines:
            self._draw(shown, reference, f"{shown.label(reference)} ")
        changes = [change for change in snapshot.changes if change.step >= first]
        names = [f"{o.mark} {o.name}" for o in others]
        names += [name for kind in _CHANGES if (name := self._draw_changes(shown, changes, kind))]
        named = map(shown.where, shown.named)
        self.border_title = Content("  ".join([_title(view), *names, *named]))
        with self.query_one("#plot", _Canvas).batch_refresh():
            self.render()  # now, so that the canvas is painted with the rest and not once more after it

    def _mark(self, shown: Frame, series: Series, marker: str, style: str) -> None:
        """A mark at each loss."""
        self.scatter(*_inside(shown, series), marker=marker, marker_style=self._style(style))

    def _draw_changes(
        self, shown: Frame, changes: Iterable[Event], kind: type[Changed | RolledBack]
    ) -> str:
        """Marks at the foot of the picture; returns what they are called where there are any."""
        steps = np.array([float(c.step) for c in changes if isinstance(c, kind)])
        if not len(steps):
            return ""
        mark, name = _CHANGES[kind]
        feet = np.full(len(steps), shown.low)
        self.scatter(steps, feet, marker=mark, marker_style=self._style("change"))
        return f"{mark} {name}"

    def _draw(self, shown: Frame, reference: Reference, text: str) -> None:
        """A text in the row of a reference, from the left edge to the right one at most."""
        width = max(1, self.size.width - self.margin_left - _BOX)
        style = self._style("limit" if reference.limit else "n-gram")
        low, high = self._x_min, self._x_max
        for char in dict.fromkeys(text):
            places = np.array([i for i, c in enumerate(text[:width]) if c == char])
            steps = low + (places + 0.5) * (high - low) / width
            row = np.full(len(steps), shown.scale.place(reference.nats))
            self.scatter(steps, row, marker=char, marker_style=style)

    def _ticks(self, first: float, last: float) -> list[float]:
        """Steps to name on the axis, without those whose name the right edge would cut."""
        if last <= first:
            return [first]
        width = max(1, self.size.width - self.margin_left)
        ticks = NumericAxisFormatter().get_ticks(first, last)
        return [t for t in ticks if (last - t) / (last - first) * width > len(f"{t:.0f}") / 2 + 1]

    def _style(self, name: str) -> str:
        return str(self.get_component_rich_style(f"curve--{name}"))


def _title(view: View) -> str:
    return f"loss in {view.name}: ⠒⠒ training  {VALIDATION_MARK} validation"


def _inside(shown: Frame, series: Series) -> tuple[FloatArray, FloatArray]:
    """The steps and places of the losses that do not leave the picture at its top."""
    places = shown.scale.places(series.nats)
    return series.steps[places <= shown.top], places[places <= shown.top]
