"""The colours of one unit: what it was after each character of the passage, traced as the passage grows."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from itertools import pairwise
from time import monotonic
from typing import Protocol

import numpy as np
from textual.widget import Widget

from engine.errors import HeloError, UsageError
from engine.inspecting.trace import BLOCK, Values, trace, unit
from engine.network.stepper import States, Stepper
from engine.vocab import Ids
from tui.write.branch import Branch
from tui.write.colours import Colouring
from tui.write.colours import Values as Told
from tui.write.legend import Legend
from tui.write.painting import Look
from tui.write.passage import Passage
from tui.write.transcript import Transcript

_OFTEN = 0.2
"""Seconds between two looks at the passage."""
_FARTHEST, _NEAR = 0.6, 0.2
"""Between the levels on either side of 0, as shares of the farthest value."""
_STYLES = (4, 3, 0, 1, 2)
"""Red, yellow, grey, blue, green."""
_GROWN = 1.25
"""The scale is drawn anew while the text is written only if a value is so much farther from 0."""


class Coloured(Protocol):
    """The Write screen."""

    @property
    def passage(self) -> Passage | None: ...

    @property
    def writing(self) -> bool: ...

    def complain(self, error: HeloError) -> None:
        """Say what is wrong."""


@dataclass(frozen=True)
class Traced:
    """A unit's values (N,) after each of the ids (N,), and the state after them."""

    stepper: Stepper
    ids: Ids
    values: Values
    after: States


class UnitColour(Widget, can_focus=False):
    """Colours the transcript: by a mode, or the newest passage by a unit. Is not seen itself."""

    DEFAULT_CSS = "UnitColour { display: none; }"

    def __init__(self, host: Coloured) -> None:
        super().__init__()
        self._host = host
        self._unit, self._scale = "", 0.0
        self._traced: Traced | None = None
        self._busy = self._settled = False

    def on_mount(self) -> None:
        self.set_interval(_OFTEN, self._look)

    def begin(self, name: str) -> None:
        """Colour by a unit such as `layers.1.c[368]`.

        Raises UsageError if there is no passage of one model to colour, or that is no unit of it, and
        NotFoundError if the model has no such unit.
        """
        passage = self._host.passage
        if passage is None:
            raise UsageError("/colour unit needs a passage: write one first")
        if not isinstance(stepper := passage.generation.stepper, Stepper):
            raise UsageError("two models write this passage: a unit is of one")
        unit(stepper, name)
        self.end()
        self._unit = name
        self._look()

    def end(self, instead: Colouring | None = None) -> None:
        """Colour by another mode, or none."""
        self._unit, self._traced, self._scale = "", None, 0.0
        self._show(instead)

    def _show(self, colouring: Colouring | None) -> None:
        look = Look(colouring, digits=self.app.no_color)
        self.screen.query_one(Transcript).take(look)
        self.screen.query_one(Legend).show(look)

    def values(self, branch: Branch, start: int, end: int | None) -> Told:
        """What is known of the characters [start, end) of a branch."""
        if (traced := self._traced) is None or branch.generation.stepper is not traced.stepper:
            return np.zeros(0)
        known = traced.values[: _common(traced.ids, branch.ids())]
        return known[start:end]

    def _look(self) -> None:
        if self._unit and not self._busy and self._host.passage:
            self._busy = True
            self.run_worker(self._follow(), group="unit")

    async def _follow(self) -> None:
        """Trace what is not traced yet."""
        try:
            while (name := self._unit) and (passage := self._host.passage):
                generation, begun = passage.generation, monotonic()
                if not isinstance(stepper := generation.stepper, Stepper):
                    return
                ids, before = passage.ids()[: len(generation)], self._traced
                if before and before.stepper is not stepper:
                    before = None
                same = _common(before.ids, ids) if before else 0
                if not len(ids):
                    return
                if before and same == len(ids):
                    self._settle(before.values[:same])
                    return
                if before and same == len(before.ids):
                    index, state = same, before.after
                else:
                    index, state = generation.nearest(same)
                kept = before.values[:index] if before else np.zeros(0, np.float32)
                traced = await asyncio.to_thread(_traced, stepper, ids, name, kept, state)
                if self._unit == name:
                    self._take(traced)
                if self._host.writing:  # half of the time is the writer's alone
                    await asyncio.sleep(monotonic() - begun)
        except HeloError as error:
            self.end()
            self._host.complain(error)
        finally:
            self._busy = False

    def _take(self, traced: Traced) -> None:
        self._traced, self._settled = traced, False
        if _farthest(traced.values) > _GROWN * self._scale:
            self._scale = _farthest(traced.values)
            self._show(self._colouring())

    def _settle(self, values: Values) -> None:
        """All is traced: once nothing is written any more, draw it to its own scale."""
        if not self._host.writing and not (self._settled and self._scale == _farthest(values)):
            self._settled, self._scale = True, _farthest(values)
            self._show(self._colouring())

    def _colouring(self) -> Colouring:
        far, near = _FARTHEST * self._scale, _NEAR * self._scale
        bounds = (-far, -near, near, far)
        shown = [f"{bound:.2g}".replace("-", "−") for bound in bounds]
        middle = (f"{a} to {b}" for a, b in pairwise(shown))
        return Colouring(
            "unit",
            f"{self._unit} after each character",
            self._unit,
            lambda *of: self.values(
                *of
            ),  # never equal to the one before, so that all is drawn anew
            bounds,
            (f"<{shown[0]}", *middle, f">{shown[-1]}"),
            styles=_STYLES,
            averaged=False,
        )


def _traced(stepper: Stepper, ids: Ids, name: str, kept: Values, state: States) -> Traced:
    """Up to BLOCK more values than those that are kept, after which the network is in a state."""
    array, place = unit(stepper, name)
    first, end = len(kept), min(len(ids), len(kept) + BLOCK)
    found = trace(stepper, ids[first:end], state, (array,))
    values = np.concatenate([kept, found.arrays[array][:, place]])
    return Traced(stepper, ids[:end], values, found.after)


def _farthest(values: Values) -> float:
    """From 0."""
    return max(float(np.abs(values).max(initial=0.0)), 1e-6)


def _common(one: Ids, other: Ids) -> int:
    """How many of the first characters are the same."""
    n = min(len(one), len(other))
    differ = np.flatnonzero(one[:n] != other[:n])
    return int(differ[0]) if len(differ) else n
