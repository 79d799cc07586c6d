"""How far back a network remembers: what more context is worth to it, and how its gradient fades.

`contexts` measures the loss against the length of the context (Khandelwal et al., "Sharp Nearby, Fuzzy Far
Away", 2018): a network that starts at each of many places in the zero state gives every length at targets
that all lengths share. `lags` measures the gradient of single losses by the state some steps before: a sum
of losses would mix the lags. `told` takes one character: how many bits each one before it gave.

    K  longest context, longest lag    N  characters    B  columns
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from engine.errors import UsageError
from engine.network.gradient import by_lag
from engine.network.lines import newline_id
from engine.network.stepper import States, Stepper, layer_norm, log_softmax
from engine.vocab import Ids
from engine.words import counted

LONGEST = 100
"""The longest context and lag that are measured."""
TARGETS, COLUMNS = 384, 96
"""How many losses are averaged over for each length, and of how many the gradient is taken. With LONGEST
they take about 8 seconds with an LSTM of two layers of 512 units on one core."""
BEFORE = 512
"""Characters that are read before those, for the loss with all the context there is."""
NEAR = 0.01
"""Within so many nats of the loss with all the context, a shorter context is as good."""
MOST = BEFORE + LONGEST + TARGETS
"""Characters of a text that are read at most."""
LEAST = 16
"""The least number of characters that anything can be measured on."""
_PIECE = 8
"""Steps that all columns take at once."""

Report = Callable[[int, int], None]
"""Called now and then with the work done and the whole. It may raise, to stop the work."""
FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Contexts:
    """The mean loss in nats (K,) with the last 1 to K characters alone, and with all of the text before."""

    nats: FloatArray
    full: float
    targets: int

    @property
    def memory(self) -> int | None:
        """The effective memory: the shortest context from which on the loss stays within NEAR nats of that
        with all of the text. None if it is longer than K."""
        far = np.flatnonzero(self.nats > self.full + NEAR)
        shortest = int(far[-1]) + 2 if len(far) else 1
        return shortest if shortest <= len(self.nats) else None


@dataclass(frozen=True)
class Lags:
    """The length of the gradient of a loss by the state k steps before, for k from 0 to K: its root mean
    square and its median over the losses, each as a share of its value at lag 0."""

    rms: FloatArray
    median: FloatArray
    targets: int


@dataclass(frozen=True)
class Memory:
    """How far back a network remembers in a text."""

    contexts: Contexts
    lags: Lags


def measure(stepper: Stepper, ids: Ids, report: Report = lambda done, total: None) -> Memory:
    """Both for a text of N ids, of which MOST are read, and the last of these predicted. A short text
    shortens the contexts.

    Raises UsageError for fewer than LEAST characters, ModelFileError where the logits overflow.
    """
    if len(ids) < LEAST:
        raise UsageError(
            f"how far back a model remembers needs {LEAST} characters or more; the text has "
            f"{counted(len(ids), 'character')} that it knows"
        )
    ids = ids[:MOST]
    K = min(LONGEST, len(ids) // 2)
    targets = min(TARGETS, len(ids) - K)
    columns = min(COLUMNS, targets)
    one, two = K * (targets + K // 2), 2 * K * columns
    return Memory(
        contexts(stepper, ids, K, targets, lambda done, of: report(one * done // of, one + two)),
        lags(
            stepper, ids, K, columns, targets, lambda k, of: report(one + two * k // of, one + two)
        ),
    )


def contexts(
    stepper: Stepper, ids: Ids, K: int, targets: int, report: Report = lambda done, total: None
) -> Contexts:
    """The loss of the last `targets` of ids (N,) for each length of context up to K; `targets` + K ≤ N.

    A column begins in the zero state before each place from which a target can be reached.
    """
    N, sums = len(ids), np.zeros(K)
    starts = np.arange(N - targets - K, N - 1)
    state = stepper.zero_state(len(starts))
    for j in range(0, K, _PIECE):
        going = int(np.searchsorted(starts, N - 1 - j))  # the others have passed the end
        starts, state = starts[:going], _first(state, going)
        at = np.minimum(starts + np.arange(j, min(j + _PIECE, K))[:, None], N - 1)
        logits, state = stepper.sequence(ids[at], state)
        follows = np.minimum(at + 1, N - 1)
        losses = -np.take_along_axis(log_softmax(logits), ids[follows][..., None], -1)[..., 0]
        counts = (at + 1 >= N - targets) & (at + 1 < N)
        sums[j : j + len(at)] = (losses * counts).sum(1)
        report(j + len(at), K)
    logits, _ = stepper.sequence(ids[:-1], stepper.start_state())
    full = -np.take_along_axis(log_softmax(logits), ids[1:, None], -1)[-targets:]
    return Contexts(sums / targets, float(full.mean()), targets)


def lags(
    stepper: Stepper,
    ids: Ids,
    K: int,
    columns: int,
    targets: int,
    report: Report = lambda done, total: None,
) -> Lags:
    """The gradients of `columns` losses, spread over the last `targets` of ids (N,), up to K steps back;
    `targets` + K ≤ N."""
    model, N = stepper.model, len(ids)
    places = np.linspace(N - targets, N - 1, columns).astype(int)
    state, begun, before = stepper.start_state(), 0, list[States]()
    for begin in (places - K).tolist():
        if begin > begun:
            _, state = stepper.sequence(ids[begun:begin], state)
        begun = begin
        before.append(state)
    states: States = tuple(
        tuple(np.stack(columns) for columns in zip(*layers, strict=True))
        for layers in zip(*before, strict=True)
    )
    block = ids[places - K + np.arange(K)[:, None]]
    newline = newline_id(model.config, model.alphabet)
    lengths = np.empty((K + 1, columns))
    for k, d in enumerate(by_lag(model.config, model.weights, block, ids[places], states, newline)):
        squares = (np.square(s, dtype=np.float64).sum(1) for layer in d for s in layer)
        lengths[k] = np.sqrt(sum(squares))
        report(k, K)
    rms, median = np.sqrt((lengths**2).mean(1)), np.median(lengths, 1)
    return Lags(rms / (rms[0] or 1.0), median / (median[0] or 1.0), columns)


def told(stepper: Stepper, ids: Ids, at: int, K: int = LONGEST) -> FloatArray:
    """The bits that character `at` of ids costs with none to K characters before it: an array of K + 1,
    fewer near the start. So entry k−1 less entry k is what the character k before it told, exactly.

    With no context it is what the head says of the zero state.
    """
    K = min(K, at)
    state: States = stepper.zero_state(0)
    logits = _unread(stepper)[None]
    for i in range(at - K, at):
        state = tuple(
            tuple(np.concatenate([s, np.zeros_like(s, shape=(1, s.shape[1]))]) for s in layer)
            for layer in state
        )
        found, state = stepper.sequence(np.full((1, i - at + K + 1), ids[i]), state)
        logits = np.concatenate([logits[:1], found[0, ::-1]])
    return -log_softmax(logits)[:, ids[at]] / math.log(2)


def _unread(stepper: Stepper) -> npt.NDArray[np.float32]:
    """What the head says of the zero state: logits (V,)."""
    weights, config = stepper.model.weights, stepper.model.config
    x = np.zeros(config.hidden, np.float32)
    if config.layer_norm:
        last = f"layers.{config.layers - 1}"
        x = layer_norm(x, weights[f"{last}.g_n"], weights[f"{last}.b_n"])
    return x @ weights["head.W_hy"] + weights["head.b_y"]


def _first(state: States, columns: int) -> States:
    """The first columns of states (B, H)."""
    return tuple(tuple(s[:columns] for s in layer) for layer in state)
