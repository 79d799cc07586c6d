"""How well a model predicts a text, in nats per character.

Three protocols, whose figures cannot be compared. `stateful`: one pass from the start state; N characters
give N−1 predictions. `dynamic`: the same, by a model that learns from what it has read
(`engine.writing.dynamic`). `windows`: 12,800 windows of W+1 characters at random places, each from the
start state (nanoGPT's evaluation), with the standard error of the mean over windows.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple

import numpy as np

from engine.config import check_count
from engine.errors import ModelFileError, UsageError
from engine.network.modelfile import Model
from engine.network.stepper import LogProbs, States, Stepper, log_softmax
from engine.vocab import Ids
from engine.words import counted
from engine.writing.dynamic import losses as dynamic_losses

WINDOWS = 12_800
_SEED = 1337
_LONGEST_WINDOW = 65536
CHUNK = 512
"""Characters that are read at once in one pass."""
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


class Piece(NamedTuple):
    """Predictions made in one pass: row t of log p (T, V) is that of character `first` + t, whose
    surprisal in nats (T,) is `losses`."""

    first: int
    log_p: LogProbs
    losses: LogProbs
    state: States
    """After all characters but the last one predicted here."""


def one_pass(stepper: Stepper, ids: Ids, start: int, state: States) -> Iterator[Piece]:
    """The predictions of the characters of ids (N,) after `start`, up to CHUNK at a time, from the state
    before character `start`."""
    for begin in range(start, len(ids) - 1, CHUNK):
        end = min(begin + CHUNK, len(ids) - 1)
        logits, state = stepper.sequence(ids[begin:end], state)
        log_p, targets = log_softmax(logits), ids[begin + 1 : end + 1]
        losses = -np.take_along_axis(log_p, targets[:, None], axis=-1)[:, 0]
        yield Piece(begin + 1, log_p, losses, state)


def stateful(stepper: Stepper, ids: Ids, report: Report = lambda done, total: None) -> Score:
    """One pass over ids (N,) from the start state.

    Raises UsageError for fewer than two characters.
    """
    check_length(ids)
    total = 0.0
    for piece in one_pass(stepper, ids, 0, stepper.start_state()):
        total += float(piece.losses.sum())
        report(piece.first + len(piece.losses) - 1, len(ids) - 1)
    return Score("stateful", len(ids) - 1, total / (len(ids) - 1))


def dynamic(model: Model, ids: Ids, report: Report = lambda done, total: None) -> Score:
    """One pass over ids (N,) from the start state, by a copy of the model that adapts as it reads.

    Raises UsageError for fewer than two characters, ModelFileError if its numbers overflow.
    """
    check_length(ids)
    done, total = 0, 0.0
    for found in dynamic_losses(model, ids):
        done, total = done + len(found), total + float(found.sum())
        if not math.isfinite(total):
            raise ModelFileError(f"{model.name} cannot adapt to this text: its weights overflow")
        report(done, len(ids) - 1)
    return Score("dynamic", done, total / done)


def check_length(ids: Ids) -> None:
    """Raises UsageError for fewer than two characters."""
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
