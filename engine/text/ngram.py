"""The n-gram baselines: how well counting alone predicts a text.

The model of order n gives a character c its probability after h, the n−1 characters before it. It is
interpolated modified Kneser-Ney (Chen and Goodman, "An empirical study of smoothing techniques for
language modeling", Harvard TR-10-98, 1998), with the uniform distribution below the lowest order:

    p_n(c|h) = (a(hc) − D(a(hc))) / Σ_c' a(hc') + γ(h) p_{n−1}(c|h'),    p_0(c) = 1/V

h' is h without its first character, γ(h) = Σ_c D(a(hc)) / Σ_c a(hc) what the discounts D left over. In
the model's own order a counts occurrences; below it, the distinct characters seen before hc, of which the
start of the text is one. After an h that was not seen, p_n = p_{n−1}.

On English, names, LaTeX, mark-up, C and Chinese it needs fewer bits per character than Witten-Bell and
than Kneser-Ney with one discount at orders 5 and 6, and at most 0.01 more than the best of them below.

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
"""Characters of the training text, from its beginning, that are counted; it bounds memory and time."""
GRAMS_MOST = 20_000_000
"""Distinct grams of all orders together that may be kept: what a text that is hardly like any other, as
noise is, takes about 1 GB for."""
_SAMPLE = 4_000_000
_CHUNK = 1 << 20

_Ints = npt.NDArray[np.int64]
_Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Baseline:
    """The mean loss of the model of one order over `predictions` characters, and the number of characters
    that it was learnt from."""

    order: int
    nats_per_char: float
    predictions: int
    learnt_from: int

    @property
    def bits_per_char(self) -> float:
        return self.nats_per_char / math.log(2)


def baselines(train_ids: Ids, val_ids: Ids, V: int, order: int = ORDER) -> list[Baseline]:
    """The models of orders 1 to `order` of train_ids (N,), each scored on val_ids (M,), M−1 predictions.
    Where too many grams are to be expected they are learnt from fewer characters, the first.

    Raises UsageError for an order below 1, fewer than `order` characters to learn from, or fewer than two
    to predict.
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
    """How many characters of ids (N,) have GRAMS_MOST distinct grams or fewer: as many as their beginning
    promises, for new grams become fewer as a text goes on."""
    if len(ids) <= _SAMPLE:
        return len(ids)
    grams = NGram(ids[:_SAMPLE], V, order).grams
    return int(_SAMPLE * max(1.0, GRAMS_MOST / grams))


class NGram:
    """The n-gram models of orders 1 to `order` over an alphabet of V characters, counted together.

    A gram is known by its rank among the distinct grams of its length; the ranks of its longest proper
    prefix and of its last character make its key, so that keys stay small whatever V and the order are.
    """

    def __init__(self, ids: Ids, V: int, order: int = ORDER) -> None:
        """Count the first LEARNT_MOST characters of ids (N,).

        Raises UsageError for an order below 1 or fewer characters than that.
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
        """The distinct grams of all orders."""
        return sum(map(len, self._keys))

    def nats(self, ids: Ids) -> _Floats:
        """−log p of each character of ids (N,) but the first, in nats: (order, N−1), where row n−1 is the
        model of order n. Near the beginning the context is what there is."""
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
    """What one order says: its own part of the probability of every gram, and the weight of the order
    below after every context. Each has one element more, for the unseen, whose rank is −1."""

    own: _Floats
    gamma: _Floats

    def of(self, gram: _Ints, context: _Ints, lower: _Floats) -> _Floats:
        """p_n (T,), given p_{n−1} (T,) and the ranks of the gram and of its context (T,)."""
        return self.own[gram] + self.gamma[context] * lower


def _share(a: _Ints, context: _Ints, contexts: int) -> _Share:
    """From the counts of grams (K,) and the rank of the context of each (K,), below `contexts`."""
    discount = _discounts(a)[np.minimum(a, 3)]
    total = np.bincount(context, a, contexts)
    left = np.bincount(context, discount, contexts)
    # the context that ends the text may occur nowhere else: nothing followed it
    gamma = np.divide(left, total, out=np.ones(contexts), where=total > 0)
    return _Share(np.append((a - discount) / total[context], 0.0), np.append(gamma, 1.0))


def _discounts(a: _Ints) -> _Floats:
    """D for a count of 0, 1, 2, and 3 or more, from how many grams have a count of 1 to 4; KenLM's
    fallback where these numbers allow no estimate above 0, as in very small texts."""
    n = np.bincount(np.minimum(a, 5), minlength=6).astype(np.float64)
    if n[1:4].all():
        k = np.arange(4)
        D: _Floats = k - (k + 1) * n[1] / (n[1] + 2 * n[2]) * n[1:5] / np.append(1.0, n[1:4])
        D[0] = 0.0
        if (D[1:] > 0).all():
            return D
    return np.array([0.0, 0.5, 1.0, 1.5])


def _count(grams: npt.NDArray[np.int32], ids: Ids, V: int) -> tuple[_Ints, _Ints]:
    """The sorted distinct keys (K,) of grams (N,), each followed by ids (N,), and their counts (K,). The
    ranks of the keys replace grams."""
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
    """The rank of each wanted key (T,) among keys (K,), −1 where it is none of them."""
    ranks = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
    return np.where(keys[ranks] == wanted, ranks, -1)
