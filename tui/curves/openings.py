"""How open gates are, as small pictures made of text, and in words. Independent of screens."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from engine.inspecting.gates import NEARLY_ALWAYS, OPEN, SHUT, Gate
from engine.words import counted
from tui.curves.ink import Ink
from tui.curves.picture import Axis, FloatArray, Picture, Row

DOTS, SORTED = "dots", "sorted"
"""The styles of the units, and of the sorted values."""
AXIS = "axis"
DRAWN = "│└─"
_UNIT = Axis(0.0, 1.0)

MEANS = (
    f"Each dot is a unit: to the right, the share of time that its gate is nearly shut (below {SHUT}); "
    f"upwards, nearly open (above {OPEN}). At the lower left are gates that are neither. It says how a "
    "gate is used, not what for."
)
UNLIKE_TRAINING = "The figures of a training call a gate saturated only within 0.01 of 0 or 1."
INTEGRATORS = (
    f"An integrator keeps more than {OPEN:.0%} of what it holds in more than {NEARLY_ALWAYS:.0%} of "
    "the steps."
)
MEMORY = (
    "A unit's memory is −1/ln of the mean share that it keeps: after so many characters 1/e of what it "
    "held would be left. What the gates let in and out is not in it."
)
SORTED_MEANS = (
    "The values of all units at the cursor, from the least to the greatest: 0 is shut, 1 open."
)
NO_GATES = "A plain rnn has no gates: every step makes its state anew."


def saturation(gate: Gate, width: int, height: int, ink: Ink) -> list[Row]:
    """The units of a gate by their shares of time nearly shut, to the right, and nearly open, upwards."""
    return _framed(gate.shut, gate.open, DOTS, width, height, ink)


def in_order(values: npt.NDArray[np.floating], width: int, height: int, ink: Ink) -> list[Row]:
    """The values (H,) of a gate in ascending order."""
    return _framed(np.linspace(0.0, 1.0, len(values)), np.sort(values), SORTED, width, height, ink)


def _framed(
    xs: FloatArray, ys: FloatArray, style: str, width: int, height: int, ink: Ink
) -> list[Row]:
    """Points in a frame that takes one column and one row."""
    picture = Picture(max(2, width - 1), max(1, height - 1), _UNIT, _UNIT, ink)
    picture.dots(xs, np.clip(ys, 0.0, 1.0), style)
    rows = [[(ink.text("│"), AXIS), *row] for row in picture.cells()]
    foot = ink.text("└" + "─" * picture.columns)
    return [*rows, [(foot, AXIS)]]


def gate_words(gate: Gate, width: int) -> str:
    """A gate of a layer and its mean shares, in words if the width is enough for them."""
    name = gate.name.removeprefix("layers.")
    shut, opened = (f"{share.mean():.2f}".lstrip("0") for share in (gate.shut, gate.open))
    words = f"{name} shut {shut} open {opened}"
    return words if len(words) <= width else f"{name} {shut}, {opened}"


def keeping_words(kept: Gate) -> str:
    """The integrators of a layer and the memories of its units, in words."""
    layer = kept.name.removesuffix(".kept")
    low, middle, high = np.quantile(kept.memories, (0.1, 0.5, 0.9), method="nearest")
    units = f"{counted(kept.integrators, 'integrator')} of {counted(len(kept.mean), 'unit')}"
    return (
        f"{layer}: {units}; memory of the middle unit {_chars(middle)} characters, of a tenth below "
        f"{_chars(low)}, of a tenth above {_chars(high)}"
    )


def _chars(memory: float) -> str:
    return "∞" if np.isinf(memory) else f"{memory:.1f}" if memory < 10 else f"{memory:,.0f}"
