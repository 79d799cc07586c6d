"""The learning curve: training loss as a line, validation as diamonds, so that colour is not needed."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from textual_plot import HiResMode, PlotWidget

from tui.train.follow import Series, Snapshot

VALIDATION_MARK = "◆"
_DOTS = 2
"""Columns of dots in a character cell."""
_CALM = 0.1
"""Share of the training points, the first, that may leave the picture at its top."""


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
        self.plot(
            line.steps,
            np.minimum(line.nats, top),
            line_style=self._style("train"),
            hires_mode=HiResMode.BRAILLE,
        )
        marks = validation.in_columns(max(2, self.size.width))
        self.scatter(
            marks.steps,
            np.minimum(marks.nats, top),
            marker=VALIDATION_MARK,
            marker_style=self._style("validation"),
        )

    def _style(self, name: str) -> str:
        return str(self.get_component_rich_style(f"curve--{name}"))


def _top(train: Series, validation: Series) -> float:
    """The upper end of the axis: what the first moments lose must not flatten all that follows."""
    if not len(train.nats):
        return float(validation.nats.max()) + 0.05
    calm = train.nats[int(_CALM * len(train.nats)) :]
    late = validation.nats[validation.steps >= train.steps[int(_CALM * len(train.nats))]]
    return float(max(calm.max(), *late, calm.min() + 0.05))
