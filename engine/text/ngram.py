"""The n-gram baselines: how well counting alone predicts a text.

The model of order n gives the probability of a character c after h, the n−1 characters before it. It is
interpolated modified Kneser-Ney (Chen and Goodman, "An empirical study of smoothing techniques for language
modeling", Harvard TR-10-98, 1998), with the uniform distribution below the lowest order:

    p_n(c|h) = (a(hc) − D(a(hc))) / Σ_c' a(hc') + γ(h) p_{n−1}(c|h'),    p_0(c) = 1/V

Here h' is h without its first character, and γ(h) = Σ_c D(a(hc)) / Σ_c a(hc) is the weight that the
discounts D leave over. In the model's own order, a counts occurrences. In lower orders, a counts the
distinct characters seen before hc; the start of the text counts as one of them. After an h that was never
seen, p_n = p_{n−1}.

On English, names, LaTeX, markup, C and Chinese, it needs fewer bits per character at orders 5 and 6 than
Witten-Bell and than Kneser-Ney with one discount. At lower orders it needs at most 0.01 more than the best
of them.

The protocol is that of `score.stateful`: N characters give N−1 predictions.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from engine.errors import UsageError
from engine.vocab import Ids

ORDER = 6
LEARNT_MOST = 50_000_000
"""The most characters of a training text that are counted, from its beginning; bounds memory and time."""
GRAMS_MOST = 20_000_000
"""The most distinct grams, over all orders. A text with few repetitions, such as noise, takes about 1 GB
for this many."""
_SAMPLE = 4_000_000
_CHUNK = 1 << 20

_Ints = npt.NDArray[np.int64]
_Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Baseline:
    """The mean loss of the model of one order over `predictions` characters. The model was learned from
    `learnt_from` characters."""

    order: int
    nats_per_char: float
    predictions: int
    learnt_from: int

    @property
    def bits_per_char(self) -> float:
        return self.nats_per_char / math.log(2)


def baselines(train_ids: Ids, val_ids: Ids, V: int, order: int = ORDER) -> list[Baseline]:
    """Learn the models of orders 1 to `order` from train_ids (N,) and score each on val_ids (M,), in M−1
    predictions.

    If too many grams are expected, the models are learned from fewer characters, from the beginning. Raises
    UsageError for an order below 1, fewer than `order` characters to learn from, or fewer than two to
    predict.
    """
    predictions = len(val_ids) - 1
    if predictions < 1:
        raise UsageError("a text needs at least two characters to be scored: the first is given")
    model = NGram(train_ids[: _affordable(train_ids, V, order)], V, order)
    total = np.zeros(order)
    for start in range(1, predictions + 1, _CHUNK):
        given = min(start, order)
        part = val_ids[start - given : start + _CHUNK]
        total += model.nats(part)[:, given - 1 :].sum(axis=1)
    return [
        Baseline(n, float(nats) / predictions, predictions, model.learnt_from)
        for n, nats in enumerate(total, start=1)
    ]


def _affordable(ids: Ids, V: int, order: int) -> int:
    """How many characters of ids (N,) can be counted with at most GRAMS_MOST distinct grams. Estimated from
    the beginning, and cautious, since new grams become rarer as a text goes on."""
    if len(ids) <= _SAMPLE:
        return len(ids)
    grams = NGram(ids[:_SAMPLE], V, order).grams
    return int(_SAMPLE * max(1.0, GRAMS_MOST / grams))


class NGram:
    """The n-gram models of orders 1 to `order` over an alphabet of V characters, counted together.

    A gram is identified by its rank among the distinct grams of its length. Its key combines the rank of
    its longest proper prefix with its last character, so keys stay small for any V and order.
    """

    def __init__(self, ids: Ids, V: int, order: int = ORDER) -> None:
        """Count the first LEARNT_MOST characters of ids (N,).

        Raises UsageError for an order below 1 or fewer than `order` characters.
        """
        if order < 1:
            raise UsageError(f"the order of an n-gram model must be 1 or more, not {order}")
        ids = ids[:LEARNT_MOST]
        if len(ids) < order:
            raise UsageError(
                f"a model of order {order} needs a text of {order} characters or more, not {len(ids)}"
            )
        self.order, self.V, self.learnt_from = order, V, len(ids)
        self._keys: list[_Ints] = []
        self._highest: list[_Share] = []
        self._lower: list[_Share] = []
        grams, suffixes, contexts = np.zeros(len(ids), np.int32), np.zeros(1, np.int64), 1
        for n in range(1, order + 1):
            first, grams = grams[0], grams[: len(ids) - n + 1]
            keys, counts = _count(grams, ids[n - 1 :], V)
            if n > 1:
                below = self._keys[-1]
                suffixes = np.searchsorted(below, suffixes[keys // V] * V + keys % V)
                preceding = np.bincount(suffixes, minlength=len(below))
                preceding[first] += 1
                self._lower.append(_share(preceding, below // V, contexts))
                contexts = len(below)
            else:
                suffixes = np.zeros(len(keys), np.int64)
            self._keys.append(keys)
            self._highest.append(_share(counts, keys // V, contexts))

    @property
    def grams(self) -> int:
        """The number of distinct grams of all orders."""
        return sum(map(len, self._keys))

    def nats(self, ids: Ids) -> _Floats:
        """−log p in nats of each character of ids (N,) except the first: (order, N−1), where row n−1 is the
        model of order n. Near the beginning, the context is as long as the text before it."""
        context, wanted = np.zeros(len(ids), np.int64), np.asarray(ids, np.int64)
        losses = np.empty((self.order, max(len(ids) - 1, 0)))
        lower = np.full(losses.shape[1], 1 / self.V)
        for n, keys in enumerate(self._keys):
            gram = _find(keys, context * self.V + wanted)
            losses[n] = -np.log(self._highest[n].of(gram[1:], context[1:], lower))
            if n < self.order - 1:
                lower = self._lower[n].of(gram[1:], context[1:], lower)
                context[:1], context[1:] = -1, gram[:-1]
        return losses


@dataclass(frozen=True)
class _Share:
    """One order's contribution: its own part of the probability of each gram, and the weight of the order
    below after each context. Each array has one more element for the unseen, whose rank is −1."""

    own: _Floats
    gamma: _Floats

    def of(self, gram: _Ints, context: _Ints, lower: _Floats) -> _Floats:
        """p_n (T,), given p_{n−1} (T,) and the ranks of the gram and of its context (T,)."""
        return self.own[gram] + self.gamma[context] * lower


def _share(a: _Ints, context: _Ints, contexts: int) -> _Share:
    """The share of an order, from the counts of its grams (K,) and the ranks of their contexts (K,), which
    are below `contexts`."""
    discount = _discounts(a)[np.minimum(a, 3)]
    total = np.bincount(context, a, contexts)
    left = np.bincount(context, discount, contexts)
    # the last context may occur nowhere else, and then nothing follows it
    gamma = np.divide(left, total, out=np.ones(contexts), where=total > 0)
    return _Share(np.append((a - discount) / total[context], 0.0), np.append(gamma, 1.0))


def _discounts(a: _Ints) -> _Floats:
    """D for a count of 0, 1, 2, and 3 or more, from how many grams have a count of 1 to 4. If these give no
    positive estimate, as in very small texts, D takes KenLM's fallback values."""
    n = np.bincount(np.minimum(a, 5), minlength=6).astype(np.float64)
    if n[1:4].all():
        k = np.arange(4)
        D: _Floats = k - (k + 1) * n[1] / (n[1] + 2 * n[2]) * n[1:5] / np.append(1.0, n[1:4])
        D[0] = 0.0
        if (D[1:] > 0).all():
            return D
    return np.array([0.0, 0.5, 1.0, 1.5])


def _count(grams: npt.NDArray[np.int32], ids: Ids, V: int) -> tuple[_Ints, _Ints]:
    """The sorted distinct keys (K,) of grams (N,), each followed by one of ids (N,), and their counts (K,).
    Overwrites grams with the ranks of their keys."""
    starts = range(0, len(grams), _CHUNK)
    chunks: list[tuple[_Ints, _Ints]] = []
    for start in starts:
        part = grams[start : start + _CHUNK]
        keys = part.astype(np.int64) * V + ids[start : start + _CHUNK]
        unique, part[:], times = np.unique(keys, return_inverse=True, return_counts=True)
        chunks.append((unique, times))
    keys = np.sort(np.concatenate([unique for unique, _ in chunks]))
    keys = keys[np.diff(keys, prepend=-1) > 0]
    counts = np.zeros(len(keys), np.int64)
    for start, (unique, times) in zip(starts, chunks, strict=True):
        ranks = np.searchsorted(keys, unique)
        counts[ranks] += times
        part = grams[start : start + _CHUNK]
        part[:] = ranks[part]
    return keys, counts


def _find(keys: _Ints, wanted: _Ints) -> _Ints:
    """The rank of each wanted key (T,) among keys (K,); −1 if it is not among them."""
    ranks = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
    return np.where(keys[ranks] == wanted, ranks, -1)
