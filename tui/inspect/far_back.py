"""How far back: a network's loss by length of context, its gradient by lag, and what each character before
the cursor told."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from time import monotonic, sleep
from typing import ClassVar
from weakref import WeakKeyDictionary

import numpy as np
from rich.cells import cell_len
from textual import work
from textual.actions import SkipAction
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.worker import get_current_worker

from engine import names
from engine.errors import HeloError, UsageError
from engine.inspecting.latest import Latest
from engine.inspecting.memory import MOST, Memory, measure, told
from engine.network import modelfile
from engine.network.stepper import Stepper, log_softmax
from engine.runs import library
from engine.runs.usual_text import usual_text
from engine.words import counted
from tui.curves import reach
from tui.curves.ink import ink
from tui.curves.picture import AXIS, TICK, Row
from tui.curves.reach import FIRST, FIRST_MEDIAN, SECOND, SECOND_MEDIAN, Told
from tui.inspect.choice import Choice
from tui.inspect.panel import LEVELS, Place, Shades, TracePanel
from tui.inspect.rows import QUIET, beside, sentence, titled
from tui.text import one_line, symbol_name
from tui.told import in_app

FAR_BACK_BINDINGS: list[BindingType] = [
    Binding(
        "m", "other", "other model", id="inspect.other", tooltip="Draw another model over this one"
    ),
    Binding(
        "escape", "stop", "stop", show=False, id="inspect.stop", tooltip="Stop measuring, or pause"
    ),
    Binding(
        "enter", "measure", "measure", show=False, id="inspect.measure", tooltip="Measure after all"
    ),
]
_STYLES = {
    FIRST: "$primary",
    FIRST_MEDIAN: "$text-secondary",
    SECOND: "$text-warning",
    SECOND_MEDIAN: "$text-accent",
    AXIS: "$foreground 30%",
    TICK: "$foreground 60%",
    QUIET: "$foreground 60%",
}
_LAGS = 64
"""The characters before the cursor that are looked at."""
_REST = 0.1
"""Seconds that the cursor must rest before they are."""
_DARKEST = 1.0
"""Bits that the darkest shade stands for, and all above."""
_STACKED = 70
"""With fewer columns, one picture stands below the other."""
_HIGH, _LOW = 12, 7
"""The most and the fewest rows of a picture."""
_AROUND = 8
"""Rows for all else that should be seen with the pictures."""
_GIVES_WAY = 1.0
"""How long the measuring waits while the passage is written, as a multiple of the time it has worked."""
_MEASURING = "measuring"
_PAUSE = "Pause to see what each character told."


@dataclass(frozen=True)
class Measured:
    """How far back a model remembers in a text."""

    name: str
    memory: Memory
    source: str
    read: str | bytes
    """The text."""


_known: WeakKeyDictionary[Stepper, Measured] = WeakKeyDictionary()
_beside: WeakKeyDictionary[Stepper, Measured] = WeakKeyDictionary()
"""What was measured of the first and of the second model, as long as they are open."""


class _Stopped(HeloError):
    """The user stopped it."""


class FarBackPanel(TracePanel):
    """Both curves of one or two models, and what the characters before the cursor told. The curves are
    measured when the panel first shows a model."""

    BINDING_GROUP_TITLE = "How far back: the curves"
    BINDINGS: ClassVar[list[BindingType]] = FAR_BACK_BINDINGS
    title = "how far back"

    class _Measuring(Message):
        """How far the measuring is; empty once it is done."""

        def __init__(self, said: str) -> None:
            super().__init__()
            self.said = said

    class _Other(Message):
        """The second model."""

        def __init__(self, stepper: Stepper) -> None:
            super().__init__()
            self.stepper = stepper

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
        self._first: tuple[Stepper, Path | None] | None = None
        self._other: Stepper | None = None
        self._told: Told | None = None
        self._said = ""
        """How far the measuring is."""
        self._live = False
        """Whether the passage is being written."""

    # -- the cursor

    def look(self, place: Place) -> None:
        if self._first is None or self._first[0] is not place.stepper:
            self._first, self._told = (place.stepper, place.path), None
            self._measure()
        self._live = place.live
        if place.live:
            if self._told:
                self._tell(None)
                self.post_message(self.Shaded(self, None))
        else:
            super().look(place)

    def find(self, place: Place, found: Latest) -> Told | None:
        sleep(_REST)
        if self.overtaken:  # the cursor has gone on
            return None
        log_p = log_softmax(found.trace.logits[-1])
        alphabet, come = place.stepper.alphabet, place.came
        id = int(log_p.argmax()) if come is None else come
        ids = np.append(place.ids[-_LAGS:], id)
        bits = told(place.stepper, ids, len(ids) - 1, _LAGS)
        names = [symbol_name(alphabet.symbols[i], alphabet.units) for i in ids.tolist()]
        name = names.pop() + (", the likeliest to come" if come is None else "")
        return Told(name, [_narrow(n) for n in names], bits, float(-log_p[id] / math.log(2)))

    def show(self, place: Place, told: Told | None) -> None:
        if told:
            self._tell(told)
            self.post_message(self.Shaded(self, shades(told, place.index)))

    def _tell(self, told: Told | None) -> None:
        self._told = told
        self._present()

    # -- the measuring

    def action_stop(self) -> None:
        if not self._said.startswith(_MEASURING):
            raise SkipAction
        self.workers.cancel_group(self, "measure")
        self._said = "Stopped: Enter measures after all."
        self._present()

    def action_measure(self) -> None:
        self._measure()

    def action_other(self) -> None:
        models = sorted(set(names.models()))
        question = "Which model should be drawn over this one?"
        self.app.push_screen(
            Choice(question, ["none", *models], "draw it"), partial(self._chosen, models)
        )

    def _chosen(self, models: list[str], chosen: int | None) -> None:
        if chosen:
            self._open(models[chosen - 1])
        elif chosen == 0:
            self._other = None
            self._present()

    @work(thread=True, exclusive=True, group="open", exit_on_error=False)
    def _open(self, name: str) -> None:
        try:
            stepper = Stepper(modelfile.load(library.model_path(name)))
            if self._first and self._first[0].alphabet.units != stepper.alphabet.units:
                raise UsageError("one of the models counts bytes, the other characters")
            self.post_message(self._Other(stepper))
        except HeloError as error:
            self.notify(one_line(in_app(error)), severity="error", markup=False)

    def _on_far_back_panel__other(self, event: _Other) -> None:
        self._other = event.stepper
        self._measure()

    def _measure(self) -> None:
        if self._first and not self.measured:
            self._measure_in_thread(*self._first, self._other)
        self._present()

    @property
    def measured(self) -> bool:
        """Whether all models that are shown have been measured."""
        return all(self._measured)

    @property
    def _measured(self) -> list[Measured | None]:
        """What is known of the one or two models."""
        first = _known.get(self._first[0]) if self._first else None
        if self._other is None:
            return [first]
        second = _beside.get(self._other)
        return [first, second if first and second and second.read == first.read else None]

    @work(thread=True, exclusive=True, group="measure", exit_on_error=False)
    def _measure_in_thread(self, one: Stepper, path: Path | None, other: Stepper | None) -> None:
        worker, begun = get_current_worker(), monotonic()

        def say(text: str) -> None:
            if not worker.is_cancelled:
                self.post_message(self._Measuring(text))

        def report(name: str, done: int, of: int) -> None:
            nonlocal begun
            if worker.is_cancelled:
                raise _Stopped
            if self._live:  # most of the time is the writer's alone
                sleep(_GIVES_WAY * (monotonic() - begun))
            begun = monotonic()
            say(f"{_MEASURING} {one_line(name)}: {done / of:.0%} · Esc stops")

        try:
            if (first := _known.get(one)) is None:
                text, name = usual_text(one, path, MOST), one.model.name
                memory = measure(one, text.ids, partial(report, name))
                first = Measured(name, memory, text.source, text.content(one.alphabet))
                _known[one] = first
            if other:
                ids, name = other.alphabet.fit(first.read, strictly=True).ids, other.model.name
                memory = measure(other, ids, partial(report, name))
                _beside[other] = Measured(name, memory, first.source, first.read)
            say("")
        except _Stopped:
            return
        except HeloError as error:
            say(in_app(error))

    def _on_far_back_panel__measuring(self, event: _Measuring) -> None:
        self._said = event.said
        self._present()

    # -- what is shown

    def on_resize(self) -> None:
        self._present()

    def _present(self) -> None:
        width, height = self.scrollable_content_region.size
        if self.is_mounted and width:
            self.say_rows(self._rows(width, height), _STYLES)

    def _rows(self, width: int, height: int) -> list[Row]:
        rows = list[Row]()
        if told := self._told:
            rows += sentence(reach.told_words(told), width, "")
            rows += reach.told_rows(told, width)
        else:
            rows += sentence(_PAUSE, width)
        if self._said:
            rows += sentence(self._said, width, "")
        if found := [each for each in self._measured if each]:
            rows += pictures(found, width, height)
        if told:
            rows += sentence(f"{reach.TOLD_MEANS} {_SHADES}", width)
        return rows


_SHADES = (
    f"The text above is shaded by it: darkest from {_DARKEST:g} bit on; green told, red misled."
)


def shades(told: Told, index: int) -> Shades:
    """The text before character `index` by what it told of it."""
    gains = told.gains[::-1]
    levels = np.ceil(np.minimum(np.abs(gains) / _DARKEST, 1) * LEVELS - 0.2)
    return Shades(index - len(gains), (np.sign(gains) * np.maximum(levels, 0)).astype(np.int8))


def pictures(found: list[Measured], width: int, height: int) -> list[Row]:
    """Both curves of one or two models, with what they mean."""
    drawn = ink()
    names = [one_line(each.name) for each in found]
    contexts, lags = [m.memory.contexts for m in found], [m.memory.lags for m in found]
    wide = width >= _STACKED
    each = (width - 2) // 2 if wide else width
    high = min(_HIGH, max(_LOW, height - _AROUND))
    left = [
        titled([("loss by length of context", ""), *reach.loss_legend(names, drawn)], each),
        *reach.loss_picture(contexts, each, high, drawn),
    ]
    right = [
        titled([("gradient by lag", ""), *reach.gradient_legend(names, drawn)], each),
        *reach.gradient_picture(lags, each, high, drawn),
    ]
    rows = beside([left, right], each) if wide else [*left, *right]
    for name, one, style in zip(names, contexts, (FIRST, SECOND), strict=False):
        said = f"{name}: {reach.memory_words(one)}; with all the text {one.full:.3f} nats"
        rows += sentence(said, width, style)
    targets, gradients = contexts[0].targets, lags[0].targets
    over = (
        f"Over {counted(targets, 'prediction')} and {counted(gradients, 'gradient')} in "
        f"{found[0].source}."
    )
    for text in (reach.LOSS_MEANS, reach.GRADIENT_MEANS, one_line(over)):
        rows += sentence(text, width)
    return rows


def _narrow(name: str) -> str:
    """A symbol's name if it takes one or two cells, else a stand-in."""
    return name if cell_len(name) in (1, 2) else "·"
