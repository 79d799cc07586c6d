"""Units that tell something: for each property of a text the unit whose value tells it best.

How well a unit tells it is its AUC (`auc`). The unit is chosen on one half of a text, and its AUC is that
on the other half. A high AUC alone proves nothing: the last character may tell as much, or a network that
has learnt nothing. And permuted labels find units where there are none, since labels and units both change
slowly. So a unit is found only if it is better, by MARGIN, than each of these on the same half:

    alone      the best guess from the last character
    untrained  the best of all units of networks with the weights that training starts from
    chance     the best of all units for labels of other stretches of text, which have nothing to do with it
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from engine.errors import UsageError
from engine.inspecting.auc import LEVELS, Levels, Numbers, auc_of_counts, aucs
from engine.inspecting.properties import Labels, Property
from engine.inspecting.trace import trace
from engine.network.parameters import initial
from engine.network.stepper import Stepper
from engine.vocab import Ids
from engine.words import counted

MARGIN = 0.02
"""What a unit must be better by. In the bundled model a unit has .95 for a speaker's line, where the last
character alone has .94: that is no find."""
RARE = 50
"""Characters that have a property, and that lack it, which each half needs at least."""
LEAST = 2000
"""Characters of a text at least."""
STRETCHES = 20
"""Other stretches of text whose labels are compared."""

_SEEDS = 1, 2
"""Of the untrained networks."""
_COLUMNS, _COLUMN = 32, 1000
"""The most columns that are read side by side, and the least characters in each."""
_UNKNOWING = 64
"""Characters of a column that are left out: its state does not know yet what came before."""
_STEP = 64

Look = Callable[[float], object]
"""Is told which share of the work is done, and may raise an exception to stop."""


@dataclass(frozen=True)
class Finding:
    """The unit that tells a property best, and what that must be compared with. All AUCs are of the half
    that the unit was not chosen on: .5 is no better than a coin, 1 never wrong."""

    name: str
    """Of the property."""
    says: str
    share: float
    """Of the characters, how many have the property."""
    unit: str = ""
    """Empty if too few characters have the property, or lack it, to tell."""
    falls: bool = False
    """Whether the unit is lower where the property is."""
    auc: float = 0.5
    alone: float = 0.5
    untrained: float = 0.5
    chance: float = 0.5

    @property
    def found(self) -> bool:
        return bool(self.unit) and self.auc >= self.rival + MARGIN

    @property
    def rival(self) -> float:
        """The best of what the unit is compared with."""
        return max(self.alone, self.untrained, self.chance)


@dataclass(frozen=True)
class Reading:
    """The values of all U units at M characters of a text."""

    arrays: tuple[str, ...]
    """Those that the units are in, H each, such as `layers.0.h`."""
    levels: Levels
    """(U, M): each unit on a scale of its own, in LEVELS steps."""

    def name(self, unit: int) -> str:
        H = len(self.levels) // len(self.arrays)
        return f"{self.arrays[unit // H]}[{unit % H}]"


def search(
    stepper: Stepper,
    ids: Ids,
    properties: Sequence[Property],
    others: str | None = None,
    look: Look = lambda share: None,
) -> list[Finding]:
    """The findings for properties in a text of N ids. The labels of other stretches come from `others`, a
    text of the same kind; without one, from the same text, moved along it, which is a weaker comparison.

    Raises UsageError if the text is too short, ModelFileError where the logits overflow, and what finding
    labels raises.
    """
    if len(ids) < LEAST:
        raise UsageError(
            f"the text has {counted(len(ids), 'character')}: a search for units takes {LEAST:,} or more"
        )
    text = "".join(stepper.alphabet.symbols[i] for i in ids.tolist())
    columns: npt.NDArray[np.int64] = _columns(np.arange(len(ids)))
    at = columns[_UNKNOWING:].T.ravel()
    labels = np.stack([each.of(text) for each in properties])
    elsewhere = labels if others is None else np.stack([each.of(others) for each in properties])
    nulls = np.stack([elsewhere[:, moved] for moved in _stretches(at, elsewhere.shape[1])], axis=1)
    labels = labels[:, at]

    half, untrained = columns.shape[1] // 2, np.zeros(len(properties))
    shares = np.linspace(0, 1, len(_SEEDS) + 3)
    for k, seed in enumerate(_SEEDS):
        weights = initial(stepper.model.config, len(stepper.alphabet), seed)
        new = Stepper(replace(stepper.model, weights=weights))
        own = read(new, ids[columns[:, half:]], _part(look, shares[k], shares[k + 1]))
        untrained = np.maximum(untrained, strongest(own.levels, labels[:, len(at) // 2 :]))
    reading = read(stepper, ids[columns], _part(look, shares[-3], 1))
    return compare(reading, ids[at], properties, labels, nulls, untrained)


def _part(look: Look, start: float, end: float) -> Look:
    """The look of a part of the work."""
    return lambda share: look(start + share * (end - start))


def compare(
    reading: Reading,
    ids: Ids,
    properties: Sequence[Property],
    labels: Labels,
    nulls: Labels,
    untrained: Numbers,
) -> list[Finding]:
    """The findings for P properties at M characters: their ids (M,), their labels (P, M) and those of K
    other stretches (P, K, M), and the best AUC of any untrained unit (P,)."""
    half = len(ids) // 2
    first, second = reading.levels[:, :half], reading.levels[:, half:]
    chosen = aucs(first, labels[:, :half])
    held = aucs(second, labels[:, half:])
    P, K, M = nulls.shape
    chance = strongest(second, nulls.reshape(P * K, M)[:, half:]).reshape(P, K).max(1)
    found = []
    for p, (prop, own) in enumerate(zip(properties, labels, strict=True)):
        finding = Finding(prop.name, prop.says, float(own.mean()))
        counts = [np.bincount(part, minlength=2) for part in (own[:half], own[half:])]
        if np.min(counts) >= RARE:
            unit = int(np.argmax(np.abs(chosen[:, p] - 0.5)))
            falls = bool(chosen[unit, p] < 0.5)
            finding = replace(
                finding,
                unit=reading.name(unit),
                falls=falls,
                auc=float(1 - held[unit, p] if falls else held[unit, p]),
                alone=alone(ids, own),
                untrained=float(untrained[p]),
                chance=float(chance[p]),
            )
        found.append(finding)
    return found


def strongest(levels: Levels, labels: Labels) -> Numbers:
    """The best AUC of any unit, rising or falling, for each of Q labels (Q, M): (Q,)."""
    best: Numbers = 0.5 + np.abs(aucs(levels, labels) - 0.5).max(0)
    return best


def alone(ids: Ids, labels: Labels) -> float:
    """The AUC that the last character alone has for labels (M,): how often each character has the label is
    counted in the first half of the ids (M,), and guesses the second."""
    half, V = len(ids) // 2, int(ids.max()) + 1
    before = np.bincount(ids[:half], minlength=V)
    having = np.bincount(ids[:half][labels[:half]], minlength=V)
    scores = (having + labels[:half].mean()) / (before + 1)
    now, own = ids[half:], labels[half:]
    return auc_of_counts(
        scores,
        np.bincount(now[own], minlength=V).astype(np.float64),
        np.bincount(now[~own], minlength=V).astype(np.float64),
    )


def read(stepper: Stepper, columns: Ids, look: Look = lambda share: None) -> Reading:
    """Read B columns of ids (T, B), T > _UNKNOWING, and keep the values of all units, column by column.

    Raises ModelFileError where the logits overflow.
    """
    arrays = tuple(
        f"layers.{l}.{state}"
        for l in range(stepper.model.config.layers)
        for state in stepper.cell.states
    )
    T, B = columns.shape
    H = stepper.model.config.hidden
    levels = np.empty((len(arrays) * H, B, T - _UNKNOWING), np.uint8)
    state, middle, width = stepper.start_state(B), None, None
    for start in range(0, T, _STEP):
        look(start / T)
        found = trace(stepper, columns[start : start + _STEP], state, arrays)
        state = found.after
        values = np.concatenate([found.arrays[name] for name in arrays], axis=-1)
        if (left := max(0, _UNKNOWING - start)) >= len(values):
            continue
        values = values[left:]
        if middle is None or width is None:
            middle, width = values.mean((0, 1)), 2 * values.std((0, 1)) + np.float32(1e-6)
        into = start + left - _UNKNOWING
        levels[:, :, into : into + len(values)] = _levels(values, middle, width).transpose(2, 1, 0)
    return Reading(arrays, levels.reshape(len(levels), -1))


def _levels(values: npt.NDArray[np.float32], middle: Numbers, width: Numbers) -> Levels:
    """Values in LEVELS steps, which are finest about the middle and rise for ever."""
    z = (values - middle) / width
    z /= 1 + np.abs(z)
    return ((z + 1) * (LEVELS / 2)).clip(0, LEVELS - 1).astype(np.uint8)


def _columns(ids: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """A text in an even number of columns (T, B); what is left at its end is left out."""
    B = min(_COLUMNS, len(ids) // _COLUMN // 2 * 2)
    T = len(ids) // B
    return ids[: B * T].reshape(B, T).T


def _stretches(at: npt.NDArray[np.int64], length: int) -> list[npt.NDArray[np.int64]]:
    """The same places in other stretches of a text of that length, which begins again after its end."""
    return [(at + (k + 1) * length // (STRETCHES + 1)) % length for k in range(STRETCHES)]
