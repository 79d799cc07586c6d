"""The learning curve: training loss as a line, validation loss as diamonds, marks for changes, and labelled
lines for comparison. Everything can be told apart without colour."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import accumulate, takewhile
from time import monotonic

import numpy as np
from textual.content import Content

from engine.runs.events import Changed, Event, Extended, RolledBack
from engine.text.survey import Reference
from tui.curves.frame import frame
from tui.curves.ink import LINE, ink
from tui.curves.picture import AXIS, BELOW, BESIDE, TICK, WIDE, FloatArray, Picture
from tui.curves.scale import View
from tui.curves.series import joined
from tui.figures.snapshot import Snapshot
from tui.train.compare import Other
from tui.train.steady import Steady

VALIDATION_MARK = "◆"
_CHANGES: dict[type[Changed | RolledBack | Extended], tuple[str, str]] = {
    Changed: ("▲", "changed"),
    RolledBack: ("◀", "went back"),
    Extended: ("►", "continued"),
}
"""The mark and the name of each kind of change."""
_OFTEN = 3.0
"""Least seconds between redraws if only the training line has grown. Drawing takes time from the
training."""
_ENDS = 4
"""Border columns around the title."""
_N_GRAM, _LIMIT = "·  ", "╌"
"""The characters that the lines consist of."""
_STYLES = {
    "training": "$primary",
    "validation": "bold $text-warning",
    "other": "$text-secondary",
    "change": "$text-accent",
    "sample": "$foreground 60%",
    "n-gram": "$foreground 60%",
    "limit": "$text-success",
    AXIS: "$foreground 30%",
    TICK: "$foreground 60%",
}


class Curve(Steady):
    """Loss per character by step."""

    DEFAULT_CSS = """
    Curve {
        height: 1fr;
        text-wrap: nowrap;
        border-top: solid $primary-muted;
        border-title-color: $text-muted;
    }
    """

    def __init__(self, id: str) -> None:
        super().__init__(id=id)
        self._shown: tuple[object, ...] = ()
        self._newest = self._drawn = 0.0
        """The last step of the training line when it was drawn, and the time of drawing."""
        self._ink = ink()
        self.border_title = self._title(View())

    def show(
        self,
        snapshot: Snapshot,
        view: View,
        at: int | None = None,
        others: tuple[Other, ...] = (),
    ) -> None:
        """Draw the losses of a run and what they are compared with; nothing if there are no losses. `at` is
        a step to mark."""
        train, validation, references = snapshot.train, snapshot.validation, snapshot.references
        key: tuple[object, ...] = (len(validation.steps), self.content_size, snapshot.status.word)
        key += (bool(len(train.steps)), snapshot.partial)
        key += (references, len(snapshot.changes), view, at)
        key += tuple(
            (o.mark, o.name, o.corpus, len(o.validation.steps), *o.validation.nats[-1:])
            for o in others
        )
        columns, rows = self.content_size.width - BESIDE, self.content_size.height - BELOW
        if key == self._shown and not self._has_grown(train.steps, view.part / max(1, columns)):
            return
        self._shown, self._drawn = key, monotonic()
        self._newest = train.steps[-1] if len(train.steps) else 0.0
        every = [validation, *(other.validation for other in others)]
        steps = np.concatenate([train.steps, *(s.steps for s in every)])
        if not len(steps) or columns < 1 or rows < 1:
            self.tell("")
            self.border_title = self._title(view, snapshot.validates)
            return
        first, last = float(steps.min()), float(steps.max())
        first = last - view.part * (last - first)
        line = train.since(first).in_columns(columns * WIDE)
        every = [s.since(first).in_columns(columns) for s in every]
        texts = ["", *(other.corpus for other in others)]
        own = joined(s for s, another in zip(every, texts, strict=True) if not another)
        fitting = own if len(own.steps) or len(line.steps) else joined(every)
        shown = frame(line, fitting, references, rows, view.scale, begins=view.part == 1)
        picture = Picture(columns, rows, *shown.axes(first, last, columns, rows), self._ink)
        if at is not None and first <= at <= last:
            picture.upright(at, "┊", "sample")
        for reference in shown.lines:
            text = (_LIMIT if reference.limit else _N_GRAM) * columns
            picture.across(view.scale.place(reference.nats), text, _kind(reference))
        picture.line(*shown.inside(line), "training")
        for other, marks in zip(others, every[1:], strict=True):
            picture.marks(*shown.inside(marks), other.mark, "other")
        picture.marks(*shown.inside(every[0]), VALIDATION_MARK, "validation")
        for reference in shown.lines:
            place, label = view.scale.place(reference.nats), f" {shown.label(reference)} "
            picture.across(place, label, _kind(reference), _room(picture, place, len(label)))
        changes = [change for change in snapshot.changes if first <= change.step <= last]
        names = [
            f"{self._ink.text(o.mark)} {o.name}{shown.side(o.validation)}"
            f"{' on another text' if o.corpus else ''}"
            for o in others
        ]
        marked = (_mark(picture, changes, kind) for kind in _CHANGES)
        names += [self._ink.text(name) for name in marked if name]
        names += map(shown.where, shown.named)
        room = self.content_size.width - _ENDS
        self.border_title = _fitting(self._title(view, snapshot.validates), names, room)
        self.tell(_content(picture))

    def _title(self, view: View, validates: bool = True) -> str:
        validation = f"{VALIDATION_MARK} validation" if validates else "no validation"
        return self._ink.text(f" loss in {view.name}: {LINE * 2} training  {validation} ")

    def _has_grown(self, steps: FloatArray, column: float) -> bool:
        """Whether the training line has grown by a column of the picture since it was drawn. `column` is
        the width of a column as a share of the run."""
        if not len(steps) or monotonic() - self._drawn < _OFTEN:
            return False
        return bool(steps[-1] - self._newest >= max(1.0, column * (steps[-1] - steps[0])))


def _room(picture: Picture, place: float, length: int) -> int:
    """The column for the label of a line: one where it covers no loss, or at least no mark."""
    lines = {"n-gram", "limit"}
    return picture.room(place, length, lines) or picture.room(place, length, {*lines, "training"})


def _kind(reference: Reference) -> str:
    return "limit" if reference.limit else "n-gram"


def _mark(
    picture: Picture, changes: Iterable[Event], kind: type[Changed | RolledBack | Extended]
) -> str:
    """Draw the changes of one kind as marks at the foot of the picture. Returns the mark with its name, or
    an empty text if there are none."""
    steps = np.array([float(c.step) for c in changes if isinstance(c, kind)])
    if not len(steps):
        return ""
    mark, name = _CHANGES[kind]
    picture.at_foot(steps, mark, "change", list(_CHANGES).index(kind))
    return f"{mark} {name}"


def _content(picture: Picture) -> Content:
    """A picture with its axes, in the colours of the theme."""
    rows = picture.framed()
    lines = ([(text, _STYLES.get(style, "")) for text, style in row] for row in rows)
    return Content("\n").join(Content.assemble(*line) for line in lines)


def _fitting(title: str, names: Iterable[str], width: int) -> Content:
    """A title and as many of the names as fit, so that none is cut."""
    titles = accumulate((title, *names), lambda before, name: f"{before} {name} ")
    return Content(
        max(takewhile(lambda longer: len(longer) <= width, titles), key=len, default=title)
    )
