"""What is believed of the next character of a text, and what is kept of it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from engine.network.stepper import LogProbs
from engine.vocab import Alphabet, Ids
from engine.writing.sampling import Probs

_LN2 = math.log(2)
_FEW = 256
"""Up to so many symbols, sorting them all costs less than finding the first ones and a rank."""


def rank_of(id: int, p: Probs) -> int:
    """The place of a symbol among all by p (V,), from 1; of equal ones the smaller id comes first."""
    return 1 + int(np.count_nonzero(p > p[id])) + int(np.count_nonzero(p[:id] == p[id]))


@dataclass(frozen=True, slots=True)
class Candidate:
    """A symbol that may come next, with its probability by the model and after the filters."""

    char: str
    id: int
    prob: float
    filtered: float


def named(alphabet: Alphabet, top: Ids, prob: Probs, after: Probs) -> tuple[Candidate, ...]:
    """Candidates from their ids and probabilities (K,)."""
    rows = zip(top.tolist(), prob.tolist(), after.tolist(), strict=True)
    return tuple(Candidate(alphabet.symbols[i], i, p, q) for i, p, q in rows)


class Candidates(NamedTuple):
    """The ids of K symbols, and their probabilities by the model and after the filters."""

    ids: list[int]
    by_model: list[float]
    after: list[float]


class Belief(NamedTuple):
    """The distribution of the next character, of V symbols."""

    log_p: LogProbs
    p: Probs
    """The model's own."""
    q: Probs
    """After the filters; the same array where there are none."""
    removed: float
    """The share of p that is ruled out."""

    @property
    def entropy(self) -> float:
        """In bits, by the model."""
        return -float(np.dot(self.p, self.log_p)) / _LN2

    def bits(self, id: int) -> float:
        """The surprisal of a symbol."""
        return -self.log_p.item(id) / _LN2 + 0.0

    def ranked(self, id: int, k: int) -> tuple[int, Candidates]:
        """The rank of a symbol, and the k `candidates`."""
        if self.q is self.p and len(self.p) <= _FEW:
            p = self.p.tolist()
            order = np.negative(self.p).argsort(kind="stable").tolist()
            probs = [p[each] for each in order[:k]]
            return 1 + order.index(id), Candidates(order[:k], probs, probs)
        return rank_of(id, self.p), self.candidates(k)

    def candidates(self, k: int) -> Candidates:
        """Those that are possible after the filters first, each kind by p, and equal ones by id."""
        p, q = self.p, self.q
        order = np.negative(p) if q is p else np.where(q > 0, -p, 1 - p)
        best = order.argpartition(k - 1)[:k]
        best = best[np.lexsort((best, order[best]))]
        by_model = p[best].tolist()
        return Candidates(best.tolist(), by_model, by_model if q is p else q[best].tolist())
