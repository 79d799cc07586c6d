"""A text read with a network's eyes: what it expected of each character, and how surprised it was.

What is kept of a character is a few numbers. The likeliest characters at a place are computed anew from the
nearest state that was kept, by the same products, so that their probabilities are the same to the bit.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from engine.network.stepper import LogProbs, States, Stepper
from engine.vocab import Ids
from engine.writing.belief import Candidate
from engine.writing.generate import TOP, Prediction, Step
from engine.writing.score import CHUNK, Piece, Score, check_length, one_pass

_STATES = 2048
"""The most states that are kept of a text, however long it is."""


class Reading:
    """A text of N ids, read in pieces. One thread reads; others may look at what has been read.

    The columns `bits`, `entropy` (both in bits) and `rank` have one entry per character, of which the first
    `done` are known. The first character is given: it has 0 bits, entropy 0 and rank 1.
    """

    def __init__(self, stepper: Stepper, ids: Ids) -> None:
        """Raises UsageError for fewer than two characters."""
        check_length(ids)
        self.stepper, self.ids = stepper, ids
        self.bits = np.zeros(len(ids), np.float32)
        self.entropy = np.zeros(len(ids), np.float32)
        self.rank = np.ones(len(ids), np.int32)
        self.done = 1
        self._nats = 0.0
        self._every = CHUNK * math.ceil(len(ids) / CHUNK / _STATES)
        """Characters between two kept states."""
        self._states: list[States] = [stepper.start_state()]
        """[j] is the state before character j · `_every`."""
        self._seen: Piece | None = None

    @property
    def finished(self) -> bool:
        """Whether the whole text has been read."""
        return self.done == len(self.ids)

    @property
    def score(self) -> Score:
        """The score of what has been read; of the whole text, that of `score.stateful`."""
        made = self.done - 1
        return Score("stateful", made, self._nats / max(1, made))

    def read(self) -> Iterator[int]:
        """Read from the start; after each piece gives the number of characters read. It may be left at any
        time.

        Raises ModelFileError where the logits overflow.
        """
        for piece in one_pass(self.stepper, self.ids, 0, self._states[0]):
            end = piece.first + len(piece.losses)
            part = slice(piece.first, end)
            self.bits[part] = piece.losses / math.log(2)
            self.entropy[part] = -(np.exp(piece.log_p) * piece.log_p).sum(axis=1) / math.log(2)
            self.rank[part] = ranks(piece.log_p, self.ids[part])
            self._nats += float(piece.losses.sum())
            if (end - 1) % self._every == 0:
                self._states.append(piece.state)
            self._seen = self._seen or piece
            self.done = end  # last, since other threads look at what is before it
            yield end

    def mean_bits(self, end: int) -> float:
        """Bits per character of those before `end` that were predicted; 0 if there are none."""
        return float(self.bits[1:end].mean(dtype=np.float64)) if end > 1 else 0.0

    def at_hand(self, i: int) -> bool:
        """Whether `step(i)` is there at once, since a character near it was asked for before."""
        seen = self._seen
        return i == 0 or (seen is not None and _covers(seen, i))

    def step(self, i: int) -> Step:
        """The Step of character i < `done`. Unless it is `at_hand`, this takes the time of reading up to
        CHUNK characters, or more in a text of over a million."""
        id = int(self.ids[i])
        prediction = Prediction(float(self.entropy[i]), self._top(i) if i else ())
        bits = float(self.bits[i])
        char, prob = self.stepper.alphabet.symbols[id], 2.0**-bits
        return Step(i, char, id, True, prob, bits, int(self.rank[i]), prob, prediction)

    def _top(self, i: int) -> tuple[Candidate, ...]:
        """The likeliest characters at i > 0, from the likeliest."""
        piece = self._piece(i)
        p = np.exp(piece.log_p[i - piece.first])
        best = np.lexsort((np.arange(len(p)), -p))[:TOP]
        symbols = self.stepper.alphabet.symbols
        return tuple(Candidate(symbols[c], int(c), float(p[c]), float(p[c])) for c in best)

    def _piece(self, i: int) -> Piece:
        """The piece that predicts character i > 0."""
        seen = self._seen
        if seen is None or not _covers(seen, i):
            j = (i - 1) // self._every
            pieces = one_pass(self.stepper, self.ids, j * self._every, self._states[j])
            self._seen = seen = next(piece for piece in pieces if _covers(piece, i))
        return seen


def _covers(piece: Piece, i: int) -> bool:
    return piece.first <= i < piece.first + len(piece.losses)


def ranks(log_p: LogProbs, ids: Ids) -> npt.NDArray[np.int64]:
    """`rank_of` each of ids (T,) under its row of log p (T, V)."""
    own = np.take_along_axis(log_p, ids[:, None], axis=-1)
    before = (log_p == own) & (np.arange(log_p.shape[1]) < ids[:, None])
    return 1 + ((log_p > own) | before).sum(axis=1)  # type: ignore[no-any-return]
