"""A network in which one unit always has the same value, whatever it reads."""

from __future__ import annotations

import math
from typing import Self

import numpy as np

from engine.cells.cell import State, cut
from engine.cells.functions import Array
from engine.errors import UsageError
from engine.inspecting.trace import Trace, part, unit
from engine.network.bptt import Settle
from engine.network.stepper import Logits, States, Stepper
from engine.words import quoted

FARTHEST = 100.0
"""The largest value, either way, that a unit can be held at."""


class Held(Stepper):
    """A stepper that sets a unit, an h or c of any layer, to a value after each step, before anything reads
    it. Where c is held, h = o·tanh c follows, with o as it is."""

    unit: str
    """Its name, such as `layers.1.c[368]`."""
    value: float
    plain: Stepper
    """The network without this."""

    @classmethod
    def of(cls, stepper: Stepper, name: str, value: float) -> Self:
        """Hold a unit of this network, with which it shares all weights.

        Raises NotFoundError and UsageError if the network has no such unit, or it is no state.
        """
        array, place = unit(stepper, name)
        layer, _, own = array.rpartition(".")
        if own not in stepper.cell.states:
            states = " or ".join(stepper.cell.states)
            raise UsageError(f"{quoted(name)} is a gate: only {states} can be held")
        if not abs(value) <= FARTHEST:  # a NaN is not
            raise UsageError(f"a unit can be held between −{FARTHEST:g} and {FARTHEST:g}")
        new = cls.__new__(cls)
        vars(new).update(vars(stepper))
        new.unit, new.value = name, value
        new.plain = stepper.plain if isinstance(stepper, cls) else stepper
        new._layer, new._place = int(layer.partition(".")[2]), place
        new._state = stepper.cell.states.index(own)
        return new

    _layer: int
    _place: int
    _state: int

    @property
    def name(self) -> str:
        return f"{self.model.name}, {self.told}"

    @property
    def told(self) -> str:
        """The unit and its value, in words."""
        return f"{self.unit} at {self.value:.4g}".replace("-", "−")

    def step(self, id: int, state: States) -> tuple[Logits, States]:
        logits, after = self.sequence(np.array([id]), state)
        return logits[0], after

    def _settle(self, l: int) -> Settle | None:
        return self._hold if l == self._layer else None

    def _hold(self, gates: Array, after: State) -> None:
        after[self._state][..., self._place] = self.value
        if self._state:
            own = dict(zip(self.cell.gates, cut(gates, self.cell.blocks), strict=False))
            after[0][..., self._place] = own["o"][..., self._place] * math.tanh(self.value)


def held(stepper: Stepper, found: Trace, name: str, value: float) -> Logits:
    """The logits (V,) after the last character of a trace, had the unit this value there, and had nothing
    before been different.

    Raises NotFoundError and UsageError as `Held.of` does.
    """
    last = part(stepper, found, len(found) - 1, len(found))
    return Held.of(stepper, name, value).step(int(last.ids[0]), last.before)[0]
