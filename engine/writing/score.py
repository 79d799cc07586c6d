"""How well a model predicts a text, in nats per character.

Three protocols, whose figures cannot be compared. `stateful`: one pass from the start state; N characters
give N−1 predictions. `dynamic`: the same, by a model that learns from what it has read
(`engine.writing.dynamic`). `windows`: 12,800 windows of W+1 characters at random places, each from the
start state (nanoGPT's evaluation), with the standard error of the mean over windows.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from engine.config import check_count
from engine.errors import ModelFileError, UsageError
from engine.network.modelfile import Model
from engine.network.stepper import Stepper, log_softmax
from engine.vocab import Ids
from engine.words import counted
from engine.writing.dynamic import losses as dynamic_losses

WINDOWS = 12_800
_SEED = 1337
_LONGEST_WINDOW = 65536
_CHUNK = 512
_BATCH = 256

Report = Callable[[int, int], None]
"""Called now and then with the predictions made and the total."""


@dataclass(frozen=True)
class Score:
    """A mean loss. `chars` is the number of predictions."""

    protocol: str
    chars: int
    nats_per_char: float
    standard_error: float | None = None
    windows: int | None = None

    @property
    def bits_per_char(self) -> float:
        return self.nats_per_char / math.log(2)

    def to_json(self) -> dict[str, Any]:
        return asdict(self) | {"bits_per_char": self.bits_per_char}


def _losses(logits: Any, targets: Ids) -> Any:
    """−log p of each target (T,) or (T, B) under logits (T, V) or (T, B, V)."""
    return -np.take_along_axis(log_softmax(logits), targets[..., None], axis=-1)[..., 0]


def stateful(stepper: Stepper, ids: Ids, report: Report = lambda done, total: None) -> Score:
    """One pass over ids (N,) from the start state.

    Raises UsageError for fewer than two characters.
    """
    _check_length(ids)
    state, total = stepper.start_state(), 0.0
    for start in range(0, len(ids) - 1, _CHUNK):
        end = min(start + _CHUNK, len(ids) - 1)
        logits, state = stepper.sequence(ids[start:end], state)
        total += float(_losses(logits, ids[start + 1 : end + 1]).sum())
        report(end, len(ids) - 1)
    return Score("stateful", len(ids) - 1, total / (len(ids) - 1))


def dynamic(model: Model, ids: Ids, report: Report = lambda done, total: None) -> Score:
    """One pass over ids (N,) from the start state, by a copy of the model that adapts as it reads.

    Raises UsageError for fewer than two characters, ModelFileError if its numbers overflow.
    """
    _check_length(ids)
    done, total = 0, 0.0
    for found in dynamic_losses(model, ids):
        done, total = done + len(found), total + float(found.sum())
        if not math.isfinite(total):
            raise ModelFileError(f"{model.name} cannot adapt to this text: its weights overflow")
        report(done, len(ids) - 1)
    return Score("dynamic", done, total / done)


def _check_length(ids: Ids) -> None:
    if len(ids) < 2:
        raise UsageError("a text needs at least two characters to be scored: the first is given")


def windows(
    stepper: Stepper,
    ids: Ids,
    length: int,
    report: Report = lambda done, total: None,
    count: int = WINDOWS,
) -> Score:
    """`count` windows of `length` predictions each, at starts drawn with a fixed seed.

    Raises UsageError if the text is shorter than a window.
    """
    check_count("windows", length, 1, _LONGEST_WINDOW)
    if len(ids) <= length:
        raise UsageError(
            f"windows of {counted(length, 'prediction')} need {length + 1:,} characters; "
            f"the text has {len(ids):,}"
        )
    starts = np.random.default_rng(_SEED).integers(0, len(ids) - length, count)
    means = np.empty(count)
    for first in range(0, count, _BATCH):
        batch = starts[first : first + _BATCH]
        block = ids[batch + np.arange(length + 1)[:, None]]  # (length+1, B)
        state, nats = stepper.start_state(len(batch)), np.zeros(len(batch))
        for t in range(0, length, 64):
            chunk = block[t : min(t + 64, length)]
            logits, state = stepper.sequence(chunk, state)
            nats += _losses(logits, block[t + 1 : t + 1 + len(chunk)]).sum(axis=0)
        means[first : first + len(batch)] = nats / length
        report((first + len(batch)) * length, count * length)
    error = float(means.std(ddof=1) / math.sqrt(count)) if count > 1 else 0.0
    return Score("windows", count * length, float(means.mean()), error, count)
