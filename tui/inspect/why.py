"""Why this character: what speaks for a candidate and against another one, and when that was written."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from rich.cells import set_cell_size
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widgets import Static

from engine.inspecting.latest import Latest
from engine.inspecting.mean import Mean
from engine.inspecting.why import STRONGEST, Side, Why, Written, likeliest, unit_name, why, written
from engine.runs import habit
from tui import reasons
from tui.bars import bar
from tui.inspect.panel import LEVELS, Place, Shades, TracePanel
from tui.phrases import percent
from tui.text import symbol_name

_CANDIDATES = 10
_GAP = 2
_NUMBER = 8
"""Cells for a number with its sign."""
_FULL = 4.0
"""Nats that a full bar of habit and news stands for."""
_CHOICE = Binding.Group("candidates", compact=True)

WHY_BINDINGS: list[BindingType] = [
    Binding(
        "a",
        "choose(0, 1)",
        "a",
        id="inspect.a",
        tooltip="Explain the next candidate",
        group=_CHOICE,
    ),
    Binding(
        "b",
        "choose(1, 1)",
        "b",
        id="inspect.b",
        tooltip="compare it with the next candidate",
        group=_CHOICE,
    ),
    Binding(
        "A",
        "choose(0, -1)",
        show=False,
        id="inspect.a-back",
        tooltip="Explain the candidate before",
    ),
    Binding(
        "B",
        "choose(1, -1)",
        show=False,
        id="inspect.b-back",
        tooltip="Compare it with the candidate before",
    ),
]


@dataclass(frozen=True)
class Told:
    """All that the panel shows."""

    top: list[tuple[int, float]]
    """The candidates, from the likeliest, and how likely they are."""
    why: Why
    mean: Mean
    written: Written | None
    first: int
    """The first character of which `written` tells."""


class WhyPanel(TracePanel):
    """Habit and news of candidate a against b, unit by unit, and when it was written into the network."""

    BINDING_GROUP_TITLE = "Why: the candidates"
    BINDINGS: ClassVar[list[BindingType]] = WHY_BINDINGS
    title = "why"

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
        self._ranks = [0, 1]
        """Which candidates are a and b."""
        self._asked: Place | None = None
        self._told: Told | None = None

    def look(self, place: Place) -> None:
        if not place.same_as(self._asked):
            self._ranks = [0, 1]
        self._asked = place
        if habit.known_mean(place.stepper) is None:
            self.say(
                "Reading some thousand characters, to know the mean of each unit: once for a model, and "
                "for some seconds…"
            )
        super().look(place)

    def action_choose(self, which: int, way: int) -> None:
        """Another candidate as a (0) or b (1)."""
        if self._asked is None or self._told is None:
            return
        n, ranks = len(self._told.top), self._ranks
        ranks[which] = (ranks[which] + way) % n
        if ranks[0] == ranks[1]:
            ranks[which] = (ranks[which] + way) % n
        super().look(self._asked)

    def find(self, place: Place, found: Latest) -> Told | None:
        stepper, logits = place.stepper, found.trace.logits[-1]
        mean = habit.mean(stepper, place.path)
        top = likeliest(logits, len(logits))
        shown = [each for i, each in enumerate(top) if i < _CANDIDATES or each[0] == place.came]
        if len(shown) < 2:
            return None
        a, b = (shown[rank % len(shown)][0] for rank in self._ranks)
        return Told(
            shown,
            why(stepper, found.trace.outputs[-1], mean, a, b),
            mean,
            written(stepper, found.trace, a, b),
            found.first,
        )

    def show(self, place: Place, told: Told | None) -> None:
        self._told = told
        if told is None:
            self.say("The model knows only one character: there is nothing to choose.")
            return
        self._paint(place, told)
        self.post_message(self.Shaded(self, shades(told)))

    def on_resize(self) -> None:
        if self._told and self._asked:
            self._paint(self._asked, self._told)

    def _paint(self, place: Place, told: Told) -> None:
        """To lay out the screen again takes longer than all else, so it is done only where what is said has
        another height."""
        width = self.content_size.width
        content = painted(place, told, width)
        lines = len(content.wrap(max(1, width)))
        text = self.query_one(Static)
        text.update(content, layout=lines != text.size.height)


def shades(told: Told) -> Shades | None:
    """The text by when what decides was written: full where a character alone has written a quarter of
    all."""
    if told.written is None:
        return None
    pushes = told.written.pushes
    whole = max(float(np.abs(pushes).sum()), 1e-9)
    levels = np.ceil(np.minimum(np.abs(pushes) / whole * 4, 1) * LEVELS - 0.2)
    return Shades(told.first, (np.sign(pushes) * np.maximum(levels, 0)).astype(np.int8))


def painted(place: Place, told: Told, width: int) -> Content:
    """All of it in `width` cells."""
    alphabet = place.stepper.alphabet
    found = told.why
    a, b = (symbol_name(alphabet.symbols[id], alphabet.units) for id in (found.a, found.b))
    lines = [
        _candidates(place, told, width),
        _fact("log-odds", found.log_odds, reasons.times(found.log_odds, a, b)),
        _fact("habit", found.habit, "at the mean of each unit"),
        _fact("news", found.news, "what this text changes"),
        *([_lags(told.written)] if told.written else []),
        *_sides(place, found, a, b, width),
    ]
    habit = f"{reasons.HABIT} This is {reasons.mean_of(told.mean)}."
    last = reasons.WRITTEN + _SHADES if told.written else reasons.NEVER
    for sentence in (reasons.LOG_ODDS, habit, reasons.NEWS, last):
        lines += [Content(), Content.styled(sentence, _QUIET)]
    return Content("\n").join(lines)


_QUIET = "$foreground 60%"
_FOR, _AGAINST = "$text-success", "$text-error"
_SHADES = (
    " The text above is shaded by it: green speaks for the first candidate, red for the other; without "
    "colours the darkest mark is where most was written, for either."
)


def _candidates(place: Place, told: Told, width: int) -> Content:
    """The likeliest candidates in a line, as many as fit: always a, b, and the character that came."""
    alphabet, marks = place.stepper.alphabet, {told.why.a: "a: ", told.why.b: "b: "}
    styles = {told.why.a: f"bold {_FOR}", told.why.b: f"bold {_AGAINST}"}
    parts = {}
    for id, p in told.top:
        came = "▶" if id == place.came else ""
        text = f"{marks.get(id, '')}{came}{symbol_name(alphabet.symbols[id], alphabet.units)} {percent(p)}"
        parts[id] = Content.styled(text, styles.get(id, _QUIET))
    room = width + _GAP - sum(part.cell_length + _GAP for part in parts.values())
    for id in reversed([*parts]):
        if room < 0 and id not in (*marks, place.came):
            room += parts.pop(id).cell_length + _GAP
    return Content(" " * _GAP).join(parts.values())


def _fact(name: str, value: float, about: str) -> Content:
    style = _FOR if value >= 0 else _AGAINST
    drawn = bar(min(1.0, abs(value) / _FULL), 8)
    return Content.assemble(
        f"{name:<9}{reasons.signed(value):>7} ", (drawn, style), " ", (about, _QUIET)
    )


def _sides(place: Place, found: Why, a: str, b: str, width: int) -> list[Content]:
    """The units for a, and beside them those for b, with bars of one scale."""
    each = max(24, (width - _GAP) // 2)
    most = max((t.push for s in (found.towards, found.against) for t in s.units), default=1.0)
    one = _side(place, found.towards, f"for {a}", 1, each, most)
    other = _side(place, found.against, f"for {b}", -1, each, most)
    return [Content.assemble(x, " " * _GAP, y) for x, y in zip(one, other, strict=True)]


def _side(place: Place, side: Side, head: str, sign: int, width: int, most: float) -> list[Content]:
    style = _FOR if sign > 0 else _AGAINST
    name = max(len(unit_name(place.stepper, 0)) + 2, len("the other 1,000"))
    name = min(name, width - _NUMBER)
    room = max(0, width - name - _NUMBER)

    def row(what: str, push: float, drawn: str) -> Content:
        number = reasons.signed(sign * push, 3).rjust(_NUMBER - 1)
        return Content.assemble(
            set_cell_size(what, name), number, " ", (drawn.ljust(room)[:room], style)
        )

    rows = [Content.styled(set_cell_size(head, width), f"bold {style}")]
    for term in side.units:
        unit = unit_name(place.stepper, term.unit)
        rows.append(row(unit, term.push, bar(term.push / most, max(0, room - 1))))
    rows += [Content(" " * width)] * (STRONGEST - len(side.units))
    return [*rows, row(f"the other {side.others:,}", side.rest, "")]


def _lags(when: Written) -> Content:
    parts = [Content.styled("written", "bold")]
    for name, push in reasons.by_lag(when):
        style = _FOR if push >= 0 else _AGAINST
        parts.append(Content.assemble(f"{name} ", (reasons.signed(push), style)))
    return Content("  ").join(parts)
