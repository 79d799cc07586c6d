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

from engine.blas import side_by_side
from engine.config import check_count
from engine.errors import ModelFileError, UsageError
from engine.network.batch import Batch
from engine.network.modelfile import Model
from engine.network.stepper import LogProbs, States, Stepper, log_softmax
from engine.vocab import Ids
from engine.words import counted
from engine.writing import stretches
from engine.writing.dynamic import losses as dynamic_losses

WINDOWS = 12_800
_SEED = 1337
_LONGEST_WINDOW = 65536
CHUNK = 512
"""Characters that are read at once in one pass."""
_BATCH = 128
"""Windows that a thread reads at once."""

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
    """One pass over ids (N,) from the start state. Stretches of a long text are read side by side, which
    changes the mean by less than 1e-6.

    Raises UsageError for fewer than two characters.
    """
    check_length(ids)
    total, at, state, last = 0.0, 0, stepper.start_state(), len(ids) - 1
    told = 0
    while (shape := stretches.shape(stepper, last - at))[0]:
        part, done = stretches.Stretches(stepper, ids[at:], state, *shape), at
        for read in part.read():
            done = told = done + read
            report(told, last)
        if not part.settled:
            break
        total, at, state = total + float(part.losses.sum()), done, part.after
    for piece in one_pass(stepper, ids, at, state):
        total += float(piece.losses.sum())
        told = max(told, piece.first + len(piece.losses) - 1)  # some may be read a second time
        report(told, last)
    return Score("stateful", last, total / last)


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

    def read(first: int) -> Iterator[int]:
        batch = starts[first : first + _BATCH]
        rows, nats = Batch(stepper, len(batch)), np.zeros(len(batch))
        for t in range(length):
            log_p = log_softmax(rows.step(ids[batch + t]))
            nats -= log_p[np.arange(len(batch)), ids[batch + t + 1]]
            yield len(batch)
        means[first : first + len(batch)] = nats / length

    done = 0
    for made in side_by_side([read(first) for first in range(0, count, _BATCH)]):
        done += made
        report(done, count * length)
    error = float(means.std(ddof=1) / math.sqrt(count)) if count > 1 else 0.0
    return Score("windows", count * length, float(means.mean()), error, count)
