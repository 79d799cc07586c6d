"""What one unit does in a text: its values, where they are high, low and in between, what it pushes, and
how long it remembers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from engine.errors import UsageError
from engine.inspecting.gates import gate_names
from engine.inspecting.trace import blocks, unit
from engine.network.stepper import Stepper
from engine.vocab import Ids

BINS = 40
CHARS = 8192
"""The most characters that a card is made from."""
_EACH = 2
"""Examples of a kind."""
_APART = 50
"""Characters between two of them."""
_PUSHED = 5

Numbers = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Example:
    """A character at which the unit had a value."""

    kind: str
    """highest, middle, zero or lowest."""
    index: int
    """Its place in the text."""
    value: float


@dataclass(frozen=True)
class Push:
    """What the logarithm of a character's odds gains, in nats, where the unit's h is higher by its standard
    deviation; the mean over all characters is 0."""

    id: int
    nats: float


@dataclass(frozen=True)
class Card:
    """A unit in a text of N characters."""

    name: str
    ids: Ids
    """The text (N,)."""
    mean: float
    deviation: float
    low: float
    high: float
    """The least and the greatest of its values."""
    counts: npt.NDArray[np.int64]
    """Of the values in BINS equal steps from the least to the greatest."""
    examples: tuple[Example, ...]
    favours: tuple[Push, ...] | None
    """The characters that it pushes up most, the strongest first; None if the head does not read it."""
    opposes: tuple[Push, ...] | None
    """Those that it pushes down most."""
    memory: float | None
    """Characters after which 1/e of what it holds would be left, were the share that it keeps always at its
    mean; None if the cell has no such share."""


def card(stepper: Stepper, ids: Ids, name: str) -> Card:
    """The card of a unit such as `layers.1.c[368]`, from up to CHARS of the N > 0 ids.

    Raises NotFoundError and UsageError if that is no unit, UsageError for an empty text, ModelFileError
    where the logits overflow.
    """
    array, place = unit(stepper, name)
    ids = ids[:CHARS]
    if not len(ids):
        raise UsageError("a text needs at least one character")
    layer, _, own = array.rpartition(".")
    gates = [
        g for g in gate_names(stepper.cell, int(layer.partition(".")[2]) + 1) if g.startswith(layer)
    ]
    wanted = {array, f"{layer}.h", *gates}
    columns: dict[str, list[npt.NDArray[np.float32]]] = {each: [] for each in wanted}
    for found in blocks(stepper, ids, wanted=wanted):
        for each, parts in columns.items():
            parts.append(found.arrays[each][:, place].copy())
    whole = {each: np.concatenate(parts).astype(np.float64) for each, parts in columns.items()}
    values = whole[array]
    counts, _ = np.histogram(values, BINS)
    kept = stepper.cell.kept_share({gate.rpartition(".")[2]: whole[gate] for gate in gates})
    favours, opposes = _pushes(stepper, layer, own, place, float(whole[f"{layer}.h"].std()))
    return Card(
        name,
        ids,
        float(values.mean()),
        float(values.std()),
        float(values.min()),
        float(values.max()),
        counts,
        _examples(values),
        favours,
        opposes,
        None if kept is None or own not in stepper.cell.states else _memory(float(kept.mean())),
    )


def _memory(kept: float) -> float:
    return float("inf") if kept >= 1 else 0.0 if kept <= 0 else float(-1 / np.log(kept))


def _examples(values: Numbers) -> tuple[Example, ...]:
    """Places where the values are highest, in the middle, about 0 and lowest."""
    order = {
        "highest": -values,
        "middle": np.abs(values - np.median(values)),
        "zero": np.abs(values),
        "lowest": values,
    }
    return tuple(
        Example(kind, index, float(values[index]))
        for kind, by in order.items()
        for index in _first_apart(by)
    )


def _first_apart(by: Numbers) -> list[int]:
    """The places of the lowest, which are some characters apart."""
    chosen = list[int]()
    for index in np.argsort(by, kind="stable").tolist():
        if all(abs(index - other) >= _APART for other in chosen):
            chosen.append(index)
        if len(chosen) == _EACH:
            break
    return chosen


def _pushes(
    stepper: Stepper, layer: str, own: str, place: int, deviation: float
) -> tuple[tuple[Push, ...] | None, tuple[Push, ...] | None]:
    """What a unit of a layer pushes up and down through its h, if the head reads that as it is."""
    config = stepper.model.config
    read = config.residual or layer == f"layers.{config.layers - 1}"
    if not read or config.layer_norm or own not in stepper.cell.states:
        return None, None
    W = stepper.model.weights["head.W_hy"][place].astype(np.float64)
    pushes = (W - W.mean()) * deviation
    up = np.argsort(-pushes, kind="stable")[:_PUSHED]
    down = np.argsort(pushes, kind="stable")[:_PUSHED]
    return (
        tuple(Push(int(i), float(pushes[i])) for i in up if pushes[i] > 0),
        tuple(Push(int(i), float(pushes[i])) for i in down if pushes[i] < 0),
    )
