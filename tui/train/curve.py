"""The learning curve: training loss as a line, validation as diamonds, so that colour is not needed."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.containers import Grid
from textual.strip import Strip
from textual_hires_canvas import Canvas
from textual_plot import HiResMode, PlotWidget
from textual_plot.axis_formatter import NumericAxisFormatter
from textual_plot.plot_widget import Legend

from tui.train.follow import FloatArray, Series, Snapshot

VALIDATION_MARK = "◆"
_DOTS = 2
"""Columns of dots in a character cell."""
_CALM = 0.1
"""Share of the training points, the first, that may leave the picture at its top."""


class _Canvas(Canvas):
    """Without the unstyled blank line of a canvas with no size yet, which NO_COLOR's filter cannot take."""

    def render_line(self, y: int) -> Strip:
        strip = super().render_line(y)
        return strip if strip.cell_length else Strip([])


class Curve(PlotWidget, can_focus=False):
    """Nats per character by step. Draws only what has changed."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {"curve--train", "curve--validation"}
    DEFAULT_CSS = """
    Curve {
        border-top: solid $primary-muted;
        border-title-color: $text-muted;
        &> .curve--train { color: $primary; }
        &> .curve--validation { color: $text-warning; text-style: bold; }
        &> .plot--axis { color: $foreground 30%; }
        &> .plot--tick { color: $text-muted; text-style: none; }
    }
    """

    def __init__(self, id: str | None = None) -> None:
        super().__init__(id=id, allow_pan_and_zoom=False)
        self._shown: tuple[object, ...] = ()
        self.border_title = f"loss in nats: ⠒⠒ training  {VALIDATION_MARK} validation"

    def compose(self) -> ComposeResult:
        with Grid():
            for name in ("margin-top", "margin-left", "plot", "margin-bottom"):
                yield _Canvas(1, 1, id=name)
        yield Legend(id="legend")

    def on_mount(self) -> None:
        self.margin_top, self.margin_bottom, self.margin_left = 0, 1, 7

    def show(self, snapshot: Snapshot | None) -> None:
        """Draw the losses of a run; nothing where there are none."""
        train, validation = (
            (snapshot.train, snapshot.validation) if snapshot else (Series.of(()), Series.of(()))
        )
        key = (len(train.steps), len(validation.steps), *train.nats[-1:], self.size, self.app.theme)
        key += (*train.steps[-1:],)
        if key == self._shown:
            return
        self._shown = key
        self.clear()
        if not len(train.steps) and not len(validation.steps):
            return
        line = train.in_columns(max(2, self.size.width * _DOTS))
        top = _top(line, validation)
        self.set_ylimits(None, top)
        self.set_xticks(self._ticks(line.steps if len(line.steps) else validation.steps))
        self.plot(
            line.steps[line.nats <= top],
            line.nats[line.nats <= top],
            line_style=self._style("train"),
            hires_mode=HiResMode.BRAILLE,
        )
        marks = validation.in_columns(max(2, self.size.width))
        self.scatter(
            marks.steps[marks.nats <= top],
            marks.nats[marks.nats <= top],
            marker=VALIDATION_MARK,
            marker_style=self._style("validation"),
        )

    def _ticks(self, steps: FloatArray) -> list[float]:
        """Steps to name on the axis, without those whose name the right edge would cut."""
        first, last = float(steps[0]), float(steps[-1])
        if last <= first:
            return [first]
        width = max(1, self.size.width - self.margin_left)
        ticks = NumericAxisFormatter().get_ticks(first, last)
        return [t for t in ticks if (last - t) / (last - first) * width > len(f"{t:.0f}") / 2 + 1]

    def _style(self, name: str) -> str:
        return str(self.get_component_rich_style(f"curve--{name}"))


def _top(train: Series, validation: Series) -> float:
    """The upper end of the axis: what the first moments lose must not flatten all that follows."""
    if not len(train.nats):
        return float(validation.nats.max()) + 0.05
    calm = train.nats[int(_CALM * len(train.nats)) :]
    late = validation.nats[validation.steps >= train.steps[int(_CALM * len(train.nats))]]
    return float(max(calm.max(), *late, calm.min() + 0.05))
