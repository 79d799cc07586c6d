"""Two models that write one text: the mean of their predictions, weighted."""

from __future__ import annotations

import math
from copy import copy

import numpy as np

from engine.config import check_number
from engine.errors import UsageError
from engine.network.stepper import LogProbs, States, Stepper, log_softmax
from engine.vocab import Alphabet, Ids
from engine.words import quoted

_NOTHING = -1000.0
"""The logarithm of a weight of 0: a number, so that 0 · log 0 is 0, and so low that its power is 0."""


def mixed(first: Stepper, second: Stepper, share: float) -> Stepper | Mixture:
    """Two models mixed; where the share of the second is 0 or 1, one of them alone.

    Raises UsageError if they cannot be mixed.
    """
    check_mixable(first, second)
    if share in (0, 1):
        return second if share else first
    return Mixture(first, second, share)


def check_mixable(first: Stepper, second: Stepper) -> None:
    """Raises UsageError if one has characters and the other bytes, or if they have no symbol in common."""
    if first.alphabet.units != second.alphabet.units:
        writer, other = sorted((first, second), key=lambda s: s.alphabet.units == "byte")
        raise UsageError(
            f"--mix: {writer.model.name} writes characters and {other.model.name} bytes"
        )
    if not {*first.alphabet.symbols} & {*second.alphabet.symbols}:
        raise UsageError(
            f"--mix: {first.model.name} and {second.model.name} have no character in common"
        )


def parse_mix(text: str) -> tuple[str, float]:
    """A model and its share, as in other:0.3.

    Raises UsageError.
    """
    model, _, share = text.rpartition(":")
    try:
        found = float(share)
    except ValueError:
        found = math.nan
    if not model or math.isnan(found):
        raise UsageError(
            f"--mix must be a model and its share, as in other:0.3, not {quoted(text)}"
        )
    check_number("mix", found, 0, 1)
    return model, found


class Mixture:
    """A stepper whose alphabet has the symbols of both models, and whose prediction is

        p = (1 − share) · p_first + share · p_second,

    where a model gives 0 to a symbol that it does not know. A model reads such a symbol as its nearest form
    that it does know; if there is none, it skips the symbol, and believes what it believed before.

    Its state is that of the first model, then that of the second; what they believe is part of them. No
    state depends on the share.
    """

    def __init__(self, first: Stepper, second: Stepper, share: float) -> None:
        """0 ≤ share ≤ 1. Both have characters, or both bytes."""
        self.alphabet = both = first.alphabet.united(second.alphabet)
        self.models = first, second
        self._parts = _Part(first, both), _Part(second, both)
        self.share = share

    @property
    def name(self) -> str:
        """Of both models, with their weights."""
        first, second = self.models
        return f"{first.name} {1 - self.share:.0%} + {second.name} {self.share:.0%}"

    def shared(self, share: float) -> Mixture:
        """The same models in another mixture, which can go on from the states of this one."""
        other = copy(self)
        other.share = share
        return other

    def start_state(self) -> States:
        """The state that a text begins in."""
        return tuple(state for part in self._parts for state in part.start())

    def step(self, id: int, state: States) -> tuple[LogProbs, States]:
        """Feed one character: its id and the state before it give log p (V,) and the state after."""
        first, second = self._parts
        layers = first.layers
        after = (*first.step(id, state[:layers]), *second.step(id, state[layers:]))
        return self.believed(after), after

    def believed(self, state: States) -> LogProbs:
        """log p (V,) of the next character in a state."""
        log_p = np.full(len(self.alphabet), -np.inf)
        first, second = self._parts
        for part, weight, own in (
            (first, 1 - self.share, state[first.layers - 1]),
            (second, self.share, state[-1]),
        ):
            weighted = (math.log(weight) if weight else _NOTHING) + own[0]
            log_p[part.symbols] = np.logaddexp(log_p[part.symbols], weighted)
        return log_p

    def sequence(self, ids: Ids, state: States) -> tuple[LogProbs, States]:
        """Feed T characters: ids (T,) give log p (T, V) and the state after."""
        rows = []
        for id in ids.tolist():
            row, state = self.step(id, state)
            rows.append(row)
        return np.stack(rows), state

    def rehearse(self) -> None:
        """Take a few steps that lead nowhere, to see how long they take."""
        for part in self._parts:
            part.stepper.rehearse()


class _Part:
    """A model in a mixture. Its state ends with log p (V,) of its own symbols."""

    def __init__(self, stepper: Stepper, both: Alphabet) -> None:
        self.stepper = stepper
        own = stepper.alphabet
        self.symbols = own.ids_in(both)
        self.layers = len(stepper.start_state()) + 1
        self._read = [own.fit(symbol).ids.tolist() for symbol in self._texts(both)]

    def _texts(self, both: Alphabet) -> list[str | bytes]:
        if both.units == "char":
            return list(both.symbols)
        return [symbol.encode("latin-1") for symbol in both.symbols]

    def start(self) -> States:
        before = self.stepper.start_state()
        logits, _ = self.stepper.step(self.stepper.alphabet.start, before)
        return (*before, (log_softmax(logits),))

    def step(self, id: int, state: States) -> States:
        """The state after a symbol of the mixture's alphabet."""
        *own, believed = state
        for each in self._read[id]:
            logits, after = self.stepper.step(each, tuple(own))
            own, believed = list(after), (log_softmax(logits),)
        return (*own, believed)


AnyStepper = Stepper | Mixture
"""What can write a text."""
