"""What a model would write next after a text that is being typed."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from engine.network.stepper import States
from engine.vocab import Ids
from engine.writing.mixture import AnyStepper

_BLOCK = 32
"""Characters that are read at once, and between two stands that are always kept."""
_RECENT = 64
"""Stands at the end that are all kept."""


class _Stand(NamedTuple):
    """Where a text stands after some of its characters: the state, and the likeliest one to follow."""

    state: States
    likeliest: int


class Foresight:
    """Reads a text that changes, mostly at its end, and continues it with the likeliest characters.

    It keeps what it has read: a further character costs one step, and less if it is the one foreseen.
    """

    def __init__(self, stepper: AnyStepper) -> None:
        self.stepper = stepper
        self._read: list[int] = []
        # [i] is the stand after i characters, None if it is not kept
        self._stands: list[_Stand | None] = [_Stand(stepper.start_state(), -1)]

    def line(self, text: str, most: int, cancelled: Callable[[], bool]) -> str | None:
        """What follows a text in its line, as far as `most` symbols show it: with its \\n, but without any
        other line end. Empty if the model knows nothing of the text.

        None if it was cancelled; what was read until then is kept. Raises ModelFileError.
        """
        alphabet = self.stepper.alphabet
        ids = alphabet.fit(text).ids
        if not len(ids):
            return ""
        if not self._reach(ids, cancelled):
            return None
        found: list[int] = []
        while len(found) < most:
            if cancelled():
                return None
            at = len(ids) + len(found)
            found.append(self._stand(at).likeliest)
            if alphabet.symbols[found[-1]] == "\n":
                break
            self._step(at, found[-1])
        whole, _, _ = alphabet.decode(found).partition("\ufffd")  # where bytes are no character yet
        first = "".join(whole.splitlines()[:1])
        return f"{first}\n" if whole.startswith(f"{first}\n") else first

    def _stand(self, at: int) -> _Stand:
        stand = self._stands[at]
        assert stand
        return stand

    def _reach(self, ids: Ids, cancelled: Callable[[], bool]) -> bool:
        """Read ids (N,) on from the last place that they share with what was read. False if cancelled."""
        known = np.array(self._read[: len(ids)], np.int64)
        differ = np.flatnonzero(known != ids[: len(known)])
        at = int(differ[0]) if len(differ) else len(known)
        while self._stands[at] is None:
            at -= 1
        while at < len(ids):
            if cancelled():
                return False
            if len(ids) - at > _BLOCK:
                block = ids[at : at + _BLOCK - at % _BLOCK]
                logits, state = self.stepper.sequence(block, self._stand(at).state)
                self._forget(at)
                self._read += block.tolist()
                self._stands += [None] * (len(block) - 1)
                self._stands.append(_Stand(state, int(logits[-1].argmax())))
                at += len(block)
            else:
                self._step(at, int(ids[at]))
                at += 1
        return True

    def _step(self, at: int, id: int) -> None:
        """Read a character after the first `at`, unless it was read there."""
        if self._read[at : at + 1] == [id] and self._stands[at + 1]:
            return
        logits, state = self.stepper.step(id, self._stand(at).state)
        self._forget(at)
        self._read.append(id)
        self._stands.append(_Stand(state, int(logits.argmax())))
        if (old := at - _RECENT) > 0 and old % _BLOCK:
            self._stands[old] = None

    def _forget(self, at: int) -> None:
        """Forget what was read after the first `at` characters."""
        del self._read[at:], self._stands[at + 1 :]
