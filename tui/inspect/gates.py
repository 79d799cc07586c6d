"""Gates: how open they are over the text before the cursor, and at the cursor."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from time import sleep

from textual import work
from textual.message import Message

from engine.errors import HeloError
from engine.inspecting.counting import Counted, count_on
from engine.inspecting.gates import Gate, gate_names
from engine.network.stepper import Stepper
from engine.runs.newest import Newest, newest
from engine.words import counted
from tui.curves import openings
from tui.curves.ink import ink
from tui.curves.picture import Row
from tui.inspect.panel import Place, SlowPanel
from tui.inspect.rows import QUIET, beside, sentence, titled
from tui.text import one_line

_STYLES = {
    openings.DOTS: "$primary",
    openings.SORTED: "$text-warning",
    openings.AXIS: "$foreground 30%",
    QUIET: "$foreground 60%",
}
_WIDEST, _NARROWEST = 30, 16
"""The most and the fewest columns of a picture."""
_HIGH, _LOW = 9, 4
"""The most and the fewest rows of a picture."""
_GAP, _AROUND = 2, 3
"""Columns between two pictures, and rows for all else that should be seen with them."""
_REST = 0.1
"""Seconds that the cursor must rest before the text before it is read."""
_OFTEN = 2.0
"""Seconds between two looks at whether a training has replaced the model."""


class GatesPanel(SlowPanel):
    """A picture for each gate of each layer. While the model trains, its newest gates read the text."""

    title = "gates"

    class _Newer(Message):
        """A training has a newer model."""

        def __init__(self, place: Place, file: Newest, stepper: Stepper) -> None:
            super().__init__()
            self.place, self.file, self.stepper = place, file, stepper

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
        self._asked: Place | None = None
        self._file: Newest | None = None
        self._trained: Stepper | None = None
        """What was read of that file."""
        self._counts: Counted | None = None

    def on_mount(self) -> None:
        self.set_interval(_OFTEN, self._look_for_newer)

    def look(self, place: Place) -> None:
        if self._asked is None or place.stepper is not self._asked.stepper:
            self._file = self._trained = None
        self._asked = place
        stepper = self._trained or place.stepper
        if gate_names(stepper.cell, 1):
            super().look(replace(place, stepper=stepper))
        else:
            self.say(openings.NO_GATES)

    @work(thread=True, exclusive=True, group="newer", exit_on_error=False)
    def _look_for_newer(self) -> None:
        place = self._asked
        if place is None or place.path is None or not self.is_on_screen:
            return
        file = newest(place.path)
        if file is None or file == self._file:
            return
        try:
            model = file.load()
        except HeloError:
            return  # the one in memory stays
        old = place.stepper.model
        if (model.config, model.alphabet) == (old.config, old.alphabet):
            self.post_message(self._Newer(place, file, Stepper(model)))

    def _on_gates_panel__newer(self, event: _Newer) -> None:
        if self._asked and event.place.stepper is self._asked.stepper:
            self._file, self._trained = event.file, event.stepper
            self.look(self._asked)

    def find_slowly(self, place: Place) -> Counted | None:
        counts = self._counts
        if not place.live:
            sleep(_REST)
            if self.overtaken:
                return counts
        if counts is None or counts.stepper is not place.stepper:
            counts = Counted(place.stepper)
        counts = count_on(counts, place.ids)
        while len(counts) < len(place.ids):
            counts = count_on(counts, place.ids)
        return counts

    def show(self, place: Place, told: Counted | None) -> None:
        self._counts = told
        self._present()

    def on_resize(self) -> None:
        self._present()

    def _present(self) -> None:
        width, height = self.scrollable_content_region.size
        if self._counts is not None and width:
            self.say_rows(pictures(self._counts, width, height), _STYLES)


def pictures(counts: Counted, width: int, height: int) -> list[Row]:
    """All gates of a text, and those of its last step, with what they mean."""
    assert counts.tally
    gates, drawn = counts.tally.gates, ink()
    each = max(_NARROWEST, min(_WIDEST, width // len(gates) - _GAP))
    a_row = max(1, (width + _GAP) // (each + _GAP))
    lines = -(-len(gates) // a_row)
    high = max(_LOW, min(_HIGH, (height - _AROUND) // (2 * lines)))

    def grid(cell: Callable[[Gate], list[Row]]) -> list[Row]:
        found = list[Row]()
        for first in range(0, len(gates), a_row):
            found += beside([cell(gate) for gate in gates[first : first + a_row]], each, _GAP)
        return found

    def over_time(gate: Gate) -> list[Row]:
        head = titled([(openings.gate_words(gate, each), "")], each)
        return [head, *openings.saturation(gate, each, high - 1, drawn)]

    def at_cursor(gate: Gate) -> list[Row]:
        head = titled([(f"{gate.name.removeprefix('layers.')} at cursor", "")], each)
        return [head, *openings.in_order(counts.last[gate.name], each, high - 1, drawn)]

    rows = [*grid(over_time), *grid(at_cursor)]
    for kept in counts.tally.keeping:
        rows += sentence(openings.keeping_words(kept), width, "")
    model = counts.stepper.model
    over = f"Over the {counted(len(counts), 'character')} before the cursor, read by {model.name}"
    if model.history.steps:
        over += f" of step {model.history.steps:,}"
    explained = openings.MEANS, openings.SORTED_MEANS, openings.INTEGRATORS, openings.MEMORY
    for text in (one_line(f"{over}."), *explained, openings.UNLIKE_TRAINING):
        rows += sentence(text, width)
    return rows
