"""How open a network's gates are: for each unit of each gate the share of time that it is nearly shut and
nearly open (Karpathy, Johnson & Fei-Fei, "Visualizing and Understanding Recurrent Networks", 2015).

Only what lies between 0 and 1 is a gate here: a candidate, which adds and takes away, is none.
"""

from __future__ import annotations

import operator
from collections.abc import Mapping
from dataclasses import dataclass
from functools import reduce

import numpy as np
import numpy.typing as npt

from engine.cells import Cell
from engine.cells.cell import OPENINGS
from engine.inspecting.trace import Trace, Values, blocks
from engine.network.stepper import Stepper
from engine.vocab import Ids

SHUT, OPEN = 0.1, 0.9
"""A gate is nearly shut below the one, nearly open above the other."""
NEARLY_ALWAYS = 0.95
"""An integrator keeps more than OPEN of its memory for more than this share of the time."""

FloatArray = npt.NDArray[np.float64]
_KEPT = "kept"


@dataclass(frozen=True)
class Tally:
    """What was counted of each unit in some characters. Tallies of several parts of a text can be added."""

    chars: int
    sums: Mapping[str, FloatArray]
    """For each gate, such as `layers.0.f`: how often each unit was nearly shut, how often nearly open, and
    the sum of its values (3, H). `layers.0.kept` is the share of the memory that is kept."""

    def __add__(self, other: Tally) -> Tally:
        sums = {name: values + other.sums[name] for name, values in self.sums.items()}
        return Tally(self.chars + other.chars, sums)

    @property
    def gates(self) -> list[Gate]:
        """Every gate, from the lowest layer."""
        return [
            Gate(name, *(values / self.chars))
            for name, values in self.sums.items()
            if not name.endswith(_KEPT)
        ]

    @property
    def keeping(self) -> list[Gate]:
        """For each layer from the lowest, the share of its memory that each unit keeps in a step, as if it
        were a gate; empty if the cell has no such share."""
        return [
            Gate(name, *(values / self.chars))
            for name, values in self.sums.items()
            if name.endswith(_KEPT)
        ]


@dataclass(frozen=True)
class Gate:
    """A gate of a layer. All arrays are (H,)."""

    name: str
    shut: FloatArray
    """The share of time below SHUT: left-saturated."""
    open: FloatArray
    """The share of time above OPEN: right-saturated."""
    mean: FloatArray

    @property
    def integrators(self) -> int:
        """If this is what is kept of a memory: the units that keep nearly all of it nearly always."""
        return int((self.open > NEARLY_ALWAYS).sum())

    @property
    def memories(self) -> FloatArray:
        """If this is what is kept of a memory: after so many characters 1/e of it would be left, were the
        share always at its mean: −1/ln mean."""
        with np.errstate(divide="ignore"):
            return 1 / np.abs(np.log(self.mean))


def gate_names(cell: Cell, layers: int) -> list[str]:
    """The gates that are measured, from the lowest layer."""
    own = [gate for gate in cell.gates if gate in OPENINGS]
    return [f"layers.{l}.{gate}" for l in range(layers) for gate in own]


def tally(cell: Cell, layers: int, found: Trace) -> Tally:
    """Count the gates of the characters of a trace."""
    arrays = found.arrays
    names = gate_names(cell, layers)
    sums = dict[str, FloatArray]()
    for l in range(layers):
        own = {name: arrays[name] for name in names if name.startswith(f"layers.{l}.")}
        kept = cell.kept_share({name.rpartition(".")[2]: v for name, v in own.items()})
        if kept is not None:
            own[f"layers.{l}.{_KEPT}"] = kept
        sums |= {name: _counted(values) for name, values in own.items()}
    return Tally(len(found), sums)


def tally_of(stepper: Stepper, ids: Ids) -> Tally:
    """Count the gates over a text of N > 0 ids.

    Raises ModelFileError where the logits overflow.
    """
    layers = stepper.model.config.layers
    wanted = gate_names(stepper.cell, layers)
    parts = (tally(stepper.cell, layers, part) for part in blocks(stepper, ids, wanted=wanted))
    return reduce(operator.add, parts)


def _counted(values: Values) -> FloatArray:
    return np.stack(
        [(values < SHUT).sum(0), (values > OPEN).sum(0), values.sum(0, dtype=np.float64)]
    )
